#include "metrics/reference.h"

#include <string_view>

#include "metrics/family.h"
#include "metrics/object_tables.h"

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
| `/metrics/per-object` | that, and a series for each object |
| `/metrics/detailed?family=…` | of these what is asked for |
| `/metrics/memory-breakdown` | what the memory is used for |

Names that begin with `rabbitmq_` mean what they mean in RabbitMQ, so that its dashboards and
rules work; those with `harriermq_` are our own, those with `process_` Prometheus's. Counters
begin at zero with the process and never fall while it runs. Bounds of histograms are written
`100.0` and `1e+06`, as RabbitMQ's dashboards ask for them.

)";

const char* type_word(MetricType type) {
  switch (type) {
    case MetricType::Counter: return "counter";
    case MetricType::Histogram: return "histogram";
    case MetricType::Summary: return "summary";
    default: return "gauge";
  }
}

void append(std::string& text, const Family& family) {
  text.append("| `").append(family.name).append("` | ").append(type_word(family.type));
  text.append(" | ").append(family.labels).append(" | ").append(family.help).append(" |\n");
}

void append(std::string& text, const FamilyGroup& group) {
  text.append("## ").append(group.title).append("\n\n");
  if (*group.preface != '\0') text.append(group.preface).append("\n\n");
  text.append("| Name | Type | Labels | Meaning |\n|--|--|--|--|\n");
  for (const Family& family : group.families)
    append(text, family);
  text += '\n';
}

// The names of the labels in `name="value",name="value"`.
std::string label_names(std::string_view labels) {
  std::string names;
  for (std::size_t at = 0; at < labels.size();) {
    const std::size_t end = labels.find('=', at);
    names.append(", ").append(labels.substr(at, end - at));
    at = labels.find("\",", end);
    at = at == std::string_view::npos ? labels.size() : at + 2;
  }
  return names;
}

template <class View>
void append(std::string& text, const ObjectFamilyGroup<View>& group) {
  text.append("### ").append(group.title).append("\n\n");
  if (*group.preface != '\0') text.append(group.preface).append("\n\n");
  text.append("Labels: ").append(group.labels).append(".\n\n");
  text.append("| Name | Type | More labels | `family` | Meaning |\n|--|--|--|--|--|\n");
  std::string_view last;
  for (const ObjectFamily<View>& family : group.families) {
    if (family.name == last) continue;
    last = family.name;
    const std::string names = family.label == nullptr ? "" : label_names(family.label).substr(2);
    text.append("| `").append(family.name).append("` | ").append(type_word(family.type));
    text.append(" | ").append(names).append(" | ").append(family.detailed);
    text.append(" | ").append(family.help).append(" |\n");
  }
  text += '\n';
}

constexpr char kObjects[] = R"(## Series for each object

On `/metrics/per-object` by these names, on `/metrics/detailed` when `family` asks for their group:
there names that begin with `rabbitmq_` begin with `rabbitmq_detailed_` instead, but for those of
`rabbitmq_cluster_`. They vanish with their object.

Of the tables above, `/metrics/detailed` has with `connection_churn_metrics` what is opened, closed,
declared and deleted, with `node_coarse_metrics` and `node_metrics` what the node uses and may, with
`auth_attempt_metrics` logins.

)";

}  // namespace

std::string reference_markdown() {
  std::string text = kIntroduction;
  for (const FamilyGroup& group : family_groups())
    append(text, group);
  append(text, memory_families());
  text.append(kObjects);
  append(text, queue_object_families());
  append(text, exchange_object_families());
  append(text, topology_object_families());
  append(text, channel_object_families());
  append(text, connection_object_families());
  append(text, virtual_host_object_families());
  append(text, user_object_families());
  append(text, login_object_families());
  text.pop_back();
  return text;
}

}  // namespace harrier::metrics
