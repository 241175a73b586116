#include "store/run_salvage.h"

#include <algorithm>
#include <memory>

#include "store/range_set.h"
#include "store/run_writer.h"

namespace harrier::store {
namespace {

class Salvage {
 public:
  Salvage(journal::FileSystem& files, const std::string& node_uuid, const RunFile& damaged,
          RunId id)
      : files_(files), node_uuid_(node_uuid), damaged_(damaged), id_(id) {}

  journal::IoStatus add(broker::QueueId queue, const LevelSnapshot& level,
                        const ExtentSnapshot& extent) {
    RangeSet settled;
    for (const auto& [first, last] : level.settled)
      settled.insert(first, last);
    for (std::uint64_t offset = extent.offset; offset < extent.offset + extent.length;) {
      const auto head = damaged_.read_block_head(offset);
      if (!head.ok()) break;  // where the next one starts is not known
      if (auto status = add_block(queue, level.number, offset, settled); !status.ok())
        return status;
      offset += head->length;
    }
    return base::Done{};
  }

  journal::IoResult<SalvagedRun> finish() {
    SalvagedRun salvaged;
    if (!writer_) return salvaged;
    auto summary = writer_->finish();
    if (!summary.ok()) return base::fail(summary.error());
    for (const RunExtent& extent : summary->extents) {
      salvaged.extents[{extent.queue, extent.level}] = {
          id_,         extent.offset, extent.length,    extent.first,
          extent.last, extent.count,  extent.body_bytes};
    }
    return salvaged;
  }

 private:
  journal::IoStatus add_block(broker::QueueId queue, std::uint8_t level, std::uint64_t offset,
                              const RangeSet& settled) {
    const auto block = damaged_.read_block(offset);
    if (!block.ok() || block->head.queue != queue || block->head.level != level)
      return base::Done{};
    for (const RunBlockEntry& entry : block->entries) {
      if (entry.transient || settled.contains(entry.position)) continue;
      if (!writer_) {
        (void)files_.remove(run_path(id_));
        auto made = RunWriter::create(files_, id_, node_uuid_);
        if (!made.ok()) return base::fail(made.error());
        writer_ = *std::move(made);
      }
      const auto message = broker::Message::create(entry.parts);
      RunEntry written;
      written.queue = queue;
      written.level = level;
      written.position = entry.position;
      written.expires_at = entry.expires_at;
      written.delivery_count = entry.delivery_count;
      written.message = message.get();
      if (auto status = writer_->add(written); !status.ok()) return status;
    }
    return base::Done{};
  }

  journal::FileSystem& files_;
  const std::string& node_uuid_;
  const RunFile& damaged_;
  const RunId id_;
  std::unique_ptr<RunWriter> writer_;
};

}  // namespace

journal::IoResult<SalvagedRun> salvage_run(journal::FileSystem& files, const std::string& node_uuid,
                                           const RunFile& damaged,
                                           const CheckpointFacts& checkpoint, RunId id) {
  struct Part {
    const QueueSnapshot* queue;
    const LevelSnapshot* level;
    const ExtentSnapshot* extent;
  };
  std::vector<Part> parts;
  for (const auto& queue : checkpoint.queues)
    for (const LevelSnapshot& level : queue.state.levels)
      for (const ExtentSnapshot& extent : level.extents)
        if (extent.run == damaged.run()) parts.push_back({&queue.state, &level, &extent});
  // As the writer wants them.
  std::sort(parts.begin(), parts.end(), [](const Part& a, const Part& b) {
    return std::pair(a.queue->id, a.level->number) < std::pair(b.queue->id, b.level->number);
  });
  Salvage salvage(files, node_uuid, damaged, id);
  for (const Part& part : parts)
    if (auto status = salvage.add(part.queue->id, *part.level, *part.extent); !status.ok())
      return base::fail(status.error());
  return salvage.finish();
}

}  // namespace harrier::store
