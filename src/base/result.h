// A value or the reason why there is none.
//
// Role:   the return type of everything that may fail for a reason outside this process
//         (Result<T> with base::Error) or because of a peer (Result<T, amqp::ProtocolError>).
// Thread: immutable value.
// Errors: taking the value of a failed Result, or the error of a good one, is our bug (CHECK).
#pragma once

#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

#include "base/check.h"

namespace harrier::base {

// The world's failure: what was attempted, and why it did not work, for an operator to read.
struct Error {
  std::string message;
};

// Wraps an error on its way into a Result, so that T and E may be the same type.
template <class E>
struct Failure {
  E error;
};

template <class E>
Failure<std::decay_t<E>> fail(E&& error) {
  return {std::forward<E>(error)};
}

inline Failure<Error> fail(const char* message) { return {Error{message}}; }
inline Failure<Error> fail(std::string message) { return {Error{std::move(message)}}; }

template <class T, class E = Error>
class [[nodiscard]] Result {
 public:
  Result(T value)  // NOLINT: implicit on purpose
      : state_(std::in_place_index<0>, std::move(value)) {}
  // Makes the value where it will stay, for values too large to be moved about.
  template <class... Args>
  explicit Result(std::in_place_t, Args&&... args)
      : state_(std::in_place_index<0>, std::forward<Args>(args)...) {}
  template <class F>
  Result(Failure<F> failure)  // NOLINT: implicit on purpose
      : state_(std::in_place_index<1>, std::move(failure.error)) {}

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  T& value() & {
    CHECK(ok());
    return std::get<0>(state_);
  }
  const T& value() const& {
    CHECK(ok());
    return std::get<0>(state_);
  }
  T&& value() && {
    CHECK(ok());
    return std::get<0>(std::move(state_));
  }
  const E& error() const& {
    CHECK(!ok());
    return std::get<1>(state_);
  }
  E&& error() && {
    CHECK(!ok());
    return std::get<1>(std::move(state_));
  }

  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

 private:
  std::variant<T, E> state_;
};

// Success without a value.
struct Done {};

// What most calls answer, and most answer success: that is a null pointer.
template <class E>
class [[nodiscard]] Result<Done, E> {
 public:
  Result(Done) {}  // NOLINT: implicit on purpose
  template <class F>
  Result(Failure<F> failure)  // NOLINT: implicit on purpose
      : error_(std::make_unique<E>(std::move(failure.error))) {}

  bool ok() const { return error_ == nullptr; }
  explicit operator bool() const { return ok(); }

  const E& error() const& {
    CHECK(!ok());
    return *error_;
  }
  E&& error() && {
    CHECK(!ok());
    return std::move(*error_);
  }

 private:
  std::unique_ptr<E> error_;
};

template <class E = Error>
using Status = Result<Done, E>;

}  // namespace harrier::base
