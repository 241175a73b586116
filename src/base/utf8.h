// UTF-8: whether bytes are text, and cutting text between characters.
//
// Role:   names and texts from peers are bytes; logs, JSON and the short strings of replies want
//         text.
// Model:  RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.
// Thread: pure functions.
#pragma once

#include <cstddef>

#include "base/bytes.h"

namespace harrier::base {

// The size of the character that `bytes` starts with; 0 if it starts with none.
std::size_t utf8_character_size(Bytes bytes);

bool is_utf8(Bytes bytes);

// The longest beginning of `text` that has at most `size_max` bytes and does not end inside a
// character. What is no UTF-8 is cut where it is long enough.
Bytes cut_text(Bytes text, std::size_t size_max);

}  // namespace harrier::base
