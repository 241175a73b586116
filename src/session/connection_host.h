// What a connection's I/O half needs from the server around it.
//
// Thread: confined(io).
#pragma once

#include <functional>

#include "amqp/field_table.h"
#include "auth/authenticator.h"
#include "session/session_input.h"
#include "session/session_output.h"

namespace harrier::session {

class ConnectionHost {
 public:
  virtual ~ConnectionHost() = default;
  // The SASL mechanisms and users; must outlive the session.
  virtual auth::Authenticator& authenticator() = 0;
  // Has `work` run on another thread, then ConnectionSession::handle_login_work() called, if the
  // session still exists. It may refuse to run it, which is told in the same way, never during this
  // call. The work refers to the authenticator only.
  virtual void run_login_work(std::function<void()> work) = 0;
  // server-properties of connection.start.
  virtual amqp::TableView server_properties() = 0;
  // False while the node recovers: virtual hosts are not there yet, and connection.open is 320.
  virtual bool ready() const = 0;
  // Where a session lays out what it hands to SessionInput::publish(); nothing of it is kept beyond
  // a call, so all sessions of a thread may share one. Must outlive the session.
  virtual PublishView& publish_view() = 0;
  // Attaches the connection to its virtual host; nullptr if there is none of that name. The
  // SessionInput lives until the host has seen finished(). `output` is the session itself, or what
  // a recorder replays onto when the virtual host lives on another loop.
  virtual SessionInput* attach(const ConnectionParameters& parameters, SessionOutput& output) = 0;
};

}  // namespace harrier::session
