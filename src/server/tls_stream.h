// TLS on a non-blocking socket, with the calls of the socket itself.
//
// Role:   Connection asks it instead of the kernel. Between OpenSSL and the socket it puts buffers:
//         what OpenSSL wants to send never has to wait inside OpenSSL, so reading never waits for
//         writing nor the other way round, and several records leave in one system call.
// Model:  handshake → established → closed. `output` is lent: it holds records during a call only;
//         what the socket does not take stays in a buffer of the stream's own, which is given back
//         when it is empty.
// Thread: confined(io).
// Errors: as read(2) and send(2): -1 and errno, EAGAIN to wait for the socket, EPROTO for what TLS
//         forbids; failure() has the words of the first. After EPROTO only flush() makes sense.
// Limits: records are filled: kRecordMax bytes each while there is so much. kEncryptMax bytes are
//         encrypted before the socket has taken those before. KeyUpdates of the client:
//         TlsContext's limit, then EPROTO.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include <sys/types.h>

#include "auth/authenticator.h"
#include "base/buffer.h"
#include "base/time.h"
#include "server/rate_limit.h"
#include "server/tls_context.h"

struct ssl_st;
struct bio_st;

namespace harrier::server {

class TlsStream {
 public:
  static constexpr std::size_t kEncryptMax = 64 << 10;

  enum class Handshake { kDone, kWaits, kFailed };

  // REQUIRES that `descriptor` and `output` outlive it; it closes nothing. Streams of one loop may
  // share `output`.
  TlsStream(std::shared_ptr<const TlsContext> context, int descriptor, base::Buffer& output);
  ~TlsStream();
  TlsStream(const TlsStream&) = delete;
  TlsStream& operator=(const TlsStream&) = delete;

  // Goes on with it. kFailed: the client was told why, as far as the socket took it.
  Handshake handshake(base::MonotonicTime now);
  bool established() const { return established_; }
  // The client has sent something, be it nonsense.
  bool heard() const { return heard_; }
  // The client's, if it showed one and that is good; after the handshake.
  std::shared_ptr<const auth::PeerCertificate> peer_certificate() const;

  // "TLSv1.3", "TLS_AES_256_GCM_SHA384"; after the handshake.
  std::string_view protocol() const;
  std::string_view cipher() const;

  // As read(2): 0 is the end, with or without close_notify.
  ssize_t read(char* target, std::size_t size, base::MonotonicTime now);
  // The last read() ended for lack of room: there may be more, of which the socket says nothing.
  bool may_have_more() const { return may_have_more_; }

  // As send(2): answers of how many bytes everything was given to the socket. A call after fewer
  // begins with the first byte that is missing, for some of what follows is encrypted already.
  ssize_t send(const char* bytes, std::size_t size);
  // Records beside the bytes of send() wait for the socket.
  bool has_unsent() const { return !unsent_.empty(); }
  std::size_t unsent_bytes() const { return unsent_.size(); }
  // Tries to send them; false: the socket is of no use any more.
  bool flush();
  // Sends close_notify, once, if the socket takes it.
  void close();

  const std::string& failure() const { return failure_; }
  const TlsContext& context() const { return *context_; }

 private:
  // What OpenSSL calls.
  struct Callbacks;

  ssize_t fail(int result);
  void note_failure(const char* words);
  bool encrypt(const char* bytes, std::size_t size);
  bool push();
  std::size_t take_completed(std::size_t pushed);

  const std::shared_ptr<const TlsContext> context_;
  const int descriptor_;
  base::Buffer& output_;
  ssl_st* ssl_ = nullptr;
  TicketKeys::Visit visit_;
  base::Buffer unsent_;
  std::size_t encrypted_ = 0;  // of send()'s bytes, not yet answered for
  std::size_t pushed_ = 0;     // taken by the socket since it was looked at last
  RateLimit key_updates_;
  std::string failure_;
  bool established_ = false;
  bool may_have_more_ = false;
  bool socket_is_empty_ = false;  // the last recv gave less than was asked
  bool socket_ended_ = false;
  bool heard_ = false;
  bool too_many_key_updates_ = false;
  bool closed_ = false;
};

}  // namespace harrier::server
