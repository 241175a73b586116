// Inspection: bindings. They are found at their destinations, which know them by age.
#include <utility>

#include "server/inspection.h"
#include "server/inspection_slice.h"
#include "server/view_copies.h"

namespace harrier::server {
namespace {

using broker::RoutingTarget;

// A walk over one virtual host's bindings, in slices between which anything may come or go.
class BindingWalk {
 public:
  // Only those from this exchange; nothing: all.
  explicit BindingWalk(std::optional<std::string> source) : source_(std::move(source)) {}

  // Begins with this destination, and goes no further.
  void only(RoutingTarget::Kind kind, std::string_view destination) {
    only_ = true;
    enter(kind, destination);
  }
  // True: that was all.
  bool run(const HostedVirtualHost& host, std::vector<BindingView>& batch);

 private:
  void enter(RoutingTarget::Kind kind, std::string_view name) {
    inside_ = true;
    kind_ = kind;
    name_ = name;
    last_binding_ = 0;
    default_taken_ = false;
  }
  // nullptr: it is gone.
  const RoutingTarget* target_again(const broker::VirtualHost& host) const {
    if (kind_ == RoutingTarget::Kind::kQueue) return host.find_queue(name_);
    return host.find_exchange(name_);
  }
  bool wants(std::string_view source) const { return !source_ || *source_ == source; }
  // False: there are more, and no time.
  bool take(const HostedVirtualHost& host, const RoutingTarget& target, InspectionSlice& slice,
            std::vector<BindingView>& batch);

  const std::optional<std::string> source_;
  broker::Roster<RoutingTarget>::Walk walk_;
  bool only_ = false;
  bool begun_ = false;
  // Whose bindings are being taken, up to which.
  bool inside_ = false;
  RoutingTarget::Kind kind_ = RoutingTarget::Kind::kQueue;
  std::string name_;
  std::uint64_t last_binding_ = 0;
  bool default_taken_ = false;
};

bool BindingWalk::run(const HostedVirtualHost& host, std::vector<BindingView>& batch) {
  const broker::VirtualHost& broker = host.host();
  if (!std::exchange(begun_, true)) walk_.begin(broker.targets());
  InspectionSlice slice;
  do {
    const RoutingTarget* target = inside_ ? target_again(broker) : nullptr;
    if (target == nullptr) {
      if (only_) return true;
      target = walk_.next(broker.targets());
      if (target == nullptr) return true;
      enter(target->kind(), target->name());
    }
    if (!take(host, *target, slice, batch)) return false;
    inside_ = false;
    if (only_) return true;
  } while (slice.goes_on());
  return false;
}

bool BindingWalk::take(const HostedVirtualHost& host, const RoutingTarget& target,
                       InspectionSlice& slice, std::vector<BindingView>& batch) {
  const bool is_queue = target.kind() == RoutingTarget::Kind::kQueue;
  if (is_queue && wants({}) && !std::exchange(default_taken_, true))
    batch.push_back(default_binding_view(host, static_cast<const broker::Queue&>(target)));
  if (source_ && source_->empty()) return true;
  for (const broker::Binding* binding : target.inbound()) {
    // They are in the order of their numbers.
    if (binding->id() <= last_binding_) continue;
    if (!slice.goes_on()) return false;
    last_binding_ = binding->id();
    if (wants(binding->source().name())) batch.push_back(binding_view(host, *binding));
  }
  return true;
}

}  // namespace

template <class Walk>
void Inspection::each_binding(std::string_view virtual_host, Walk& walk,
                              const Take<BindingView>& take, bool& stopped) const {
  bool done = false;
  while (!done) {
    std::vector<BindingView> batch;
    const bool there = on_host(
        virtual_host, [&](NodeLoop&, HostedVirtualHost& host) { done = walk.run(host, batch); });
    if (!there) return;
    if (!batch.empty() && !take(batch)) {
      stopped = true;
      return;
    }
  }
}

void Inspection::bindings(const Where& where, const Take<BindingView>& take) const {
  bool stopped = false;
  for (const std::string& name : names(where)) {
    BindingWalk walk({});
    each_binding(name, walk, take, stopped);
    if (stopped) return;
  }
}

void Inspection::bindings_to(std::string_view virtual_host, RoutingTarget::Kind kind,
                             std::string_view destination, const Take<BindingView>& take) const {
  BindingWalk walk({});
  walk.only(kind, destination);
  bool stopped = false;
  each_binding(virtual_host, walk, take, stopped);
}

void Inspection::bindings_from(std::string_view virtual_host, std::string_view source,
                               const Take<BindingView>& take) const {
  BindingWalk walk(std::string{source});
  bool stopped = false;
  each_binding(virtual_host, walk, take, stopped);
}

}  // namespace harrier::server
