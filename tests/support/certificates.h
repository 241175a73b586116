// Certificates made for a test, on the disk as PEM.
//
// Role:   an authority signs; what it signs is for servers and clients alike.
// Thread: compatible.
#pragma once

#include <memory>
#include <string>
#include <vector>

struct evp_pkey_st;
struct x509_st;

namespace harrier::test {

struct CertificateFiles {
  std::string certificate;
  std::string key;
};

struct CertificateWish {
  std::string common_name = "localhost";
  std::string organization;
  // As openssl.cnf has them: "DNS:localhost,email:a@b". Empty: none.
  std::string alternative_names;
  int days = 90;
};

class CertificateAuthority {
 public:
  // Its own certificate is `folder`/`name`.pem.
  CertificateAuthority(std::string folder, const std::string& name);
  ~CertificateAuthority();

  // `folder`/`name`.pem and `name`.key, readable to the owner only.
  CertificateFiles issue(const std::string& name, const CertificateWish& wish) const;
  const std::string& file() const { return file_; }

 private:
  std::string folder_;
  std::string file_;
  evp_pkey_st* key_ = nullptr;
  x509_st* certificate_ = nullptr;
};

}  // namespace harrier::test
