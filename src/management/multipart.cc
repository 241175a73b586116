#include "management/multipart.h"

namespace harrier::management {
namespace {

std::string boundary_of(std::string_view content_type) {
  const std::size_t at = content_type.find("boundary=");
  if (at == std::string_view::npos) return {};
  std::string_view value = content_type.substr(at + 9);
  if (value.starts_with('"')) {
    value.remove_prefix(1);
    return std::string(value.substr(0, value.find('"')));
  }
  return std::string(value.substr(0, value.find_first_of("; \t")));
}

bool is_field(std::string_view head, std::string_view name) {
  const std::string wanted = "name=\"" + std::string(name) + "\"";
  for (std::size_t at = head.find(wanted); at != std::string_view::npos;
       at = head.find(wanted, at + 1))
    // Not the end of filename="…".
    if (at != 0 && (head[at - 1] == ' ' || head[at - 1] == ';')) return true;
  return false;
}

}  // namespace

std::optional<std::string> multipart_field(std::string_view content_type, std::string_view body,
                                           std::string_view name) {
  const std::string boundary = boundary_of(content_type);
  if (boundary.empty()) return std::nullopt;
  const std::string delimiter = "--" + boundary;
  std::size_t at = body.find(delimiter);
  while (at != std::string_view::npos) {
    const std::size_t head_begin = at + delimiter.size();
    const std::size_t head_end = body.find("\r\n\r\n", head_begin);
    if (head_end == std::string_view::npos) return std::nullopt;
    const std::size_t content = head_end + 4;
    const std::size_t next = body.find("\r\n" + delimiter, content);
    if (next == std::string_view::npos) return std::nullopt;
    if (is_field(body.substr(head_begin, head_end - head_begin), name))
      return std::string(body.substr(content, next - content));
    at = next + 2;
  }
  return std::nullopt;
}

}  // namespace harrier::management
