#include "management/login.h"

#include <algorithm>
#include <utility>

#include <unistd.h>

#include <grp.h>

#include "auth/digest.h"
#include "broker/token_grant.h"
#include "server/login_sources.h"
#include "server/password_workers.h"

namespace harrier::management {
namespace {

constexpr const char* kProtocol = "HTTP";

auth::Peer peer_of(const http::Peer& from) {
  auth::Peer peer;
  peer.address = from.process ? "unix:uid=" + std::to_string(from.process->user) : from.address;
  peer.port = from.port;
  peer.loopback = from.loopback;
  peer.encrypted = from.encrypted;
  if (from.process) peer.process = from.process->id;
  return peer;
}

struct Credentials {
  std::string mechanism;
  std::string response;
};

std::optional<std::string> behind_scheme(std::string_view value, std::string_view scheme) {
  if (value.size() <= scheme.size() || value[scheme.size()] != ' ') return std::nullopt;
  for (std::size_t at = 0; at != scheme.size(); ++at)
    if ((value[at] | 0x20) != scheme[at]) return std::nullopt;
  value.remove_prefix(scheme.size());
  value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
  return std::string(value);
}

std::optional<Credentials> credentials_of(const std::string& authorization) {
  if (auto token = behind_scheme(authorization, "bearer")) {
    if (token->find('\x01') != std::string::npos) return std::nullopt;
    return Credentials{"OAUTHBEARER",
                       "n,,\x01"
                       "auth=Bearer " +
                           *token + "\x01\x01"};
  }
  const auto encoded = behind_scheme(authorization, "basic");
  if (!encoded) return std::nullopt;
  const auto decoded = auth::from_base64(*encoded);
  if (!decoded) return std::nullopt;
  const std::size_t colon = decoded->find(':');
  if (colon == std::string::npos) return std::nullopt;
  std::string response(1, '\0');
  response.append(*decoded, 0, colon).push_back('\0');
  response.append(*decoded, colon + 1);
  return Credentials{"PLAIN", std::move(response)};
}

}  // namespace

struct Login::Conversation {
  const Login& login;
  http::Waiter& waiter;
  auth::Peer peer;
  std::string mechanism;
  std::unique_ptr<auth::SaslExchange> exchange;
  Done done;
};

base::Status<> Login::set_group(const std::string& name) {
  if (name.empty()) return base::Done();
  const group* const found = ::getgrnam(name.c_str());
  if (found == nullptr)
    return base::fail("management.administrators_group: no group '" + name + "'");
  group_ = found->gr_gid;
  return base::Done();
}

std::shared_ptr<const Visitor> Login::local_visitor(const http::Peer& peer) const {
  if (!peer.process) return nullptr;
  const auto& [id, user, groups] = *peer.process;
  const bool member = group_ && std::find(groups.begin(), groups.end(), *group_) != groups.end();
  if (user != 0 && user != ::geteuid() && !member) return nullptr;
  broker::Actor actor;
  actor.user = "local:" + std::to_string(user);
  actor.tags = {"administrator"};
  actor.protocol = kProtocol;
  actor.peer = peer_of(peer).display();
  actor.grant = broker::TokenGrant::everything();
  return std::make_shared<const Visitor>(std::move(actor));
}

void Login::run(const http::Request& request, http::Waiter& waiter, Done done) const {
  const std::string* const authorization = request.find("authorization");
  if (authorization == nullptr) {
    auto local = local_visitor(request.peer);
    const LoginResult result = local ? LoginResult::kAccepted : LoginResult::kMissing;
    if (local) count(peer_of(request.peer), local->actor().user, true);
    return done(result, std::move(local));
  }
  const auto credentials = credentials_of(*authorization);
  if (!node_.ready()) return done(LoginResult::kRefused, nullptr);
  const auth::Peer peer = peer_of(request.peer);
  std::unique_ptr<auth::SaslExchange> exchange;
  if (credentials) exchange = node_.authenticator().begin(credentials->mechanism, peer);
  if (exchange == nullptr) {
    count(peer, {}, false);
    return done(LoginResult::kRefused, nullptr);
  }
  const auto conversation = std::make_shared<Conversation>(Conversation{
      *this, waiter, peer, credentials->mechanism, std::move(exchange), std::move(done)});
  take(conversation, conversation->exchange->step(credentials->response, clock_.now().monotonic));
}

void Login::count(const auth::Peer& peer, const std::string& user, bool accepted) const {
  server::LoginSources* const sources = node_.login_sources();
  if (sources != nullptr) sources->note(peer, user, "http", accepted);
}

void Login::take(const std::shared_ptr<Conversation>& conversation,
                 auth::SaslOutcome outcome) const {
  using Kind = auth::SaslOutcome::Kind;
  const auto resume = [conversation](bool ran) {
    const Login& login = conversation->login;
    login.take(conversation, conversation->exchange->resume(ran, login.clock_.now().monotonic));
  };
  server::PasswordWorkers& workers = node_.password_workers();
  const std::string address = conversation->peer.address;
  if (outcome.kind == Kind::kWork) {
    return workers.submit(address, std::move(outcome.work), [conversation, resume](bool ran) {
      conversation->waiter.post_from_any_thread([resume, ran] { resume(ran); });
    });
  }
  if (outcome.kind == Kind::kWait) {
    const auto span = outcome.until - clock_.now().monotonic;
    return conversation->waiter.after(std::max(span, base::Milliseconds(0)),
                                      [resume] { resume(true); });
  }
  const bool accepted = outcome.kind == Kind::kAccepted;
  node_.note_login(conversation->peer, conversation->mechanism, outcome.identity.user,
                   accepted                 ? ""
                   : outcome.reason.empty() ? "malformed"
                                            : outcome.reason);
  count(conversation->peer, outcome.identity.user, accepted);
  if (!accepted) return conversation->done(LoginResult::kRefused, nullptr);
  if (outcome.work) workers.submit(address, std::move(outcome.work), [](bool) {});
  broker::Actor actor;
  actor.user = outcome.identity.user;
  actor.tags = std::move(outcome.identity.tags);
  actor.protocol = kProtocol;
  actor.peer = conversation->peer.display();
  if (outcome.identity.token)
    actor.grant = std::make_shared<broker::TokenGrant>(outcome.identity.token->scopes);
  conversation->done(LoginResult::kAccepted, std::make_shared<const Visitor>(std::move(actor)));
}

}  // namespace harrier::management
