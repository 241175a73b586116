// The files of the web page, as they are compiled in.
//
// Role:   the management listener answers requests outside /api/ from here; the files themselves
//         are in src/management/web, cmake/HarrierEmbed.cmake makes the source of these functions.
// Thread: immutable.
// Limits: as many files as the folder has; all of it is in the program's read-only memory.
#pragma once

#include <span>
#include <string_view>

namespace harrier::management {

// All views are valid for the program's life.
struct WebAsset {
  // Below the page's own address: "script/app.js".
  std::string_view path;
  std::string_view content_type;
  std::string_view content;
  // The same bytes for who accepts gzip, with an entity tag of their own, as RFC 9110 8.8.3 asks.
  std::string_view gzipped;
  // Strong, quoted: made of the content.
  std::string_view etag;
  std::string_view gzipped_etag;
};

// Ordered by path.
std::span<const WebAsset> web_assets();

// The file of a path that is percent-decoded and has no slash in front; "" is index.html. Null if
// there is none: nothing outside the folder can be named.
const WebAsset* find_asset(std::string_view path);

}  // namespace harrier::management
