#include "server/tls_context.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <utility>

#include <sys/stat.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

namespace harrier::server {
namespace {

// A read takes up to four records from the socket at once.
constexpr std::size_t kReadBuffer = 64 << 10;
constexpr char kGroups[] = "X25519:P-256:P-384";
// Sessions of another program's tickets are not ours.
constexpr char kSessionContext[] = "harriermq";

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  // "mq.example.com." is the same name.
  if (lower.ends_with('.')) lower.pop_back();
  return lower;
}

// The newest entry is the outermost call's; the oldest says what went wrong.
std::string openssl_reason() {
  const unsigned long code = ::ERR_get_error();
  ::ERR_clear_error();
  const char* reason = ::ERR_reason_error_string(code);
  if (ERR_SYSTEM_ERROR(code)) return std::strerror(static_cast<int>(ERR_GET_REASON(code)));
  return reason == nullptr ? "unknown error" : reason;
}

std::string failure(const std::string& place, const std::string& why) {
  return "listeners.amqps: " + place + ": " + why;
}

// Without it OpenSSL would ask the terminal.
int no_passphrase(char*, int, int, void*) { return 0; }

// What the file lacks is said better by the system than by OpenSSL.
bool readable(const std::string& path, std::string& error) {
  if (::access(path.c_str(), R_OK) == 0) return true;
  error = failure(path, std::string("cannot be read: ") + std::strerror(errno));
  return false;
}

bool is_open_to_others(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && (status.st_mode & (S_IROTH | S_IWOTH)) != 0;
}

std::chrono::system_clock::time_point end_of(const X509* certificate) {
  std::tm end{};
  if (::ASN1_TIME_to_tm(::X509_get0_notAfter(certificate), &end) != 1) return {};
  return std::chrono::system_clock::from_time_t(::timegm(&end));
}

void harden(SSL_CTX* context, const TlsListenerOptions& options) {
  ::SSL_CTX_set_options(
      context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                   // AMQP says by itself when it is over: a missing close_notify is no news.
                   SSL_OP_IGNORE_UNEXPECTED_EOF);
  ::SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  ::SSL_CTX_set_read_ahead(context, 1);
  ::SSL_CTX_set_default_read_buffer_len(context, kReadBuffer);
  ::SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  ::SSL_CTX_set_session_id_context(context, reinterpret_cast<const unsigned char*>(kSessionContext),
                                   sizeof kSessionContext - 1);
  ::SSL_CTX_set_num_tickets(context, 1);
  ::SSL_CTX_set_timeout(context, std::chrono::seconds(TicketKeys::kLifetime).count());
  TicketKeys::serve(*context);
  ::SSL_CTX_set_min_proto_version(
      context, options.min_version == TlsVersionOption::kTls13 ? TLS1_3_VERSION : TLS1_2_VERSION);
  ::SSL_CTX_set_default_passwd_cb(context, no_passphrase);
}

bool set_ciphers(SSL_CTX* context, const TlsListenerOptions& options, std::string& error) {
  // OpenSSL's macro takes it as if it were written to.
  std::string groups(kGroups);
  if (::SSL_CTX_set1_groups_list(context, groups.data()) != 1) {
    error = failure("groups", openssl_reason());
  } else if (::SSL_CTX_set_cipher_list(context, options.ciphers.c_str()) != 1) {
    error = failure("ciphers", openssl_reason());
  } else if (::SSL_CTX_set_ciphersuites(context, options.ciphersuites.c_str()) != 1) {
    error = failure("ciphersuites", openssl_reason());
  }
  return error.empty();
}

// Only what the file holds is known: a list that is missing or out of date refuses everybody.
bool set_revocations(SSL_CTX* context, const std::string& path, std::string& error) {
  if (path.empty()) return true;
  if (!readable(path, error)) return false;
  X509_STORE* const store = ::SSL_CTX_get_cert_store(context);
  X509_LOOKUP* const lookup = ::X509_STORE_add_lookup(store, ::X509_LOOKUP_file());
  if (lookup == nullptr || ::X509_load_crl_file(lookup, path.c_str(), X509_FILETYPE_PEM) <= 0) {
    error = failure(path, openssl_reason());
    return false;
  }
  return ::X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK) == 1;
}

bool set_verification(SSL_CTX* context, const TlsListenerOptions& options, std::string& error) {
  if (options.verify == TlsVerifyOption::kNone) return true;
  if (!readable(options.ca_file, error)) return false;
  STACK_OF(X509_NAME)* names = ::SSL_load_client_CA_file(options.ca_file.c_str());
  if (names == nullptr ||
      ::SSL_CTX_load_verify_locations(context, options.ca_file.c_str(), nullptr) != 1) {
    error = failure(options.ca_file, openssl_reason());
    sk_X509_NAME_pop_free(names, ::X509_NAME_free);
    return false;
  }
  ::SSL_CTX_set_client_CA_list(context, names);
  ::SSL_CTX_set_verify_depth(context, static_cast<int>(options.depth));
  const bool required = options.verify == TlsVerifyOption::kRequire;
  ::SSL_CTX_set_verify(context, SSL_VERIFY_PEER | (required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0),
                       nullptr);
  return set_revocations(context, options.crl_file, error);
}

bool set_certificate(SSL_CTX* context, const TlsCertificateOptions& certificate,
                     std::string& error) {
  if (!readable(certificate.certificate_file, error) || !readable(certificate.key_file, error))
    return false;
  if (::SSL_CTX_use_certificate_chain_file(context, certificate.certificate_file.c_str()) != 1) {
    error = failure(certificate.certificate_file, openssl_reason());
  } else if (::SSL_CTX_use_PrivateKey_file(context, certificate.key_file.c_str(),
                                           SSL_FILETYPE_PEM) != 1 ||
             ::SSL_CTX_check_private_key(context) != 1) {
    error = failure(certificate.key_file, openssl_reason());
  }
  return error.empty();
}

// TLS 1.2 and 1.3 alike: an unknown name gets the default certificate, as RabbitMQ does it.
int choose_certificate(SSL* ssl, int*, void* argument) {
  const char* name = ::SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  if (name == nullptr) return SSL_TLSEXT_ERR_NOACK;
  SSL_CTX* found = static_cast<const TlsContext*>(argument)->find(name);
  if (found == nullptr) return SSL_TLSEXT_ERR_NOACK;
  ::SSL_set_SSL_CTX(ssl, found);
  return SSL_TLSEXT_ERR_OK;
}

}  // namespace

TlsContext::TlsContext(const TlsListenerOptions& options)
    : limits_{options.handshake_timeout, options.key_updates_per_minute_max} {}

TlsContext::~TlsContext() {
  ::SSL_CTX_free(default_);
  for (const auto& [name, context] : by_name_)
    ::SSL_CTX_free(context);
}

base::Result<std::shared_ptr<const TlsContext>> TlsContext::load(
    const TlsListenerOptions& options) {
  ::ERR_clear_error();
  std::string error;
  const std::shared_ptr<TlsContext> made(new TlsContext(options));
  made->default_ = made->make(options, {"", options.certificate_file, options.key_file}, error);
  if (made->default_ == nullptr) return base::fail(std::move(error));
  for (const TlsCertificateOptions& certificate : options.certificates) {
    ssl_ctx_st* context = made->make(options, certificate, error);
    if (context == nullptr) return base::fail(std::move(error));
    ssl_ctx_st*& place = made->by_name_[lower_case(certificate.server_name)];
    ::SSL_CTX_free(std::exchange(place, context));
  }
  // What the macro SSL_CTX_set_tlsext_servername_callback does, without its cast.
  ::SSL_CTX_callback_ctrl(made->default_, SSL_CTRL_SET_TLSEXT_SERVERNAME_CB,
                          reinterpret_cast<void (*)()>(choose_certificate));
  ::SSL_CTX_set_tlsext_servername_arg(made->default_, made.get());
  return std::shared_ptr<const TlsContext>(made);
}

ssl_ctx_st* TlsContext::make(const TlsListenerOptions& options,
                             const TlsCertificateOptions& certificate, std::string& error) {
  SSL_CTX* context = ::SSL_CTX_new(::TLS_server_method());
  if (context == nullptr) {
    error = failure("no context", openssl_reason());
    return nullptr;
  }
  harden(context, options);
  if (!set_ciphers(context, options, error) || !set_verification(context, options, error) ||
      !set_certificate(context, certificate, error)) {
    ::SSL_CTX_free(context);
    return nullptr;
  }
  expires_ = std::min(expires_, end_of(::SSL_CTX_get0_certificate(context)));
  if (is_open_to_others(certificate.key_file))
    warnings_.push_back(certificate.key_file + " can be read or written by every user");
  return context;
}

ssl_ctx_st* TlsContext::find(std::string_view server_name) const {
  const std::string name = lower_case(server_name);
  auto found = by_name_.find(name);
  const std::size_t dot = name.find('.');
  if (found == by_name_.end() && dot != std::string::npos && dot != 0)
    found = by_name_.find("*" + name.substr(dot));
  return found == by_name_.end() ? nullptr : found->second;
}

}  // namespace harrier::server
