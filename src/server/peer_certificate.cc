#include "server/peer_certificate.h"

#include <string>
#include <string_view>
#include <vector>

#include <openssl/bio.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

namespace harrier::server {
namespace {

bool is_whole(std::string_view text) {
  return !text.empty() && text.find('\0') == std::string_view::npos;
}

// As in RFC 4514: the last part first, special characters with a backslash, UTF-8 as it is.
std::string display(const X509_NAME* name) {
  const std::unique_ptr<BIO, decltype(&::BIO_free)> sink(::BIO_new(::BIO_s_mem()), &::BIO_free);
  if (!sink) return {};
  ::X509_NAME_print_ex(sink.get(), name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
  char* text = nullptr;
  const long size = ::BIO_ctrl(sink.get(), BIO_CTRL_INFO, 0, &text);
  return size > 0 ? std::string(text, static_cast<std::size_t>(size)) : std::string();
}

std::string text_of(const ASN1_STRING* value) {
  unsigned char* utf8 = nullptr;
  const int size = ::ASN1_STRING_to_UTF8(&utf8, value);
  if (size < 0) return {};
  std::string text(reinterpret_cast<const char*>(utf8), static_cast<std::size_t>(size));
  ::OPENSSL_free(utf8);
  return is_whole(text) ? text : std::string();
}

std::string common_name_of(const X509_NAME* name) {
  const int first = ::X509_NAME_get_index_by_NID(name, NID_commonName, -1);
  if (first < 0 || ::X509_NAME_get_index_by_NID(name, NID_commonName, first) >= 0) return {};
  return text_of(::X509_NAME_ENTRY_get_data(::X509_NAME_get_entry(name, first)));
}

void add_alternative_names(const X509& certificate, auth::PeerCertificate& found) {
  const std::unique_ptr<GENERAL_NAMES, decltype(&::GENERAL_NAMES_free)> names(
      static_cast<GENERAL_NAMES*>(
          ::X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr)),
      &::GENERAL_NAMES_free);
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    int kind = 0;
    const void* value = ::GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names.get(), i), &kind);
    std::vector<std::string>* list = kind == GEN_DNS     ? &found.dns_names
                                     : kind == GEN_EMAIL ? &found.emails
                                     : kind == GEN_URI   ? &found.uris
                                                         : nullptr;
    if (list == nullptr) continue;
    const auto* string = static_cast<const ASN1_IA5STRING*>(value);
    std::string text(reinterpret_cast<const char*>(::ASN1_STRING_get0_data(string)),
                     static_cast<std::size_t>(::ASN1_STRING_length(string)));
    if (is_whole(text)) list->push_back(std::move(text));
  }
}

}  // namespace

std::shared_ptr<const auth::PeerCertificate> peer_certificate_of(const x509_st& certificate) {
  auto found = std::make_shared<auth::PeerCertificate>();
  const X509_NAME* subject = ::X509_get_subject_name(&certificate);
  found->subject_dn = display(subject);
  found->common_name = common_name_of(subject);
  add_alternative_names(certificate, *found);
  return found;
}

}  // namespace harrier::server
