#include "audit/event.h"

#include "base/utf8.h"

namespace harrier::audit {

void Event::cut_to_limits() {
  for (std::string* text : {&action, &user, &peer, &virtual_host, &kind, &name, &source,
                            &routing_key, &mechanism, &reason}) {
    if (text->size() > kFieldMax) text->resize(base::cut_text(*text, kFieldMax).size());
  }
}

std::string_view word_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::kDone: return "done";
    case Outcome::kRefused: return "refused";
    case Outcome::kLimit: return "limit";
    case Outcome::kFailed: break;
  }
  return "failed";
}

std::string_view address_of(std::string_view peer) {
  const std::size_t colon = peer.rfind(':');
  const bool inside = colon != std::string_view::npos && peer.ends_with(']');
  return inside ? peer : peer.substr(0, colon);
}

}  // namespace harrier::audit
