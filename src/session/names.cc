#include "session/names.h"

#include "base/utf8.h"

namespace harrier::session {

std::string without_line_breaks(std::string_view name) {
  std::string kept(name);
  std::erase_if(kept, [](char c) { return c == '\r' || c == '\n'; });
  return kept;
}

amqp::Checked<std::string> declared_name(std::string_view name) {
  if (!base::is_utf8(name))
    return amqp::refuse(amqp::ReplyCode::kFrameError, "Malformed UTF-8 in shortstr");
  std::string kept = without_line_breaks(name);
  if (kept.find('\0') != std::string::npos)
    return amqp::refuse(amqp::ReplyCode::kSyntaxError, "NUL in a name");
  return kept;
}

}  // namespace harrier::session
