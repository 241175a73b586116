#include "server/hand_over.h"

#include <utility>

#include "base/check.h"
#include "server/broker_loop.h"
#include "server/io_loop.h"
#include "server/node_loop.h"

namespace harrier::server {
// A broker half here whose I/O half is on the loop that its id names. It listens to what the
// session says only to learn of the last word, which may come in any later turn.
class HandOver::RemoteSession final : private session::SessionOutput {
 public:
  RemoteSession(HandOver& hand_over, HostedVirtualHost& host,
                const session::ConnectionParameters& parameters,
                const session::SessionLimits& limits,
                session::BatchSource<session::OutputBatch>& batches)
      : hand_over_(hand_over),
        host_(host),
        id_(parameters.id),
        recorder_(parameters.id, batches),
        session_(host.host(), parameters, limits, *this),
        seat_(host, session_) {}

  HostedVirtualHost& host() { return host_; }
  session::BrokerSession& session() { return session_; }

 private:
  void method(amqp::ChannelNumber channel, const amqp::Method& method) override {
    recorder_.method(channel, method);
  }
  void deliver(amqp::ChannelNumber channel, const amqp::DeliverView& deliver,
               const broker::Message& message, amqp::Bytes property_bytes) override {
    recorder_.deliver(channel, deliver, message, property_bytes);
  }
  void content(amqp::ChannelNumber channel, const amqp::Method& method,
               const broker::Message& message, amqp::Bytes property_bytes) override {
    recorder_.content(channel, method, message, property_bytes);
  }
  void released() override {
    recorder_.released();
    hand_over_.note_released(id_);
  }

  HandOver& hand_over_;
  HostedVirtualHost& host_;
  const broker::ConnectionId id_;
  session::OutputRecorder recorder_;
  session::BrokerSession session_;
  const HostedVirtualHost::Seat seat_;
};

HandOver::HandOver(Shared& shared, BrokerLoop& broker, std::size_t index)
    : shared_(shared), broker_(broker), index_(index) {}

HandOver::~HandOver() = default;

void HandOver::connect(const std::vector<std::unique_ptr<NodeLoop>>& loops, IoLoop& io) {
  io_ = &io;
  for (const auto& loop : loops)
    loops_.push_back(loop.get());
  input_.resize(loops.size());
  output_.resize(loops.size());
  outbox_.resize(loops.size());
}

// ---- I/O side

std::unique_ptr<session::InputRecorder> HandOver::attach(
    const VirtualHostPlace& place, const session::ConnectionParameters& parameters) {
  CHECK(place.loop != index_);
  auto recorder = std::make_unique<session::InputRecorder>(parameters.id, input_[place.loop]);
  recorder->attach(parameters);
  return recorder;
}

void HandOver::handle(OutputMail& mail) {
  broker::ConnectionId last{};
  Connection* connection = nullptr;
  session::OutputReplay calls(*mail.batch);
  while (calls.next()) {
    if (calls.connection() != last) {
      last = calls.connection();
      connection = io_->find(last);
    }
    if (connection != nullptr && connection->output() != nullptr)
      calls.apply(*connection->output());
  }
  outbox_[mail.from].push_back(ReturnedOutput{index_, std::move(mail.batch)});
}

void HandOver::handle(ReturnedInput& mail) {
  // Neighbouring entries of one connection are given back together.
  broker::ConnectionId last{};
  std::size_t bytes = 0;
  const auto give_back = [&] {
    Connection* connection = bytes == 0 ? nullptr : io_->find(last);
    if (connection != nullptr) connection->return_input_credit(bytes);
    bytes = 0;
  };
  mail.batch->each_entry([&](broker::ConnectionId id, std::size_t size) {
    if (id != last) give_back();
    last = id;
    bytes += size;
  });
  give_back();
  mail.batch->clear();
  input_[mail.from].reuse(std::move(mail.batch));
}

// ---- broker side

HandOver::RemoteSession* HandOver::find_remote(broker::ConnectionId id) {
  const auto entry = remote_.find(id);
  return entry == remote_.end() ? nullptr : entry->second.get();
}

const session::BrokerSession* HandOver::find_session(broker::ConnectionId id) {
  RemoteSession* remote = find_remote(id);
  return remote == nullptr ? nullptr : &remote->session();
}

bool HandOver::serves(const HostedVirtualHost& host) const {
  for (const auto& [id, remote] : remote_)
    if (&remote->host() == &host) return true;
  return false;
}

void HandOver::attach_remote(const session::ConnectionParameters& parameters) {
  // It cannot have gone meanwhile: its end waits for every connection.
  HostedVirtualHost* host = broker_.find(parameters.virtual_host);
  CHECK(host != nullptr);
  broker_.touch(*host);
  session::ConnectionParameters completed = parameters;
  completed.account = shared_.users.account_of(parameters.actor.user);
  completed.channels_of_node = &shared_.channels;
  const auto [entry, added] = remote_.emplace(
      parameters.id,
      std::make_unique<RemoteSession>(*this, *host, completed, shared_.session_limits.get(),
                                      output_[IoLoop::loop_of(parameters.id)]));
  CHECK(added);
}

void HandOver::handle(InputMail& mail) {
  broker::ConnectionId last{};
  RemoteSession* remote = nullptr;
  session::InputReplay calls(*mail.batch);
  while (calls.next()) {
    if (calls.is_attach()) attach_remote(calls.parameters());
    if (calls.connection() != last || calls.is_attach()) {
      last = calls.connection();
      remote = find_remote(last);
      if (remote != nullptr) broker_.touch(remote->host());
    }
    if (remote != nullptr && !calls.is_attach()) calls.apply(remote->session());
  }
  outbox_[mail.from].push_back(ReturnedInput{index_, std::move(mail.batch)});
}

void HandOver::handle(ReturnedOutput& mail) {
  mail.batch->clear();
  output_[mail.from].reuse(std::move(mail.batch));
}

void HandOver::reap_released() {
  for (const broker::ConnectionId id : released_)
    remote_.erase(id);
  released_.clear();
}

// ---- both

void HandOver::open(Mail& mail) {
  DCHECK(io_->loop().checker().on_loop());
  std::visit([this](auto& item) { handle(item); }, mail);
}

void HandOver::send() {
  DCHECK(io_->loop().checker().on_loop());
  for (std::size_t to = 0; to != loops_.size(); ++to) {
    std::vector<Mail>& mails = outbox_[to];
    if (auto batch = input_[to].take()) mails.push_back(InputMail{index_, std::move(batch)});
    if (auto batch = output_[to].take()) mails.push_back(OutputMail{index_, std::move(batch)});
    if (mails.empty()) continue;
    io_->counters().batches_sent.add(mails.size());
    loops_[to]->put_all(mails);
  }
  reap_released();
}

}  // namespace harrier::server
