// A password hash as RabbitMQ's definitions and `PUT /api/users` take it.
//
// Thread: pure function, and the system's source of randomness for the salt.
// Spec:   rabbit_password_hashing_sha256: base64 of four octets of salt and SHA-256(salt password).
#pragma once

#include <string>
#include <string_view>

namespace harrier::ctl {

std::string password_hash(std::string_view password, std::string_view salt);
std::string password_hash(std::string_view password);

}  // namespace harrier::ctl
