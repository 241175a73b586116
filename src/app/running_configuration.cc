#include "app/running_configuration.h"

namespace harrier::app {

// Nothing can be changed of a listener that was not opened.
bool RunningConfiguration::applies_now(const config::Change& change) const {
  return change.applies == config::Applies::kAtReload &&
         (started_.amqps.enabled || !change.path.starts_with("listeners.amqps."));
}

RunningConfiguration::Report RunningConfiguration::compare(const Options& next) const {
  Report report;
  for (config::Change& change : config::changes_between(applied_, next))
    if (applies_now(change)) report.in_effect.push_back(std::move(change));
  for (config::Change& change : config::changes_between(started_, next))
    if (!applies_now(change)) report.pending.push_back(std::move(change));
  return report;
}

}  // namespace harrier::app
