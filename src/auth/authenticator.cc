#include "auth/authenticator.h"

namespace harrier::auth {

std::string Peer::display() const {
  const bool is_v6 = address.find(':') != std::string::npos;
  const std::string shown = is_v6 ? "[" + address + "]" : address;
  return shown + ":" + std::to_string(port);
}

}  // namespace harrier::auth
