#include "broker/binding_chain.h"

#include "base/check.h"
#include "broker/binding.h"

namespace harrier::broker {

BindingChain::Iterator& BindingChain::Iterator::operator++() {
  at_ = at_->next_inbound_;
  return *this;
}

BindingChain::Iterator BindingChain::Iterator::operator++(int) {
  const Iterator before = *this;
  ++*this;
  return before;
}

void BindingChain::add(Binding& binding) {
  DCHECK(binding.previous_inbound_ == nullptr);
  if (oldest_ == nullptr) {
    oldest_ = binding.previous_inbound_ = &binding;
    return;
  }
  Binding* const youngest = oldest_->previous_inbound_;
  Binding* before = youngest;
  while (before != nullptr && before->id() > binding.id())
    before = before == oldest_ ? nullptr : before->previous_inbound_;
  if (before == nullptr) {
    binding.next_inbound_ = oldest_;
    binding.previous_inbound_ = youngest;
    oldest_->previous_inbound_ = &binding;
    oldest_ = &binding;
    return;
  }
  Binding* const after = before->next_inbound_;
  binding.previous_inbound_ = before;
  binding.next_inbound_ = after;
  before->next_inbound_ = &binding;
  (after == nullptr ? oldest_ : after)->previous_inbound_ = &binding;
}

void BindingChain::remove(Binding& binding) {
  Binding* const before = binding.previous_inbound_;
  Binding* const after = binding.next_inbound_;
  CHECK(before != nullptr && oldest_ != nullptr);
  if (&binding == oldest_) {
    oldest_ = after;
  } else {
    before->next_inbound_ = after;
  }
  if (oldest_ != nullptr) (after == nullptr ? oldest_ : after)->previous_inbound_ = before;
  binding.previous_inbound_ = binding.next_inbound_ = nullptr;
}

}  // namespace harrier::broker
