#include "auth/strict_json.h"

#include <set>
#include <string>
#include <vector>

namespace harrier::auth {
namespace {

using nlohmann::json;

// Watches the parser: what it finds wrong is dropped at once instead of being built.
class Watch {
 public:
  explicit Watch(int depth_max) : depth_max_(depth_max) {}

  bool keep(int depth, json::parse_event_t event, const json& parsed) {
    if (fault_ != nullptr) return false;
    switch (event) {
      case json::parse_event_t::object_start: names_.emplace_back(); [[fallthrough]];
      case json::parse_event_t::array_start:
        if (depth >= depth_max_) fault_ = "is nested too deeply";
        break;
      case json::parse_event_t::key:
        if (!names_.back().insert(parsed.get<std::string>()).second)
          fault_ = "has the same name twice in an object";
        break;
      case json::parse_event_t::object_end: names_.pop_back(); break;
      case json::parse_event_t::array_end:
      case json::parse_event_t::value: break;
    }
    return fault_ == nullptr;
  }
  const char* fault() const { return fault_; }

 private:
  const int depth_max_;
  const char* fault_ = nullptr;
  std::vector<std::set<std::string>> names_;
};

}  // namespace

base::Result<json> parse_strict_json(base::Bytes text, int depth_max) {
  Watch watch(depth_max);
  const auto callback = [&watch](int depth, json::parse_event_t event, json& parsed) {
    return watch.keep(depth, event, parsed);
  };
  json value = json::parse(text.begin(), text.end(), callback, /*allow_exceptions=*/false);
  if (watch.fault() != nullptr) return base::fail(std::string("JSON that ") + watch.fault());
  if (value.is_discarded()) return base::fail("no JSON");
  return value;
}

}  // namespace harrier::auth
