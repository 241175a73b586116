// listeners.*
#include <array>
#include <charconv>
#include <cstdio>
#include <set>

#include "base/ip_prefix.h"
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
  if (tls.verify == TlsVerifyOption::kNone && !tls.crl_file.empty())
    section.error("crl_file", "verify is none: nobody shows a certificate");
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
      path("crl_file", &O::crl_file,
           {"PEM: certificate revocation lists of the authorities that sign clients' certificates. "
            "A "
            "client whose certificate is on one is refused, and every client of an authority "
            "without "
            "a current list. Empty: nothing is asked.",
            "What it holds is read again at a reload."}),
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

// Each is compared with the address of every client that connects.
constexpr std::size_t kTrustedProxiesMax = 256;

void check_proxy_protocol(Section& section, const ProxyProtocolOptions& proxy) {
  for (const std::string& prefix : proxy.trusted)
    if (const auto parsed = base::IpPrefix::parse(prefix); !parsed)
      section.error("trusted", parsed.error().message);
  if (proxy.trusted.size() > kTrustedProxiesMax)
    section.error("trusted", "more than " + std::to_string(kTrustedProxiesMax));
  if (proxy.required && proxy.trusted.empty())
    section.error("required", "with nobody trusted, nobody could connect");
}

Table proxy_protocol_table() {
  using O = ProxyProtocolOptions;
  return table<O>(
      {
          text_list(
              "trusted", &O::trusted,
              {"Addresses and prefixes (10.0.0.0/8) of proxies, at most 256, whose connections "
               "begin with a PROXY protocol header that is believed.",
               "A header from anybody else could claim any address."}),
          boolean("required", &O::required,
                  {"Whether everybody else is refused.", "Clients may come without the proxy."}),
      },
      check_proxy_protocol);
}

// What the system takes for a Unix domain socket (unix(7)).
constexpr std::size_t kUnixPathSizeMax = 107;

void read_mode(Section& section, UnixListenerOptions& options) {
  std::string digits;
  section.text("mode", digits, 8);
  if (!section.has("mode")) return;
  std::uint32_t mode = 0;
  const char* const end = digits.data() + digits.size();
  const auto parsed = std::from_chars(digits.data(), end, mode, 8);
  if (parsed.ec != std::errc() || parsed.ptr != end || mode > 0777) {
    section.error("mode", "'" + digits + "' are no permission bits, such as 0660");
  } else {
    options.mode = mode;
  }
}

std::string mode_text(const UnixListenerOptions& options) {
  std::array<char, 8> digits{};
  std::snprintf(digits.data(), digits.size(), "0%o", options.mode);
  return yaml_text(digits.data());
}

}  // namespace

Table unix_table(About path_about) {
  using O = UnixListenerOptions;
  Key path = text("path", &O::path, std::move(path_about), kUnixPathSizeMax);
  return table<O>(
      {std::move(path), leaf<O>("mode", "octal permission bits, up to 0777", read_mode, mode_text,
                                {"The file's permission bits: who may write to it may connect.",
                                 "The broker's own user and group."})},
      [](Section& section, const O& options) {
        if (options.path.find('\0') != std::string::npos) section.error("path", "that is no path");
      });
}

Table tls_table(std::vector<Key> place) {
  for (Key& key : at_reload(tls_files()))
    place.push_back(std::move(key));
  for (Key& key : at_reload(tls_handshake()))
    place.push_back(std::move(key));
  return table<TlsListenerOptions>(std::move(place), check_tls);
}

namespace {

Table amqps_table() {
  std::vector<Key> keys = tls_place();
  keys.push_back(section("proxy_protocol", &TlsListenerOptions::proxy_protocol,
                         proxy_protocol_table(), {"The header comes before TLS.", ""}));
  return tls_table(std::move(keys));
}

Table amqp_table() {
  using O = ListenerOptions;
  return table<O>({
      address(
          "bind", &O::bind,
          {"Where AMQP is served: an IP address of this machine; 0.0.0.0 for all, :: for all of "
           "IPv6 and IPv4, or of IPv4 where there is no IPv6.",
           "Loopback only, because the first user is guest."}),
      integer("port", &O::port, 0, 65535,
              {"TCP port; 0: any free port, printed at start.", "AMQP's own number."}),
      section("proxy_protocol", &O::proxy_protocol, proxy_protocol_table(),
              {"Clients' addresses told by proxies; see docs/operations/listeners.md.", ""}),
  });
}

}  // namespace

Table listeners_table() {
  return table<Options>({
      section("amqp", &Options::amqp, amqp_table(), {"AMQP without encryption.", ""}),
      section("amqps", &Options::amqps, amqps_table(),
              {"AMQP over TLS 1.2 and 1.3; see docs/operations/tls.md.", ""}),
      section(
          "unix", &Options::unix_socket,
          unix_table({"The file of a Unix domain socket on which AMQP is served; none if empty.",
                      "See docs/operations/listeners.md."}),
          {"AMQP for processes of this machine.", ""}),
  });
}

}  // namespace harrier::config
