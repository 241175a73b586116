// tracing.*
#include <string>

#include "config/options_table.h"
#include "config/quantity.h"
#include "config/row.h"

namespace harrier::config {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using O = TracingOptions;

Key ratio_row() {
  constexpr const char* kName = "ratio";
  return leaf<O>(
      kName, "share, 0.0–1.0",
      [](Section& section, O& tracing) {
        const std::string word = word_of(section, kName);
        if (word.empty()) return;
        const auto share = parse_decimal(word);
        if (share && *share >= 0.0 && *share <= 1.0) {
          tracing.ratio = *share;
        } else {
          section.error(kName, "'" + word + "' is no share from 0.0 to 1.0");
        }
      },
      [](const O& tracing) { return decimal_text(tracing.ratio); },
      {"How many of the traces that their publishers sample are followed here.",
       "Publishers have decided already."});
}

std::vector<Key> collector_rows() {
  return {
      boolean("enabled", &O::enabled,
              {"Whether messages are followed whose header `traceparent` says that their trace is "
               "sampled.",
               "It needs a collector."}),
      text("endpoint", &O::endpoint,
           {"Where the collector takes OTLP over HTTP as JSON. Spans name queues, exchanges and "
            "routing keys; with http they go in the clear.",
            "A collector beside the broker, at the port that is usual."}),
      path("ca_file", &O::ca_file,
           {"Authorities for the collector's certificate; empty: the system's.", "Public ones."}),
      text("service_name", &O::service_name,
           {"`service.name` of all spans.", "Traces show it beside the programs' own."}),
      ratio_row(),
  };
}

std::vector<Key> bound_rows() {
  return {
      integer("messages_max", &O::messages_max, 1, 10'000'000,
              {"Messages of one virtual host that are followed at a time; beyond, the oldest is "
               "given up, and counted.",
               "About 3 MB in each."}),
      integer("queue_max", &O::queue_max, 1, 10'000'000,
              {"Spans that wait for the collector; beyond, they are lost, and counted.",
               "About 10 MB."}),
      integer("batch_max", &O::batch_max, 1, 100'000,
              {"Spans in one request.", "What collectors expect."}),
      duration("batch_delay", &O::batch_delay, milliseconds(0), minutes(1),
               {"So long a span waits for others.", "One request a second is little work."}),
      duration("timeout", &O::timeout, milliseconds(100), minutes(5),
               {"For one request; the spans of one that fails are lost, and counted.",
                "The exporters' usual value."}),
  };
}

}  // namespace

Table tracing_table() {
  std::vector<Key> keys = collector_rows();
  for (Key& key : bound_rows())
    keys.push_back(std::move(key));
  return table<O>(std::move(keys));
}

}  // namespace harrier::config
