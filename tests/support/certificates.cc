#include "support/certificates.h"

#include <cstdio>
#include <utility>

#include <sys/stat.h>

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

namespace harrier::test {
namespace {

void add_name(X509_NAME* name, const char* part, const std::string& text) {
  if (text.empty()) return;
  EXPECT_EQ(::X509_NAME_add_entry_by_txt(name, part, MBSTRING_UTF8,
                                         reinterpret_cast<const unsigned char*>(text.data()),
                                         static_cast<int>(text.size()), -1, 0),
            1);
}

void add_extension(X509* certificate, int kind, const std::string& text) {
  X509_EXTENSION* extension = ::X509V3_EXT_conf_nid(nullptr, nullptr, kind, text.c_str());
  ASSERT_NE(extension, nullptr) << text;
  ::X509_add_ext(certificate, extension, -1);
  ::X509_EXTENSION_free(extension);
}

X509* make(EVP_PKEY* key, const CertificateWish& wish) {
  static long serial = 0;
  X509* certificate = ::X509_new();
  ::X509_set_version(certificate, 2);
  ::ASN1_INTEGER_set(::X509_get_serialNumber(certificate), ++serial);
  ::X509_gmtime_adj(::X509_getm_notBefore(certificate), -60 * 60);
  ::X509_time_adj_ex(::X509_getm_notAfter(certificate), wish.days, 0, nullptr);
  ::X509_set_pubkey(certificate, key);
  add_name(::X509_get_subject_name(certificate), "O", wish.organization);
  add_name(::X509_get_subject_name(certificate), "CN", wish.common_name);
  if (!wish.alternative_names.empty())
    add_extension(certificate, NID_subject_alt_name, wish.alternative_names);
  return certificate;
}

template <class Write>
void write_file(const std::string& path, Write&& write) {
  std::FILE* file = std::fopen(path.c_str(), "w");
  ASSERT_NE(file, nullptr) << path;
  EXPECT_EQ(write(file), 1);
  EXPECT_EQ(::fchmod(::fileno(file), 0600), 0);
  std::fclose(file);
}

void write_certificate(const std::string& path, X509* certificate) {
  write_file(path, [&](std::FILE* file) { return ::PEM_write_X509(file, certificate); });
}

}  // namespace

CertificateAuthority::CertificateAuthority(std::string folder, const std::string& name)
    : folder_(std::move(folder)),
      file_(folder_ + "/" + name + ".pem"),
      key_(::EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256")),
      certificate_(make(key_, {.common_name = name})) {
  ::X509_set_issuer_name(certificate_, ::X509_get_subject_name(certificate_));
  add_extension(certificate_, NID_basic_constraints, "critical,CA:TRUE");
  EXPECT_GT(::X509_sign(certificate_, key_, ::EVP_sha256()), 0);
  write_certificate(file_, certificate_);
}

CertificateAuthority::~CertificateAuthority() {
  ::X509_free(certificate_);
  ::EVP_PKEY_free(key_);
}

CertificateFiles CertificateAuthority::issue(const std::string& name,
                                             const CertificateWish& wish) const {
  CertificateFiles files{folder_ + "/" + name + ".pem", folder_ + "/" + name + ".key"};
  EVP_PKEY* key = ::EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256");
  X509* certificate = make(key, wish);
  ::X509_set_issuer_name(certificate, ::X509_get_subject_name(certificate_));
  EXPECT_GT(::X509_sign(certificate, key_, ::EVP_sha256()), 0);
  write_certificate(files.certificate, certificate);
  write_file(files.key, [&](std::FILE* file) {
    return ::PEM_write_PrivateKey(file, key, nullptr, nullptr, 0, nullptr, nullptr);
  });
  ::X509_free(certificate);
  ::EVP_PKEY_free(key);
  return files;
}

}  // namespace harrier::test
