#include "auth/sasl_amqplain.h"

#include <optional>

namespace harrier::auth {
namespace {

// Reads the bytes of a value behind its type letter; nullopt for a letter that does not exist.
std::optional<base::Bytes> take_value(base::ByteReader& reader, char type) {
  switch (type) {
    case 'V': return base::Bytes{};
    case 't':
    case 'b':
    case 'B': return reader.take(1);
    case 's':
    case 'u': return reader.take(2);
    case 'I':
    case 'i':
    case 'f': return reader.take(4);
    case 'D': return reader.take(5);
    case 'l':
    case 'L':
    case 'd':
    case 'T': return reader.take(8);
    case 'S':
    case 'x':
    case 'A':
    case 'F': return reader.long_string();
    default: return std::nullopt;
  }
}

}  // namespace

SaslOutcome SaslAmqplain::step(base::Bytes response, base::MonotonicTime now) {
  std::optional<base::Bytes> login;
  std::optional<base::Bytes> password;
  base::ByteReader reader(response);
  while (reader.remaining() != 0) {
    const base::Bytes name = reader.short_string();
    const char type = static_cast<char>(reader.u8());
    const auto value = take_value(reader, type);
    if (!reader.ok() || !value)
      return SaslOutcome::malformed("AMQPLAIN response is no field table");
    if (type != 'S') continue;
    if (name == "LOGIN" && !login) login = value;
    if (name == "PASSWORD" && !password) password = value;
  }
  if (!login || !password)
    return SaslOutcome::malformed("AMQPLAIN response is missing LOGIN or PASSWORD field");
  return login_.start(*login, *password, now);
}

}  // namespace harrier::auth
