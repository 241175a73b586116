// Concern: whatever stands in a path, a query or a body of the API is understood or refused with a
//          reason, without end or crash.
//          Plan: the bytes up to the first line break are the target, the rest is the body: as JSON
//          with the members that handlers ask for, and as a form with a file.

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "management/api_error.h"
#include "management/body_fields.h"
#include "management/list_query.h"
#include "management/message_properties.h"
#include "management/multipart.h"
#include "management/route.h"
#include "support/api_call.h"

namespace {

using namespace harrier;  // NOLINT: a program of its own
using namespace harrier::management;

template <class Ask>
void heed(Ask&& ask) {
  try {
    ask();
  } catch (const ApiError& error) {
    CHECK(error.status() >= 400 && !error.reason().empty());
    (void)text_of(error.body());
  }
}

void look_up(const std::string& text) {
  static const Router kRouter(all_routes());
  const auto target = http::Target::parse(text);
  if (!target) return;
  std::string again;
  for (const std::string& segment : target->segments)
    again.append("/").append(http::percent_encoded(segment));
  // An empty name at the end would be the slash that counts for nothing.
  const bool plain = target->segments.empty() || !target->segments.back().empty();
  const bool leads = target->segments.empty() || !target->segments.front().empty();
  if (plain && leads && !again.empty())
    CHECK(http::Target::parse(again)->segments == target->segments);
  for (const char* method : {"GET", "PUT", "POST", "DELETE", "HEAD"}) {
    const auto match = kRouter.find(method, target->segments);
    if (match.route != nullptr)
      CHECK(match.virtual_host < static_cast<int>(match.parameters.size()));
  }
}

void read_body(const test::ApiCall& asked) {
  heed([&] {
    const nlohmann::json body = asked.call().object();
    const BodyFields fields(body);
    heed([&] { fields.need({"a", "tags"}); });
    heed([&] { (void)fields.text("a"); });
    heed([&] { (void)fields.number("a", 0); });
    heed([&] { (void)fields.flag("a", false); });
    heed([&] { (void)fields.words("tags"); });
    heed([&] { (void)fields.table("arguments"); });
    heed([&] {
      const MessageProperties properties(fields);
      (void)text_of(json_of_properties(amqp::encode_properties(properties.values())));
    });
  });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const std::size_t end = text.find('\n');
  const std::string target = text.substr(0, end);
  const std::string body = end == std::string::npos ? std::string() : text.substr(end + 1);
  look_up(target);
  const test::ApiCall asked(target, body);
  heed([&] {
    const ListQuery query(asked.call());
    nlohmann::json row = {{"name", "q"}, {"a", {{"b", 1}}}};
    (void)query.takes("q");
    (void)query.key_of(row);
    query.columns().apply(row);
  });
  read_body(asked);
  (void)multipart_field(target, body, "file");
  return 0;
}
