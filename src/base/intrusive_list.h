// A doubly linked list whose links live in the members: joining and leaving cost nothing.
//
// Model:      T derives from ListNode<T>; a node is in at most one list. The list does not own its
//             nodes.
// Invariants: a node leaves its list before it dies (CHECK in the destructor).
// Thread:     compatible.
#pragma once

#include "base/check.h"

namespace harrier::base {

template <class T>
class IntrusiveList;

template <class T>
class ListNode {
 public:
  ListNode() = default;
  ListNode(const ListNode&) = delete;
  ListNode& operator=(const ListNode&) = delete;
  ~ListNode() { CHECK(previous_ == nullptr); }

  bool linked() const { return previous_ != nullptr; }
  void unlink() {
    if (previous_ == nullptr) return;
    previous_->next_ = next_;
    next_->previous_ = previous_;
    previous_ = next_ = nullptr;
  }

 private:
  friend class IntrusiveList<T>;
  ListNode* previous_ = nullptr;
  ListNode* next_ = nullptr;
};

template <class T>
class IntrusiveList {
 public:
  IntrusiveList() { anchor_.previous_ = anchor_.next_ = &anchor_; }
  IntrusiveList(const IntrusiveList&) = delete;
  IntrusiveList& operator=(const IntrusiveList&) = delete;
  ~IntrusiveList() {
    CHECK(empty());
    anchor_.previous_ = anchor_.next_ = nullptr;
  }

  bool empty() const { return anchor_.next_ == &anchor_; }
  // REQUIRES !empty().
  T& front() const { return static_cast<T&>(*anchor_.next_); }
  void push_back(T& item) {
    ListNode<T>& node = item;
    CHECK(!node.linked());
    node.previous_ = anchor_.previous_;
    node.next_ = &anchor_;
    anchor_.previous_->next_ = &node;
    anchor_.previous_ = &node;
  }
  // Calls visit(item) from the front until it says false; answers whether it never did. `visit` may
  // not change the list.
  template <class Visit>
  bool visit_while(Visit&& visit) const {
    for (ListNode<T>* node = anchor_.next_; node != &anchor_; node = node->next_)
      if (!visit(static_cast<T&>(*node))) return false;
    return true;
  }
  // Moves the front to the back.
  void rotate() {
    if (anchor_.next_ == anchor_.previous_) return;
    T& first = front();
    first.ListNode<T>::unlink();
    push_back(first);
  }

 private:
  ListNode<T> anchor_;
};

}  // namespace harrier::base
