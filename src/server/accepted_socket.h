// A client's socket on its way from the listener to its loop.
#pragma once

#include "auth/authenticator.h"

namespace harrier::server {

struct AcceptedSocket {
  int descriptor = -1;  // connected, non-blocking; whoever takes it closes it
  auth::Peer peer;
  // A trusted proxy's: before all else comes a PROXY protocol header, which names the peer.
  bool awaits_proxy_header = false;
  // Whether Admission counts it for the peer's address: not a proxy's, not a Unix domain socket's.
  bool counted_for_address = true;
};

}  // namespace harrier::server
