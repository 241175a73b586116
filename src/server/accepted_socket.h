// A client's socket on its way from the listener to its loop.
#pragma once

#include "auth/authenticator.h"

namespace harrier::server {

struct AcceptedSocket {
  int descriptor = -1;  // connected, non-blocking; whoever takes it closes it
  auth::Peer peer;
  // A trusted proxy's: before all else comes a PROXY protocol header, which names the peer. Until
  // then Admission counts it for no address.
  bool awaits_proxy_header = false;
};

}  // namespace harrier::server
