// harrier-journal stat: what a data directory holds, as a table or as JSON.

#include <array>
#include <cstdio>
#include <cstring>
#include <utility>
#include <vector>

#include "app/journal_tool.h"
#include "base/utf8.h"
#include "store/record_codec.h"
#include "store/survey.h"

namespace harrier::app {
namespace {

using store::Survey;

constexpr std::pair<store::RecordType, const char*> kTypeNames[] = {
    {store::RecordType::kGroupEnd, "group_end"},
    {store::RecordType::kMessagePiece, "message_piece"},
    {store::RecordType::kPlaces, "places"},
    {store::RecordType::kPublish, "publish"},
    {store::RecordType::kSettle, "settle"},
    {store::RecordType::kRequeue, "requeue"},
    {store::RecordType::kDispatched, "dispatched"},
    {store::RecordType::kQueueDeclared, "queue_declared"},
    {store::RecordType::kQueueDeleted, "queue_deleted"},
    {store::RecordType::kExchangeDeclared, "exchange_declared"},
    {store::RecordType::kExchangeDeleted, "exchange_deleted"},
    {store::RecordType::kBound, "bound"},
    {store::RecordType::kUnbound, "unbound"},
    {store::RecordType::kVirtualHostCreated, "virtual_host_created"},
    {store::RecordType::kVirtualHostDeleted, "virtual_host_deleted"},
    {store::RecordType::kNodeDefinitionSet, "node_definition_set"},
    {store::RecordType::kNodeDefinitionRemoved, "node_definition_removed"}};

struct QueueRow {
  std::string name;
  std::string virtual_host;
  std::uint64_t young = 0;
  std::uint64_t young_bytes = 0;
  std::uint64_t paged = 0;
  std::uint64_t paged_bytes = 0;
};

std::vector<QueueRow> queue_rows(const Survey& survey) {
  std::vector<QueueRow> rows;
  for (const auto& shard : survey.shards) {
    for (const store::QueueId id : shard->queue_ids()) {
      const store::StoredQueue& queue = *shard->find(id);
      QueueRow row;
      const auto definition = store::decode_queue(queue.definition());
      row.name = definition ? definition->declaration.name : "number " + std::to_string(id.value);
      row.virtual_host = survey.virtual_host_name(store::virtual_host_of(id));
      queue.visit_young({}, broker::kNoPosition, [&](const store::YoungMessage& young) {
        ++row.young;
        row.young_bytes += young.message->body_size();
      });
      for (const store::StoredLevel& level : queue.levels()) {
        for (const store::StoredExtent& extent : level.extents) {
          row.paged += extent.count;
          row.paged_bytes += extent.body_bytes;
        }
      }
      rows.push_back(std::move(row));
    }
  }
  return rows;
}

std::uint64_t segments_free(const Survey& survey) {
  return survey.journal.reader
             ? survey.journal.reader->segments().size() - survey.journal.end.chain.size()
             : 0;
}

std::uint64_t generation_of(const Survey& survey) {
  return survey.used == nullptr ? 0 : survey.used->generation.value;
}

// The last LSN of each shard that is known, by checkpoint or journal.
std::uint64_t last_lsn(const Survey& survey, std::size_t shard) {
  const std::uint64_t covered = survey.used == nullptr ? 0 : survey.used->head.lsns[shard];
  return std::max(covered, survey.journal.end.last_lsn[shard]);
}

unsigned percent(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0 : static_cast<unsigned>(part * 100 / whole);
}

// ---- table

using Wide = unsigned long long;

void print_table(const OfflineDirectory& directory, const Survey& survey) {
  std::printf("node          %s\nstarts        %llu\n", directory.node().uuid.c_str(),
              static_cast<Wide>(directory.node().epoch));
  std::printf("checkpoints  ");
  for (const store::CheckpointFacts& checkpoint : survey.checkpoints)
    std::printf(" %llu%s", static_cast<Wide>(checkpoint.generation.value),
                checkpoint.usable ? "" : " (cannot be used)");
  std::printf("%s\n", survey.checkpoints.empty() ? " none" : "");
  std::printf("segments      %zu used, %llu free\nbatches       %llu\nclean end     %s\n",
              survey.journal.end.chain.size(), static_cast<Wide>(segments_free(survey)),
              static_cast<Wide>(survey.journal.batches), survey.journal.end.clean ? "yes" : "no");
  std::printf("\n%-6s %14s %14s  %s\n", "shard", "last LSN", "records", "virtual hosts");
  for (std::size_t shard = 0; shard != survey.shards.size(); ++shard) {
    if (last_lsn(survey, shard) == 0) continue;
    std::printf("%-6zu %14llu %14llu  %s\n", shard, static_cast<Wide>(last_lsn(survey, shard)),
                static_cast<Wide>(survey.journal.records[shard]), survey.tenants_of(shard).c_str());
  }
  std::printf("\n%-22s %12s\n", "record in journal", "count");
  for (const auto& [type, name] : kTypeNames) {
    const std::uint64_t count = survey.journal.records_by_type[static_cast<std::uint8_t>(type)];
    if (count != 0) std::printf("%-22s %12llu\n", name, static_cast<Wide>(count));
  }
  std::printf("\n%12s %12s %12s %14s  %s\n", "messages", "in journal", "in runs", "bytes", "queue");
  for (const QueueRow& row : queue_rows(survey)) {
    std::printf("%12llu %12llu %12llu %14llu  '%s' of '%s'\n",
                static_cast<Wide>(row.young + row.paged), static_cast<Wide>(row.young),
                static_cast<Wide>(row.paged), static_cast<Wide>(row.young_bytes + row.paged_bytes),
                row.name.c_str(), row.virtual_host.c_str());
  }
  std::printf("\n%-18s %14s %12s %12s %5s\n", "run", "bytes", "messages", "alive", "live");
  for (const auto& [id, run] : survey.runs) {
    const std::uint64_t entries = run.file == nullptr ? 0 : run.file->entry_count();
    std::printf("%-18llu %14llu %12llu %12llu %4u%%%s\n", static_cast<Wide>(id.value),
                static_cast<Wide>(run.file_bytes), static_cast<Wide>(entries),
                static_cast<Wide>(run.alive), percent(run.alive, entries),
                run.named ? (run.file == nullptr ? " unusable" : "") : " not named");
  }
}

// ---- JSON

std::string json_text(std::string_view text) {
  std::string out = "\"";
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t size = base::utf8_character_size(text.substr(at));
    const auto c = static_cast<unsigned char>(text[at]);
    if (size == 0) {
      out += "\xEF\xBF\xBD";  // no UTF-8: the replacement character
    } else if (c == '"' || c == '\\') {
      out += '\\';
      out += text[at];
    } else if (c < 0x20) {
      std::array<char, 7> escaped{};
      std::snprintf(escaped.data(), escaped.size(), "\\u%04x", c);
      out += escaped.data();
    } else {
      out += text.substr(at, size);
    }
    at += std::max<std::size_t>(size, 1);
  }
  return out + '"';
}

// An object or a list, member by member.
class Json {
 public:
  explicit Json(char open) : text_(1, open), close_(open == '{' ? '}' : ']') {}
  Json& add(std::string_view name, std::uint64_t number) {
    return add_raw(name, std::to_string(number));
  }
  Json& add(std::string_view name, const std::string& text) {
    return add_raw(name, json_text(text));
  }
  Json& add(std::string_view name, bool value) { return add_raw(name, value ? "true" : "false"); }
  Json& add(std::string_view name, const Json& value) { return add_raw(name, value.text()); }
  Json& add(const Json& value) { return add_raw({}, value.text()); }
  std::string text() const { return text_ + close_; }

 private:
  Json& add_raw(std::string_view name, const std::string& value) {
    if (text_.size() != 1) text_ += ',';
    if (!name.empty()) text_ += json_text(name) + ':';
    text_ += value;
    return *this;
  }
  std::string text_;
  char close_;
};

Json shards_json(const Survey& survey) {
  Json shards('[');
  for (std::size_t shard = 0; shard != survey.shards.size(); ++shard) {
    if (last_lsn(survey, shard) == 0) continue;
    shards.add(Json('{')
                   .add("shard", std::uint64_t{shard})
                   .add("last_lsn", last_lsn(survey, shard))
                   .add("records", survey.journal.records[shard]));
  }
  return shards;
}

Json queues_json(const Survey& survey) {
  Json queues('[');
  for (const QueueRow& row : queue_rows(survey)) {
    queues.add(Json('{')
                   .add("name", row.name)
                   .add("virtual_host", row.virtual_host)
                   .add("messages", row.young + row.paged)
                   .add("young", row.young)
                   .add("young_bytes", row.young_bytes)
                   .add("paged", row.paged)
                   .add("paged_bytes", row.paged_bytes));
  }
  return queues;
}

Json runs_json(const Survey& survey) {
  Json runs('[');
  for (const auto& [id, run] : survey.runs) {
    const std::uint64_t entries = run.file == nullptr ? 0 : run.file->entry_count();
    runs.add(Json('{')
                 .add("run", id.value)
                 .add("bytes", run.file_bytes)
                 .add("messages", entries)
                 .add("alive", run.alive)
                 .add("alive_body_bytes", run.alive_body_bytes)
                 .add("named", run.named)
                 .add("usable", run.file != nullptr));
  }
  return runs;
}

void print_json(const OfflineDirectory& directory, const Survey& survey) {
  Json checkpoints('[');
  for (const store::CheckpointFacts& checkpoint : survey.checkpoints)
    checkpoints.add(
        Json('{').add("generation", checkpoint.generation.value).add("usable", checkpoint.usable));
  Json records('{');
  for (const auto& [type, name] : kTypeNames)
    records.add(name, survey.journal.records_by_type[static_cast<std::uint8_t>(type)]);
  Json all('{');
  all.add("uuid", directory.node().uuid)
      .add("epoch", directory.node().epoch)
      .add("generation", generation_of(survey))
      .add("checkpoints", checkpoints)
      .add("segments_used", std::uint64_t{survey.journal.end.chain.size()})
      .add("segments_free", segments_free(survey))
      .add("batches", survey.journal.batches)
      .add("clean", survey.journal.end.clean)
      .add("shards", shards_json(survey))
      .add("records", records)
      .add("queues", queues_json(survey))
      .add("runs", runs_json(survey))
      .add("findings", std::uint64_t{survey.findings.size()});
  std::puts(all.text().c_str());
}

}  // namespace

int print_statistics(OfflineDirectory& directory, bool json) {
  const Survey survey = store::survey_directory(directory.files(), directory.node(), false);
  if (json) {
    print_json(directory, survey);
  } else {
    print_table(directory, survey);
  }
  using Weight = store::Finding::Weight;
  if (survey.has(Weight::kForeign)) return kExitConfig;
  if (survey.has(Weight::kDamage)) return kExitCorrupt;
  return survey.has(Weight::kIo) ? kExitIoFailure : kExitOk;
}

}  // namespace harrier::app
