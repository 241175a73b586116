// Inspection: connections, channels, consumers.
#include <algorithm>
#include <map>
#include <utility>

#include "server/inspection.h"
#include "server/inspection_slice.h"
#include "server/view_copies.h"
#include "session/channel.h"

namespace harrier::server {

using session::BrokerSession;
using session::Channel;

namespace {

// nullptr: it is gone, or in another virtual host.
const BrokerSession* session_in(NodeLoop& loop, const HostedVirtualHost& host,
                                broker::ConnectionId id) {
  const BrokerSession* session = loop.find_session(id);
  const bool here = session != nullptr && &session->virtual_host() == &host.host();
  return here ? session : nullptr;
}

// A walk over the channels of one virtual host, in slices between which anything may come or go.
class ChannelWalk {
 public:
  // Of one connection only.
  void only(broker::ConnectionId connection) {
    only_ = true;
    connection_ = connection;
  }

  // Calls visit(session, channel, tag) until there are no more (true) or the slice is over. visit()
  // answers false when it is to be called again with this channel; `tag` is its own to remember how
  // far it has come in it, empty at its beginning.
  template <class Visit>
  bool run(NodeLoop& loop, const HostedVirtualHost& host, InspectionSlice& slice, Visit&& visit);

 private:
  // Nullptr at the end.
  const BrokerSession* session(NodeLoop& loop, const HostedVirtualHost& host);

  broker::Roster<BrokerSession>::Walk walk_;
  bool begun_ = false;
  bool only_ = false;
  // Where the walk is: inside this connection, at this channel or the next after it.
  std::optional<broker::ConnectionId> connection_;
  session::ChannelNumber channel_;
  std::string tag_;
};

const BrokerSession* ChannelWalk::session(NodeLoop& loop, const HostedVirtualHost& host) {
  if (!std::exchange(begun_, true)) walk_.begin(host.sessions());
  if (connection_)
    if (const BrokerSession* again = session_in(loop, host, *connection_)) return again;
  if (only_) return nullptr;
  const BrokerSession* next = walk_.next(host.sessions());
  channel_ = {};
  tag_.clear();
  if (next != nullptr) connection_ = next->parameters().id;
  return next;
}

template <class Visit>
bool ChannelWalk::run(NodeLoop& loop, const HostedVirtualHost& host, InspectionSlice& slice,
                      Visit&& visit) {
  while (const BrokerSession* session = this->session(loop, host)) {
    const auto& channels = session->channels();
    for (auto at = channels.lower_bound(channel_); at != channels.end(); ++at) {
      if (at->first != channel_) tag_.clear();
      channel_ = at->first;
      if (!visit(*session, *at->second, tag_)) return false;
      tag_.clear();
      channel_ = at->first.next();
      // The last number there is: nothing is behind it.
      if (channel_ == session::ChannelNumber()) break;
      if (!slice.goes_on()) return false;
    }
    connection_.reset();
    if (only_) return true;
    if (!slice.goes_on()) return false;
  }
  return true;
}

}  // namespace

// ---- channels and consumers

template <class View, class Walk, class Visit>
bool Inspection::each_channel(std::string_view virtual_host, Walk& walk, const Take<View>& take,
                              Visit&& visit) const {
  bool done = false;
  while (!done) {
    std::vector<View> batch;
    const bool there = on_host(virtual_host, [&](NodeLoop& loop, HostedVirtualHost& host) {
      InspectionSlice slice;
      done = walk.run(loop, host, slice,
                      [&](const BrokerSession& session, const Channel& channel, std::string& tag) {
                        return visit(host, session, channel, tag, slice, batch);
                      });
    });
    if (!there) return true;
    if (!batch.empty() && !take(batch)) return false;
  }
  return true;
}

namespace {

const auto kCopyChannel = [](const HostedVirtualHost& host, const BrokerSession& session,
                             const Channel& channel, std::string&, InspectionSlice&,
                             std::vector<ChannelView>& batch) {
  batch.push_back(channel_view(host, session, channel));
  return true;
};

const auto kCopyConsumers = [](const HostedVirtualHost& host, const BrokerSession& session,
                               const Channel& channel, std::string& tag, InspectionSlice& slice,
                               std::vector<ConsumerView>& batch) {
  const auto& consumers = channel.consumers();
  auto at = tag.empty() ? consumers.begin() : consumers.upper_bound(tag);
  for (; at != consumers.end(); ++at) {
    batch.push_back(consumer_view(host, session, channel, *at->second));
    tag = at->first;
    if (!slice.goes_on()) return std::next(at) == consumers.end();
  }
  return true;
};

}  // namespace

void Inspection::channels(const Where& where, const Take<ChannelView>& take) const {
  for (const std::string& name : names(where)) {
    ChannelWalk walk;
    if (!each_channel(name, walk, take, kCopyChannel)) return;
  }
}

void Inspection::channels_of(const ConnectionKey& connection, const Take<ChannelView>& take) const {
  ChannelWalk walk;
  walk.only(connection.id);
  each_channel(virtual_host_of(connection), walk, take, kCopyChannel);
}

std::optional<ChannelView> Inspection::channel(const ChannelKey& key) const {
  std::optional<ChannelView> view;
  on_host(virtual_host_of(key.connection), [&](NodeLoop& loop, HostedVirtualHost& host) {
    const BrokerSession* session = session_in(loop, host, key.connection.id);
    if (session == nullptr) return;
    const auto found = session->channels().find(session::ChannelNumber(key.number));
    if (found != session->channels().end()) view = channel_view(host, *session, *found->second);
  });
  return view;
}

// "<connection> (<number>)".
std::optional<ChannelView> Inspection::channel(std::string_view name) const {
  const std::size_t space = name.rfind(" (");
  if (space == std::string_view::npos || !name.ends_with(')')) return {};
  const std::string_view digits = name.substr(space + 2, name.size() - space - 3);
  const bool plain = !digits.empty() && digits.size() <= 5 &&
                     std::all_of(digits.begin(), digits.end(),
                                 [](char digit) { return digit >= '0' && digit <= '9'; });
  const int number = plain ? std::stoi(std::string(digits)) : 0;
  if (number == 0 || number > UINT16_MAX) return {};
  for (const ConnectionKey& key : connections_named(name.substr(0, space)))
    if (auto view = channel(ChannelKey{key, static_cast<std::uint16_t>(number)})) return view;
  return {};
}

void Inspection::consumers(const Where& where, const Take<ConsumerView>& take) const {
  for (const std::string& name : names(where)) {
    ChannelWalk walk;
    if (!each_channel(name, walk, take, kCopyConsumers)) return;
  }
}

void Inspection::consumers_of(std::string_view virtual_host, std::string_view queue,
                              const Take<ConsumerView>& take) const {
  std::optional<std::size_t> left;
  bool done = false;
  while (!done) {
    std::vector<ConsumerView> batch;
    const bool there = on_host(virtual_host, [&](NodeLoop&, HostedVirtualHost& host) {
      const broker::Queue* found = host.host().find_queue(queue);
      done = true;
      if (found == nullptr) return;
      const auto& consumers = found->consumers();
      // From the end: whoever leaves moves only those that were seen.
      left = std::min(left.value_or(consumers.size()), consumers.size());
      InspectionSlice slice;
      while (*left != 0) {
        const broker::Consumer& consumer = *consumers[--*left];
        const auto& channel = static_cast<const Channel&>(consumer.sink());
        batch.push_back(consumer_view(host, channel.session(), channel, consumer));
        if (slice.goes_on()) continue;
        done = *left == 0;
        return;
      }
    });
    if (!there || (!batch.empty() && !take(batch))) return;
  }
}

// ---- connections

template <class Visit>
void Inspection::each_connection(Visit&& visit) const {
  for (const auto& loop : loops_) {
    broker::Roster<Connection>::Walk walk;
    bool begun = false;
    bool done = false;
    while (!done) {
      loop->run([&] {
        const broker::Roster<Connection>& roster = loop->io().roster();
        if (!std::exchange(begun, true)) walk.begin(roster);
        InspectionSlice slice;
        do {
          Connection* connection = walk.next(roster);
          done = connection == nullptr;
          if (!done) visit.look(*connection);
        } while (!done && slice.goes_on());
      });
      if (!visit.slice_ended()) return;
    }
  }
}

// What only the virtual host's loop knows: channels and statistics.
void Inspection::complete(std::vector<ConnectionView>& batch) const {
  std::map<std::string_view, std::vector<ConnectionView*>> by_host;
  for (ConnectionView& view : batch)
    by_host[view.virtual_host].push_back(&view);
  for (const auto& [name, views] : by_host) {
    std::size_t next = 0;
    bool there = true;
    while (there && next != views.size()) {
      there = on_host(name, [&](NodeLoop& loop, HostedVirtualHost& host) {
        InspectionSlice slice;
        do {
          ConnectionView& view = *views[next++];
          const BrokerSession* session = session_in(loop, host, view.key.id);
          if (session == nullptr) continue;
          view.channels = session->channels().size();
          view.statistics = statistics_of(session->counts());
        } while (next != views.size() && slice.goes_on());
      });
    }
  }
}

void Inspection::connections(const Where& where, const Take<ConnectionView>& take) const {
  struct Copy {
    const Inspection& inspection;
    const Where& where;
    const Take<ConnectionView>& take;
    std::vector<ConnectionView> batch{};

    void look(Connection& connection) {
      const bool wanted = !where || (connection.attached() && connection.virtual_host() == *where);
      if (wanted) batch.push_back(connection.view());
    }
    bool slice_ended() {
      if (batch.empty()) return true;
      inspection.complete(batch);
      std::vector<ConnectionView> taken = std::exchange(batch, {});
      return take(taken);
    }
  };
  each_connection(Copy{*this, where, take});
}

std::optional<ConnectionView> Inspection::connection(const ConnectionKey& key) const {
  std::vector<ConnectionView> found;
  if (key.loop >= loops_.size()) return {};
  NodeLoop& loop = *loops_[key.loop];
  loop.run([&] {
    if (Connection* connection = loop.io().find(key.id)) found.push_back(connection->view());
  });
  if (found.empty()) return {};
  complete(found);
  return std::move(found.front());
}

std::vector<ConnectionKey> Inspection::connections_named(std::string_view name) const {
  struct Find {
    std::string_view name;
    std::vector<ConnectionKey>& keys;

    void look(Connection& connection) {
      if (connection.ends()->name() == name)
        keys.push_back({IoLoop::loop_of(connection.id()), connection.id()});
    }
    bool slice_ended() { return true; }
  };
  std::vector<ConnectionKey> keys;
  each_connection(Find{name, keys});
  return keys;
}

std::string Inspection::virtual_host_of(const ConnectionKey& key) const {
  std::string name;
  if (key.loop >= loops_.size()) return name;
  NodeLoop& loop = *loops_[key.loop];
  loop.run([&] {
    if (Connection* connection = loop.io().find(key.id)) name = connection->virtual_host();
  });
  return name;
}

}  // namespace harrier::server
