// SessionInput between loops: calls recorded on the I/O loop, replayed on the broker loop in order.
//
// Role:      a connection whose virtual host lives on another loop talks to an InputRecorder. One
//            InputBatch holds the calls of all connections of an I/O loop for one broker loop and
//            turn. Tests compare what is recorded with what is called directly.
// Model:     methods are kept encoded and decoded again at replay; of a publish the property bytes
//            are kept and parsed again. attach() tells the broker loop to make the broker half.
// Thread:    InputRecorder: confined(io). InputBatch: confined to its holder.
// Lifetimes: views given at replay live until the batch is cleared.
// Spec:      ADR 0001.
#pragma once

#include <utility>

#include "session/batch.h"
#include "session/session_input.h"

namespace harrier::session {

class InputBatch {
 public:
  bool empty() const { return arena_.empty(); }
  // Memory of the calls; the sum of the sizes that each_entry() tells.
  std::size_t bytes() const { return arena_.size(); }
  void clear() { arena_.clear(); }

  // Calls visit(ConnectionId, std::size_t size) for every entry: who gets how much credit back.
  template <class Visit>
  void each_entry(Visit&& visit) const {
    EntryReader reader(arena_.bytes());
    while (reader.next())
      visit(reader.connection(), reader.entry_size());
  }

 private:
  friend class InputRecorder;
  friend class InputReplay;
  EntryArena arena_;
};

class InputRecorder final : public SessionInput {
 public:
  // REQUIRES that `source` outlives the recorder.
  InputRecorder(broker::ConnectionId id, BatchSource<InputBatch>& source)
      : id_(id), source_(source) {}

  // First of all; the replay's attach callback gets the parameters.
  void attach(const ConnectionParameters& parameters);

  void open() override;
  void method(ChannelNumber channel, const amqp::Method& method) override;
  void renew(const broker::Actor& actor) override;
  void publish(ChannelNumber channel, const PublishView& publish) override;
  void ack(ChannelNumber channel, DeliveryTag delivery_tag, bool multiple) override;
  void channel_error(ChannelNumber channel, const amqp::ProtocolError& error) override;
  void written(std::size_t bytes) override;
  void close(const CloseCause& cause) override;

  // How much memory this connection's calls took since the last time this was asked; the same bytes
  // come back through InputBatch::each_entry().
  std::size_t take_recorded_bytes() { return std::exchange(recorded_bytes_, 0); }

 private:
  EntryArena& start(std::uint8_t operation);
  void finish(EntryArena& arena);

  const broker::ConnectionId id_;
  BatchSource<InputBatch>& source_;
  std::size_t recorded_bytes_ = 0;
};

// Steps through a batch; replay() below is what most callers want.
class InputReplay {
 public:
  explicit InputReplay(const InputBatch& batch) : reader_(batch.arena_.bytes()) {}

  bool next() { return reader_.next(); }
  broker::ConnectionId connection() const { return reader_.connection(); }
  bool is_attach() const;
  // REQUIRES is_attach(). Once per entry.
  ConnectionParameters parameters();
  // REQUIRES !is_attach(). Once per entry.
  void apply(SessionInput& input);

 private:
  EntryReader reader_;
};

// Makes the recorded calls in order. `lookup(ConnectionId)` answers a SessionInput*, nullptr for a
// connection that is no more: its calls are skipped. `attach(ConnectionParameters)` makes one.
template <class Lookup, class Attach>
void replay(const InputBatch& batch, Lookup&& lookup, Attach&& attach) {
  InputReplay calls(batch);
  while (calls.next()) {
    if (calls.is_attach()) {
      attach(calls.parameters());
    } else if (SessionInput* input = lookup(calls.connection())) {
      calls.apply(*input);
    }
  }
}

}  // namespace harrier::session
