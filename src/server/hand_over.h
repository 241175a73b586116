// Batches between loops: what goes into one, who sends it, who gets it back.
//
// Role:   a connection whose virtual host lives on another loop meets its broker half here. On the
//         I/O side it hands out InputRecorders and replays OutputBatches onto connections; on the
//         broker side it keeps the remote BrokerSessions and replays InputBatches onto them. Each
//         loop has one HandOver that does both, since any loop may have both sides.
// Model:  input batch:  I/O loop fills it during a turn → send() → broker loop replays → returned →
//         I/O loop gives the bytes back as credit and reuses it.
//         output batch: broker loop fills it during a turn → send() → I/O loop replays → returned →
//         broker loop clears it, which drops its messages, and reuses it.
//         At most one batch each way per turn and pair of loops, one wake-up at most.
// Thread: confined(loop).
// Limits: input: InputPool's credit per connection. Output: session's output credit per connection.
//         Batches kept for reuse: kSpareBatches of each kind.
#pragma once

#include <functional>
#include <memory>
#include <variant>
#include <vector>

#include <tsl/robin_map.h>

#include "server/shared.h"
#include "session/broker_session.h"
#include "session/input_recorder.h"
#include "session/output_recorder.h"

namespace harrier::server {

class BrokerLoop;
class IoLoop;
class NodeLoop;

// A batch of calls on its way to another loop, or on its way back.
struct InputMail {
  std::size_t from = 0;
  std::unique_ptr<session::InputBatch> batch;
};
struct OutputMail {
  std::size_t from = 0;
  std::unique_ptr<session::OutputBatch> batch;
};
struct ReturnedInput {
  std::size_t from = 0;
  std::unique_ptr<session::InputBatch> batch;
};
struct ReturnedOutput {
  std::size_t from = 0;
  std::unique_ptr<session::OutputBatch> batch;
};
// Something to run in a turn of the loop.
using Task = std::unique_ptr<const std::function<void()>>;
// Everything that is left for a loop.
using Mail = std::variant<Task, InputMail, OutputMail, ReturnedInput, ReturnedOutput>;

// The batch that is being filled for one other loop.
template <class Batch>
class Outgoing final : public session::BatchSource<Batch> {
 public:
  static constexpr std::size_t kSpareBatches = 4;

  Batch& batch() override {
    if (batch_ == nullptr) [[unlikely]]
      batch_ = make();
    return *batch_;
  }
  // What was filled since the last time; nullptr if nothing was.
  std::unique_ptr<Batch> take() {
    if (batch_ == nullptr || batch_->empty()) return nullptr;
    return std::move(batch_);
  }
  void reuse(std::unique_ptr<Batch> batch) {
    if (spares_.size() < kSpareBatches) spares_.push_back(std::move(batch));
  }

 private:
  std::unique_ptr<Batch> make() {
    if (spares_.empty()) return std::make_unique<Batch>();
    std::unique_ptr<Batch> spare = std::move(spares_.back());
    spares_.pop_back();
    return spare;
  }

  std::unique_ptr<Batch> batch_;
  std::vector<std::unique_ptr<Batch>> spares_;
};

class HandOver {
 public:
  HandOver(Shared& shared, BrokerLoop& broker, std::size_t index);
  ~HandOver();

  // REQUIRES that every loop of `loops` lives until all are joined. Before any of them runs.
  void connect(const std::vector<std::unique_ptr<NodeLoop>>& loops, IoLoop& io);

  // I/O side: the SessionInput of a connection whose virtual host lives on another loop.
  std::unique_ptr<session::InputRecorder> attach(const VirtualHostPlace& place,
                                                 const session::ConnectionParameters& parameters);

  // One item of the mailbox.
  void open(Mail& mail);
  // End of turn: sends what was filled, frees broker halves that have ended.
  void send();

  // Broker halves of connections on other loops.
  std::size_t remote_sessions() const { return remote_.size(); }
  // nullptr: there is none of that connection.
  const session::BrokerSession* find_session(broker::ConnectionId id);
  // Whether one of them is in `host`.
  bool serves(const HostedVirtualHost& host) const;
  // A remote session has said its last word; freed in send().
  void note_released(broker::ConnectionId id) { released_.push_back(id); }

 private:
  class RemoteSession;

  void handle(Task& task) { (*task)(); }
  void handle(InputMail& mail);
  void handle(OutputMail& mail);
  void handle(ReturnedInput& mail);
  void handle(ReturnedOutput& mail);
  void attach_remote(const session::ConnectionParameters& parameters);
  RemoteSession* find_remote(broker::ConnectionId id);
  void reap_released();

  Shared& shared_;
  BrokerLoop& broker_;
  IoLoop* io_ = nullptr;
  const std::size_t index_;
  std::vector<NodeLoop*> loops_;
  // By the index of the loop they go to; never resized once loops run, recorders refer to them.
  std::vector<Outgoing<session::InputBatch>> input_;
  std::vector<Outgoing<session::OutputBatch>> output_;
  tsl::robin_map<broker::ConnectionId, std::unique_ptr<RemoteSession>> remote_;
  std::vector<broker::ConnectionId> released_;
  // What this turn sends, by the index of the loop it goes to.
  std::vector<std::vector<Mail>> outbox_;
};

}  // namespace harrier::server
