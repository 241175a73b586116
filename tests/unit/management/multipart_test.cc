#include "management/multipart.h"

#include <gtest/gtest.h>

namespace harrier::management {
namespace {

constexpr const char* kType = "multipart/form-data; boundary=xyz";
const std::string kBody =
    "--xyz\r\nContent-Disposition: form-data; name=\"other\"\r\n\r\n1\r\n"
    "--xyz\r\nContent-Disposition: form-data; name=\"file\"; filename=\"other\"\r\n"
    "Content-Type: application/json\r\n\r\n{\"a\":\r\n1}\r\n--xyz--\r\n";

TEST(Multipart, FindsAFieldByItsName) {
  EXPECT_EQ(multipart_field(kType, kBody, "file"), "{\"a\":\r\n1}");
  EXPECT_EQ(multipart_field(kType, kBody, "other"), "1");
  EXPECT_EQ(multipart_field("multipart/form-data; boundary=\"xyz\"", kBody, "other"), "1");
}

TEST(Multipart, AFilenameIsNoName) {
  EXPECT_EQ(multipart_field(kType, kBody, "nope"), std::nullopt);
  const std::string body =
      "--xyz\r\nContent-Disposition: form-data; filename=\"file\"\r\n\r\n1\r\n--xyz--";
  EXPECT_EQ(multipart_field(kType, body, "file"), std::nullopt);
}

TEST(Multipart, WhatIsCutOffHasNoFields) {
  EXPECT_EQ(multipart_field("multipart/form-data", kBody, "file"), std::nullopt);
  for (std::size_t size = 0; size != kBody.find("\r\n--xyz--"); ++size)
    EXPECT_EQ(multipart_field(kType, kBody.substr(0, size), "file"), std::nullopt) << size;
}

}  // namespace
}  // namespace harrier::management
