// Concern: whatever stands in a definitions file is read or refused with a reason, without end or
//          crash; and what was read is written as something that is read and written the same.
//          Plan: the bytes are the file.

#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "server/definitions_document.h"
#include "server/definitions_writer.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace harrier;  // NOLINT: a program of its own
  const base::Bytes text(reinterpret_cast<const char*>(data), size);
  const auto document = server::parse_definitions(text);
  if (!document.ok()) {
    CHECK(!document.error().message.empty());
    return 0;
  }
  const auto written = server::write_definitions(*document, server::DefinitionsForm::kOwn);
  const auto again = server::parse_definitions(written.json);
  CHECK(again.ok());
  CHECK(server::write_definitions(*again, server::DefinitionsForm::kOwn).json == written.json);
  const auto foreign = server::write_definitions(*document, server::DefinitionsForm::kRabbitMq);
  CHECK(server::parse_definitions(foreign.json).ok());
  return 0;
}
