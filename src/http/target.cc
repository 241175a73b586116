#include "http/target.h"

#include <algorithm>

namespace harrier::http {
namespace {

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool is_unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

// "http://host/path" is a path, too (RFC 9112 section 3.2.2).
std::string_view without_authority(std::string_view text) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!text.starts_with(scheme)) continue;
    const std::size_t slash = text.find('/', scheme.size());
    return slash == std::string_view::npos ? std::string_view("/") : text.substr(slash);
  }
  return text;
}

bool split_path(std::string_view path, std::vector<std::string>& segments) {
  path.remove_prefix(std::min(path.find_first_not_of('/'), path.size()));
  if (path.ends_with('/')) path.remove_suffix(1);
  while (!path.empty()) {
    const std::size_t slash = path.find('/');
    auto segment = percent_decoded(path.substr(0, slash));
    if (!segment || segments.size() == Target::kSegmentsMax) return false;
    segments.push_back(*std::move(segment));
    if (slash == std::string_view::npos) return true;
    path.remove_prefix(slash + 1);
    // What stands between two slashes is a segment without a name.
    if (path.empty()) segments.emplace_back();
  }
  return true;
}

bool split_query(std::string_view text, Target& target) {
  std::size_t fields = 0;
  while (!text.empty()) {
    const std::size_t end = text.find('&');
    const std::string_view field = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (field.empty()) continue;
    if (++fields > Target::kFieldsMax) return false;
    const std::size_t equals = field.find('=');
    auto name = percent_decoded(field.substr(0, equals), true);
    auto value = equals == std::string_view::npos ? std::optional<std::string>("")
                                                  : percent_decoded(field.substr(equals + 1), true);
    if (!name || !value) return false;
    target.query.emplace_back(*std::move(name), *std::move(value));
  }
  return true;
}

}  // namespace

std::optional<std::string> percent_decoded(std::string_view text, bool plus_is_space) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t at = 0; at != text.size(); ++at) {
    const char c = text[at];
    if (c == '+' && plus_is_space) {
      decoded.push_back(' ');
    } else if (c != '%') {
      decoded.push_back(c);
    } else {
      if (text.size() - at < 3) return std::nullopt;
      const int high = digit_of(text[at + 1]);
      const int low = digit_of(text[at + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      decoded.push_back(static_cast<char>(high * 16 + low));
      at += 2;
    }
  }
  return decoded;
}

std::string percent_encoded(std::string_view text) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string encoded;
  encoded.reserve(text.size());
  for (const char c : text) {
    if (is_unreserved(c)) {
      encoded.push_back(c);
    } else {
      const auto octet = static_cast<unsigned char>(c);
      encoded.push_back('%');
      encoded.push_back(kDigits[octet >> 4]);
      encoded.push_back(kDigits[octet & 15]);
    }
  }
  return encoded;
}

std::optional<Target> Target::parse(std::string_view text) {
  text = without_authority(text);
  text = text.substr(0, text.find('#'));
  Target target;
  if (text == "*") {
    target.path = text;
    return target;
  }
  if (!text.starts_with('/')) return std::nullopt;
  const std::size_t question = text.find('?');
  target.path = std::string(text.substr(0, question));
  if (!split_path(target.path, target.segments)) return std::nullopt;
  if (question != std::string_view::npos && !split_query(text.substr(question + 1), target))
    return std::nullopt;
  return target;
}

}  // namespace harrier::http
