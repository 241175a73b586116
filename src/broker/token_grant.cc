#include "broker/token_grant.h"

#include <algorithm>
#include <array>
#include <utility>

namespace harrier::broker {
namespace {

constexpr std::array<std::pair<std::string_view, Permission>, 3> kPermissions{
    {{"configure:", Permission::kConfigure},
     {"write:", Permission::kWrite},
     {"read:", Permission::kRead}}};

constexpr std::string_view kVirtualHost = "{vhost}";

std::vector<std::string_view> split(std::string_view text, std::string_view separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + separator.size());
  }
}

// An encoded brace is text.
bool has_unknown_variable(std::string_view scope) {
  for (std::size_t at = scope.find('{'); at != std::string_view::npos; at = scope.find('{', at + 1))
    if (!scope.substr(at).starts_with(kVirtualHost)) return true;
  return false;
}

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

// As in the query of a URL.
std::optional<std::string> decoded(std::string_view text) {
  std::string result;
  for (std::size_t at = 0; at != text.size(); ++at) {
    if (text[at] != '%') {
      result += text[at] == '+' ? ' ' : text[at];
      continue;
    }
    if (text.size() - at < 3) return std::nullopt;
    const int high = digit_of(text[at + 1]);
    const int low = digit_of(text[at + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    result += static_cast<char>(high * 16 + low);
    at += 2;
  }
  return result;
}

}  // namespace

TokenGrant::Wildcard::Wildcard(std::string_view source) {
  for (const std::string_view piece : split(source, "*")) {
    Piece& texts = pieces_.emplace_back();
    for (const std::string_view part : split(piece, kVirtualHost)) {
      auto text = decoded(part);
      if (!text) {
        pieces_.clear();
        return;
      }
      texts.push_back(std::move(*text));
    }
  }
}

std::string_view TokenGrant::Wildcard::text_of(const Piece& piece, std::string_view virtual_host,
                                               std::string& joined) {
  if (piece.size() == 1) return piece.front();
  joined = piece.front();
  for (std::size_t index = 1; index != piece.size(); ++index)
    joined.append(virtual_host).append(piece[index]);
  return joined;
}

bool TokenGrant::Wildcard::matches(std::string_view text, std::string_view virtual_host) const {
  if (pieces_.empty()) return false;
  std::string joined;
  const std::string_view first = text_of(pieces_.front(), virtual_host, joined);
  if (!text.starts_with(first)) return false;
  std::size_t at = first.size();
  for (std::size_t index = 1; index != pieces_.size(); ++index) {
    const std::string_view piece = text_of(pieces_[index], virtual_host, joined);
    if (piece.empty() && index + 1 == pieces_.size()) return true;
    // Also for two stars at the end, where nothing is left for the first of them.
    if (at == text.size()) return false;
    const std::size_t found = text.find(piece, at);
    if (found == std::string_view::npos) return false;
    if (!piece.empty()) at = found + piece.size();
  }
  return at == text.size();
}

TokenGrant::TokenGrant(const std::vector<std::string>& scopes) {
  for (const std::string& scope : scopes)
    add(scope);
}

const std::shared_ptr<const TokenGrant>& TokenGrant::everything() {
  static const auto kEverything = std::make_shared<const TokenGrant>(std::vector<std::string>{
      "configure:*/*", "write:*/*", "read:*/*", "write:*/*/*", "read:*/*/*"});
  return kEverything;
}

void TokenGrant::add(const std::string& scope) {
  for (const auto& [prefix, permission] : kPermissions) {
    if (!scope.starts_with(prefix)) continue;
    const auto parts = split(std::string_view(scope).substr(prefix.size()), "/");
    if ((parts.size() != 2 && parts.size() != 3) || has_unknown_variable(scope)) return;
    std::optional<Wildcard> routing_key;
    if (parts.size() == 3) routing_key.emplace(parts[2]);
    scopes_.push_back(
        {scope, permission, Wildcard(parts[0]), Wildcard(parts[1]), std::move(routing_key)});
    return;
  }
}

bool TokenGrant::may_enter(std::string_view virtual_host) const {
  return std::any_of(scopes_.begin(), scopes_.end(),
                     [&](const Scope& scope) { return scope.is_of(virtual_host); });
}

bool TokenGrant::allows(Permission permission, std::string_view virtual_host,
                        std::string_view name) const {
  return std::any_of(scopes_.begin(), scopes_.end(), [&](const Scope& scope) {
    return scope.permission == permission && scope.is_of(virtual_host) &&
           scope.name.matches(name, virtual_host);
  });
}

bool TokenGrant::allows_topic(Permission permission, std::string_view virtual_host,
                              std::string_view exchange, std::string_view routing_key) const {
  return std::any_of(scopes_.begin(), scopes_.end(), [&](const Scope& scope) {
    return scope.permission == permission && scope.routing_key && scope.is_of(virtual_host) &&
           scope.name.matches(exchange, virtual_host) &&
           scope.routing_key->matches(routing_key, virtual_host);
  });
}

std::vector<std::string> TokenGrant::scopes() const {
  std::vector<std::string> sources;
  for (const Scope& scope : scopes_)
    sources.push_back(scope.source);
  return sources;
}

}  // namespace harrier::broker
