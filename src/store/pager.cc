#include "store/pager.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/check.h"
#include "base/log.h"

namespace harrier::store {

using broker::PagedIn;
using broker::QueueEntry;

// Blocks of one extent, from where reading has come.
struct Pager::Source {
  std::shared_ptr<const RunFile> run;
  std::uint64_t offset = 0;
  std::uint64_t end = 0;
  Position first;
  Position last;
};

struct Pager::ReadJob {
  // What one kind of extents gave: recorded messages, or transient ones.
  struct Stream {
    std::vector<Source> sources;
    struct Block {
      std::size_t source = 0;
      std::uint64_t next_offset = 0;
      RunBlockHead head;
      std::optional<RunBlock> block;  // nothing: expired as a whole
    };
    std::vector<Block> blocks;
    // Everything up to here has been read.
    Position through;
    std::vector<std::string> damages;
  };

  broker::ReadAhead request;
  std::uint64_t peek = 0;  // 0: it is none
  std::uint64_t bytes_max = 0;
  bool may_skip = false;
  Stream recorded;
  Stream transient;
  std::uint64_t bytes_read = 0;
};

struct Pager::BodyJob {
  broker::QueuePlace place;
  std::vector<Source> sources;
  std::optional<RunBlock> block;
  std::string damage;
};

namespace {

void add_sources(const std::vector<StoredExtent>& extents, Position after, Position last,
                 auto& sources) {
  for (const StoredExtent& extent : extents) {
    if (extent.last <= after || extent.first > last) continue;
    const bool resumes = extent.read_through != Position() && extent.read_through <= after;
    sources.push_back({extent.run, resumes ? extent.read_offset : extent.offset,
                       extent.offset + extent.length, extent.first, extent.last});
  }
}

}  // namespace

// ---- read-ahead

StoredQueue* Pager::find_queue(const broker::ReadAhead& request, Tenant*& tenant) const {
  tenant = find_tenant_(request.queue);
  return tenant == nullptr ? nullptr : tenant->state->find(request.queue);
}

void Pager::read_ahead(const broker::ReadAhead& request) {
  Tenant* tenant = nullptr;
  StoredQueue* queue = find_queue(request, tenant);
  CHECK(queue != nullptr);
  start(plan(request, queue));
}

void Pager::peek(const broker::ReadAhead& request, PeekAnswer answer) {
  Tenant* tenant = nullptr;
  StoredQueue* queue = find_queue(request, tenant);
  CHECK(queue != nullptr);
  const auto job = plan(request, queue);
  job->peek = ++last_peek_;
  peeks_.emplace(job->peek, std::move(answer));
  start(job);
}

std::shared_ptr<Pager::ReadJob> Pager::plan(const broker::ReadAhead& request, StoredQueue* queue) {
  auto job = std::make_shared<ReadJob>();
  job->request = request;
  job->bytes_max = read_ahead_bytes_;
  if (const StoredLevel* level = queue->find_level(request.level)) {
    add_sources(level->extents, request.after, request.last, job->recorded.sources);
    add_sources(level->transient_extents, request.after, request.last, job->transient.sources);
    // Counting a block as a whole is right only while nothing of it has been settled.
    job->may_skip = request.drop_expired_by != broker::kNoExpiry && job->transient.sources.empty();
  }
  return job;
}

void Pager::start(const std::shared_ptr<ReadJob>& job) {
  reader_.post([this, job] {
    run(*job);
    loop_.post([this, job] { arrived(*job); });
  });
}

// On the reader's thread.
void Pager::run(ReadJob& job) {
  const auto read_stream = [&](ReadJob::Stream& stream) {
    std::uint64_t bytes = 0;
    for (std::size_t index = 0; index != stream.sources.size(); ++index) {
      Source& source = stream.sources[index];
      while (source.offset < source.end) {
        if (bytes >= job.bytes_max) return;
        const auto head = source.run->read_block_head(source.offset);
        if (!head.ok()) {
          // Where the next block begins is not known either.
          stream.damages.push_back(head.error().message);
          break;
        }
        const std::uint64_t offset = std::exchange(source.offset, source.offset + head->length);
        if (head->last <= job.request.after) continue;
        ReadJob::Stream::Block read{index, source.offset, *head, std::nullopt};
        // One settle counts them all: how many of which extent could not be told apart.
        const bool same = stream.blocks.empty() || stream.blocks.front().source == index;
        const bool asked_for = head->first > job.request.after && head->last <= job.request.last;
        const bool skip =
            job.may_skip && same && asked_for && head->latest_expiry <= job.request.drop_expired_by;
        if (!skip) {
          auto block = source.run->read_block(offset);
          if (block.ok()) {
            read.block.emplace(std::move(*block));
            bytes += head->length;
          } else {
            stream.damages.push_back(block.error().message);
          }
        }
        if (skip || read.block) stream.blocks.push_back(std::move(read));
        stream.through = head->last;
        // What comes behind a skipped block is read by the next request.
        if (skip && stream.blocks.size() >= 256) return;
      }
      stream.through = source.last;
    }
    stream.through = job.request.last;
    job.bytes_read += bytes;
  };
  read_stream(job.recorded);
  read_stream(job.transient);
}

void Pager::count(const ReadJob& job) {
  read_bytes_.add(job.bytes_read);
  for (const auto* stream : {&job.recorded, &job.transient}) {
    for (const std::string& damage : stream->damages) {
      ++damaged_blocks_;
      base::log_error("store", "messages are quarantined: their block cannot be read",
                      {{"queue", std::to_string(job.request.queue.value)}, {"error", damage}});
    }
  }
}

PagedIn Pager::answer_to(const ReadJob& job) {
  PagedIn answer;
  answer.queue = job.request.queue;
  answer.level = job.request.level;
  answer.after = job.request.after;
  answer.through = std::min({job.recorded.through, job.transient.through, job.request.last});
  return answer;
}

void Pager::peeked(ReadJob& job) {
  const auto asked = peeks_.extract(job.peek);
  Tenant* tenant = nullptr;
  StoredQueue* queue = find_queue(job.request, tenant);
  if (queue == nullptr || tenant->host->find_queue(job.request.queue) == nullptr) return;
  count(job);
  PagedIn answer = answer_to(job);
  tenant->touch();
  collect(*tenant, *queue, job, answer);
  asked.mapped()(std::move(answer));
  tenant->host->settle_down();
}

void Pager::arrived(ReadJob& job) {
  if (job.peek != 0) return peeked(job);
  const broker::ReadAhead& request = job.request;
  Tenant* tenant = nullptr;
  StoredQueue* queue = find_queue(request, tenant);
  if (queue == nullptr) return;  // deleted meanwhile
  count(job);
  PagedIn answer = answer_to(job);
  tenant->touch();
  if (!collect(*tenant, *queue, job, answer)) {
    broker::ReadAhead again = request;
    again.drop_expired_by = broker::kNoExpiry;
    return read_ahead(again);
  }
  if (StoredLevel* level = queue->find_level(request.level)) {
    for (const auto& block : job.recorded.blocks) {
      if (block.head.last > answer.through) break;
      const Source& source = job.recorded.sources[block.source];
      for (StoredExtent& extent : level->extents) {
        if (extent.run != source.run || extent.first != source.first) continue;
        extent.read_through = block.head.last;
        extent.read_offset = block.next_offset;
      }
    }
  }
  const bool recorded = std::any_of(answer.entries.begin(), answer.entries.end(),
                                    [](const QueueEntry& entry) { return entry.logged; });
  const StoredLevel* level = queue->find_level(request.level);
  if (!recorded || (level != nullptr && level->dispatched >= answer.through))
    return give(*tenant, std::move(answer));
  tenant->change_log->append(
      broker::DispatchedChange{{request.queue, answer.through, request.level}});
  arrivals_.push_back({request.queue, tenant->log->last_appended(), std::move(answer)});
}

bool Pager::collect(const Tenant& tenant, const StoredQueue& queue, ReadJob& job, PagedIn& answer) {
  const broker::ReadAhead& request = job.request;
  const StoredLevel* level = queue.find_level(request.level);
  // What died while its block was read may be gone with its whole extent, and is not even settled.
  const Position alive_from = level == nullptr || level->extents.empty()
                                  ? Position(UINT64_MAX)
                                  : level->extents.front().first;
  const base::Now now = tenant.host->now();
  const auto add = [&](const RunBlockEntry& entry, bool logged) {
    if (entry.position <= request.after || entry.position > answer.through) return;
    if (logged && (entry.position < alive_from || level->settled.contains(entry.position))) return;
    QueueEntry made;
    made.message = broker::MessageRef(broker::Message::create(entry.parts).get());
    made.position = entry.position;
    made.body_size = static_cast<std::uint32_t>(entry.parts.body.size());
    if (entry.expires_at != broker::kNoExpiry) {
      made.expires_at = std::max(now.monotonic, now.monotonic + (entry.expires_at - now.wall));
    }
    const std::uint32_t count = queue.delivery_count(entry.position);
    made.delivery_count = static_cast<std::uint16_t>(
        std::min<std::uint32_t>(std::max<std::uint32_t>(count, entry.delivery_count), UINT16_MAX));
    made.priority = request.level;
    made.redelivered = made.delivery_count != 0 || queue.redelivered(request.level, entry.position);
    made.logged = logged;
    // A transient one's extent goes as soon as it has been read.
    made.stored = logged;
    answer.entries.push_back(std::move(made));
  };
  bool skipping = true;
  for (const auto& read : job.recorded.blocks) {
    if (!read.block) {
      bool touched = read.head.first < alive_from;
      if (level != nullptr)
        level->settled.for_each_in(read.head.first, read.head.last,
                                   [&](Position, Position) { touched = true; });
      if (!skipping || touched) return false;
      answer.expired_count += read.head.count;
      answer.expired_logged_count += read.head.count;
      answer.expired_body_bytes += read.head.body_bytes;
      answer.expired_logged_body_bytes += read.head.body_bytes;
      answer.expired_through = read.head.last;
      continue;
    }
    skipping = false;
    for (const RunBlockEntry& entry : read.block->entries)
      add(entry, true);
  }
  const std::size_t recorded = answer.entries.size();
  for (const auto& read : job.transient.blocks)
    for (const RunBlockEntry& entry : read.block->entries)
      add(entry, false);
  std::inplace_merge(
      answer.entries.begin(), answer.entries.begin() + static_cast<std::ptrdiff_t>(recorded),
      answer.entries.end(),
      [](const QueueEntry& a, const QueueEntry& b) { return a.position < b.position; });
  return true;
}

void Pager::give(Tenant& tenant, PagedIn answer) {
  tenant.touch();
  tenant.host->paged_in(std::move(answer));
}

void Pager::commits_moved() {
  for (std::size_t left = arrivals_.size(); left != 0; --left) {
    Arrival arrival = std::move(arrivals_.front());
    arrivals_.pop_front();
    Tenant* tenant = find_tenant_(arrival.queue);
    if (tenant == nullptr) continue;
    if (arrival.lsn <= tenant->log->committed()) {
      give(*tenant, std::move(arrival.answer));
    } else {
      arrivals_.push_back(std::move(arrival));
    }
  }
}

// ---- single bodies

void Pager::read_body(broker::QueuePlace place) {
  Tenant* tenant = find_tenant_(place.queue);
  StoredQueue* queue = tenant == nullptr ? nullptr : tenant->state->find(place.queue);
  auto job = std::make_shared<BodyJob>();
  job->place = place;
  if (const StoredLevel* level = queue == nullptr ? nullptr : queue->find_level(place.level)) {
    const Position before(place.position.value - 1);
    for (const auto* extents : {&level->extents, &level->transient_extents})
      for (const StoredExtent& extent : *extents)
        if (extent.first <= place.position && place.position <= extent.last)
          job->sources.push_back({extent.run, extent.offset, extent.offset + extent.length,
                                  extent.first, extent.last});
  }
  reader_.post([this, job] {
    run(*job);
    loop_.post([this, job] { body_arrived(*job); });
  });
}

void Pager::run(BodyJob& job) {
  for (Source& source : job.sources) {
    while (source.offset < source.end) {
      const auto head = source.run->read_block_head(source.offset);
      if (!head.ok()) {
        job.damage = head.error().message;
        break;
      }
      const std::uint64_t offset = std::exchange(source.offset, source.offset + head->length);
      if (head->last < job.place.position) continue;
      if (head->first > job.place.position) break;
      auto block = source.run->read_block(offset);
      if (!block.ok()) {
        job.damage = block.error().message;
        break;
      }
      const bool has_it = std::any_of(
          block->entries.begin(), block->entries.end(),
          [&](const RunBlockEntry& entry) { return entry.position == job.place.position; });
      if (has_it) job.block.emplace(std::move(*block));
      break;
    }
    if (job.block) return;
  }
}

void Pager::body_arrived(BodyJob& job) {
  Tenant* tenant = find_tenant_(job.place.queue);
  if (tenant == nullptr) return;
  broker::MessageRef message;
  if (job.block) {
    for (const RunBlockEntry& entry : job.block->entries)
      if (entry.position == job.place.position)
        message = broker::MessageRef(broker::Message::create(entry.parts).get());
  }
  if (!message) {
    ++damaged_blocks_;
    base::log_error("store", "a message is quarantined: it cannot be read",
                    {{"queue", std::to_string(job.place.queue.value)},
                     {"position", std::to_string(job.place.position.value)},
                     {"error", job.damage}});
  }
  tenant->touch();
  tenant->host->body_read(job.place, std::move(message));
}

void Pager::passed(broker::QueuePlace last) {
  Tenant* tenant = find_tenant_(last.queue);
  StoredQueue* queue = tenant == nullptr ? nullptr : tenant->state->find(last.queue);
  if (queue == nullptr) return;
  queue->passed(last.level, last.position);
  tenant->state->forget_if_empty(last.queue);
}

}  // namespace harrier::store
