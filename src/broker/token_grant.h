// What the scopes of a token allow: RabbitMQ's rules for OAuth 2.
//
// Role:   hangs on the Actor of a connection that logged in with a token, and is asked by
//         AccessControl in place of its rules. A renewed token brings another Actor.
// Model:  a scope is <permission>:<virtual host>/<name>[/<routing key>], each part a pattern: text
//         and *, percent-encoded, + for a space. Patterns match as RabbitMQ's do: from the left,
//         each piece behind a * at its first place, without a second try. So a*b is in "acb", but
//         not in "abcb". Scopes that are none of these are left out; one that cannot be decoded
//         matches nothing. {vhost} stands for the virtual host that is asked about; a scope with
//         other braces is left out: they stand for a claim that the token has not.
//         The virtual host may be entered if any scope names it. Topic exchanges are asked for
//         twice, for the exchange and for the key; a scope without a routing key has no key.
// Thread: immutable.
// Cost:   each question walks all scopes (auth::TokenPolicy::kScopesMax).
// Spec:   docs/operations/oauth2.md.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "broker/permission.h"

namespace harrier::broker {

class TokenGrant {
 public:
  // Without the prefix of the resource server.
  explicit TokenGrant(const std::vector<std::string>& scopes);
  // For who is no user and is denied nothing: an import of definitions, operators on the machine.
  static const std::shared_ptr<const TokenGrant>& everything();

  bool may_enter(std::string_view virtual_host) const;
  bool allows(Permission permission, std::string_view virtual_host, std::string_view name) const;
  bool allows_topic(Permission permission, std::string_view virtual_host, std::string_view exchange,
                    std::string_view routing_key) const;
  // Those that mean something: made of them a grant allows the same.
  std::vector<std::string> scopes() const;

 private:
  class Wildcard {
   public:
    explicit Wildcard(std::string_view source);
    bool matches(std::string_view text, std::string_view virtual_host) const;

   private:
    // Texts with the virtual host between each two.
    using Piece = std::vector<std::string>;

    // `joined` holds the text if it has to be made.
    static std::string_view text_of(const Piece& piece, std::string_view virtual_host,
                                    std::string& joined);

    std::vector<Piece> pieces_;  // between stars; none: matches nothing
  };
  struct Scope {
    bool is_of(std::string_view asked) const { return virtual_host.matches(asked, asked); }

    std::string source;
    Permission permission;
    Wildcard virtual_host;
    Wildcard name;
    std::optional<Wildcard> routing_key;
  };

  void add(const std::string& scope);

  std::vector<Scope> scopes_;
};

}  // namespace harrier::broker
