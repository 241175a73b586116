// Reads out of a client's certificate what auth wants to know.
#pragma once

#include <memory>

#include "auth/authenticator.h"

struct x509_st;

namespace harrier::server {

// Names with a zero byte in them are left out: a reader that stops there would take them for
// another name. REQUIRES that `certificate` was verified.
std::shared_ptr<const auth::PeerCertificate> peer_certificate_of(const x509_st& certificate);

}  // namespace harrier::server
