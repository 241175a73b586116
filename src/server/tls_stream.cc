#include "server/tls_stream.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <utility>

#include <sys/socket.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "base/check.h"
#include "server/peer_certificate.h"

namespace harrier::server {

struct TlsStream::Callbacks {
  static TlsStream& stream(BIO* bio) { return *static_cast<TlsStream*>(::BIO_get_data(bio)); }

  static int write(BIO* bio, const char* bytes, int size) {
    ::BIO_clear_retry_flags(bio);
    stream(bio).output_.append({bytes, static_cast<std::size_t>(size)});
    return size;
  }

  static int read(BIO* bio, char* target, int size) {
    ::BIO_clear_retry_flags(bio);
    TlsStream& self = stream(bio);
    ssize_t count = -1;
    errno = EAGAIN;
    if (self.too_many_key_updates_) {
      errno = EPROTO;
    } else if (!self.socket_is_empty_) {
      do {
        count = ::recv(self.descriptor_, target, static_cast<std::size_t>(size), 0);
      } while (count < 0 && errno == EINTR);
      self.socket_is_empty_ = count < size;
    }
    if (count < 0 && errno == EAGAIN) ::BIO_set_retry_read(bio);
    if (count == 0) self.socket_ended_ = true;
    if (count > 0) self.heard_ = true;
    return static_cast<int>(count);
  }

  static long control(BIO* bio, int command, long, void*) {
    if (command == BIO_CTRL_FLUSH) return 1;
    return command == BIO_CTRL_EOF ? stream(bio).socket_ended_ : 0;
  }

  static void message(int write, int, int kind, const void* bytes, std::size_t size, SSL*,
                      void* argument) {
    if (write != 0 || kind != SSL3_RT_HANDSHAKE || size == 0) return;
    if (*static_cast<const unsigned char*>(bytes) != SSL3_MT_KEY_UPDATE) return;
    TlsStream& self = *static_cast<TlsStream*>(argument);
    if (!self.key_updates_.take(self.visit_.now)) self.too_many_key_updates_ = true;
  }

  static const BIO_METHOD* method() {
    static const BIO_METHOD* const method = [] {
      BIO_METHOD* made = ::BIO_meth_new(::BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "harriermq");
      CHECK(made != nullptr);
      ::BIO_meth_set_write(made, write);
      ::BIO_meth_set_read(made, read);
      ::BIO_meth_set_ctrl(made, control);
      return made;
    }();
    return method;
  }
};

TlsStream::TlsStream(std::shared_ptr<const TlsContext> context, int descriptor,
                     base::Buffer& output)
    : context_(std::move(context)),
      descriptor_(descriptor),
      output_(output),
      ssl_(::SSL_new(context_->default_context())),
      visit_{context_->ticket_keys(), {}},
      key_updates_(context_->limits().key_updates_per_minute_max, std::chrono::minutes(1)) {
  BIO* bio = ::BIO_new(Callbacks::method());
  CHECK(ssl_ != nullptr && bio != nullptr);
  ::BIO_set_data(bio, this);
  ::BIO_set_init(bio, 1);
  ::SSL_set_bio(ssl_, bio, bio);
  TicketKeys::attach(*ssl_, visit_);
  ::SSL_set_accept_state(ssl_);
  ::SSL_set_msg_callback(ssl_, Callbacks::message);
  ::SSL_set_msg_callback_arg(ssl_, this);
}

TlsStream::~TlsStream() { ::SSL_free(ssl_); }

// ---- handshake

TlsStream::Handshake TlsStream::handshake(base::MonotonicTime now) {
  visit_.now = now;
  ::ERR_clear_error();
  socket_is_empty_ = false;
  const int result = ::SSL_do_handshake(ssl_);
  const bool waits = result != 1 && fail(result) < 0 && errno == EAGAIN;
  // The alert, too.
  const bool sent = push();
  if (!sent) note_failure(std::strerror(errno));
  if (!sent || (result != 1 && !waits)) return Handshake::kFailed;
  if (waits) return Handshake::kWaits;
  established_ = true;
  may_have_more_ = true;
  return Handshake::kDone;
}

std::string_view TlsStream::protocol() const { return ::SSL_get_version(ssl_); }

std::string_view TlsStream::cipher() const { return ::SSL_get_cipher_name(ssl_); }

std::shared_ptr<const auth::PeerCertificate> TlsStream::peer_certificate() const {
  const X509* certificate = ::SSL_get0_peer_certificate(ssl_);
  if (certificate == nullptr || ::SSL_get_verify_result(ssl_) != X509_V_OK) return nullptr;
  return peer_certificate_of(*certificate);
}

// Sets errno and failure_ by what a call of OpenSSL answered; 0 at the end of input.
ssize_t TlsStream::fail(int result) {
  const int system_error = errno;
  const int reason = ::SSL_get_error(ssl_, result);
  const unsigned long code = ::ERR_peek_last_error();
  ::ERR_clear_error();
  errno = EAGAIN;
  if (reason == SSL_ERROR_WANT_READ) return -1;
  const long verification = ::SSL_get_verify_result(ssl_);
  const char* words = ::ERR_reason_error_string(code);
  if (reason == SSL_ERROR_ZERO_RETURN || (socket_ended_ && code == 0)) {
    note_failure("the client closed the connection");
    return 0;
  }
  errno = EPROTO;
  if (too_many_key_updates_) {
    note_failure("too many key updates");
  } else if (!established_ && verification != X509_V_OK) {
    note_failure(::X509_verify_cert_error_string(verification));
  } else if (words != nullptr) {
    note_failure(words);
  } else {
    note_failure(std::strerror(system_error));
    errno = system_error;
  }
  return -1;
}

// The first is the cause.
void TlsStream::note_failure(const char* words) {
  if (failure_.empty()) failure_ = words;
}

// ---- reading

ssize_t TlsStream::read(char* target, std::size_t size, base::MonotonicTime now) {
  visit_.now = now;
  socket_is_empty_ = false;
  may_have_more_ = false;
  std::size_t got = 0;
  ssize_t outcome = 0;
  while (got != size) {
    ::ERR_clear_error();
    std::size_t count = 0;
    const int result = ::SSL_read_ex(ssl_, target + got, size - got, &count);
    if (result != 1 || too_many_key_updates_) {
      outcome = fail(result);
      break;
    }
    got += count;
  }
  const int error = errno;
  // The answer to a KeyUpdate, an alert. If the socket is broken the next call finds it so, too.
  (void)push();
  errno = error;
  if (got == 0) return outcome;
  // What ended it behind these bytes is still there.
  may_have_more_ = got == size || outcome == 0 || errno != EAGAIN;
  return static_cast<ssize_t>(got);
}

// ---- writing

bool TlsStream::encrypt(const char* bytes, std::size_t size) {
  std::size_t done = 0;
  while (done != size) {
    ::ERR_clear_error();
    std::size_t count = 0;
    const int result = ::SSL_write_ex(ssl_, bytes + done, size - done, &count);
    if (result != 1) {
      fail(result);
      errno = EPROTO;
      return false;
    }
    done += count;
  }
  return true;
}

// Gives the socket what it takes. False: it is broken, and errno says how.
bool TlsStream::push() {
  base::Buffer& source = unsent_.empty() ? output_ : unsent_;
  if (&source == &unsent_ && !output_.empty()) {
    unsent_.append(output_.bytes());
    output_.clear();
  }
  bool fine = true;
  while (fine && !source.empty()) {
    const ssize_t count = ::send(descriptor_, source.data(), source.size(), MSG_NOSIGNAL);
    if (count >= 0) {
      source.consume(static_cast<std::size_t>(count));
      pushed_ += static_cast<std::size_t>(count);
    } else if (errno == EAGAIN) {
      break;
    } else {
      fine = errno == EINTR;
    }
  }
  if (!fine) source.clear();
  if (&source == &output_ && !output_.empty()) {
    unsent_.append(output_.bytes());
    output_.clear();
  }
  if (unsent_.empty()) unsent_.release();
  return fine;
}

// Of the bytes that are encrypted, those that may be answered for: all, or, while records wait, no
// more than have left, and never the last one.
std::size_t TlsStream::take_completed(std::size_t pushed) {
  std::size_t completed = encrypted_;
  if (has_unsent() && encrypted_ != 0) completed = std::min(pushed, encrypted_ - 1);
  encrypted_ -= completed;
  return completed;
}

ssize_t TlsStream::send(const char* bytes, std::size_t size) {
  CHECK(established_ && encrypted_ <= size);
  std::size_t done = 0;
  pushed_ = 0;
  while (true) {
    if (!push()) return -1;
    done += take_completed(std::exchange(pushed_, 0));
    if (has_unsent() || done == size) break;
    const std::size_t count = std::min(size - done, kEncryptMax);
    if (!encrypt(bytes + done, count)) {
      (void)push();
      errno = EPROTO;
      return -1;
    }
    encrypted_ = count;
  }
  if (done != 0) return static_cast<ssize_t>(done);
  errno = EAGAIN;
  return -1;
}

bool TlsStream::flush() { return push(); }

void TlsStream::close() {
  if (!established_ || std::exchange(closed_, true)) return;
  ::ERR_clear_error();
  ::SSL_shutdown(ssl_);
  ::ERR_clear_error();
  (void)push();
}

}  // namespace harrier::server
