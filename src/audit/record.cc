#include "audit/record.h"

#include <cstdio>
#include <ctime>

#include <nlohmann/json.hpp>

#include "base/hex.h"
#include "base/utf8.h"

namespace harrier::audit {
namespace {

// JSON has no octets: what is no text is shown in digits, so that two names stay two.
std::string as_text(const std::string& bytes) {
  if (base::is_utf8(bytes)) return bytes;
  std::string text;
  base::Bytes rest(bytes);
  while (!rest.empty()) {
    if (const std::size_t size = base::utf8_character_size(rest); size != 0) {
      text.append(rest.substr(0, size));
      rest.remove_prefix(size);
    } else {
      text.append("\\x");
      base::append_hex(text, rest.front());
      rest.remove_prefix(1);
    }
  }
  return text;
}

}  // namespace

std::string rfc3339(base::WallTime time) {
  const auto since_1970 = time.time_since_epoch();
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since_1970);
  const auto count = static_cast<std::time_t>(seconds.count());
  std::tm parts{};
  ::gmtime_r(&count, &parts);
  char text[64] = "";
  const std::size_t size = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  char milliseconds[16] = "";
  std::snprintf(milliseconds, sizeof milliseconds, ".%03dZ",
                static_cast<int>((since_1970 - seconds).count()));
  return std::string(text, size) + milliseconds;
}

std::string encode_record(const Event& event, std::uint64_t sequence, const std::string& node,
                          const std::string& previous) {
  nlohmann::ordered_json object;
  object["seq"] = sequence;
  object["time"] = rfc3339(event.time);
  const auto put = [&object](const char* name, const std::string& text) {
    if (!text.empty()) object[name] = as_text(text);
  };
  put("node", node);
  put("action", event.action);
  object["outcome"] = word_of(event.outcome);
  put("user", event.user);
  put("peer", event.peer);
  put("vhost", event.virtual_host);
  put("mechanism", event.mechanism);
  put("kind", event.kind);
  // The exchange without a name has one all the same where it is the object.
  if (!event.kind.empty()) object["name"] = as_text(event.name);
  put("source", event.source);
  put("routing_key", event.routing_key);
  put("reason", event.reason);
  if (event.count) object["count"] = *event.count;
  object["prev"] = previous;
  std::string line =
      object.dump(-1, ' ', /*ensure_ascii=*/true, nlohmann::ordered_json::error_handler_t::replace);
  line.pop_back();
  return line;
}

}  // namespace harrier::audit
