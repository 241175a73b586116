// Events, and files of an audit log, for its tests.
#pragma once

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "audit/chain_file.h"
#include "audit/verification.h"
#include "support/temporary_directory.h"

namespace harrier::audit {

inline Event event_named(std::string name, std::string peer = "127.0.0.1:4711") {
  Event event;
  event.group = Group::kDefinitions;
  event.action = "queue.declare";
  event.user = "guest";
  event.peer = std::move(peer);
  event.virtual_host = "/";
  event.kind = "queue";
  event.name = std::move(name);
  return event;
}

inline Event refusal(std::string name, std::string peer = "10.0.0.1:4711") {
  Event event = event_named(std::move(name), std::move(peer));
  event.group = Group::kRefusals;
  event.outcome = Outcome::kRefused;
  return event;
}

inline std::string text_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

inline void put_text(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
}

inline std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);)
    lines.push_back(line);
  return lines;
}

class AuditFiles : public ::testing::Test {
 protected:
  ChainFile::Settings settings() const { return {.path = path_}; }

  // One line for each name.
  void write(const std::vector<std::string>& names, const ChainFile::Settings& settings) {
    auto file = ChainFile::open(settings);
    ASSERT_TRUE(file.ok()) << file.error().message;
    for (const std::string& name : names)
      (*file)->add(event_named(name));
    ASSERT_TRUE((*file)->flush().ok());
  }
  void write(const std::vector<std::string>& names) { write(names, settings()); }

  // All files of the log.
  std::vector<std::string> files() const {
    std::vector<std::string> paths;
    for (const auto& entry : std::filesystem::directory_iterator(directory_.path()))
      paths.push_back(entry.path().string());
    return paths;
  }
  VerificationReport verified(const std::vector<std::string>& paths, const Seal& seal = Seal(),
                              const std::optional<Anchor>& anchor = {}) const {
    auto report = verify_files(paths, seal, anchor);
    if (report.ok()) return *report;
    ADD_FAILURE() << report.error().message;
    return {};
  }
  VerificationReport verified() const { return verified({path_}); }

  const test::TemporaryDirectory directory_;
  const std::string path_ = directory_.path() + "/audit.jsonl";
};

}  // namespace harrier::audit
