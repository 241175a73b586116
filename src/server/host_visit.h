// One virtual host as somebody who is on no loop visits it, in as many slices as it takes.
//
// Role:   what Commands stand on.
// Model:  found once, by name; another one of the same name is not it. While run() runs the host
//         lives; in between it may go, which found() tells.
// Thread: confined to the visitor's, which is no loop's, while the loops run.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "broker/virtual_host.h"
#include "server/node_loop.h"
#include "server/virtual_host_table.h"
#include "server/virtual_hosts.h"

namespace harrier::server {

class HostVisit {
 public:
  // REQUIRES that both outlive it.
  HostVisit(VirtualHostTable& hosts, const VirtualHosts::Loops& loops, std::string name);

  const std::string& name() const { return name_; }
  bool found() const { return place_.has_value(); }
  // In a turn of the host, which is settled afterwards. False: it is gone, and nothing was run.
  bool run(const std::function<void(broker::VirtualHost&)>& task);
  // On its loop, though it may be gone: for what was taken from it. REQUIRES found().
  void run_on_loop(const std::function<void()>& task) { loop().run(task); }
  // What was appended is on disk. False: the disk has not taken it in time.
  bool wait_until_durable();

 private:
  NodeLoop& loop() const { return *loops_[place_->loop]; }

  VirtualHostTable& hosts_;
  const VirtualHosts::Loops& loops_;
  const std::string name_;
  const std::optional<VirtualHostPlace> place_;
};

}  // namespace harrier::server
