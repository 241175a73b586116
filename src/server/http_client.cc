#include "server/http_client.h"

#include <memory>
#include <mutex>
#include <optional>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <curl/curl.h>

#include "base/check.h"

namespace harrier::server {
namespace {

struct CleanUp {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

std::optional<std::string> part_of(CURLU* url, CURLUPart part) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, 0) != CURLUE_OK) return std::nullopt;
  std::string result(text);
  curl_free(text);
  return result;
}

bool is_own_address(const std::string& host) {
  in_addr address{};
  const bool is_v4 = ::inet_pton(AF_INET, host.c_str(), &address) == 1;
  return host == "localhost" || host == "[::1]" ||
         (is_v4 && (ntohl(address.s_addr) >> 24) == IN_LOOPBACKNET);
}

// What a transfer writes to.
struct Body {
  std::string bytes;
  std::size_t size_max;

  static std::size_t add(char* bytes, std::size_t, std::size_t size, void* self) {
    auto& body = *static_cast<Body*>(self);
    if (size > body.size_max - body.bytes.size()) return 0;
    body.bytes.append(bytes, size);
    return size;
  }
};

int is_stopping(void* stopping, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<const std::atomic<bool>*>(stopping)->load() ? 1 : 0;
}

template <class Value>
void set(CURL* handle, CURLoption option, Value value) {
  CHECK(curl_easy_setopt(handle, option, value) == CURLE_OK);
}

using Handle = std::unique_ptr<CURL, CleanUp>;

// What every request has in common. REQUIRES that `body` and `stopping` outlive it.
Handle prepare(const HttpClient& client, Body& body, const std::atomic<bool>& stopping) {
  static std::once_flag once;
  std::call_once(once, [] { CHECK(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK); });
  Handle handle(curl_easy_init());
  CHECK(handle != nullptr);
  CURL* const curl = handle.get();
  const bool plain = client.url.starts_with("http:");
  set(curl, CURLOPT_URL, client.url.c_str());
  set(curl, CURLOPT_PROTOCOLS_STR, plain ? "http" : "https");
  if (plain) set(curl, CURLOPT_NOPROXY, "*");
  set(curl, CURLOPT_FOLLOWLOCATION, 0L);
  set(curl, CURLOPT_SSL_VERIFYPEER, 1L);
  set(curl, CURLOPT_SSL_VERIFYHOST, 2L);
  set(curl, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (!client.ca_file.empty()) {
    set(curl, CURLOPT_CAINFO, client.ca_file.c_str());
    set(curl, CURLOPT_CAPATH, static_cast<const char*>(nullptr));
  }
  set(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(client.timeout.count()));
  set(curl, CURLOPT_NOSIGNAL, 1L);
  set(curl, CURLOPT_USERAGENT, "HarrierMQ");
  set(curl, CURLOPT_WRITEFUNCTION, &Body::add);
  set(curl, CURLOPT_WRITEDATA, static_cast<void*>(&body));
  set(curl, CURLOPT_NOPROGRESS, 0L);
  set(curl, CURLOPT_XFERINFOFUNCTION, &is_stopping);
  // libcurl takes what is given back to a function as it is: nothing is written through it.
  set(curl, CURLOPT_XFERINFODATA, const_cast<void*>(static_cast<const void*>(&stopping)));
  return handle;
}

base::Status<> perform(CURL* curl, std::size_t size_max, long last_good_status) {
  const CURLcode code = curl_easy_perform(curl);
  if (code == CURLE_WRITE_ERROR)
    return base::fail("the answer is longer than " + std::to_string(size_max) + " bytes");
  if (code != CURLE_OK) return base::fail(std::string(curl_easy_strerror(code)));
  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  if (status < 200 || status > last_good_status)
    return base::fail("the answer's status is " + std::to_string(status));
  return base::Done{};
}

}  // namespace

base::Status<> HttpClient::check() const {
  const std::unique_ptr<CURLU, CleanUp> parsed(curl_url());
  CHECK(parsed != nullptr);
  if (curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK)
    return base::fail("'" + url + "' is no URL");
  const auto scheme = part_of(parsed.get(), CURLUPART_SCHEME);
  const auto host = part_of(parsed.get(), CURLUPART_HOST);
  if (!scheme || !host) return base::fail("'" + url + "' is no URL");
  if (*scheme == "https") return base::Done{};
  if (*scheme == "http" && (plain_anywhere || is_own_address(*host))) return base::Done{};
  return base::fail("'" + url + "' is not https");
}

base::Result<std::string> HttpClient::get(const std::atomic<bool>& stopping) const {
  if (auto fine = check(); !fine) return base::fail(fine.error());
  Body body{{}, size_max};
  const Handle curl = prepare(*this, body, stopping);
  if (auto done = perform(curl.get(), size_max, 200); !done) return base::fail(done.error());
  return std::move(body.bytes);
}

base::Status<> HttpClient::post_json(const std::string& document,
                                     const std::atomic<bool>& stopping) const {
  if (auto fine = check(); !fine) return base::fail(fine.error());
  Body body{{}, size_max};
  const Handle curl = prepare(*this, body, stopping);
  const std::unique_ptr<curl_slist, CleanUp> fields(
      curl_slist_append(nullptr, "Content-Type: application/json"));
  CHECK(fields != nullptr);
  set(curl.get(), CURLOPT_HTTPHEADER, fields.get());
  set(curl.get(), CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(document.size()));
  set(curl.get(), CURLOPT_POSTFIELDS, document.data());
  return perform(curl.get(), size_max, 299);
}

}  // namespace harrier::server
