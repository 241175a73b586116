// Connection's view of itself.
#include "server/connection_view.h"

#include <sys/socket.h>
#include <sys/un.h>

#include "server/connection.h"
#include "server/io_loop.h"
#include "server/peer_address.h"
#include "server/tls_stream.h"

namespace harrier::server {
namespace {

// Ours of the two ends.
void take_local_end(int descriptor, ConnectionEnds& ends) {
  sockaddr_storage local{};
  socklen_t size = sizeof local;
  void* const address = &local;
  if (::getsockname(descriptor, static_cast<sockaddr*>(address), &size) != 0) return;
  if (local.ss_family == AF_UNIX) {
    sockaddr_un named{};
    const void* const from = &local;
    named = *static_cast<const sockaddr_un*>(from);
    if (size > offsetof(sockaddr_un, sun_path)) ends.host = named.sun_path;
    return;
  }
  const auth::Peer peer = peer_of(local);
  ends.host = peer.address;
  ends.port = peer.port;
}

}  // namespace

std::string_view name_of(ConnectionStateView state) {
  switch (state) {
    case ConnectionStateView::kStarting: return "starting";
    case ConnectionStateView::kRunning: return "running";
    case ConnectionStateView::kBlocked: return "blocked";
    case ConnectionStateView::kBlocking: return "blocking";
    case ConnectionStateView::kFlow: return "flow";
    case ConnectionStateView::kClosing: break;
  }
  return "closing";
}

ConnectionEnds Connection::ends() {
  ConnectionEnds ends;
  ends.peer_port = peer().port;
  ends.peer_host = peer().port == 0 ? peer().display() : peer().address;
  if (socket_.is_open()) take_local_end(socket_.native_handle(), ends);
  return ends;
}

ConnectionStateView Connection::state_view() const {
  const session::ConnectionState state = session_.state();
  if (state < session::ConnectionState::kOpen) return ConnectionStateView::kStarting;
  if (state != session::ConnectionState::kOpen) return ConnectionStateView::kClosing;
  if (linked() || held_by_quota_) return ConnectionStateView::kBlocked;
  const bool holds = io_.gate().closed() || (tenant_ && tenant_->held());
  if (holds && !session_.publishes()) return ConnectionStateView::kBlocking;
  return reading_ ? ConnectionStateView::kRunning : ConnectionStateView::kFlow;
}

ConnectionView Connection::view() {
  const base::MonotonicTime now = io_.loop().now().monotonic;
  const session::ClientDescription& client = session_.client();
  ConnectionView view;
  view.key = {io_.index(), id_};
  view.ends = ends();
  view.name = view.ends.name();
  view.state = state_view();
  view.user = session_.user();
  view.virtual_host = session_.virtual_host();
  view.protocol = session_.actor().protocol;
  view.auth_mechanism = session_.mechanism();
  view.user_provided_name = client.connection_name();
  view.client_properties = client.properties;
  view.connected_at = connected_at_;
  view.frame_max = session_.frame_max();
  view.channel_max = session_.channel_max();
  view.timeout_s = session_.heartbeat_s();
  if (tls_ && !handshaking_) {
    view.tls_protocol = tls_->protocol();
    view.tls_cipher = tls_->cipher();
    if (const auto certificate = tls_->peer_certificate())
      view.peer_certificate_subject = certificate->subject_dn;
  }
  view.tls = tls_ != nullptr;
  const std::array<double, 2> rates = octets_.rates(now);
  view.received_octets = {octets_.received(), rates[0]};
  view.sent_octets = {octets_.sent(), rates[1]};
  view.reads = octets_.reads();
  view.writes = octets_.writes();
  view.send_pending = session_.output().size();
  return view;
}

}  // namespace harrier::server
