// The command line of durable_load: a mode, then `--name value` pairs and switches.
//
// Role:   each mode takes what it knows; refuse_unknown() then names what nobody asked for.
// Thread: confined(main).
// Errors: LoadError, with the text for the user.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>

namespace harrier::bench {

struct LoadError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class Arguments {
 public:
  Arguments(int count, char** words);

  const std::string& mode() const { return mode_; }
  std::string text(const std::string& name, std::string_view otherwise);
  std::uint64_t number(const std::string& name, std::uint64_t otherwise);
  double real(const std::string& name, double otherwise);
  bool has(const std::string& name);  // a switch
  void refuse_unknown() const;

 private:
  std::string mode_;
  std::map<std::string, std::string> values_;
  std::set<std::string> asked_;
};

}  // namespace harrier::bench
