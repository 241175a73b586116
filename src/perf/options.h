// What the user asked for: PerfTest's options by its names, and ours.
//
// Role:   parse_options() reads the command line; workloads take what they know. A member without a
//         value was not given: the workload has a default of its own.
// Errors: parse_options: a text and the exit code for main().
// Thread: plain values.
// Spec:   docs/operations/harrier-perf.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "amqp/field_table.h"
#include "perf/uri.h"

namespace harrier::perf {

inline constexpr int kExitDone = 0;
inline constexpr int kExitFailed = 1;
inline constexpr int kExitUsage = 2;
// The run went through, but something was lost, twice there, out of order or damaged.
inline constexpr int kExitNotVerified = 3;
inline constexpr int kExitInterrupted = 130;

struct QueuePattern {
  std::string format;  // as printf's, with one %d
  unsigned from = 0;
  unsigned to = 0;
  std::string name(unsigned number) const;
};

struct Options {
  std::string workload = "load";
  Endpoint endpoint;
  std::string id;

  // Who, and how many.
  unsigned producers = 1;
  unsigned consumers = 1;
  unsigned threads = 2;
  unsigned spin_us = 0;

  // What is published.
  std::optional<std::size_t> size;
  bool persistent = false;
  bool mandatory = false;
  double producer_rate = 0;
  std::optional<std::uint64_t> producer_messages;
  std::optional<std::uint64_t> confirm;
  std::uint64_t producer_transaction = 0;
  unsigned priorities = 0;
  std::string content_type;
  std::string expiration;

  // How it is consumed.
  std::optional<unsigned> prefetch;
  bool auto_ack = false;
  std::optional<std::uint64_t> ack_every;
  double consumer_rate = 0;
  std::uint64_t consumer_messages = 0;
  std::uint64_t consumer_transaction = 0;
  amqp::FieldTable consumer_arguments;

  // Through what.
  std::optional<std::string> queue;
  std::optional<QueuePattern> queues;
  std::optional<std::string> exchange;
  std::optional<std::string> exchange_type;
  std::optional<std::string> routing_key;
  std::uint64_t keys = 0;
  bool wildcards = false;
  bool predeclared = false;
  bool auto_delete = true;
  amqp::FieldTable queue_arguments;
  std::uint64_t copies = 0;  // 0: known from the topology

  // How long, and how it is measured.
  std::optional<double> seconds;
  double warmup_seconds = 0;
  std::uint64_t warmup_messages = 0;
  unsigned rounds = 1;
  double interval_s = 1;
  std::optional<std::uint64_t> ahead;
  double drain_s = 60;
  bool verify = false;
  std::uint64_t limit_s = 0;
  std::uint64_t broker_pid = 0;
  std::string metrics_url;
  bool strace = false;

  // Where it is told.
  std::string json_file;
  std::string csv_file;
  bool quiet = false;

  // Of single workloads.
  std::string churn_kind;
  std::optional<std::uint64_t> count;
  std::uint64_t window = 1000;
  std::uint64_t empty_messages = kTenth;
  std::uint64_t cache_bytes = 0;
  bool keep = false;
  bool drain_only = false;
  bool check = false;
  bool transient = false;
  std::uint64_t sample = 1000;
  unsigned queue_count = 1;
  std::string raw_directory;
  double raw_seconds = 2;
  std::int64_t since_ns = 0;
  bool with_consumers = false;
  bool drop = false;

  static constexpr std::uint64_t kTenth = UINT64_MAX;  // of the messages
};

struct ParsedOptions {
  std::optional<Options> options;
  // If there are none: help or version (kExitDone, for standard output), or what is wrong.
  int exit_code = kExitUsage;
  std::string text;
};

// The words behind the program's name.
ParsedOptions parse_options(std::vector<std::string> words);
// "a=1,b=text,c=true" as RabbitMQ's tools write arguments. nullopt: malformed.
std::optional<amqp::FieldTable> parse_arguments(const std::string& text);

}  // namespace harrier::perf
