#include "metrics/reference.h"

#include "metrics/family.h"

namespace harrier::metrics {
namespace {

constexpr char kIntroduction[] =
    R"(<!-- Made by script/metrics-reference from src/metrics/*_families.cc: change it there. -->
# Metrics

What `http://127.0.0.1:15692` answers, in Prometheus's text format;
[monitoring](../operations/monitoring.md) says how to read it and which alerts there are.

| Path | What it has |
|--|--|
| `/metrics` | the node as a whole; the same cost however many queues there are |

Names that begin with `rabbitmq_` mean what they mean in RabbitMQ, so that its dashboards and
rules work; those with `harriermq_` are our own, those with `process_` Prometheus's. Counters
begin at zero with the process and never fall while it runs. Bounds of histograms are written
`100.0` and `1e+06`, as RabbitMQ's dashboards ask for them.

)";

const char* type_word(MetricType type) {
  switch (type) {
    case MetricType::Counter: return "counter";
    case MetricType::Histogram: return "histogram";
    default: return "gauge";
  }
}

void append(std::string& text, const Family& family) {
  text.append("| `").append(family.name).append("` | ").append(type_word(family.type));
  text.append(" | ").append(family.labels).append(" | ").append(family.help).append(" |\n");
}

}  // namespace

std::string reference_markdown() {
  std::string text = kIntroduction;
  for (const FamilyGroup& group : family_groups()) {
    text.append("## ").append(group.title).append("\n\n");
    if (*group.preface != '\0') text.append(group.preface).append("\n\n");
    text.append("| Name | Type | Labels | Meaning |\n|--|--|--|--|\n");
    for (const Family& family : group.families)
      append(text, family);
    text += '\n';
  }
  text.pop_back();
  return text;
}

}  // namespace harrier::metrics
