#include "server/tls_certificates.h"

#include <ctime>
#include <utility>

#include "base/log.h"

namespace harrier::server {
namespace {

std::string display(std::chrono::system_clock::time_point when) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(when);
  std::tm parts{};
  char text[32] = "";
  if (::gmtime_r(&seconds, &parts) != nullptr)
    std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

}  // namespace

base::Status<> TlsCertificates::load(const TlsListenerOptions& options) {
  auto loaded = TlsContext::load(options);
  if (!loaded) return base::fail(std::move(loaded).error());
  const std::shared_ptr<const TlsContext> context = std::move(loaded).value();
  const std::string end = display(context->expires());
  base::log_info("tls", "certificates read", {{"expires", end}});
  for (const std::string& warning : context->warnings())
    base::log_warning("tls", warning);
  if (context->expires() < clock_.now().wall + kExpiresSoon)
    base::log_warning("tls", "a certificate has ended or ends soon", {{"expires", end}});
  const std::lock_guard lock(mutex_);
  current_ = context;
  return base::Done();
}

std::shared_ptr<const TlsContext> TlsCertificates::current() const {
  const std::lock_guard lock(mutex_);
  return current_;
}

}  // namespace harrier::server
