#include "amqp/protocol_error.h"

#include <string>

#include <gtest/gtest.h>

#include "base/utf8.h"

namespace harrier::amqp {
namespace {

TEST(ProtocolError, ReplyTextIsNameAndDetail) {
  const ProtocolError error = protocol_error(ReplyCode::kNotFound, "no queue 'q' in vhost '/'");
  EXPECT_EQ(error.reply_text(), "NOT_FOUND - no queue 'q' in vhost '/'");
}

TEST(ProtocolError, ReplyTextFitsAShortString) {
  const std::string prefix = "NOT_FOUND - ";
  const std::string fits(255 - prefix.size(), 'x');
  EXPECT_EQ(protocol_error(ReplyCode::kNotFound, fits).reply_text(), prefix + fits);
  EXPECT_EQ(protocol_error(ReplyCode::kNotFound, fits + "y").reply_text(),
            prefix + fits.substr(3) + "...");
}

TEST(ProtocolError, ReplyTextIsNotCutInsideACharacter) {
  std::string detail(239, 'x');
  for (int character = 0; character < 10; ++character)
    detail.append("€");
  const std::string text = protocol_error(ReplyCode::kNotFound, detail).reply_text();
  EXPECT_TRUE(base::is_utf8(text));
  EXPECT_EQ(text.size(), 251u + 3u);
}

TEST(ProtocolError, SoftCodesCloseTheChannel) {
  for (int code : {311, 312, 313, 403, 404, 405, 406})
    EXPECT_EQ(scope_of(static_cast<ReplyCode>(code)), ErrorScope::kChannel) << code;
}

TEST(ProtocolError, HardCodesCloseTheConnection) {
  for (int code : {320, 402, 501, 502, 503, 504, 505, 506, 530, 540, 541})
    EXPECT_EQ(scope_of(static_cast<ReplyCode>(code)), ErrorScope::kConnection) << code;
}

TEST(ProtocolError, RefuseCarriesScopeCodeAndMethod) {
  const CheckedStatus status = refuse(ReplyCode::kNotAllowed, "no", {60, 40});
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().scope, ErrorScope::kConnection);
  EXPECT_EQ(status.error().code, ReplyCode::kNotAllowed);
  EXPECT_EQ(status.error().detail, "no");
  EXPECT_EQ(status.error().method, (MethodId{60, 40}));
}

TEST(ReplyName, EveryCodeHasTheNameOfTheSpecification) {
  EXPECT_EQ(reply_name(ReplyCode::kReplySuccess), "REPLY_SUCCESS");
  EXPECT_EQ(reply_name(ReplyCode::kContentTooLarge), "CONTENT_TOO_LARGE");
  EXPECT_EQ(reply_name(ReplyCode::kNoRoute), "NO_ROUTE");
  EXPECT_EQ(reply_name(ReplyCode::kNoConsumers), "NO_CONSUMERS");
  EXPECT_EQ(reply_name(ReplyCode::kConnectionForced), "CONNECTION_FORCED");
  EXPECT_EQ(reply_name(ReplyCode::kInvalidPath), "INVALID_PATH");
  EXPECT_EQ(reply_name(ReplyCode::kAccessRefused), "ACCESS_REFUSED");
  EXPECT_EQ(reply_name(ReplyCode::kNotFound), "NOT_FOUND");
  EXPECT_EQ(reply_name(ReplyCode::kResourceLocked), "RESOURCE_LOCKED");
  EXPECT_EQ(reply_name(ReplyCode::kPreconditionFailed), "PRECONDITION_FAILED");
  EXPECT_EQ(reply_name(ReplyCode::kFrameError), "FRAME_ERROR");
  EXPECT_EQ(reply_name(ReplyCode::kSyntaxError), "SYNTAX_ERROR");
  EXPECT_EQ(reply_name(ReplyCode::kCommandInvalid), "COMMAND_INVALID");
  EXPECT_EQ(reply_name(ReplyCode::kChannelError), "CHANNEL_ERROR");
  EXPECT_EQ(reply_name(ReplyCode::kUnexpectedFrame), "UNEXPECTED_FRAME");
  EXPECT_EQ(reply_name(ReplyCode::kResourceError), "RESOURCE_ERROR");
  EXPECT_EQ(reply_name(ReplyCode::kNotAllowed), "NOT_ALLOWED");
  EXPECT_EQ(reply_name(ReplyCode::kNotImplemented), "NOT_IMPLEMENTED");
  EXPECT_EQ(reply_name(ReplyCode::kInternalError), "INTERNAL_ERROR");
}

}  // namespace
}  // namespace harrier::amqp
