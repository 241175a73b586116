#include "auth/authenticator.h"

namespace harrier::auth {

std::string Peer::display() const {
  if (process) return address + ",pid=" + std::to_string(*process);
  const bool is_v6 = address.find(':') != std::string::npos;
  const std::string shown = is_v6 ? "[" + address + "]" : address;
  return shown + ":" + std::to_string(port);
}

}  // namespace harrier::auth
