#include "server/io_loop.h"

#include <utility>

#include "base/check.h"

namespace harrier::server {

IoLoop::IoLoop(const Surroundings& surroundings)
    : around_(surroundings),
      connection_limits_(
          std::make_shared<const session::ConnectionLimits>(surroundings.shared.connection_limits)),
      authenticator_(surroundings.shared, counters_),
      input_pool_(surroundings.shared.flow_limits),
      read_buffer_(new char[Connection::kTailCopyMax + Connection::kReadMax]) {}

IoLoop::~IoLoop() = default;

void IoLoop::set_connection_limits(std::shared_ptr<const session::ConnectionLimits> limits) {
  DCHECK(loop().checker().on_loop());
  connection_limits_ = std::move(limits);
}

void IoLoop::add(const AcceptedSocket& socket, std::shared_ptr<const TlsContext> tls) {
  DCHECK(loop().checker().on_loop());
  // Never repeated, so that a batch that comes back late finds nobody instead of a successor.
  const broker::ConnectionId id((++connection_sequence_ << 8) | around_.index);
  auto connection = std::make_unique<Connection>(*this, socket, id, std::move(tls));
  Connection& added = *connection;
  connections_.emplace(id, std::move(connection));
  roster_.add(added);
  if (churn_window_) {
    churn_window_->look(churn(), loop().now().monotonic);
  } else {
    churn_window_.emplace(churn(), loop().now().monotonic);
  }
  ++counters_.connections_opened;
  added.start();
}

void IoLoop::note_closed() {
  churn_window_->look(churn(), loop().now().monotonic);
  ++counters_.connections_closed;
}

std::array<std::uint64_t, 2> IoLoop::churn() const {
  return {counters_.connections_opened.value(), counters_.connections_closed.value()};
}

std::array<double, 2> IoLoop::churn_rates() {
  if (!churn_window_) return {};
  return churn_window_->rates(churn(), loop().now().monotonic);
}

Connection* IoLoop::find(broker::ConnectionId id) {
  const auto entry = connections_.find(id);
  return entry == connections_.end() ? nullptr : entry->second.get();
}

std::size_t IoLoop::buffer_bytes() {
  std::size_t bytes = 0;
  for (auto& entry : connections_)
    bytes += entry.second->buffer_bytes();
  return bytes;
}

void IoLoop::flush() {
  DCHECK(loop().checker().on_loop());
  release_held();
  // What is touched while flushing is flushed in the next pass.
  flushing_.clear();
  flushing_.swap(dirty_);
  for (Connection* connection : flushing_)
    connection->flush();
  resume_waiting();
  reap();
}

void IoLoop::reap() {
  reapable_ = false;
  std::erase_if(retired_, [this](Connection* connection) {
    if (!connection->reapable()) return false;
    roster_.remove(*connection);
    connections_.erase(connection->id());
    return true;
  });
}

void IoLoop::handle_deadlines() {
  const base::MonotonicTime now = loop().now().monotonic;
  const auto handle_of = [](Connection * c) -> auto& { return c->deadline(); };
  while (auto due = deadlines_.take_due(now, handle_of))
    (*due)->handle_deadline();
}

std::uint64_t IoLoop::force_close(const ConnectionFilter& filter, amqp::ReplyCode code,
                                  const std::string& text) {
  std::uint64_t told = 0;
  for (auto& entry : connections_) {
    if (!entry.second->matches(filter)) continue;
    entry.second->force_close(code, text);
    ++told;
  }
  return told;
}

void IoLoop::drop(const ConnectionFilter& filter) {
  for (auto& entry : connections_)
    if (entry.second->matches(filter)) entry.second->drop();
}

bool IoLoop::serves(std::string_view virtual_host) const {
  for (const auto& entry : connections_) {
    const Connection& connection = *entry.second;
    if (connection.attached() && connection.matches({{}, std::string(virtual_host)})) return true;
  }
  return false;
}

void IoLoop::heed_gate() {
  DCHECK(loop().checker().on_loop());
  const bool told = notice_.has_value();
  notice_ = gate().notice();
  // The store's reasons come and go without a walk: it holds connections as they become readable.
  if (notice_.has_value() == told || !gate().closed()) return;
  for (auto& entry : connections_)
    entry.second->heed_gate();
}

void IoLoop::heed_quota() {
  DCHECK(loop().checker().on_loop());
  for (const broker::ConnectionId id : held_by_quota_)
    find(id)->look_again();
}

void IoLoop::heed_rates() {
  DCHECK(loop().checker().on_loop());
  for (auto& entry : connections_)
    entry.second->heed_rates();
}

void IoLoop::release_held() {
  for (int released = 0; released != kReleasesPerFlush && !held_.empty() && !gate().closed();
       ++released)
    held_.front().release();
}

base::Buffer IoLoop::lend_buffer() {
  if (spare_buffers_.empty()) return {};
  base::Buffer buffer = std::move(spare_buffers_.back());
  spare_buffers_.pop_back();
  spare_bytes_ -= buffer.capacity();
  return buffer;
}

void IoLoop::take_back(base::Buffer buffer) {
  if (buffer.capacity() > kSpareBufferMax || spare_bytes_ + buffer.capacity() > kSpareBytes) return;
  spare_bytes_ += buffer.capacity();
  spare_buffers_.push_back(std::move(buffer));
}

void IoLoop::log_tls_failure(const std::string& peer, const std::string& why) {
  tls_log_.warning(loop().now().monotonic, "tls", "connection failed: " + why, peer);
}

void IoLoop::log_refused_header(const std::string& proxy, const std::string& why) {
  proxy_log_.warning(loop().now().monotonic, "connection", "PROXY header refused: " + why, proxy);
}

void IoLoop::log_refused_client(const std::string& peer, std::string_view why) {
  proxy_log_.warning(loop().now().monotonic, "connection", std::string("refused: ").append(why),
                     peer);
}

void IoLoop::resume_waiting() {
  while (const auto id = input_pool_.take_waiting())
    if (Connection* connection = find(*id)) connection->stop_waiting_for_credit();
}

}  // namespace harrier::server
