// Everything durable of one shard: definitions and the queues' messages. What a record does, it
// does here, live and in recovery.
//
// Role:      ShardLog applies each record as it is appended; recovery applies them as they are read
//            back over a checkpoint; checkpoints write it down.
// Model:     virtual hosts and node definitions (shard 0's only), exchanges, bindings and queue
//            definitions as the bytes of their records; one StoredQueue per durable queue.
// Thread:    confined(broker); at recovery to the thread that recovers.
// Errors:    a record about what is gone (or known) already changes nothing.
// Spec:      docs/formats/checkpoint.md; ADR 0007.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <tsl/robin_map.h>

#include "store/record_codec.h"
#include "store/stored_queue.h"

namespace harrier::store {

class ShardState {
 public:
  void apply(const StoredChange& change, std::uint64_t lsn);

  StoredQueue* find(QueueId id) {
    const auto found = queues_.find(id.value);
    return found == queues_.end() ? nullptr : found->second.get();
  }
  const StoredQueue* find(QueueId id) const { return const_cast<ShardState*>(this)->find(id); }
  // Of a queue that is not durable but has messages in a run.
  StoredQueue& find_or_add_transient(QueueId id);
  // A queue that is not durable has nothing on disk any more.
  void forget_if_empty(QueueId id);
  // Sorted: hash order decides nothing.
  std::vector<QueueId> queue_ids() const;

  // Young messages of all queues, for the memory budget.
  std::uint64_t young_count() const { return young_count_; }
  // A queue whose oldest young message has a record up to `lsn`, each once; zero when there is none
  // left. The caller moves them to a run, or they come again. REQUIRES that `lsn` was given out:
  // what is published from now on has a greater one.
  QueueId take_queue_young_since(std::uint64_t lsn);
  // Those that it gave were not moved after all: it gives them again.
  void young_stayed();
  // The number of young messages of `queue` changed by other means than apply().
  void note_young_moved(std::uint64_t count) { young_count_ -= count; }

  // Who counts what its loop's queues need of runs.
  void set_ledger(RunLedger* ledger);

  // Payloads of definitions, in the order of their keys.
  const std::map<std::pair<std::uint32_t, std::string>, std::string>& exchanges() const {
    return exchanges_;
  }
  const std::set<std::string>& bindings() const { return bindings_; }
  const std::map<std::uint32_t, std::string>& virtual_hosts() const { return virtual_hosts_; }
  // By identity.
  const std::map<std::string, std::string>& node_definitions() const { return node_definitions_; }
  // Highest queue id named so far, by virtual host.
  const std::map<std::uint32_t, QueueId>& last_queues() const { return last_queues_; }

  // ---- checkpoint
  void restore_definition(const StoredDefinition& definition) { apply_definition(definition); }
  void restore_last_queue(QueueId id) { note_queue(id); }

 private:
  void apply_publish(const StoredPublish& publish, std::uint64_t lsn);
  void apply_definition(const StoredDefinition& definition);
  void declare_queue(const std::string& payload);
  void delete_queue(QueueId id);
  void note_queue(QueueId id);
  StoredQueue& add_queue(QueueId id, const std::string& definition);

  tsl::robin_map<std::uint64_t, std::unique_ptr<StoredQueue>> queues_;
  std::map<std::pair<std::uint32_t, std::string>, std::string> exchanges_;
  std::set<std::string> bindings_;
  std::map<std::uint32_t, std::string> virtual_hosts_;
  std::map<std::string, std::string> node_definitions_;
  std::map<std::uint32_t, QueueId> last_queues_;
  // Every queue with young messages once (young_listed), none of which is older than this LSN; in
  // growing order.
  struct YoungSince {
    std::uint64_t lsn;
    QueueId queue;
  };
  std::deque<YoungSince> young_since_;
  std::uint64_t young_count_ = 0;
  RunLedger* ledger_ = nullptr;
};

}  // namespace harrier::store
