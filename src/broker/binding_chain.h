// Bindings in order of age, linked through themselves.
//
// Role:   what ends in one target. Hash order must never decide what a client or a log sees.
// Cost:   one pointer when empty and nothing but the bindings otherwise; adding the youngest and
//         removing any is O(1), adding an older one takes a step for each younger.
// Thread: confined(broker).
#pragma once

#include <cstddef>
#include <iterator>

namespace harrier::broker {

class Binding;

class BindingChain {
 public:
  class Iterator {
   public:
    using iterator_category = std::forward_iterator_tag;
    using value_type = Binding*;
    using difference_type = std::ptrdiff_t;
    using pointer = Binding* const*;
    using reference = Binding*;

    Iterator() = default;
    explicit Iterator(Binding* at) : at_(at) {}
    Binding* operator*() const { return at_; }
    Iterator& operator++();
    Iterator operator++(int);
    bool operator==(const Iterator& other) const = default;

   private:
    Binding* at_ = nullptr;
  };

  BindingChain() = default;
  BindingChain(const BindingChain&) = delete;
  BindingChain& operator=(const BindingChain&) = delete;

  bool empty() const { return oldest_ == nullptr; }
  // REQUIRES that it is in no chain.
  void add(Binding& binding);
  // REQUIRES that it is in this chain.
  void remove(Binding& binding);

  // An iterator is valid as long as its binding is in the chain.
  Iterator begin() const { return Iterator(oldest_); }
  Iterator end() const { return Iterator(); }

 private:
  // Its predecessor is the youngest, whose successor is none.
  Binding* oldest_ = nullptr;
};

}  // namespace harrier::broker
