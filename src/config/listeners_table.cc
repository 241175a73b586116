// listeners.*
#include <set>

#include "config/options_table.h"
#include "config/row.h"

namespace harrier::config {
namespace {

using std::chrono::milliseconds;

void check_certificate(Section& section, const TlsCertificateOptions& certificate) {
  if (certificate.server_name.empty()) section.error(nullptr, "a certificate needs a server_name");
  if (certificate.certificate_file.empty() || certificate.key_file.empty())
    section.error(nullptr, "a certificate_file and a key_file are needed");
}

Table certificate_table() {
  using O = TlsCertificateOptions;
  return table<O>(
      at_reload({
          text("server_name", &O::server_name,
               {"The name clients ask for: mq.example.com, or *.example.com for one label.",
                "Clients that ask for another name, or none, get the listener's certificate."})
              .is_needed(),
          path("certificate_file", &O::certificate_file,
               {"PEM: the certificate, its intermediates behind it.",
                "What it holds is read again at a reload."})
              .is_needed(),
          path("key_file", &O::key_file,
               {"PEM, without a passphrase.", "Others should not be able to read it."})
              .is_needed(),
      }),
      check_certificate);
}

void check_tls(Section& section, const TlsListenerOptions& tls) {
  if (tls.enabled && (tls.certificate_file.empty() || tls.key_file.empty()))
    section.error("enabled", "a certificate_file and a key_file are needed");
  if (tls.verify != TlsVerifyOption::kNone && tls.ca_file.empty())
    section.error("verify", "a ca_file is needed: whom else to believe?");
  std::set<std::string> names;
  for (const TlsCertificateOptions& certificate : tls.certificates)
    if (!names.insert(certificate.server_name).second)
      section.error("certificates", "'" + certificate.server_name + "' stands twice");
}

std::vector<Key> tls_place() {
  using O = TlsListenerOptions;
  return {
      boolean("enabled", &O::enabled,
              {"Whether AMQP over TLS is served; certificate_file and key_file are needed.",
               "Off, because there is no certificate yet."}),
      address("bind", &O::bind,
              {"Where AMQP over TLS is served; 0.0.0.0 for all addresses.",
               "Loopback only, because the first user is guest."}),
      integer("port", &O::port, 0, 65535,
              {"TCP port; 0: any free port, printed at start.", "AMQP's own number for TLS."}),
  };
}

std::vector<Key> tls_files() {
  using O = TlsListenerOptions;
  return {
      path("certificate_file", &O::certificate_file,
           {"PEM: the certificate, its intermediates behind it; needed if enabled.",
            "What it holds is read again at a reload."}),
      path("key_file", &O::key_file,
           {"PEM, without a passphrase; needed if enabled.",
            "Others should not be able to read it."}),
      path("ca_file", &O::ca_file,
           {"PEM: authorities that may have signed clients' certificates; needed unless verify is "
            "none.",
            "The system's authorities are not asked: they vouch for strangers."}),
      choice<O, TlsVerifyOption>(
          "verify", &O::verify,
          {{"none", TlsVerifyOption::kNone},
           {"request", TlsVerifyOption::kRequest},
           {"require", TlsVerifyOption::kRequire}},
          {"none: clients show no certificate; request: one that is shown must be good; require: "
           "without a good one there is no connection.",
           "Most clients have a password only."}),
      integer("depth", &O::depth, 0, 100,
              {"Intermediates between a client's certificate and ca_file; with more the handshake "
               "fails.",
               "More than three is rare."}),
  };
}

std::vector<Key> tls_handshake() {
  using O = TlsListenerOptions;
  return {
      choice<O, TlsVersionOption>(
          "min_version", &O::min_version,
          {{"1.2", TlsVersionOption::kTls12}, {"1.3", TlsVersionOption::kTls13}},
          {"The oldest version of TLS that is spoken.", "Older clients know no 1.3."}),
      text("ciphers", &O::ciphers,
           {"OpenSSL's list for TLS 1.2, best first.",
            "Forward secrecy and authenticated encryption only."},
           4096),
      text("ciphersuites", &O::ciphersuites,
           {"OpenSSL's list for TLS 1.3, best first.", "All but CCM, which is for small devices."},
           4096),
      duration("handshake_timeout", &O::handshake_timeout, milliseconds(1), kSpanMax,
               {"From the first byte to the end of the TLS handshake; then the socket is closed.",
                "A handshake takes two round trips."}),
      integer("handshakes_per_second_max", &O::handshakes_per_second_max, 1, 1'000'000,
              {"Handshakes begun in a second; more wait in the kernel's backlog.",
               "Each costs up to a millisecond of CPU."}),
      integer(
          "key_updates_per_minute_max", &O::key_updates_per_minute_max, 1, 1'000'000,
          {"A client that has its keys renewed more often is cut off.", "It wants our time only."}),
      list<O, TlsCertificateOptions>(
          "certificates", &O::certificates, certificate_table(),
          {"More certificates, chosen by the name a client asks for (SNI).",
           "One is enough for one name."}),
  };
}

Table amqps_table() {
  std::vector<Key> keys = tls_place();
  for (Key& key : at_reload(tls_files()))
    keys.push_back(std::move(key));
  for (Key& key : at_reload(tls_handshake()))
    keys.push_back(std::move(key));
  return table<TlsListenerOptions>(std::move(keys), check_tls);
}

Table amqp_table() {
  using O = ListenerOptions;
  return table<O>({
      address(
          "bind", &O::bind,
          {"Where AMQP is served: an IP address of this machine; 0.0.0.0 for all, :: for all of "
           "IPv6 and IPv4.",
           "Loopback only, because the first user is guest."}),
      integer("port", &O::port, 0, 65535,
              {"TCP port; 0: any free port, printed at start.", "AMQP's own number."}),
  });
}

}  // namespace

Table listeners_table() {
  return table<Options>({
      section("amqp", &Options::amqp, amqp_table(), {"AMQP without encryption.", ""}),
      section("amqps", &Options::amqps, amqps_table(),
              {"AMQP over TLS 1.2 and 1.3; see docs/operations/tls.md.", ""}),
  });
}

}  // namespace harrier::config
