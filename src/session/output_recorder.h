// SessionOutput between loops: calls recorded on the broker loop, replayed on the I/O loop in
// order.
//
// Role:      a BrokerSession whose connection lives on another loop talks to an OutputRecorder. One
//            OutputBatch holds the calls for all connections of one I/O loop and turn; it comes
//            back to be cleared, which drops the messages and is credit at the same time.
// Model:     of a message only a reference is kept; names and property bytes are stored only where
//            they are not the message's own. Methods are kept encoded.
// Thread:    OutputRecorder and OutputBatch::clear(): confined(broker), the owner of the messages.
//            replay(): any thread that holds the batch; it reads the messages' bytes and never
//            touches their counts.
// Lifetimes: views given at replay live until the batch is cleared.
// Cost:      recording and replaying a delivery allocates nothing once the batch has its size.
// Spec:      ADR 0001.
#pragma once

#include <vector>

#include "broker/message.h"
#include "session/batch.h"
#include "session/session_output.h"

namespace harrier::session {

class OutputBatch {
 public:
  bool empty() const { return arena_.empty(); }
  // Memory of the calls and of the messages they hold alive (each time anew).
  std::size_t bytes() const { return arena_.size() + message_bytes_; }
  // The owner loop only.
  void clear();

 private:
  friend class OutputRecorder;
  friend class OutputReplay;

  static constexpr std::size_t kKeepMessages = 16 << 10;

  EntryArena arena_;
  std::vector<broker::MessageRef> messages_;
  std::size_t message_bytes_ = 0;
};

class OutputRecorder final : public SessionOutput {
 public:
  // REQUIRES that `source` outlives the recorder.
  OutputRecorder(broker::ConnectionId id, BatchSource<OutputBatch>& source)
      : id_(id), source_(source) {}

  void method(ChannelNumber channel, const amqp::Method& method) override;
  void deliver(ChannelNumber channel, const amqp::DeliverView& deliver,
               const broker::Message& message, Bytes property_bytes) override;
  void content(ChannelNumber channel, const amqp::Method& method, const broker::Message& message,
               Bytes property_bytes) override;
  void released() override;

 private:
  const broker::ConnectionId id_;
  BatchSource<OutputBatch>& source_;
};

// Steps through a batch; replay() below is what most callers want.
class OutputReplay {
 public:
  explicit OutputReplay(const OutputBatch& batch) : batch_(batch), reader_(batch.arena_.bytes()) {}

  bool next();
  broker::ConnectionId connection() const { return reader_.connection(); }
  // Once per entry.
  void apply(SessionOutput& output);

 private:
  const OutputBatch& batch_;
  EntryReader reader_;
  // Of the next entry that has a message.
  std::size_t message_index_ = 0;
  const broker::Message* message_ = nullptr;
};

// Makes the recorded calls in order. `lookup(ConnectionId)` answers a SessionOutput*, nullptr for a
// connection that is no more: its calls are skipped.
template <class Lookup>
void replay(const OutputBatch& batch, Lookup&& lookup) {
  OutputReplay calls(batch);
  while (calls.next()) {
    if (SessionOutput* output = lookup(calls.connection())) calls.apply(*output);
  }
}

}  // namespace harrier::session
