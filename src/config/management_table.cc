// management.* and limits.http.*
#include "config/options_table.h"
#include "config/row.h"

namespace harrier::config {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

std::vector<Key> https_place() {
  using O = TlsListenerOptions;
  return {
      boolean("enabled", &O::enabled,
              {"Whether the API is served over TLS, too; certificate_file and key_file are needed.",
               "Off, because there is no certificate yet."}),
      address("bind", &O::bind, {"Where; 0.0.0.0 for all addresses.", "As without TLS."}),
      integer("port", &O::port, 0, 65535,
              {"TCP port; 0: any free port, printed at start.", "RabbitMQ's number."}),
  };
}

Table cors_table() {
  using O = CorsOptions;
  return table<O>({
      text_list("allow_origins", &O::allow_origins,
                {"Origins (https://example.com) whose pages may use the API; * for all.",
                 "Nobody's page but our own."}),
      duration("max_age", &O::max_age, milliseconds(0), hours(24),
               {"How long browsers may remember it.", "As RabbitMQ."}),
  });
}

void check(Section& section, const ManagementOptions& management) {
  const std::string& prefix = management.path_prefix;
  if (!prefix.empty() && (!prefix.starts_with('/') || prefix.ends_with('/')))
    section.error("path_prefix", "it begins with a slash and does not end with one");
  const std::string& policy = management.content_security_policy;
  if (policy.find_first_of("\r\n") != std::string::npos)
    section.error("content_security_policy", "it is one line");
}

}  // namespace

Table management_table() {
  using O = ManagementOptions;
  return table<O>(
      {
          boolean("enabled", &O::enabled,
                  {"Whether the HTTP API is served; off: neither its ports nor its socket are "
                   "opened.",
                   "Tools and the web page need it."}),
          address("bind", &O::bind,
                  {"Where; 0.0.0.0 for all addresses.",
                   "Passwords come in clear: not for strangers' networks."}),
          integer("port", &O::port, 0, 65535,
                  {"TCP port; 0: any free port, printed at start.", "RabbitMQ's number."}),
          section("tls", &O::tls, tls_table(https_place()), {"The same over TLS.", ""}),
          section("unix", &O::unix_socket,
                  unix_table({"The file of a Unix domain socket on which the API is served without "
                              "a login; none if empty.",
                              "Packages set it, for harrierctl."}),
                  {"For root, the broker's own user and administrators_group: they are "
                   "administrators.",
                   ""}),
          text("administrators_group", &O::administrators_group,
               {"A group whose processes are administrators over the Unix domain socket; none if "
                "empty.",
                "Others log in, there as well."}),
          text("path_prefix", &O::path_prefix,
               {"What stands before /api, such as /mq behind a proxy.", "Nothing."}),
          size("max_body_size", &O::max_body_size, kKiB, 256 * kMiB,
               {"A larger body of a request is refused with 400.", "As RabbitMQ: definitions."}),
          boolean("disable_stats", &O::disable_stats,
                  {"Whether lists leave statistics out, for speed.", "Tools expect them."}),
          text("content_security_policy", &O::content_security_policy,
               {"The header of that name.", "Our own page and nothing else."}, 4096),
          section("cors", &O::cors, cors_table(), {"Web pages of other origins.", ""}),
      },
      check);
}

Table http_limits_table() {
  using O = HttpLimitOptions;
  return table<O>({
      integer("workers", &O::workers, 1, 64,
              {"Threads that answer; each waits for the loops it asks.",
               "Few clients, short "
               "answers."}),
      integer(
          "waiting_max", &O::waiting_max, 1, 100'000,
          {"Requests that wait for a worker; more are refused with 503.", "Some seconds of work."}),
      integer("connections_max", &O::connections_max, 1, 1'000'000,
              {"Connections of all HTTP listeners; more are closed at once.",
               "Browsers and probes hold a few each."}),
      integer("streams_max", &O::streams_max, 1, 10'000,
              {"Clients that follow the log at a time; more are refused with 503.",
               "Each is asked about four times a second."}),
      size("header_size_max", &O::header_size_max, kKiB, kMiB,
           {"A larger header of a request is refused with 431.", "Tokens are long."}),
      size("bodies_size_max", &O::bodies_size_max, kMiB, 16 * kGiB,
           {"Of all bodies of requests at a time; beyond, 503.", "They stand in memory."}),
      duration("header_timeout", &O::header_timeout, milliseconds(1), kSpanMax,
               {"How long a header may take; then 408.", "It is one packet."}),
      duration("idle_timeout", &O::idle_timeout, milliseconds(1), kSpanMax,
               {"Between requests; then the connection is closed.", "Above what proxies keep."}),
      duration("body_timeout", &O::body_timeout, milliseconds(1), kSpanMax,
               {"How long the login and a body may take; then 408.", "Large files, slow lines."}),
      duration("answer_timeout", &O::answer_timeout, milliseconds(1), kSpanMax,
               {"How long an answer may take to be made, waiting included; then 503.",
                "Deleting a large virtual host takes long."}),
      duration("stall_timeout", &O::stall_timeout, milliseconds(1), kSpanMax,
               {"A client that takes nothing of its answer for so long is cut off.",
                "It holds memory."}),
  });
}

}  // namespace harrier::config
