#include "server/login_sources.h"

#include <gtest/gtest.h>

namespace harrier::server {
namespace {

auth::Peer from(const std::string& address) {
  auth::Peer peer;
  peer.address = address;
  return peer;
}

std::string text_of(const LoginSources& sources) {
  std::string text;
  for (const LoginSource& source : sources.list())
    text += source.address + "|" + source.user + "|" + source.protocol + " " +
            std::to_string(source.accepted) + "/" + std::to_string(source.refused) + "\n";
  return text;
}

TEST(LoginSources, EachAddressUserAndProtocolHasItsRow) {
  LoginSources sources(10);
  EXPECT_EQ(text_of(sources), "");
  sources.note(from("127.0.0.2"), "guest", "amqp091", true);
  sources.note(from("127.0.0.1"), "guest", "amqp091", false);
  sources.note(from("127.0.0.1"), "guest", "amqp091", true);
  sources.note(from("127.0.0.1"), "guest", "http", true);
  sources.note(from("127.0.0.1"), "", "http", false);
  EXPECT_EQ(text_of(sources),
            "127.0.0.1||http 0/1\n127.0.0.1|guest|amqp091 1/1\n127.0.0.1|guest|http 1/0\n"
            "127.0.0.2|guest|amqp091 1/0\n");
}

TEST(LoginSources, WhatDoesNotFitStandsTogether) {
  LoginSources sources(2);
  sources.note(from("::1"), "a", "http", true);
  sources.note(from("::1"), "b", "http", true);
  sources.note(from("::1"), "c", "http", false);
  sources.note(from("::1"), "d", "http", true);
  sources.note(from("::1"), "d", "amqp091", false);
  sources.note(from("::1"), "b", "http", false);
  const std::string kept = "::1|a|http 1/0\n::1|b|http 1/1\n";
  EXPECT_EQ(text_of(sources), "||amqp091 0/1\n||http 1/1\n" + kept);
  sources.forget();
  EXPECT_EQ(text_of(sources), "");
  sources.note(from("::1"), "c", "http", false);
  EXPECT_EQ(text_of(sources), "::1|c|http 0/1\n");
}

TEST(LoginSources, ALongNameIsCutBetweenCharacters) {
  LoginSources sources(1);
  std::string name(LoginSources::kNameMax - 1, 'x');
  sources.note(from("::1"), name + "ü and more", "http", false);
  EXPECT_EQ(sources.list().front().user, name);
  sources.note(from("::1"), name + "ä", "http", false);
  EXPECT_EQ(sources.list().front().refused, 2u);
}

}  // namespace
}  // namespace harrier::server
