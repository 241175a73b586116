// The body of a page with a series for each object, made while it is sent.
//
// Role:   MetricsSite answers /metrics/per-object and /metrics/detailed with it.
// Model:  the node's own families, then kind after kind: its objects are walked into a table, the
//         table is written chunk by chunk, the next kind begins when it is empty. So a scrape holds
//         numbers and labels of one kind of object and a chunk of text, never the page.
//         Objects come and go while it is made; a page is not of one instant.
// Thread: one at a time, none of the loops: a walk waits for them, slice by slice.
// Errors: none: kinds of which nothing is wanted are not walked.
// Limits: about 8 bytes for each wanted series and 100 for each object.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <variant>

#include "http/message.h"
#include "metrics/object_table.h"
#include "metrics/object_tables.h"
#include "metrics/selection.h"
#include "server/inspection.h"

namespace harrier::metrics {

class ObjectPage final : public http::BodySource {
 public:
  // Told how many bytes it was, when all of it is made; ends with the page.
  using Finished = std::function<void(std::size_t bytes)>;

  // `head`: the node's part. REQUIRES that `node` outlives it.
  ObjectPage(server::Node& node, Selection selection, std::string head, Finished finished);

  Next next(std::string& chunk) override;

 private:
  Next add(std::string& chunk);
  enum class Stage : std::uint8_t {
    kHead,
    kQueues,
    kExchanges,
    kTopology,
    kChannels,
    kConnections,
    kVirtualHosts,
    kUsers,
    kLogins,
    kDone,
  };
  template <class View>
  using Table = std::unique_ptr<ObjectTable<View>>;
  using AnyTable = std::variant<std::monostate, Table<server::QueueView>, Table<BoundExchange>,
                                Table<server::ChannelView>, Table<server::ConnectionView>,
                                Table<server::VirtualHostView>, Table<server::UserUsage>,
                                Table<server::LoginSource>>;

  AnyTable table_of(Stage stage) const;
  Table<server::QueueView> queues() const;
  Table<BoundExchange> exchanges(const ObjectFamilyGroup<BoundExchange>& group) const;
  Table<server::ChannelView> channels() const;
  Table<server::ConnectionView> connections() const;
  Table<server::VirtualHostView> virtual_hosts() const;
  Table<server::UserUsage> users() const;
  Table<server::LoginSource> logins() const;
  // Those of which there are any.
  std::map<std::pair<std::string, std::string>, std::uint64_t> bindings() const;

  server::Node& node_;
  const Selection selection_;
  const Finished finished_;
  std::string head_;
  std::size_t bytes_ = 0;
  Stage stage_ = Stage::kHead;
  AnyTable table_;
};

}  // namespace harrier::metrics
