#include "config/secret_file.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <system_error>

namespace harrier::config {

base::Result<std::string> read_secret(const std::string& path, std::size_t size_max) {
  std::error_code status;
  const bool regular = std::filesystem::is_regular_file(path, status);
  if (status) return base::fail("'" + path + "' cannot be opened: " + status.message());
  if (!regular) return base::fail("'" + path + "' is not a file");
  std::ifstream file(path, std::ios::binary);
  if (!file) return base::fail("'" + path + "' cannot be opened: " + std::strerror(errno));
  std::string text(size_max + 2, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad()) return base::fail("'" + path + "' cannot be read");
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.ends_with('\n')) text.pop_back();
  if (text.empty()) return base::fail("'" + path + "' is empty");
  if (text.size() > size_max)
    return base::fail("'" + path + "' holds more than " + std::to_string(size_max) + " bytes");
  return text;
}

}  // namespace harrier::config
