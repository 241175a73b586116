// Transactions on a channel.

#include "session/broker_session.h"
#include "session/channel.h"

namespace harrier::session {

using amqp::ReplyCode;

namespace {

amqp::CheckedStatus not_transactional() {
  return amqp::refuse(ReplyCode::kPreconditionFailed, "channel is not transactional");
}

}  // namespace

Channel::Status Channel::handle_tx_select(const amqp::TxSelect&) {
  if (confirms_.selected())
    return amqp::refuse(ReplyCode::kPreconditionFailed, "cannot switch from confirm to tx mode");
  if (!transaction_) transaction_.emplace();
  reply(amqp::TxSelectOk{});
  return base::Done{};
}

Channel::Status Channel::check_transaction_room() const {
  const SessionLimits& limits = session_.limits();
  if (transaction_->entries() < limits.transaction_entries_max &&
      transaction_->bytes() < limits.transaction_bytes_max)
    return base::Done{};
  return amqp::refuse(ReplyCode::kPreconditionFailed, "transaction is too large");
}

Channel::Status Channel::handle_tx_commit(const amqp::TxCommit&) {
  if (!transaction_) return not_transactional();
  if (!apply_transaction())
    return amqp::refuse(ReplyCode::kPreconditionFailed, "partial tx completion");
  committing_ = true;
  reply_with(virtual_host().log().last_appended(), [this] {
    committing_ = false;
    session_.emit(number_, amqp::TxCommitOk{});
  });
  return base::Done{};
}

// All of it survives a crash, or nothing; with it what its rejects are dead-lettered to. False when
// a queue refused a message.
bool Channel::apply_transaction() {
  const broker::ChangeGroup group(virtual_host().log());
  bool refused = false;
  std::vector<broker::Queue*> queues;
  for (const Transaction::Publish& publish : transaction_->take_publishes()) {
    note_committed(publish);
    if (publish.queues.empty()) {
      if (publish.mandatory) {
        return_message(*publish.message);
      } else {
        note_dropped(traffic_to(publish.message->exchange()));
      }
      continue;
    }
    queues.clear();
    for (const broker::QueueRef& queue : publish.queues)
      queues.push_back(queue.get());
    refused = virtual_host().publish(publish.message, queues).refused || refused;
  }
  for (Transaction::Settled& settled : transaction_->take_settled())
    apply_settlement(std::move(settled.unacked), settled.settlement);
  virtual_host().send_dead_letters();
  return !refused;
}

Channel::Status Channel::handle_tx_rollback(const amqp::TxRollback&) {
  if (!transaction_) return not_transactional();
  transaction_->take_publishes();
  for (Transaction::Settled& settled : transaction_->take_settled())
    unacked_.restore(settled.tag, std::move(settled.unacked));
  reply(amqp::TxRollbackOk{});
  return base::Done{};
}

}  // namespace harrier::session
