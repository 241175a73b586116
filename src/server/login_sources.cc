#include "server/login_sources.h"

#include <utility>

#include "base/utf8.h"

namespace harrier::server {

void LoginSources::note(const auth::Peer& peer, std::string_view user, std::string_view protocol,
                        bool accepted) {
  Key key{peer.address, std::string(base::cut_text(user, kNameMax)), std::string(protocol)};
  const std::lock_guard lock(mutex_);
  const bool fits = sources_.size() < sources_max_ || sources_.contains(key);
  Counts& counts = fits ? sources_[std::move(key)] : rest_[key.protocol];
  ++(accepted ? counts.accepted : counts.refused);
}

std::vector<LoginSource> LoginSources::list() const {
  const std::lock_guard lock(mutex_);
  std::vector<LoginSource> list;
  list.reserve(sources_.size() + rest_.size());
  for (const auto& [protocol, counts] : rest_)
    list.push_back({"", "", protocol, counts.accepted, counts.refused});
  for (const auto& [key, counts] : sources_)
    list.push_back({key.address, key.user, key.protocol, counts.accepted, counts.refused});
  return list;
}

void LoginSources::forget() {
  const std::lock_guard lock(mutex_);
  sources_.clear();
  rest_.clear();
}

}  // namespace harrier::server
