#include "http/connection.h"

#include <utility>

#include <boost/asio/post.hpp>
#include <boost/beast/http/error.hpp>

#include "base/log.h"

namespace harrier::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;

std::string lower_case(beast::string_view text) {
  std::string lower(text.data(), text.size());
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return lower;
}

}  // namespace

int status_of(Fault fault) {
  switch (fault) {
    case Fault::kBadRequest:
    case Fault::kBodyTooLarge: return 400;
    case Fault::kHeaderTooLarge: return 431;
    case Fault::kTimeout: return 408;
    case Fault::kOverloaded:
    case Fault::kTooSlow: return 503;
    case Fault::kFailed: break;
  }
  return 500;
}

Connection::Connection(std::unique_ptr<Stream> stream, Peer peer, Site& site, Surroundings& around)
    : stream_(std::move(stream)),
      peer_(std::move(peer)),
      site_(site),
      around_(around),
      timer_(around.context),
      buffer_(around.limits.header_size_max + kReadSize) {
  ++around_.counters.connections;
}

Connection::~Connection() {
  release_body();
  --around_.counters.connections;
}

void Connection::start() {
  arm(around_.limits.header_timeout, &Connection::handle_idle_too_long);
  stream_->begin([self = shared_from_this()](ErrorCode error) {
    if (error) return self->close();
    self->next_request();
  });
}

void Connection::close() {
  if (std::exchange(closed_, true)) return;
  disarm();
  stream_->close();
}

// ---- deadlines

void Connection::arm(base::Milliseconds span, void (Connection::*late)()) {
  timer_.expires_after(span);
  timer_.async_wait([self = shared_from_this(), late, turn = ++timer_turn_](ErrorCode error) {
    if (!error && turn == self->timer_turn_ && !self->closed_) ((*self).*late)();
  });
}

void Connection::disarm() {
  ++timer_turn_;
  timer_.cancel();
}

void Connection::handle_late_request() {
  ++around_.counters.timeouts;
  refuse(Fault::kTimeout, request_ != nullptr);
}

void Connection::handle_late_answer() {
  ++around_.counters.timeouts;
  ++turn_;
  answering_ = false;
  refuse(Fault::kTooSlow, true);
}

void Connection::handle_stall() {
  ++around_.counters.timeouts;
  close();
}

// ---- reading

void Connection::next_request() {
  release_body();
  writer_.reset();
  request_.reset();
  early_answer_.reset();
  form_ = {};
  parser_.emplace();
  parser_->header_limit(around_.limits.header_size_max);
  parser_->body_limit(around_.limits.body_size_max);
  if (buffer_.size() != 0) {
    arm(around_.limits.header_timeout, &Connection::handle_late_request);
    return parse_header();
  }
  arm(around_.limits.idle_timeout, &Connection::handle_idle_too_long);
  read(&Connection::parse_header);
}

void Connection::read(void (Connection::*then)()) {
  reading_ = true;
  stream_->read_some(
      buffer_.prepare(std::min(kReadSize, buffer_.max_size() - buffer_.size())),
      [self = shared_from_this(), then, turn = turn_](ErrorCode error, std::size_t size) {
        self->reading_ = false;
        if (self->closed_) return;
        if (self->lingering_) return self->handle_lingered(error, size);
        // An answer is on its way: what comes is nobody's.
        if (turn != self->turn_) return;
        // A client that ends in the middle of a request gets no answer.
        if (error || size == 0) return self->close();
        self->buffer_.commit(size);
        ((*self).*then)();
      });
}

void Connection::parse_header() {
  if (closed_ || !parser_) return;
  if (!parser_->got_some()) arm(around_.limits.header_timeout, &Connection::handle_late_request);
  beast::error_code error;
  buffer_.consume(parser_->put(buffer_.data(), error));
  if (error == beast::http::error::need_more) {
    // The parser waits for the rest of a request line that is too short to be one.
    const auto bytes = buffer_.data();
    const std::string_view text(static_cast<const char*>(bytes.data()), bytes.size());
    if (text.find("\r\n\r\n") != std::string_view::npos) return refuse(Fault::kBadRequest, false);
    if (buffer_.size() > around_.limits.header_size_max)
      return refuse(Fault::kHeaderTooLarge, false);
    return read(&Connection::parse_header);
  }
  if (error) return refuse(error, false);
  if (!parser_->is_header_done()) return read(&Connection::parse_header);
  handle_header();
}

bool Connection::take_header() {
  const auto& message = parser_->get();
  auto target = Target::parse({message.target().data(), message.target().size()});
  form_.version_1_0 = message.version() < 11;
  form_.keep_alive = message.keep_alive();
  form_.head = message.method() == beast::http::verb::head;
  if (!target) return false;
  request_ = std::make_shared<Request>();
  request_->method = std::string(message.method_string());
  request_->target = *std::move(target);
  request_->peer = peer_;
  for (const auto& field : message)
    request_->fields.push_back({lower_case(field.name_string()), std::string(field.value())});
  const std::string* accept = request_->find("accept-encoding");
  form_.gzip = accept != nullptr && accepts_gzip(*accept);
  return true;
}

void Connection::handle_header() {
  ++around_.counters.requests;
  if (!take_header()) return refuse(Fault::kBadRequest, false);
  // Whoever checks a password takes its time, and the client may send meanwhile.
  arm(around_.limits.body_timeout, &Connection::handle_late_request);
  site_.admit(request_, around_.waiter,
              [self = shared_from_this(), turn = turn_](Admission admission) {
                if (self->closed_ || turn != self->turn_) return;
                self->handle_admission(std::move(admission));
              });
}

void Connection::handle_admission(Admission admission) {
  request_->principal = std::move(admission.principal);
  const auto length = parser_->content_length();
  const bool has_body = parser_->chunked() || (length && *length != 0);
  if (admission.answer) {
    early_answer_ = std::move(admission.answer);
    if (has_body && (!length || *length > kUnwantedMax)) {
      early_answer_->close = true;
      return write(*std::exchange(early_answer_, std::nullopt));
    }
  } else if (length && *length > std::min(admission.body_max, around_.limits.body_size_max)) {
    return refuse(Fault::kBodyTooLarge, true);
  } else if (has_body && !reserve_body()) {
    ++around_.counters.overloaded;
    return refuse(Fault::kOverloaded, true);
  }
  if (parser_->chunked() && admission.body_max < around_.limits.body_size_max)
    parser_->body_limit(admission.body_max);
  parser_->eager(true);
  const std::string* expect = request_->find("expect");
  if (!has_body || expect == nullptr || buffer_.size() != 0) return parse_body();
  static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
  stream_->write(asio::buffer(kContinue.data(), kContinue.size()),
                 [self = shared_from_this(), turn = turn_](ErrorCode error, std::size_t) {
                   if (error) return self->close();
                   if (turn == self->turn_) self->parse_body();
                 });
}

// Of a body without a length the most it may have.
bool Connection::reserve_body() {
  const auto length = parser_->content_length();
  const std::uint64_t wanted = length ? *length : around_.limits.body_size_max;
  if (around_.counters.body_bytes + wanted > around_.limits.bodies_size_max) return false;
  around_.counters.body_bytes += wanted;
  reserved_ = wanted;
  return true;
}

void Connection::release_body() { around_.counters.body_bytes -= std::exchange(reserved_, 0); }

void Connection::parse_body() {
  if (closed_ || !parser_) return;
  beast::error_code error;
  while (!parser_->is_done() && buffer_.size() != 0) {
    const std::size_t taken = parser_->put(buffer_.data(), error);
    buffer_.consume(taken);
    if (error && error != beast::http::error::need_more) return refuse(error, true);
    if (taken == 0) break;
  }
  if (!parser_->is_done()) {
    if (buffer_.size() >= buffer_.max_size()) return refuse(Fault::kBadRequest, true);
    return read(&Connection::parse_body);
  }
  handle_body();
}

void Connection::handle_body() {
  disarm();
  if (early_answer_) return write(*std::exchange(early_answer_, std::nullopt));
  request_->body = std::move(parser_->get().body());
  answering_ = true;
  arm(around_.limits.answer_timeout, &Connection::handle_late_answer);
  auto task = [self = shared_from_this(), request = request_, turn = turn_] {
    auto response = std::make_shared<Response>();
    try {
      *response = self->site_.respond(*request);
    } catch (const std::exception& exception) {
      base::log_error("http", "a request failed",
                      {{"path", request->target.path}, {"reason", exception.what()}});
      *response = self->site_.refuse(Fault::kFailed, request.get());
    }
    self->around_.waiter.post_from_any_thread(
        [self, response, turn] { self->handle_answer(turn, std::move(*response)); });
  };
  if (around_.workers.submit(std::move(task))) return;
  answering_ = false;
  ++around_.counters.overloaded;
  refuse(Fault::kOverloaded, true);
}

void Connection::handle_answer(std::uint64_t turn, Response response) {
  if (closed_ || turn != turn_) return;
  answering_ = false;
  write(std::move(response));
}

void Connection::refuse(const beast::error_code& error, bool understood) {
  if (error == beast::http::error::header_limit) return refuse(Fault::kHeaderTooLarge, understood);
  if (error == beast::http::error::body_limit) return refuse(Fault::kBodyTooLarge, understood);
  refuse(Fault::kBadRequest, understood);
}

// What comes behind it cannot be told from the request's rest.
void Connection::refuse(Fault fault, bool understood) {
  Response response = site_.refuse(fault, understood ? request_.get() : nullptr);
  response.close = true;
  write(std::move(response));
}

// ---- writing

void Connection::write(Response response) {
  disarm();
  ++turn_;
  count_answer(response.status);
  writer_ = std::make_unique<AnswerWriter>(std::move(response), form_);
  send(writer_->begin(), !writer_->streams());
}

void Connection::send(std::string bytes, bool last) {
  if (bytes.empty()) return handle_sent(last);
  output_ = std::move(bytes);
  arm(around_.limits.stall_timeout, &Connection::handle_stall);
  stream_->write(asio::buffer(output_),
                 [self = shared_from_this(), last](ErrorCode error, std::size_t) {
                   if (self->closed_) return;
                   if (error) return self->close();
                   self->handle_sent(last);
                 });
}

void Connection::handle_sent(bool last) {
  disarm();
  output_ = {};
  if (!last) return ask_for_more();
  if (!writer_->keeps_alive()) return linger();
  // Not from here: a client that sends many requests at once would fill the stack.
  asio::post(around_.context, [self = shared_from_this()] {
    if (!self->closed_) self->next_request();
  });
}

void Connection::ask_for_more() {
  auto task = [self = shared_from_this()] {
    std::string bytes;
    bool good = true;
    BodySource::Next next = BodySource::Next::kEnd;
    try {
      next = self->writer_->more(bytes);
    } catch (const std::exception& exception) {
      base::log_error("http", "an answer broke off", {{"reason", exception.what()}});
      good = false;
    }
    self->around_.waiter.post_from_any_thread([self, next, good, bytes = std::move(bytes)] {
      // Cut off, so that the client does not take it for whole.
      if (!good) return self->close();
      self->handle_more(next, bytes);
    });
  };
  if (!around_.workers.submit(std::move(task), /*always=*/true)) close();
}

void Connection::handle_more(BodySource::Next next, std::string bytes) {
  if (closed_) return;
  if (next == BodySource::Next::kWait && bytes.empty())
    return arm(kAskAgain, &Connection::ask_for_more);
  send(std::move(bytes), next == BodySource::Next::kEnd);
}

void Connection::count_answer(int status) {
  Counters& counters = around_.counters;
  if (status < 300) {
    ++counters.answers_2xx;
  } else if (status < 400) {
    ++counters.answers_3xx;
  } else if (status < 500) {
    ++counters.answers_4xx;
  } else {
    ++counters.answers_5xx;
  }
}

// Closing a socket on which something waits to be read would take the answer away from the client.
void Connection::linger() {
  stream_->finish();
  arm(kLingerSpan, &Connection::handle_idle_too_long);
  lingering_ = true;
  // A read that was begun for the request goes on, and owns a part of the buffer.
  if (!reading_) read_on();
}

void Connection::read_on() {
  buffer_.consume(buffer_.size());
  stream_->read_some(buffer_.prepare(kReadSize),
                     [self = shared_from_this()](ErrorCode error, std::size_t size) {
                       if (!self->closed_) self->handle_lingered(error, size);
                     });
}

void Connection::handle_lingered(ErrorCode error, std::size_t size) {
  lingered_ += size;
  if (error || size == 0 || lingered_ > kLingerBytesMax) return close();
  read_on();
}

}  // namespace harrier::http
