// Random clients on a simulated node, and what they saw.
//
// Model:  start() → run() → finish(). Between, the node can end (lose_node(), close_node()) and the
//         clients go on with the next one: start() again.
// Thread: confined(test).
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "simulation/simulated_client.h"
#include "support/simulated_node.h"

namespace harrier::test {

class World {
 public:
  World(std::uint64_t seed, int clients, ClientOptions behaviour)
      : seed_(seed),
        client_count_(clients),
        behaviour_(std::move(behaviour)),
        random_(seed ^ 0x5eed) {}

  std::vector<Event> events;

  // A node on `backend`, which outlives it; the clients connect.
  void start(SimulatedBackend& backend, const NodeOptions& options);
  // The same, with nobody connected.
  void start_alone(SimulatedBackend& backend, const NodeOptions& options);
  // Each client acts `bursts` times; until `over`, which is asked after each step, says so.
  using Over = std::function<bool()>;
  void run(int bursts, const Over& over = nullptr);
  // Everything is given back.
  void wind_down();
  // Takes what is left in all queues, past every session.
  void drain();

  // The node is gone: what had not left it is lost, of the rest the clients read some.
  void lose_node();
  // The node closes all connections, and has ended; false when `over` came before.
  bool close_node(const Over& over);

  // What everybody waits for.
  std::string describe() const;
  std::vector<std::string> complaints() const;
  std::vector<std::string> violations() const;
  std::map<std::string, std::vector<std::string>> seen() const;

 private:
  bool settle(const std::function<bool(const SimulatedClient&)>& done, const Over& over);
  void drain(const std::string& name);

  const std::uint64_t seed_;
  const int client_count_;
  const ClientOptions behaviour_;
  base::SeededRandom random_;
  std::uint64_t nodes_ = 0;
  std::unique_ptr<SimulatedNode> node_;
  std::vector<std::unique_ptr<SimulatedClient>> clients_;
};

}  // namespace harrier::test
