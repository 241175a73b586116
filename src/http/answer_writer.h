// An answer as bytes: its head, and its body in the form that fits the request.
//
// Model:  whole: content-length. A source: chunks, or to the connection's end for HTTP/1.0.
//         Compressed where the client takes it and it is worth it.
// Thread: confined to its connection.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "http/gzip.h"
#include "http/message.h"

namespace harrier::http {

class AnswerWriter {
 public:
  static constexpr std::size_t kCompressMin = 1024;

  struct Form {
    bool version_1_0 = false;
    bool head = false;  // the request was HEAD: no body
    bool keep_alive = true;
    bool gzip = false;  // the client takes it
  };

  AnswerWriter(Response response, const Form& form);

  // Whether the body comes by more() after begin().
  bool streams() const { return response_.source != nullptr && !form_.head; }
  bool keeps_alive() const { return keep_alive_; }
  int status() const { return response_.status; }
  // The head, and the body unless it streams.
  std::string begin();
  // The next bytes of the body; perhaps none. On a worker's thread.
  BodySource::Next more(std::string& bytes);

 private:
  bool has_body() const { return response_.status != 204 && response_.status != 304; }

  Response response_;
  const Form form_;
  bool keep_alive_;
  bool chunked_ = false;
  std::unique_ptr<Gzip> gzip_;
};

}  // namespace harrier::http
