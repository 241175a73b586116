// A broker whose operator reads commands from standard input, one a line, and answers each with a
// line: what operators_test.py drives while a real client is connected.
//
//   operated_broker DATA_DIR LOOPS
//
// The first line says its port.

#include <iostream>
#include <sstream>
#include <string>

#include "base/clock.h"
#include "base/log.h"
#include "server/commands.h"
#include "server/maintenance.h"
#include "server/node.h"

namespace harrier::server {
namespace {

const broker::Actor kOperator{"guest", {"administrator"}, "test", "stdin"};

template <class T>
std::string text_of(const base::Result<T, CommandError>& result,
                    const std::function<std::string(const T&)>& text) {
  return result.ok() ? text(*result) : "error " + result.error().message;
}
std::string text_of(const CommandStatus& status) {
  return status.ok() ? "ok" : "error " + status.error().message;
}

std::string run(Node& node, std::istringstream& words) {
  Commands& commands = node.commands();
  std::string command, queue, other;
  words >> command >> queue >> other;
  if (command == "pause") return text_of(commands.set_paused(kOperator, "/", queue, true));
  if (command == "resume") return text_of(commands.set_paused(kOperator, "/", queue, false));
  if (command == "move") {
    return text_of<MoveOutcome>(
        commands.move(kOperator, "/", {queue, other, {}, {}, 0}, {}),
        [](const MoveOutcome& outcome) { return std::to_string(outcome.moved); });
  }
  if (command == "redrive") {
    return text_of<RedriveOutcome>(commands.redrive(kOperator, "/", {queue, {}, {}, 0, false}, {}),
                                   [](const RedriveOutcome& outcome) {
                                     std::uint64_t moved = 0;
                                     for (const auto& [target, count] : outcome.moved)
                                       moved += count;
                                     return std::to_string(moved);
                                   });
  }
  if (command == "browse") {
    return text_of<BrowsedMessages>(
        commands.browse(kOperator, "/", queue, {{}, 10'000, 0}, {}),
        [](const BrowsedMessages& seen) { return std::to_string(seen.messages.size()); });
  }
  if (command == "cancel") return text_of(commands.cancel_consumer(kOperator, "/", queue, other));
  if (command == "close")
    return std::to_string(commands.close_user_connections(kOperator, queue, "go away"));
  if (command == "drain") {
    node.maintenance().drain(kOperator, std::chrono::seconds(10), {});
    return "ok";
  }
  if (command == "revive") return text_of(node.maintenance().revive(kOperator));
  return "error no such command";
}

int main_of(const char* data_dir, const char* loops) {
  base::configure_log(base::LogLevel::kError, base::LogFormat::kText);
  Options options;
  options.amqp.port = 0;
  options.data_dir = data_dir;
  options.loops = static_cast<std::uint32_t>(std::stoul(loops));
  options.journal.segment_size = 4 << 20;
  options.disk.reserve = 0;
  options.shutdown_timeout = std::chrono::milliseconds(200);
  const base::SystemClock clock;
  Node node(options, clock);
  if (const Outcome started = node.start(); !started) {
    std::cerr << started.failure().message << '\n';
    return 1;
  }
  std::cout << node.port() << std::endl;
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    std::cout << run(node, words) << std::endl;
  }
  node.stop();
  return 0;
}

}  // namespace
}  // namespace harrier::server

int main(int argc, char** argv) {
  if (argc != 3) return 64;
  return harrier::server::main_of(argv[1], argv[2]);
}
