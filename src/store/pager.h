// Brings messages back from run files: read-ahead for queues whose middle is on disk, and single
// bodies.
//
// Role:       the BodyReader of every virtual host of a loop. The reader's thread reads blocks; the
//             loop picks what is alive, makes messages of it and hands them to the queue.
// Model:      asked → read (another thread) → on the loop: dead ones left out → what has never been
//             handed out before is recorded as dispatched → committed → paged_in().
// Invariants: a message of a durable queue reaches its queue only when the disk knows that it may
//             be delivered (B5).
// Thread:     confined(broker).
// Errors:     a block that is damaged or cannot be read is left out, counted and logged with file
//             and offset; its messages stay on the disk for harrier-journal and are not delivered.
// Limits:     one read per queue and level, one body per queue, one peek for who browses;
//             read_ahead_bytes per read.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "base/counter.h"
#include "broker/changes.h"
#include "store/tenant.h"
#include "store/worker.h"

namespace harrier::store {

class Pager final : public broker::BodyReader {
 public:
  using FindTenant = std::function<Tenant*(QueueId)>;
  using PeekAnswer = std::function<void(broker::PagedIn)>;

  Pager(Worker& reader, LoopPort& loop, FindTenant find_tenant, std::uint64_t read_ahead_bytes)
      : reader_(reader),
        loop_(loop),
        find_tenant_(std::move(find_tenant)),
        read_ahead_bytes_(read_ahead_bytes) {}

  void read_ahead(const broker::ReadAhead& request) override;
  void peek(const broker::ReadAhead& request, PeekAnswer answer) override;
  void read_body(broker::QueuePlace place) override;
  void passed(broker::QueuePlace last) override;

  // The shards have committed more.
  void commits_moved();
  // Something waits for a commit.
  bool awaits_commit() const { return !arrivals_.empty(); }

  const base::Counter& read_bytes() const { return read_bytes_; }
  const base::Counter& damaged_blocks() const { return damaged_blocks_; }

 private:
  struct Source;
  struct ReadJob;
  struct BodyJob;
  struct Arrival {
    QueueId queue;
    Lsn lsn;
    broker::PagedIn answer;
  };

  std::shared_ptr<ReadJob> plan(const broker::ReadAhead& request, StoredQueue* queue);
  void start(const std::shared_ptr<ReadJob>& job);
  // nullptr: the queue is gone.
  StoredQueue* find_queue(const broker::ReadAhead& request, Tenant*& tenant) const;
  void count(const ReadJob& job);
  static broker::PagedIn answer_to(const ReadJob& job);
  void peeked(ReadJob& job);
  static void run(ReadJob& job);
  static void run(BodyJob& job);
  void arrived(ReadJob& job);
  void body_arrived(BodyJob& job);
  // False when a block must be read after all.
  bool collect(const Tenant& tenant, const StoredQueue& queue, ReadJob& job,
               broker::PagedIn& answer);
  void give(Tenant& tenant, broker::PagedIn answer);

  Worker& reader_;
  LoopPort& loop_;
  FindTenant find_tenant_;
  const std::uint64_t read_ahead_bytes_;
  std::deque<Arrival> arrivals_;
  // By number: jobs die on any thread, these must not.
  std::map<std::uint64_t, PeekAnswer> peeks_;
  std::uint64_t last_peek_ = 0;
  base::Counter read_bytes_;
  base::Counter damaged_blocks_;
};

}  // namespace harrier::store
