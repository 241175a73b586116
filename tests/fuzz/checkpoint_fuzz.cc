// Concern: a checkpoint is believed at start, before anything else is known.
// Plan: the input is read as a file; as the chunks of one behind an intact head; and so with every
// checksum made to fit, which is where the other checks begin. What is accepted is written down
// again and must be read the same.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <string>

#include "base/check.h"
#include "base/crc32c.h"
#include "base/log.h"
#include "store/shard_snapshot.h"
#include "support/faulty_file_system.h"

namespace {

using namespace harrier;  // NOLINT: a program of its own

const std::string kNode = "6ba7b810-9dad-11d1-80b4-00c04fd430c8";
constexpr store::Generation kGeneration{7};
constexpr std::size_t kHeadBytes = 512;
constexpr std::size_t kChunkHeadBytes = 8;

std::string head_of_a_file() {
  test::FaultyFileSystem files;
  (void)files.make_directory(store::kCheckpointFolder);
  store::CheckpointFiles checkpoints(files, kNode);
  store::CheckpointHead head;
  head.generation = kGeneration;
  CHECK(checkpoints.write(head, {}).ok());
  return files.contents(store::checkpoint_path(kGeneration)).substr(0, kHeadBytes);
}

// The chunks' lengths lead through the file; their checksums, and the end of the last one, are set.
void mend(std::string& file) {
  std::size_t at = kHeadBytes;
  for (std::uint64_t index = 0;; ++index) {
    if (file.size() - at < kChunkHeadBytes) {
      file.resize(at);
      file.append(kChunkHeadBytes, '\0');
    }
    std::size_t length = base::load_big_endian<std::uint32_t>(file.data() + at);
    length = std::min(length % 4096, file.size() - at - kChunkHeadBytes);
    char number[8];
    base::store_big_endian(number, index);
    const base::Bytes payload = base::Bytes(file).substr(at + kChunkHeadBytes, length);
    const std::uint32_t crc = base::crc32c(payload, base::crc32c({number, sizeof number}));
    base::store_big_endian(file.data() + at, static_cast<std::uint32_t>(length));
    base::store_big_endian(file.data() + at + 4, crc);
    at += kChunkHeadBytes + length;
    if (length == 0) break;
  }
  file.resize(at);
}

void write_down_again(store::ShardState& state) {
  store::CheckpointEntries entries;
  std::set<store::RunId> runs;
  store::snapshot_definitions(state, 1, entries);
  for (const store::QueueId id : state.queue_ids()) {
    // Extents without a run cannot be written.
    if (!state.find(id)->has_extents()) {
      store::snapshot_queue(*state.find(id), 1, 9, entries, runs);
    }
  }
  store::ShardState again;
  for (const base::Buffer& chunk : entries.take_chunks()) {
    base::ByteReader reader(chunk.bytes());
    while (reader.remaining() != 0) {
      store::CheckpointEntry entry;
      entry.shard = reader.u8();
      entry.type = reader.u8();
      entry.payload = reader.long_string();
      std::string why;
      const auto none = [](store::RunId, std::string&) {
        return std::optional(std::shared_ptr<const store::RunFile>());
      };
      CHECK(store::restore_entry(entry, again, none, why));
    }
  }
  CHECK(again.exchanges() == state.exchanges());
  CHECK(again.bindings() == state.bindings());
  CHECK(again.last_queues() == state.last_queues());
}

void check_file(std::string bytes) {
  test::FaultyFileSystem files;
  files.set_contents(store::checkpoint_path(kGeneration), std::move(bytes));
  store::CheckpointFiles checkpoints(files, kNode);
  store::ShardState state;
  const auto none = [](store::RunId, std::string&) {
    return std::optional(std::shared_ptr<const store::RunFile>());
  };
  const auto head =
      checkpoints.read(kGeneration, [&](const store::CheckpointEntry& entry, std::string& why) {
        const bool good = store::restore_entry(entry, state, none, why);
        CHECK(good || !why.empty());
        return good;
      });
  if (!head.ok()) {
    CHECK(head.error().kind != store::CheckpointFailure::kIo);
    return;
  }
  write_down_again(state);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  base::configure_log(base::LogLevel::kOff, base::LogFormat::kText);
  static const std::string kHead = head_of_a_file();
  const std::string input(reinterpret_cast<const char*>(bytes),
                          std::min<std::size_t>(size, 64 << 10));
  check_file(input);
  std::string file = kHead + input;
  check_file(file);
  mend(file);
  check_file(std::move(file));
  return 0;
}
