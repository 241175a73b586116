// What holds for every command: how to reach the broker, and how to print.
//
// Thread: immutable once parsed.
#pragma once

#include <chrono>
#include <cstddef>
#include <iosfwd>
#include <optional>
#include <string>

#include "ctl/broker_address.h"
#include "ctl/http_client.h"
#include "ctl/table.h"

namespace harrier::ctl {

struct Settings {
  // The name it was called by.
  std::string program = "harrierctl";
  BrokerAddress address;
  HttpLimits limits;
  bool timeout_given = false;
  std::string virtual_host = "/";
  bool virtual_host_given = false;
  bool quiet = false;
  bool silent = false;
  bool headers = true;
  std::optional<Format> format;
};

// Standard input, output and error, or a test's.
struct Streams {
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
  // Standard input is somebody at a keyboard, who is to be asked.
  bool terminal = false;
};

}  // namespace harrier::ctl
