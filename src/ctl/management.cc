#include "ctl/management.h"

#include "ctl/base64.h"
#include "ctl/printable.h"
#include "ctl/trouble.h"

namespace harrier::ctl {
namespace {

// How deep lists and objects stand in one another: what prints and frees JSON walks down.
int nesting(std::string_view text) {
  int depth = 0;
  int deepest = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      deepest = std::max(deepest, ++depth);
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return deepest;
}

}  // namespace

std::string Answer::reason() const {
  if (body.is_object()) {
    for (const char* key : {"reason", "error"}) {
      const auto found = body.find(key);
      if (found == body.end() || found->is_null()) continue;
      return table_text(*found);
    }
  }
  return "HTTP status " + std::to_string(status);
}

Json parse_answer(std::string_view text, std::string_view what) {
  if (nesting(text) > Management::kNestingMax)
    throw Trouble(kExitSoftware, std::string(what) + " is nested too deeply");
  Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) throw Trouble(kExitSoftware, std::string(what) + " is no JSON");
  return json;
}

Answer Management::call(std::string_view method, std::string_view target,
                        const std::optional<Json>& body,
                        const std::vector<std::pair<std::string, std::string>>& fields,
                        const std::optional<Login>& login) {
  HttpRequest request{.method = std::string(method), .fields = fields};
  request.target = client_.address().path_prefix;
  request.target += target;
  if (body) {
    request.body = body->dump(-1, ' ', false, Json::error_handler_t::replace);
    request.fields.emplace_back("Content-Type", "application/json");
  }
  if (const std::optional<Login>& used = login ? login : client_.address().login) {
    request.fields.emplace_back("Authorization",
                                "Basic " + base64_encoded(used->user + ":" + used->password));
  }
  const HttpAnswer answer = client_.exchange(request);
  Answer result{.status = answer.status};
  if (answer.body.empty()) return result;
  // An error page of something in between is told by its status.
  if (!result.ok() && !Json::accept(answer.body)) return result;
  if (answer.content_type.starts_with("application/yaml")) {
    result.body = answer.body;
    return result;
  }
  result.body = parse_answer(answer.body, "the broker's answer");
  return result;
}

}  // namespace harrier::ctl
