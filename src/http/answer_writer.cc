#include "http/answer_writer.h"

#include <array>
#include <charconv>

#include <boost/beast/http/status.hpp>

namespace harrier::http {
namespace {

constexpr const char* kEnd = "\r\n";

// Nothing that a client chose can begin another field.
void append_value(std::string& to, std::string_view value) {
  for (const char c : value)
    to.push_back(static_cast<unsigned char>(c) < ' ' || c == '\x7f' ? ' ' : c);
}

void append_field(std::string& to, std::string_view name, std::string_view value) {
  to.append(name).append(": ");
  append_value(to, value);
  to.append(kEnd);
}

std::string hexadecimal(std::size_t number) {
  std::array<char, 20> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number, 16).ptr;
  return {digits.data(), end};
}

}  // namespace

AnswerWriter::AnswerWriter(Response response, const Form& form)
    : response_(std::move(response)), form_(form), keep_alive_(form.keep_alive) {
  if (response_.close) keep_alive_ = false;
  const bool worth = response_.source != nullptr || response_.body.size() >= kCompressMin;
  if (form_.gzip && response_.compress && worth && has_body()) gzip_ = std::make_unique<Gzip>();
  if (response_.source == nullptr) return;
  chunked_ = !form_.version_1_0;
  if (!chunked_ && !form_.head) keep_alive_ = false;
}

std::string AnswerWriter::begin() {
  std::string body;
  const bool whole = response_.source == nullptr;
  if (whole) body = gzip_ ? gzip_->compress(response_.body, true) : std::move(response_.body);
  std::string bytes = form_.version_1_0 ? "HTTP/1.0 " : "HTTP/1.1 ";
  const auto reason = boost::beast::http::obsolete_reason(
      boost::beast::http::int_to_status(static_cast<unsigned>(response_.status)));
  bytes.append(std::to_string(response_.status)).append(" ");
  bytes.append(reason.data(), reason.size()).append(kEnd);
  for (const auto& [name, value] : response_.fields)
    append_field(bytes, name, value);
  if (gzip_) append_field(bytes, "content-encoding", "gzip");
  if (whole && has_body()) append_field(bytes, "content-length", std::to_string(body.size()));
  if (chunked_) append_field(bytes, "transfer-encoding", "chunked");
  if (!keep_alive_) append_field(bytes, "connection", "close");
  if (keep_alive_ && form_.version_1_0) append_field(bytes, "connection", "keep-alive");
  bytes.append(kEnd);
  if (!form_.head && has_body()) bytes.append(body);
  return bytes;
}

BodySource::Next AnswerWriter::more(std::string& bytes) {
  std::string text;
  const BodySource::Next next = response_.source->next(text);
  const bool last = next == BodySource::Next::kEnd;
  if (gzip_ && (last || !text.empty())) text = gzip_->compress(text, last);
  if (!chunked_) {
    bytes = std::move(text);
    return next;
  }
  if (!text.empty()) bytes.append(hexadecimal(text.size())).append(kEnd).append(text).append(kEnd);
  if (last) bytes.append("0\r\n\r\n");
  return next;
}

}  // namespace harrier::http
