// A message as bytes: the same in a publish record of the journal and in an entry of a run file.
//
// Model:  u8 format · u8 flags · u8 priority · u8 zero · u64 ingress (ms since 1970) · u64
//         expiration (ms; only with its flag) · short string exchange · short string routing key ·
//         u32 size and property bytes · u32 size and body · u16 size and extensions (type, size,
//         bytes; unknown types are skipped). docs/formats/journal.md, "Message".
// Thread: pure functions.
// Errors: bytes from the disk may be anything: decode gives nullopt, never a CHECK.
#pragma once

#include <optional>

#include "base/buffer.h"
#include "base/bytes.h"
#include "broker/message.h"

namespace harrier::store {

std::size_t encoded_size(const broker::Message& message);
void encode_message(base::Buffer& to, const broker::Message& message);
// The parts are views of what `reader` reads.
std::optional<broker::MessageParts> decode_message(base::ByteReader& reader);

}  // namespace harrier::store
