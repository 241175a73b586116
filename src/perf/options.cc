#include "perf/options.h"

#include <array>
#include <charconv>
#include <utility>

#include <unistd.h>

#include <CLI/CLI.hpp>

#include "harrier/version.h"
#include "perf/message_ring.h"

namespace harrier::perf {
namespace {

constexpr std::size_t kBodyBytesMax = 128u << 20;

// PerfTest's short names of more than one letter; to CLI11 "-qa" would be -q with the value "a".
constexpr std::array<std::pair<std::string_view, std::string_view>, 9> kLongShortNames{{
    {"-qa", "--queue-args"},
    {"-qp", "--queue-pattern"},
    {"-qpf", "--queue-pattern-from"},
    {"-qpt", "--queue-pattern-to"},
    {"-ad", "--auto-delete"},
    {"-ca", "--consumer-args"},
    {"-mp", "--message-properties"},
    {"-?", "--help"},
    {"-v", "--version"},
}};

// What needs a second look once CLI11 has read it.
struct Texts {
  std::string uri = "amqp://localhost";
  std::string tls_ca;
  std::vector<std::string> flags;
  std::string queue_arguments, consumer_arguments, message_properties;
  std::string pattern;
  unsigned pattern_from = 1;
  unsigned pattern_to = 1;
};

void add_flow_options(CLI::App& cli, Options& options, Texts& texts) {
  cli.add_option("-h,--uri", texts.uri, "amqp[s]://user:password@host:port/vhost");
  cli.add_option("--tls-ca", texts.tls_ca, "file of certificates to check the broker's with");
  cli.add_option("-d,--id", options.id, "what this run is called; part of names");
  cli.add_option("-x,--producers", options.producers, "producers, each a connection")
      ->check(CLI::Range(0u, 60000u));
  cli.add_option("-y,--consumers", options.consumers, "consumers, each a connection")
      ->check(CLI::Range(0u, 60000u));
  cli.add_option("-s,--size", options.size, "octets of a body; 16")
      ->check(CLI::Range(std::size_t{0}, kBodyBytesMax));
  cli.add_option("-f,--flag", texts.flags, "persistent, mandatory; persistent queues are durable")
      ->check(CLI::IsMember({"persistent", "mandatory"}))
      // Else it would take the name of a workload behind it, too.
      ->allow_extra_args(false);
  cli.add_option("-r,--rate", options.producer_rate, "messages per second of each producer")
      ->check(CLI::NonNegativeNumber);
  cli.add_option("-C,--pmessages", options.producer_messages, "messages of each producer");
  cli.add_option("-c,--confirm", options.confirm, "publishes that may be unconfirmed");
  cli.add_option("-m,--ptxsize", options.producer_transaction, "publishes of a transaction");
  cli.add_option("--message-properties", texts.message_properties,
                 "-mp: contentType=..,expiration=..");
  cli.add_option("--priorities", options.priorities, "message i has priority i modulo this")
      ->check(CLI::Range(0u, 255u));
  cli.add_option("-q,--qos", options.prefetch, "prefetch of a consumer; 0: no limit")
      ->check(CLI::Range(0u, 65535u));
  cli.add_flag("-a,--autoack", options.auto_ack, "consume without acknowledgements");
  cli.add_option("-A,--multi-ack-every", options.ack_every, "acknowledge so many at once");
  cli.add_option("-R,--consumer-rate", options.consumer_rate,
                 "messages per second of each consumer, at most")
      ->check(CLI::NonNegativeNumber);
  cli.add_option("-D,--cmessages", options.consumer_messages, "messages of each consumer");
  cli.add_option("-n,--ctxsize", options.consumer_transaction, "acknowledged in a transaction");
  cli.add_option("--consumer-args", texts.consumer_arguments, "-ca: a=1,b=text");
}

void add_topology_options(CLI::App& cli, Options& options, Texts& texts) {
  cli.add_option("-u,--queue", options.queue, "queue of all consumers");
  cli.add_option("--queue-pattern", texts.pattern, "-qp: queues named by a pattern: q-%d");
  cli.add_option("--queue-pattern-from", texts.pattern_from, "-qpf: first number; 1");
  cli.add_option("--queue-pattern-to", texts.pattern_to, "-qpt: last number; 1");
  cli.add_option("--queue-args", texts.queue_arguments, "-qa: x-max-priority=10,x-queue-type=..");
  cli.add_option("--auto-delete", options.auto_delete, "-ad: queues are auto-delete; true");
  cli.add_option("-e,--exchange", options.exchange, "exchange; without -e and -t the default one");
  cli.add_option("-t,--type", options.exchange_type, "direct, fanout, topic, headers ..");
  cli.add_option("-k,--routing-key", options.routing_key, "routing key");
  cli.add_option("--keys", options.keys, "so many keys (with -t headers: headers), a binding each")
      ->check(CLI::Range(0u, 4'000'000u));
  cli.add_flag("--wildcards", options.wildcards, "with --keys and -t topic: a * in each binding");
  cli.add_flag("-p,--predeclared", options.predeclared, "declare nothing");
  cli.add_option("--copies", options.copies, "with -p: queues that one message reaches; 1");
}

void add_run_options(CLI::App& cli, Options& options) {
  cli.add_option("-z,--time", options.seconds, "seconds; without it until -C, -D or Ctrl-C")
      ->check(CLI::NonNegativeNumber);
  cli.add_option("-i,--interval", options.interval_s, "seconds between lines; 1")
      ->check(CLI::Range(0.05, 3600.0));
  cli.add_option("--warmup-seconds", options.warmup_seconds, "a first run that is not measured")
      ->check(CLI::NonNegativeNumber);
  cli.add_option("--warmup-messages", options.warmup_messages, "the same, by messages");
  cli.add_option("--rounds", options.rounds, "so many measured runs; -z and -C are of each")
      ->check(CLI::Range(1u, 1000u));
  cli.add_option("--ahead", options.ahead,
                 "messages published before the consumers; 0: any number, as with -r");
  cli.add_option("--threads", options.threads, "threads that carry the load; 2")
      ->check(CLI::Range(1u, 64u));
  cli.add_option("--spin-us", options.spin_us,
                 "with -r: microseconds awake before a message is due; 0")
      ->check(CLI::Range(0u, 1'000'000u));
  cli.add_option("--drain-s", options.drain_s, "seconds after the end for what is on its way; 60")
      ->check(CLI::NonNegativeNumber);
  cli.add_flag("--verify", options.verify, "check count, order and every body");
  cli.add_option("--limit-s", options.limit_s, "the whole run fails after so many seconds");
  cli.add_option("--broker-pid", options.broker_pid, "the broker's process: CPU and memory");
  cli.add_option("--metrics-url", options.metrics_url, "HarrierMQ's metrics: flushes");
  cli.add_flag("--strace", options.strace, "flushes by strace, which slows the broker down");
  cli.add_option("--json", options.json_file, "all figures as one object; -: standard output");
  cli.add_option("-o,--csv,--output-file", options.csv_file, "a line for each interval");
  cli.add_flag("--quiet", options.quiet, "no line for each interval");
}

void add_workloads(CLI::App& cli, Options& options) {
  cli.require_subcommand(0, 1);
  cli.fallthrough();
  CLI::App* backlog = cli.add_subcommand("backlog", "fill a durable queue and drain it");
  backlog->add_option("--empty-messages", options.empty_messages,
                      "first through the empty queue; a tenth of -C");
  backlog->add_option("--cache-bytes", options.cache_bytes, "memory that may grow for messages");
  CLI::Option* keep = backlog->add_flag("--keep", options.keep, "leave the backlog");
  backlog->add_flag("--drain-only", options.drain_only, "take what --keep left")->excludes(keep);

  CLI::App* confirms =
      cli.add_subcommand("confirms", "-x producers that wait for each confirm, no consumer");
  confirms->add_option("--queue-count", options.queue_count, "queues that they share; 1");
  confirms->add_option("--raw-dir", options.raw_directory,
                       "a folder whose disk is measured in between: write and fdatasync");
  confirms->add_option("--raw-seconds", options.raw_seconds, "for how long in all; 2");

  CLI::App* queues = cli.add_subcommand("queues", "declare many queues");
  queues->add_option("--count", options.count, "queues; 100,000");
  queues->add_option("--window", options.window, "declares that may be unanswered; 1,000");
  queues->add_flag("--transient", options.transient, "not durable");
  queues->add_flag("--check", options.check, "passively, a sample: are they there?");
  queues->add_option("--sample", options.sample, "how many of them; 1,000");

  CLI::App* churn = cli.add_subcommand("churn", "make and unmake, over and over");
  churn
      ->add_option("kind", options.churn_kind, "connections, channels, queues, bindings, consumers")
      ->required()
      ->check(CLI::IsMember({"connections", "channels", "queues", "bindings", "consumers"}));
  churn->add_option("--count", options.count, "how often; 10,000");
  churn->add_option("--window", options.window, "that may be unanswered; 1,000");
  churn->add_flag(
      "--durable", [&options](std::int64_t) { options.persistent = true; },
      "queues and bindings are durable");

  churn->add_flag("--with-consumers", options.with_consumers,
                  "connections: each consumes from an exclusive queue of its own");
  churn->add_flag("--drop", options.drop, "connections: the socket is closed without a good-bye");

  cli.add_subcommand("expiry",
                     "-C messages expire at once beside messages on a schedule of -r a second");

  CLI::App* idle = cli.add_subcommand("idle", "many connections that do nothing for -z seconds");
  idle->add_option("--count", options.count, "connections; 10,000");
  idle->add_flag("--with-consumers", options.with_consumers, "each consumes from a queue");

  CLI::App* raw = cli.add_subcommand("rawdisk", "write 4 KiB and fdatasync, for -z seconds");
  raw->add_option("--dir", options.raw_directory, "on the disk to measure; .");
  CLI::App* await = cli.add_subcommand("await", "until a connection opens, -z seconds at most");
  await->add_option("--since", options.since_ns, "begin, in nanoseconds of CLOCK_MONOTONIC");
}

// ---- what CLI11 cannot know

bool read_properties(const std::string& text, Options& options) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(',', at), text.size());
    const std::string one = text.substr(at, end - at);
    const std::size_t equals = one.find('=');
    if (equals == std::string::npos) return false;
    const std::string name = one.substr(0, equals);
    const std::string value = one.substr(equals + 1);
    if (value.size() > 255) return false;
    if (name == "contentType")
      options.content_type = value;
    else if (name == "expiration")
      options.expiration = value;
    else
      return false;
    at = end + 1;
  }
  return true;
}

// The first thing that is wrong; empty: nothing.
std::string apply_texts(const Texts& texts, Options& options) {
  auto endpoint = parse_uri(texts.uri);
  if (!endpoint.ok()) return endpoint.error().message;
  options.endpoint = *std::move(endpoint);
  options.endpoint.tls_ca_file = texts.tls_ca;
  for (const std::string& flag : texts.flags)
    (flag == "persistent" ? options.persistent : options.mandatory) = true;
  const auto queue_arguments = parse_arguments(texts.queue_arguments);
  const auto consumer_arguments = parse_arguments(texts.consumer_arguments);
  if (!queue_arguments || !consumer_arguments) return "arguments are written a=1,b=text,c=true";
  options.queue_arguments = *queue_arguments;
  options.consumer_arguments = *consumer_arguments;
  if (!read_properties(texts.message_properties, options))
    return "--message-properties knows contentType=.. and expiration=..";
  if (!texts.pattern.empty()) {
    const std::size_t mark = texts.pattern.find("%d");
    if (mark == std::string::npos || texts.pattern_from > texts.pattern_to)
      return "--queue-pattern has a %d, and runs from --queue-pattern-from to a higher number";
    options.queues = QueuePattern{texts.pattern, texts.pattern_from, texts.pattern_to};
  }
  return {};
}

std::string contradiction(const Options& options) {
  const std::size_t size = options.size.value_or(kCheckedBytes);
  if (options.verify && size < kCheckedBytes)
    return "--verify needs a --size of at least " + std::to_string(kCheckedBytes);
  if (options.verify && options.predeclared)
    return "--verify must know what else is in the queues: not with --predeclared";
  if (options.verify && options.consumer_messages > 0)
    return "--verify counts everything: not with --cmessages";
  if (options.confirm && *options.confirm == 0) return "--confirm must not be 0";
  if (options.confirm && options.producer_transaction > 0)
    return "a channel has confirms or transactions, not both";
  if (options.ack_every && *options.ack_every == 0) return "--multi-ack-every must not be 0";
  if (options.consumer_transaction > 0 && options.auto_ack)
    return "a transaction of acknowledgements needs some: not with --autoack";
  if (options.predeclared && !options.queue && !options.queues && options.consumers > 0)
    return "--predeclared needs --queue or --queue-pattern";
  if (options.queue && options.queues) return "--queue and --queue-pattern exclude each other";
  if (options.keys > 0 && !options.exchange_type) return "--keys needs --type";
  if (options.workload == "churn" && options.churn_kind != "connections" &&
      (options.with_consumers || options.drop))
    return "--with-consumers and --drop are of churn connections";
  if (options.strace && options.broker_pid == 0) return "--strace needs --broker-pid";
  return {};
}

}  // namespace

std::string QueuePattern::name(unsigned number) const {
  std::string text = format;
  return text.replace(text.find("%d"), 2, std::to_string(number));
}

std::optional<amqp::FieldTable> parse_arguments(const std::string& text) {
  amqp::FieldTable table;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(',', at), text.size());
    const std::string_view one = std::string_view(text).substr(at, end - at);
    const std::size_t equals = one.find('=');
    if (equals == 0 || equals > 255) return std::nullopt;
    const std::string_view name = one.substr(0, equals);
    const std::string_view value = one.substr(equals + 1);
    std::int64_t number = 0;
    const auto [stop, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (error == std::errc{} && stop == value.data() + value.size())
      table.add_long(name, number);
    else if (value == "true" || value == "false")
      table.add_boolean(name, value == "true");
    else
      table.add_string(name, value);
    at = end + 1;
  }
  return table;
}

ParsedOptions parse_options(std::vector<std::string> words) {
  for (std::string& word : words) {
    for (const auto& [name, translation] : kLongShortNames) {
      if (word == name) word = translation;
    }
  }
  Options options;
  options.id = "harrier-perf-" + std::to_string(::getpid());
  Texts texts;
  CLI::App cli("Puts load on any AMQP 0-9-1 broker, and measures it", "harrier-perf");
  cli.set_help_flag("--help", "this text; with a workload: its options");
  cli.set_version_flag("--version", "harrier-perf " + std::string(kVersion));
  add_flow_options(cli, options, texts);
  add_topology_options(cli, options, texts);
  add_run_options(cli, options);
  add_workloads(cli, options);
  try {
    std::vector<std::string> reversed(words.rbegin(), words.rend());
    cli.parse(std::move(reversed));
  } catch (const CLI::CallForVersion& call) {
    return {std::nullopt, kExitDone, std::string(call.what()) + "\n"};
  } catch (const CLI::Success&) {
    return {std::nullopt, kExitDone, cli.help()};
  } catch (const CLI::ParseError& error) {
    return {std::nullopt, kExitUsage, std::string(error.what()) + "; see harrier-perf --help\n"};
  }
  for (const CLI::App* workload : cli.get_subcommands())
    options.workload = workload->get_name();
  std::string wrong = apply_texts(texts, options);
  if (wrong.empty()) wrong = contradiction(options);
  if (!wrong.empty()) return {std::nullopt, kExitUsage, wrong + "; see harrier-perf --help\n"};
  return {std::move(options), kExitDone, {}};
}

}  // namespace harrier::perf
