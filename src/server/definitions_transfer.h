// Definitions into a running node and out of it.
//
// Role:   what a definitions file, and HTTP, import and export with.
// Model:  import(): users, virtual hosts, permissions, policies, limits and parameters in one batch
//         of Administration's → exchanges, queues and bindings, in slices on their virtual hosts'
//         loops → all of it is on disk. The file's word replaces that of users, policies and so on,
//         as in RabbitMQ; exchanges and queues that are there and differ stay as they are. Nothing
//         is deleted. What is refused is named, the rest goes on.
//         export_all(): what there is while it walks; who comes and goes meanwhile may be missing.
// Thread: one that is no loop's, while the loops run; any number at a time.
// Errors: DefinitionsImport::failure: nothing, or the rest, was not done.
// Limits: those of Administration and of virtual hosts; a slice takes kSlice of its loop, and a
//         command more.
// Cost:   a queue with n bindings takes n² / 1000 steps to export.
// Spec:   docs/operations/definitions.md.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "broker/actor.h"
#include "server/administration.h"
#include "server/definitions_document.h"
#include "server/virtual_host_table.h"
#include "server/virtual_hosts.h"

namespace harrier::server {

struct DefinitionsImport {
  std::uint64_t made = 0;
  std::uint64_t same = 0;
  // Was there, and is as the file says now: "user 'ali'".
  std::vector<std::string> replaced;
  // "queue 'orders' in vhost '/': " and why.
  std::vector<std::string> refused;
  std::optional<AdministrationError> failure;
};

class DefinitionsTransfer {
 public:
  static constexpr std::chrono::microseconds kSlice{500};

  // REQUIRES that all outlive it. `stored`: the loops have a store.
  DefinitionsTransfer(Administration& administration, VirtualHostTable& hosts,
                      const VirtualHosts::Loops& loops, bool stored)
      : administration_(administration), hosts_(hosts), loops_(loops), stored_(stored) {}

  // `actor`: who asks, for the audit log; that it may do all of this is the caller's to decide.
  DefinitionsImport import(const DefinitionsDocument& document, const broker::Actor& actor);
  DefinitionsDocument export_all();

 private:
  struct Contents;

  std::vector<AdministrativeChange> changes_of(const DefinitionsDocument& document,
                                               const NodeDefinitions& now) const;
  bool apply(const DefinitionsDocument& document, const broker::Actor& actor,
             DefinitionsImport& done);
  bool declare(const std::string& host, const Contents& contents, const broker::Actor& actor,
               DefinitionsImport& done);
  bool wait_until_durable();
  void walk(const std::string& host, DefinitionsDocument& document);

  Administration& administration_;
  VirtualHostTable& hosts_;
  const VirtualHosts::Loops& loops_;
  const bool stored_;
};

}  // namespace harrier::server
