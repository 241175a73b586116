#include "auth/sasl_external.h"

#include "base/check.h"

namespace harrier::auth {
namespace {

std::string first_of(const std::vector<std::string>& names) {
  return names.empty() ? std::string() : names.front();
}

}  // namespace

std::string SaslExternal::name_in(const PeerCertificate& certificate, ExternalName from) {
  switch (from) {
    case ExternalName::kDistinguishedName: return certificate.subject_dn;
    case ExternalName::kCommonName: return certificate.common_name;
    case ExternalName::kSanDns: return first_of(certificate.dns_names);
    case ExternalName::kSanEmail: return first_of(certificate.emails);
    case ExternalName::kSanUri: return first_of(certificate.uris);
  }
  return {};
}

SaslOutcome SaslExternal::step(base::Bytes response, base::MonotonicTime) {
  const std::string name = name_in(*peer_.certificate, rules_.policy().external_name);
  if (name.empty()) return rules_.refuse({}, peer_, "the certificate has no name of that kind");
  if (!response.empty() && response != name)
    return rules_.refuse(name, peer_, "the client asks for a name that its certificate has not");
  const auto user = rules_.users().find(name);
  if (user == nullptr) return rules_.refuse(name, peer_, "no user of the certificate's name");
  return rules_.allow(*user, peer_);
}

SaslOutcome SaslExternal::resume(bool, base::MonotonicTime) {
  CHECK(false && "never asked for");
  return {};
}

}  // namespace harrier::auth
