// Success, or the reason why not, for callers outside this repository.
#pragma once

#include <optional>
#include <string>
#include <utility>

namespace harrier {

// What kind of failure it was, for a program's exit code.
enum class FailureKind {
  kCannotListen,  // a port is taken, an address does not exist, no permission
  kBadOptions,    // options that contradict each other or name something impossible
  kUnavailable,   // the operating system refused something else
  kCorrupt,       // what lies in data_dir is damaged beyond what a crash explains
  kInUse,         // another process has data_dir
  kIoFailure,     // data_dir cannot be read or written
};

struct Failure {
  FailureKind kind = FailureKind::kUnavailable;
  // One line for an operator.
  std::string message;
};

// An immutable value. Looking at failure() of a good Outcome is undefined.
class [[nodiscard]] Outcome {
 public:
  Outcome() = default;
  Outcome(Failure failure) : failure_(std::move(failure)) {}  // NOLINT: implicit on purpose

  bool ok() const { return !failure_.has_value(); }
  explicit operator bool() const { return ok(); }
  const Failure& failure() const { return *failure_; }

 private:
  std::optional<Failure> failure_;
};

}  // namespace harrier
