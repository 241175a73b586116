#include "config/options_table.h"

#include <charconv>
#include <cmath>

#include "config/row.h"

namespace harrier::config {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

// Digits with a point, so that it is not taken for a size.
Table metrics_table() {
  using O = MetricsOptions;
  return table<O>({
      boolean("enabled", &O::enabled,
              {"Whether GET /metrics is served, for Prometheus; off: no port is opened.",
               "A broker that nobody watches fails unseen."}),
      address("bind", &O::bind,
              {"Where; 0.0.0.0 for all addresses.",
               "It wants no login unless authentication says so."}),
      integer("port", &O::port, 0, 65535, {"TCP port; 0: any free port.", "RabbitMQ's number."}),
      boolean("authentication", &O::authentication,
              {"Whether the pages want Basic authentication, by a user with the tag monitoring or "
               "administrator.",
               "Most Prometheus servers are set up without, as for RabbitMQ."}),
      boolean("return_per_object_metrics", &O::return_per_object_metrics,
              {"Whether /metrics has what /metrics/per-object has.",
               "A series for each queue is dear for Prometheus."}),
      integer("detailed_scrapes_max", &O::detailed_scrapes_max, 1, 64,
              {"How many answers of /metrics/detailed are made at one time; a further one is "
               "refused with 503.",
               "Each holds a row for every queue while it is sent."}),
  });
}

Key loops_row() {
  return leaf<Options>(
      "loops", "auto, or number, 1–64",
      [](Section& top, Options& options) {
        if (word_of(top, "loops") == "auto") {
          options.loops = 0;
        } else {
          top.integer("loops", options.loops, 1, 64);
        }
      },
      [](const Options& options) {
        return options.loops == 0 ? std::string("auto") : std::to_string(options.loops);
      },
      {"Threads that serve clients; see docs/concurrency.md. 1: one thread does everything, "
       "without "
       "any hand-over. N: virtual host i lives on loop i mod N, connections on loops 1 to N-1.",
       "auto: 1 on one or two processors, else one less than the processors, at most 4."});
}

Table journal_table() {
  using O = JournalOptions;
  return table<O>(
      {
          size("segment_size", &O::segment_size, kMiB, 256 * kMiB,
               {"The size of one file of the journal.",
                "Larger: fewer changes of file; smaller: space is free again sooner."}),
          integer("segments", &O::segments, 8, 1024,
                  {"The journal's files; from half of them on messages move to files of their own, "
                   "from three quarters on publishers are held. In need it grows to twice as many.",
                   "A few seconds of a fast disk."}),
          size("pending_max", &O::pending_max, 64 * kKiB, kGiB,
               {"Received and not yet written; above, publishers are held. At most a quarter of "
                "the journal.",
                "More means that the disk is too slow for them."}),
      },
      [](Section& section, const O& journal) {
        // What is appended must find room while older segments still wait to be free.
        if (journal.pending_max > journal.segment_size * journal.segments / 4)
          section.error("pending_max", "above a quarter of the journal, segments × segment_size");
      });
}

Key cache_row() {
  return leaf<MemoryOptions>(
      "cache", "auto, or size, 16MiB–16TiB",
      [](Section& section, MemoryOptions& memory) {
        if (word_of(section, "cache") == "auto") {
          memory.cache = 0;
        } else {
          section.size("cache", memory.cache, 16 * kMiB, 16 * kTiB);
        }
      },
      [](const MemoryOptions& memory) {
        return memory.cache == 0 ? std::string("auto")
                                 : size_text(static_cast<std::int64_t>(memory.cache));
      },
      {"Messages kept in memory by all loops together; more is read from disk when its turn comes. "
       "auto: a quarter of the high_watermark at the start.",
       "Fits small machines, and is enough while consumers keep up."});
}

Key high_watermark_row() {
  constexpr const char* kName = "high_watermark";
  return leaf<MemoryOptions>(
      kName, "share, 0.05–0.95, or size, 64MiB–16TiB",
      [](Section& section, MemoryOptions& memory) {
        const std::string word = word_of(section, kName);
        if (word.find('.') == std::string::npos)
          return section.size(kName, memory.high_watermark_bytes, 64 * kMiB, 16 * kTiB);
        const auto share = parse_decimal(word);
        if (share && *share >= 0.05 && *share <= 0.95) {
          memory.high_watermark = *share;
        } else {
          section.error(
              kName, "'" + word + "' is neither a share from 0.05 to 0.95 nor a size such as 4GiB");
        }
      },
      [](const MemoryOptions& memory) {
        return memory.high_watermark_bytes == 0
                   ? decimal_text(memory.high_watermark)
                   : size_text(static_cast<std::int64_t>(memory.high_watermark_bytes));
      },
      {"Resident memory (without file pages) from which on publishers are held, until it is below "
       "95 % of this. A share is of physical memory or the control group's limit, whichever is "
       "less.",
       "Leaves room for the system's cache of files."});
}

Key free_limit_row() {
  constexpr const char* kName = "free_limit";
  return leaf<DiskOptions>(
      kName, "auto, or size, 1MiB–1024TiB, or share, up to 90%",
      [](Section& section, DiskOptions& disk) {
        const std::string word = word_of(section, kName);
        if (word == "auto") {
          disk.free_limit_bytes = 0;
          disk.free_limit_percent = 0;
        } else if (word.ends_with('%')) {
          // To millionths, so that what is printed is no longer than what may be read.
          const double percent =
              std::round(
                  parse_decimal(std::string_view(word).substr(0, word.size() - 1)).value_or(0) *
                  1e6) /
              1e6;
          if (percent > 0 && percent <= 90) {
            disk.free_limit_percent = percent;
          } else {
            section.error(kName, "'" + word + "' is not above 0% and at most 90%");
          }
        } else {
          section.size(kName, disk.free_limit_bytes, kMiB, 1024 * kTiB);
        }
      },
      [](const DiskOptions& disk) {
        if (disk.free_limit_percent != 0) return decimal_text(disk.free_limit_percent) + "%";
        return disk.free_limit_bytes == 0
                   ? std::string("auto")
                   : size_text(static_cast<std::int64_t>(disk.free_limit_bytes));
      },
      {"Free space below which publishers are held until there is a tenth more; from 1.5 times as "
       "much on the log warns.",
       "auto: 2GiB or 5 % of the file system, whichever is more."});
}

std::vector<Key> node_rows() {
  using O = Options;
  return {
      loops_row(),
      path("data_dir", &O::data_dir,
           {"Directory for data, relative to where the broker starts; empty: nothing is kept on "
            "disk.",
            "Beside the broker, so that a first try needs no rights."}),
      section("journal", &O::journal, journal_table(),
              {"The log of changes: what is confirmed to publishers is in it; see "
               "docs/operations/durability.md.",
               ""}),
      section("memory", &O::memory,
              table<MemoryOptions>({cache_row(), high_watermark_row().at_reload()}),
              {"Memory for messages, and of the process.", ""}),
      section(
          "disk", &O::disk,
          table<DiskOptions>({free_limit_row().at_reload(),
                              size("reserve", &DiskOptions::reserve, 0, 64 * kGiB,
                                   {"Kept aside for what frees space on a full disk; 0: nothing.",
                                    "Settling and deleting write, too."})}),
          {"Free space on the file system of data_dir.", ""}),
      section("storage", &O::storage,
              table<StorageOptions>(
                  {size("read_ahead", &StorageOptions::read_ahead, 4 * kKiB, 64 * kMiB,
                        {"How much of a queue's messages on disk is read at once, before consumers "
                         "ask for it.",
                         "Few reads for small messages, little waste for queues that are read "
                         "slowly."})}),
              {"Messages on disk, outside the journal.", ""}),
      duration("shutdown_timeout", &O::shutdown_timeout, milliseconds(0), hours(1),
               {"How long clients have to answer connection.close when the broker stops; then they "
                "are cut off.",
                "Below what service managers wait."}),
  };
}

bool is_numeric_version(const std::string& version) {
  int parts = 1;
  char last = '.';
  for (char c : version) {
    if (c == '.' ? last == '.' : (c < '0' || c > '9')) return false;
    if (c == '.') ++parts;
    last = c;
  }
  return parts == 3 && last != '.';
}

std::string extra_text(const ServerPropertyOptions& properties) {
  std::string text = "{";
  for (const auto& [name, value] : properties.extra)
    text.append(text.size() == 1 ? "" : ", ")
        .append(yaml_text(name))
        .append(": ")
        .append(yaml_text(value));
  return text.append("}");
}

Table server_properties_table() {
  using O = ServerPropertyOptions;
  return table<O>(
      {
          text("product", &O::product, {"The product's name.", "Some libraries print it."}),
          text("version", &O::version,
               {"The RabbitMQ release clients may assume, three numbers.",
                "Libraries choose their behaviour by it."}),
          leaf<O>("extra", "names of at most 128 bytes: texts of at most 1024",
                  [](Section& section, O& owner) { section.text_map("extra", owner.extra); },
                  extra_text,
                  {"More text properties; they replace built-in ones of the same name.",
                   "None is needed."}),
      },
      [](Section& section, const O& properties) {
        if (!is_numeric_version(properties.version))
          section.error("version", "clients expect three numbers, such as 3.13.7");
      });
}

Table log_table() {
  using O = LogOptions;
  return table<O>({
      choice<O, LogLevelOption>("level", &O::level,
                                {{"debug", LogLevelOption::kDebug},
                                 {"info", LogLevelOption::kInfo},
                                 {"warning", LogLevelOption::kWarning},
                                 {"error", LogLevelOption::kError}},
                                {"The least important lines that are written.",
                                 "One line for each decision worth an operator's time."})
          .at_reload(),
      choice<O, LogFormatOption>(
          "format", &O::format,
          {{"text", LogFormatOption::kText}, {"json", LogFormatOption::kJson}},
          {"text for people; json for machines: one object a line.", "People come first."}),
  });
}

std::vector<Key> access_rows() {
  using O = Options;
  return {
      text_list("virtual_hosts", &O::virtual_hosts,
                {"Virtual hosts that a start makes if they are absent; each is served by one loop.",
                 "Clients that name none mean this one."}),
      list<O, UserOptions>("users", &O::users, user_table(),
                           {"Who may log in; a start makes who is absent "
                            "(docs/operations/administration.md). A list in "
                            "the file replaces the default one.",
                            "RabbitMQ's first user, reachable from this machine only."}),
      section("auth", &O::auth, auth_table(),
              {"How logins are checked; docs/operations/authentication.md explains it.", ""}),
      section("audit", &O::audit, audit_table(),
              {"The audit log: who did what, and who was refused what, in lines that are chained "
               "by hashes. docs/operations/audit.md explains it.",
               ""}),
      section("tracing", &O::tracing, tracing_table(),
              {"Traces of messages, for a collector of OpenTelemetry; docs/operations/tracing.md.",
               ""}),
      policy_list(
          "policies", &O::policies,
          {"What holds for all queues or exchanges of a virtual host whose names match a "
           "pattern, whatever they were declared with; a start makes those that are absent. "
           "docs/operations/policies.md has the rules.",
           "What is declared suffices at first."}),
      policy_list(
          "operator_policies", &O::operator_policies,
          {"The same for limits that users' policies and arguments can lower but not raise.",
           "There is one tenant at first."}),
      section("definitions", &O::definition_file, definition_file_table(),
              {"Definitions that a file brings; docs/operations/definitions.md.", ""}),
      section("server_properties", &O::server_properties, server_properties_table(),
              {"What connection.start tells clients.", ""}),
      section("log", &O::log, log_table(), {"What the broker writes to standard output.", ""}),
      section("limits", limits_table(), {"Every limit has an outcome; none is silent.", ""}),
  };
}

Table make_options_table() {
  std::vector<Key> keys;
  keys.push_back(section("listeners", listeners_table(), {"Where clients connect.", ""}));
  keys.push_back(
      section("metrics", &Options::metrics, metrics_table(), {"Where Prometheus reads.", ""}));
  keys.push_back(section("management", &Options::management, management_table(),
                         {"The HTTP API and the web page; docs/operations/management.md.", ""}));
  for (Key& key : node_rows())
    keys.push_back(std::move(key));
  for (Key& key : access_rows())
    keys.push_back(std::move(key));
  return table<Options>(std::move(keys), check_names);
}

}  // namespace

const Table& options_table() {
  static const Table kTable = make_options_table();
  return kTable;
}

}  // namespace harrier::config
