// The two messages of a SCRAM client, taken apart.
//
// Thread: pure functions.
// Errors: an Error says what is wrong and repeats nothing of the message.
// Limits: a client's nonce kNonceMax bytes; a message as long as a frame of the handshake.
// Spec:   RFC 5802 section 7.
#pragma once

#include <string>

#include "base/bytes.h"
#include "base/result.h"

namespace harrier::auth {

inline constexpr std::size_t kScramNonceMax = 256;

// "n,a=authzid,n=user,r=nonce": gs2-header and client-first-message-bare.
struct ScramFirst {
  std::string gs2_header;  // with its last comma
  std::string authzid;     // decoded; empty if there is none
  std::string user;        // decoded
  std::string nonce;
  std::string bare;

  static base::Result<ScramFirst> parse(base::Bytes message);
};

// "c=channel-binding,r=nonce,p=proof".
struct ScramFinal {
  std::string channel_binding;  // decoded
  std::string nonce;
  std::string proof;  // decoded
  std::string without_proof;

  static base::Result<ScramFinal> parse(base::Bytes message);
};

}  // namespace harrier::auth
