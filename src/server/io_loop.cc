#include "server/io_loop.h"

#include <utility>

#include "base/check.h"

namespace harrier::server {

IoLoop::IoLoop(const Surroundings& surroundings)
    : around_(surroundings),
      authenticator_(surroundings.shared, counters_),
      input_pool_(surroundings.shared.flow_limits),
      read_buffer_(new char[Connection::kTailCopyMax + Connection::kReadMax]) {}

IoLoop::~IoLoop() = default;

void IoLoop::add(int descriptor, const auth::Peer& peer, std::shared_ptr<const TlsContext> tls) {
  DCHECK(loop().checker().on_loop());
  // Never repeated, so that a batch that comes back late finds nobody instead of a successor.
  const broker::ConnectionId id((++connection_sequence_ << 8) | around_.index);
  auto connection = std::make_unique<Connection>(*this, descriptor, peer, id, std::move(tls));
  Connection& added = *connection;
  connections_.emplace(id, std::move(connection));
  ++counters_.connections_opened;
  added.start();
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

void IoLoop::force_close_all(amqp::ReplyCode code, const std::string& text) {
  for (auto& entry : connections_)
    entry.second->force_close(code, text);
}

void IoLoop::drop_all() {
  for (auto& entry : connections_)
    entry.second->drop();
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

void IoLoop::resume_waiting() {
  while (const auto id = input_pool_.take_waiting())
    if (Connection* connection = find(*id)) connection->stop_waiting_for_credit();
}

}  // namespace harrier::server
