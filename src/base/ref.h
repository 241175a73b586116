// Shared ownership inside one thread: an intrusive, non-atomic reference count.
//
// Role:   messages and queues are referenced from many places of one broker loop (queues, unacked
//         lists, batches on their way back). std::shared_ptr would pay for atomics on every
//         delivery.
// Thread: confined to the loop that owns the object; other threads may read an object
//         that a batch keeps alive for them, never copy or drop a Ref to it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

namespace harrier::base {

// CRTP base that holds the count. `Derived` may hide `destroy` to free itself in its own way.
template <class Derived>
class RefCounted {
 public:
  RefCounted() = default;
  RefCounted(const RefCounted&) = delete;
  RefCounted& operator=(const RefCounted&) = delete;

  void add_ref() const { ++references_; }
  void drop_ref() const {
    if (--references_ == 0) Derived::destroy(static_cast<const Derived*>(this));
  }
  std::uint32_t reference_count() const { return references_; }

  static void destroy(const Derived* object) { delete object; }

 protected:
  ~RefCounted() = default;

 private:
  mutable std::uint32_t references_ = 0;
};

template <class T>
class Ref {
 public:
  constexpr Ref() = default;
  constexpr Ref(std::nullptr_t) {}  // NOLINT: implicit like a pointer
  explicit Ref(T* object) : object_(object) {
    if (object_ != nullptr) object_->add_ref();
  }
  Ref(const Ref& other) : Ref(other.object_) {}
  Ref(Ref&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  Ref& operator=(Ref other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~Ref() {
    if (object_ != nullptr) object_->drop_ref();
  }

  T* get() const { return object_; }
  T& operator*() const { return *object_; }
  T* operator->() const { return object_; }
  explicit operator bool() const { return object_ != nullptr; }
  bool operator==(const Ref& other) const { return object_ == other.object_; }

 private:
  T* object_ = nullptr;
};

template <class T, class... Args>
Ref<T> make_ref(Args&&... args) {
  return Ref<T>(new T(std::forward<Args>(args)...));
}

}  // namespace harrier::base
