#include "ctl/admin_program.h"

#include <cstdlib>
#include <fstream>
#include <istream>
#include <iterator>
#include <ostream>

#include <unistd.h>

#include <CLI/CLI.hpp>

#include "ctl/admin_arguments.h"
#include "ctl/admin_output.h"
#include "ctl/admin_table.h"
#include "ctl/base64.h"
#include "ctl/command_line.h"
#include "ctl/items.h"
#include "ctl/management.h"
#include "ctl/printable.h"
#include "ctl/target.h"
#include "ctl/trouble.h"
#include "harrier/version.h"

namespace harrier::ctl {
namespace {

constexpr int kFailed = 1;
constexpr std::size_t kWordsMax = 64;
constexpr std::size_t kInputBytesMax = 256u << 20;

struct AdminOptions {
  std::string host;
  std::string port;
  std::string path_prefix;
  std::string vhost;
  std::string user;
  std::string password;
  std::string base_uri;
  std::string ca_file;
  std::string timeout = "120";
  std::string format = "table";
  std::string sort;
  bool reverse = false;
  bool quiet = false;
  bool tls = false;
  bool help = false;
  bool version = false;
  std::vector<std::string> words;
};

AdminOptions parse(const std::vector<std::string>& words) {
  AdminOptions options;
  CLI::App app;
  app.set_help_flag();
  std::string ignored;
  app.add_option("-H,--host", options.host);
  app.add_option("-P,--port", options.port);
  app.add_option("--path-prefix", options.path_prefix);
  app.add_option("-V,--vhost", options.vhost);
  app.add_option("-u,--username", options.user);
  app.add_option("-p,--password", options.password);
  app.add_option("-U,--base-uri", options.base_uri);
  app.add_option("--ssl-ca-cert-file", options.ca_file);
  app.add_option("-t,--request-timeout", options.timeout);
  app.add_option("-f,--format", options.format);
  app.add_option("-S,--sort", options.sort);
  app.add_option("-d,--depth", ignored);
  app.add_flag("-R,--sort-reverse", options.reverse);
  app.add_flag("-q,--quiet", options.quiet);
  app.add_flag("-s,--ssl", options.tls);
  app.add_flag("-h,--help", options.help);
  app.add_flag("--version", options.version);
  // One option for each word: CLI11 would take a list in brackets apart.
  std::vector<std::string> positionals(kWordsMax);
  std::vector<CLI::Option*> places;
  for (std::size_t i = 0; i < kWordsMax; ++i)
    places.push_back(app.add_option("word" + std::to_string(i), positionals[i]));
  try {
    app.parse(std::vector<std::string>(words.rbegin(), words.rend()));
  } catch (const CLI::ParseError& error) {
    throw Trouble(kExitUsage, printable(error.what()));
  }
  for (std::size_t i = 0; i < kWordsMax && places[i]->count() > 0; ++i)
    options.words.push_back(std::move(positionals[i]));
  return options;
}

// The broker's socket serves whoever gives no address and no login, if it is there for us.
bool use_socket(const AdminOptions& options, BrokerAddress& address) {
  if (!options.host.empty() || !options.port.empty() || !options.user.empty() ||
      !options.base_uri.empty() || options.tls)
    return false;
  if (const char* path = std::getenv("HARRIERMQ_CTL_SOCKET"); path != nullptr && *path != '\0')
    address.socket_path = path;
  return access(address.socket_path.c_str(), W_OK) == 0;
}

BrokerAddress broker_address(const AdminOptions& options) {
  BrokerAddress address;
  if (use_socket(options, address)) return address;
  std::string uri = options.base_uri;
  if (uri.empty()) {
    const std::string host = options.host.empty() ? "localhost" : options.host;
    uri = (options.tls ? "https://" : "http://") +
          (host.find(':') == std::string::npos ? host : "[" + host + "]") + ":" +
          (options.port.empty() ? "15672" : options.port) + options.path_prefix;
  }
  address = parse_broker_uri(uri);
  address.ca_file = options.ca_file;
  if (!address.login) address.login = Login{"guest", "guest"};
  add_login(address, options.user, options.password.empty() ? nullptr : &options.password);
  return address;
}

class Admin {
 public:
  Admin(const AdminOptions& options, Management& management, Streams& streams)
      : options_(options), management_(management), streams_(streams) {}

  void run();

 private:
  std::string word(std::size_t index) const {
    return index < options_.words.size() ? options_.words[index] : std::string();
  }
  std::vector<std::string> words_from(std::size_t index) const {
    return {options_.words.begin() +
                static_cast<std::ptrdiff_t>(std::min(index, options_.words.size())),
            options_.words.end()};
  }
  Json request(std::string_view method, const std::string& target,
               const std::optional<Json>& body = std::nullopt);
  void list(const std::string& kind, const std::vector<std::string>& columns);
  void show_overview(std::vector<std::string> columns);
  void act(const AdminAction& action, Json body);
  void publish(const AdminAction& action, Json body);
  void get(const AdminAction& action, Json body);
  void export_to(const std::string& path);
  void import_from(const std::string& path);
  std::string target_of(const AdminAction& action, const Json& body) const;
  void tell(const std::string& text) {
    if (!options_.quiet) streams_.out << text << '\n';
  }

  const AdminOptions& options_;
  Management& management_;
  Streams& streams_;
};

Json Admin::request(std::string_view method, const std::string& target,
                    const std::optional<Json>& body) {
  Answer answer = management_.call(method, target, body);
  if (answer.status == 401) throw Trouble(kExitNoPermission, "*** Access refused: " + target);
  if (answer.status == 404) throw Trouble(kExitUnavailable, "*** Not found: " + target);
  if (!answer.ok()) throw Trouble(kExitUnavailable, "*** " + answer.reason());
  return std::move(answer.body);
}

std::string Admin::target_of(const AdminAction& action, const Json& body) const {
  const std::string_view path = action.call.substr(action.call.find(' ') + 1);
  return expand(path, [&](std::string_view name) -> std::string {
    if (name == "destination_char")
      return body.value("destination_type", "") == "exchange" ? "e" : "q";
    const Json& value = member(body, name);
    if (value.is_string()) return percent_encoded(value.get<std::string>());
    if (value.is_boolean()) return value.get<bool>() ? "true" : "false";
    return percent_encoded(name == "vhost" && !options_.vhost.empty() ? options_.vhost : "/");
  });
}

void Admin::list(const std::string& kind, const std::vector<std::string>& asked) {
  const AdminList* row = find_admin_list(kind);
  if (row == nullptr) throw Trouble(kExitUsage, "Don't know how to list " + printable(kind));
  std::vector<std::string> columns = asked;
  for (std::string_view usual = asked.empty() ? row->columns : ""; !usual.empty();) {
    const std::size_t comma = usual.find(',');
    columns.emplace_back(usual.substr(0, comma));
    usual.remove_prefix(comma == std::string_view::npos ? usual.size() : comma + 1);
  }
  std::string target(row->path);
  if (row->per_virtual_host && !options_.vhost.empty())
    target += "/" + percent_encoded(options_.vhost);
  std::string query;
  for (const std::string& column : columns)
    query += (query.empty() ? "?columns=" : ",") + percent_encoded(column);
  if (!options_.sort.empty()) {
    query += (query.empty() ? "?sort=" : "&sort=") + percent_encoded(options_.sort);
    if (options_.reverse) query += "&sort_reverse=true";
  }
  streams_.out << admin_render(request("GET", target + query), columns, options_.format);
}

void Admin::show_overview(std::vector<std::string> columns) {
  if (columns.empty())
    columns = {"rabbitmq_version", "cluster_name", "queue_totals.messages", "object_totals.queues"};
  streams_.out << admin_render(Json::array({request("GET", "/api/overview")}), columns,
                               options_.format);
}

void Admin::act(const AdminAction& action, Json body) {
  const std::string target = target_of(action, body);
  if (action.verb != "declare") {
    request(action.call.substr(0, action.call.find(' ')), target);
  } else {
    if (const auto type = body.find("queue_type"); type != body.end()) {
      body["arguments"]["x-queue-type"] = *type;
      body.erase("queue_type");
    }
    request(action.call.substr(0, action.call.find(' ')), target, body);
  }
  tell(std::string(action.done));
}

std::string read_bounded(std::istream& in) {
  std::string text;
  char chunk[64 * 1024];
  while (in.read(chunk, sizeof chunk) || in.gcount() > 0) {
    text.append(chunk, static_cast<std::size_t>(in.gcount()));
    if (text.size() > kInputBytesMax) throw Trouble(kExitUsage, "the input is too large");
  }
  return text;
}

void Admin::publish(const AdminAction& action, Json body) {
  if (!body.contains("payload")) body["payload"] = read_bounded(streams_.in);
  const Json answer = request("POST", target_of(action, body), body);
  tell(member(answer, "routed") == Json(true) ? "Message published"
                                              : "Message published but NOT routed");
}

void Admin::get(const AdminAction& action, Json body) {
  std::string file;
  if (const auto found = body.find("payload_file"); found != body.end()) {
    file = found->get<std::string>();
    body.erase("payload_file");
  }
  const Json list = request("POST", target_of(action, body), body);
  if (file.empty()) {
    std::vector<std::string> columns = {"routing_key", "exchange",      "message_count",
                                        "payload",     "payload_bytes", "payload_encoding",
                                        "properties",  "redelivered"};
    streams_.out << admin_render(list, std::move(columns), options_.format);
    return;
  }
  if (!list.is_array() || list.empty()) throw Trouble(kExitUnavailable, "*** No message");
  std::string payload = member(list[0], "payload").get<std::string>();
  if (member(list[0], "payload_encoding") == Json("base64"))
    payload = base64_decoded(payload).value_or(payload);
  std::ofstream out(file, std::ios::binary);
  out << payload;
  if (!out.flush()) throw Trouble(kExitIoFailure, "*** cannot write " + printable(file));
  tell("Payload written to " + printable(file));
}

void Admin::export_to(const std::string& path) {
  const std::string target =
      "/api/definitions" + (options_.vhost.empty() ? "" : "/" + percent_encoded(options_.vhost));
  const Json definitions = request("GET", target);
  std::ofstream out(path, std::ios::binary);
  out << definitions.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (!out.flush()) throw Trouble(kExitIoFailure, "*** cannot write " + printable(path));
  tell("Exported definitions for " + management_.client().address().display() + " to \"" +
       printable(path) + "\"");
}

void Admin::import_from(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw Trouble(kExitUsage, "cannot read " + printable(path));
  const std::string target =
      "/api/definitions" + (options_.vhost.empty() ? "" : "/" + percent_encoded(options_.vhost));
  request("POST", target, parse_answer(read_bounded(in), printable(path)));
  tell("Uploaded definitions to " + management_.client().address().display() + " from \"" +
       printable(path) + "\"");
}

void Admin::run() {
  const std::string verb = word(0);
  if (verb == "list") {
    list(word(1), words_from(2));
  } else if (verb == "show") {
    if (word(1) != "overview")
      throw Trouble(kExitUsage, "Don't know how to show " + printable(word(1)));
    show_overview(words_from(2));
  } else if ((verb == "export" || verb == "import") && options_.words.size() == 2) {
    verb == "export" ? export_to(word(1)) : import_from(word(1));
  } else if (const AdminAction* action = find_admin_action(verb, word(1)); action != nullptr) {
    Json body = admin_body(*action, words_from(action->kind.empty() ? 1 : 2));
    if (verb == "publish")
      publish(*action, std::move(body));
    else if (verb == "get")
      get(*action, std::move(body));
    else
      act(*action, std::move(body));
  } else {
    throw Trouble(kExitUsage, "Action " + printable(verb) + " not understood");
  }
}

std::string usage() {
  std::string out =
      "Usage: rabbitmqadmin [options] subcommand\n\n"
      "  -H,--host -P,--port -V,--vhost -u,--username -p,--password -U,--base-uri --path-prefix\n"
      "  -s,--ssl --ssl-ca-cert-file -t,--request-timeout -q,--quiet -S,--sort -R,--sort-reverse\n"
      "  -f,--format table|tsv|long|kvp|bash|raw_json|pretty_json\n\n";
  for (const AdminList& row : admin_lists())
    out += "  list " + std::string(row.kind) + " [COLUMN...]\n";
  out += "  show overview [COLUMN...]\n";
  for (const AdminAction& row : admin_actions()) {
    out += "  " + std::string(row.verb);
    if (!row.kind.empty()) out += " " + std::string(row.kind);
    out += " " + std::string(row.arguments) + "\n";
  }
  return out + "  export FILE\n  import FILE\n";
}

}  // namespace

int run_admin(const std::vector<std::string>& words, Streams& streams) {
  try {
    const AdminOptions options = parse(words);
    if (options.version) {
      streams.out << "rabbitmqadmin " << kCompatibleVersion << '\n';
      return kExitOk;
    }
    if (options.help || (!options.words.empty() && options.words.front() == "help")) {
      streams.out << usage();
      return kExitOk;
    }
    HttpLimits limits;
    limits.timeout = parse_timeout(options.timeout);
    HttpClient client(broker_address(options), limits);
    Management management(client);
    Admin(options, management, streams).run();
  } catch (const Trouble& trouble) {
    const std::string text = trouble.what();
    if (text.starts_with("*** "))
      streams.err << text << "\n\n";
    else if (trouble.code() == kExitUsage || trouble.code() == kExitConfig)
      streams.err << "\nERROR: " << text << "\n\nrabbitmqadmin --help for help\n\n";
    else
      streams.err << "*** " << text << "\n\n";
    return kFailed;
  }
  return kExitOk;
}

}  // namespace harrier::ctl
