// A family of metrics with a series for each object of one kind: queue, exchange, channel,
// connection, virtual host, user, source of logins.
//
// Role:   rows of the tables in object_tables.cc; ObjectTable takes their values out of views.
// Thread: immutable.
#pragma once

#include <optional>
#include <span>

#include <prometheus/metric_type.h>

#include "server/measured.h"

namespace harrier::metrics {

template <class View>
struct ObjectFamily {
  const char* name;  // as /metrics/per-object has it; see name_on()
  prometheus::MetricType type;
  const char* help;
  // By which name /metrics/detailed has it.
  const char* detailed;
  // Nothing: this object has no such series.
  std::optional<double> (*value)(const View& view);
  // One more label: name="value". Rows of one name stand together and are one family.
  const char* label = nullptr;
  // In the place of `value`, for histograms.
  const server::Distribution& (*distribution)(const View& view) = nullptr;
};

// Families of one kind of object: a section of the reference.
template <class View>
struct ObjectFamilyGroup {
  const char* title;
  const char* preface;
  const char* labels;  // that name the object
  std::span<const ObjectFamily<View>> families;
};

}  // namespace harrier::metrics
