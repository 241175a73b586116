#include "store/reserve_file.h"

#include <algorithm>
#include <string>

#include "base/log.h"

namespace harrier::store {
void ReserveFile::make() {
  if (there_ || bytes_ == 0) return;
  const auto free = files_.free_bytes();
  if (!free.ok() || *free < bytes_ * 2) return;
  there_ = fill();
  if (!there_) (void)files_.remove(kPath);
}

bool ReserveFile::fill() {
  // One that a crash left may be of any size.
  (void)files_.remove(kPath);
  auto file = files_.open(kPath, journal::OpenMode::kCreate);
  if (!file.ok()) return false;
  const std::string zeros(1 << 20, '\0');
  for (std::uint64_t offset = 0; offset < bytes_; offset += zeros.size()) {
    const base::Bytes part(zeros.data(), std::min<std::uint64_t>(zeros.size(), bytes_ - offset));
    if (!(*file)->write_at(offset, {&part, 1}).ok()) return false;
  }
  return (*file)->sync_contents().ok();
}

bool ReserveFile::release() {
  if (!there_) return false;
  there_ = false;
  base::log_warning("store", "the disk is full: its reserve is given away",
                    {{"bytes", std::to_string(bytes_)}});
  return files_.remove(kPath).ok();
}

}  // namespace harrier::store
