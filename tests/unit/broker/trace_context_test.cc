// The header `traceparent`: what is one, and what is not.

#include "broker/trace_context.h"

#include <gtest/gtest.h>

namespace harrier::test {
namespace {

using broker::parse_traceparent;

constexpr std::string_view kSampled = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

std::string changed(std::size_t at, char letter) {
  std::string text(kSampled);
  text[at] = letter;
  return text;
}

TEST(TraceContext, ReadsTraceParentAndFlag) {
  const auto context = parse_traceparent(kSampled);
  ASSERT_TRUE(context);
  EXPECT_EQ(context->trace.front(), 0x4b);
  EXPECT_EQ(context->trace.back(), 0x36);
  EXPECT_EQ(context->parent.front(), 0x00);
  EXPECT_EQ(context->parent.back(), 0xb7);
  EXPECT_TRUE(context->sampled);
}

TEST(TraceContext, OnlyTheLowestFlagIsSampled) {
  EXPECT_FALSE(parse_traceparent(changed(54, '0'))->sampled);
  EXPECT_FALSE(parse_traceparent(changed(54, '2'))->sampled);
  EXPECT_TRUE(parse_traceparent(changed(54, '3'))->sampled);
}

TEST(TraceContext, WhatIsNone) {
  EXPECT_FALSE(parse_traceparent(""));
  EXPECT_FALSE(parse_traceparent(kSampled.substr(0, 54)));
  EXPECT_FALSE(parse_traceparent(std::string(kSampled) + "-00")) << "version 00 ends there";
  for (const std::size_t dash : {2U, 35U, 52U})
    EXPECT_FALSE(parse_traceparent(changed(dash, '0'))) << dash;
  for (const std::size_t octet : {0U, 1U, 3U, 34U, 36U, 51U, 53U, 54U}) {
    EXPECT_FALSE(parse_traceparent(changed(octet, 'g'))) << octet;
    EXPECT_FALSE(parse_traceparent(changed(octet, 'A'))) << "upper case at " << octet;
  }
  EXPECT_FALSE(parse_traceparent("00-00000000000000000000000000000000-00f067aa0ba902b7-01"));
  EXPECT_FALSE(parse_traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01"));
  EXPECT_FALSE(parse_traceparent("ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"));
}

TEST(TraceContext, ALaterVersionMayHaveMore) {
  EXPECT_TRUE(parse_traceparent(changed(1, '1')));
  EXPECT_TRUE(parse_traceparent(changed(1, '1') + "-what-comes"));
  EXPECT_FALSE(parse_traceparent(changed(1, '1') + "what-comes"));
}

TEST(TraceContext, OnlyATextOfHeaders) {
  amqp::FieldTable headers;
  headers.add_string("traceparent", kSampled);
  EXPECT_TRUE(broker::trace_context(headers.view()));
  amqp::FieldTable number;
  number.add_long("traceparent", 1);
  EXPECT_FALSE(broker::trace_context(number.view()));
  EXPECT_FALSE(broker::trace_context({}));
}

}  // namespace
}  // namespace harrier::test
