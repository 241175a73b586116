#include "auth/strict_json.h"

#include <set>
#include <string>
#include <vector>

namespace harrier::auth {
namespace {

using nlohmann::json;

// Looks at the text before anything is built of it. A parser's callback could do the same, but this
// library then walks the whole of an array again for each object in it.
class Watch final : public nlohmann::json_sax<json> {
 public:
  explicit Watch(int depth_max) : depth_max_(depth_max) {}

  const char* fault() const { return fault_; }

  bool null() override { return true; }
  bool boolean(bool /*value*/) override { return true; }
  bool number_integer(number_integer_t /*value*/) override { return true; }
  bool number_unsigned(number_unsigned_t /*value*/) override { return true; }
  bool number_float(number_float_t /*value*/, const string_t& /*text*/) override { return true; }
  bool string(string_t& /*value*/) override { return true; }
  bool binary(binary_t& /*value*/) override { return true; }
  bool start_object(std::size_t /*elements*/) override {
    names_.emplace_back();
    return enter();
  }
  bool key(string_t& name) override {
    if (names_.back().insert(name).second) return true;
    fault_ = "has the same name twice in an object";
    return false;
  }
  bool end_object() override {
    names_.pop_back();
    --depth_;
    return true;
  }
  bool start_array(std::size_t /*elements*/) override { return enter(); }
  bool end_array() override {
    --depth_;
    return true;
  }
  bool parse_error(std::size_t /*position*/, const std::string& /*token*/,
                   const nlohmann::detail::exception& /*error*/) override {
    return false;
  }

 private:
  bool enter() {
    if (depth_++ < depth_max_) return true;
    fault_ = "is nested too deeply";
    return false;
  }

  const int depth_max_;
  int depth_ = 0;
  const char* fault_ = nullptr;
  std::vector<std::set<std::string>> names_;
};

}  // namespace

base::Result<json> parse_strict_json(base::Bytes text, int depth_max) {
  Watch watch(depth_max);
  const bool good = json::sax_parse(text.begin(), text.end(), &watch);
  if (watch.fault() != nullptr) return base::fail(std::string("JSON that ") + watch.fault());
  if (!good) return base::fail("no JSON");
  json value = json::parse(text.begin(), text.end(), nullptr, /*allow_exceptions=*/false);
  if (value.is_discarded()) return base::fail("no JSON");
  return value;
}

}  // namespace harrier::auth
