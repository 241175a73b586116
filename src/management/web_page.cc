#include "management/web_page.h"

#include <string_view>
#include <utility>

#include "http/gzip.h"
#include "management/web_assets.h"

namespace harrier::management {
namespace {

using http::Response;

std::string joined(const std::vector<std::string>& segments) {
  std::string path;
  for (const std::string& segment : segments) {
    if (!path.empty()) path.push_back('/');
    path.append(segment);
  }
  return path;
}

// Whether a list of entity tags has `etag`; compared weakly, as If-None-Match asks.
bool names(std::string_view list, std::string_view etag) {
  while (!list.empty()) {
    const auto comma = std::min(list.find(','), list.size());
    std::string_view one = list.substr(0, comma);
    list.remove_prefix(std::min(comma + 1, list.size()));
    while (!one.empty() && (one.front() == ' ' || one.front() == '\t'))
      one.remove_prefix(1);
    while (!one.empty() && (one.back() == ' ' || one.back() == '\t'))
      one.remove_suffix(1);
    if (one.starts_with("W/")) one.remove_prefix(2);
    if (one == etag || one == "*") return true;
  }
  return false;
}

// "tools/" for "/mq/tools": below whatever a proxy has put in front.
Response with_a_slash(std::string_view path) {
  Response response;
  response.status = 301;
  response.set("location", std::string(path.substr(path.rfind('/') + 1)) + "/");
  return response;
}

}  // namespace

std::optional<Response> web_page(const http::Request& request,
                                 const std::vector<std::string>& segments) {
  if (request.method != "GET" && request.method != "HEAD") return std::nullopt;
  const std::string_view path = request.target.path;
  if (segments.empty() != path.ends_with('/')) {
    if (segments.empty() && path.starts_with('/')) return with_a_slash(path);
    return std::nullopt;
  }
  const WebAsset* const asset = find_asset(joined(segments));
  if (asset == nullptr) return std::nullopt;

  const std::string* const accept = request.find("accept-encoding");
  const bool gzip = accept != nullptr && http::accepts_gzip(*accept);
  const std::string_view etag = gzip ? asset->gzipped_etag : asset->etag;
  Response response;
  response.set("etag", std::string(etag));
  const std::string* const known = request.find("if-none-match");
  if (known != nullptr && names(*known, etag)) {
    response.status = 304;
    return response;
  }
  response.set("content-type", std::string(asset->content_type));
  if (gzip) response.set("content-encoding", "gzip");
  response.body = gzip ? asset->gzipped : asset->content;
  // It is as small as it gets already, or is not to be.
  response.compress = false;
  return response;
}

}  // namespace harrier::management
