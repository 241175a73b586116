// One client of an HTTP server.
//
// Role:   made by an Acceptor, which lets go of it: whatever waits keeps it alive (shared_ptr, as
//         asio's operations need), and when nothing does, it is gone.
// Model:  handshake → idle → header → admitted → body → answering → writing → idle, or, when the
//         answer says so, lingering → closed. What a client sends ahead waits in the buffer.
// Thread: confined to the server's; the task that answers runs on a worker's, and owns `writer_`
//         until it has posted back.
// Errors: a client's mistake is answered by the site's refuse(), and ends the connection.
// Limits: http::Limits.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "http/answer_writer.h"
#include "http/site.h"
#include "http/stream.h"
#include "http/surroundings.h"

namespace harrier::http {

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(std::unique_ptr<Stream> stream, Peer peer, Site& site, Surroundings& around);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void start();
  void close();

 private:
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;
  using ErrorCode = boost::system::error_code;

  static constexpr std::size_t kReadSize = 16 << 10;
  // What a client may still send behind a refusal.
  static constexpr std::size_t kLingerBytesMax = 1 << 20;
  static constexpr base::Milliseconds kLingerSpan{2000};
  // A body that is read though nobody wants it, so that the connection may go on.
  static constexpr std::uint64_t kUnwantedMax = 64 << 10;
  static constexpr base::Milliseconds kAskAgain{250};

  void arm(base::Milliseconds span, void (Connection::*late)());
  void disarm();
  void handle_idle_too_long() { close(); }
  void handle_late_request();
  void handle_late_answer();
  void handle_stall();

  void next_request();
  void read(void (Connection::*then)());
  void parse_header();
  void handle_header();
  bool take_header();
  void handle_admission(Admission admission);
  bool reserve_body();
  void release_body();
  void read_body();
  void parse_body();
  void handle_body();
  void handle_answer(std::uint64_t turn, Response response);
  void refuse(Fault fault, bool understood);
  void refuse(const boost::beast::error_code& error, bool understood);

  void write(Response response);
  void send(std::string bytes, bool last);
  void handle_sent(bool last);
  void ask_for_more();
  void handle_more(BodySource::Next next, std::string bytes);
  void count_answer(int status);
  void linger();
  void read_on();
  void handle_lingered(ErrorCode error, std::size_t size);

  const std::unique_ptr<Stream> stream_;
  const Peer peer_;
  Site& site_;
  Surroundings& around_;
  boost::asio::steady_timer timer_;
  std::uint64_t timer_turn_ = 0;
  boost::beast::flat_buffer buffer_;
  std::optional<Parser> parser_;
  std::shared_ptr<Request> request_;
  std::optional<Response> early_answer_;
  std::uint64_t reserved_ = 0;
  // Of the request being answered: an answer that comes too late is another's.
  std::uint64_t turn_ = 0;
  bool answering_ = false;
  AnswerWriter::Form form_;
  std::unique_ptr<AnswerWriter> writer_;
  std::string output_;
  bool reading_ = false;  // for a request
  bool lingering_ = false;
  std::size_t lingered_ = 0;
  bool closed_ = false;
};

}  // namespace harrier::http
