#include "audit/chain_file.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/record.h"
#include "base/check.h"

namespace harrier::audit {
namespace {

constexpr std::size_t kDigits = 20;
constexpr std::size_t kTornTextMax = 256;

base::Failure<base::Error> failed(const std::string& what, int error) {
  return base::fail(what + ": " + std::generic_category().message(error));
}

std::string read_at(int descriptor, std::uint64_t offset, std::size_t size) {
  std::string bytes(size, '\0');
  std::size_t done = 0;
  while (done != size) {
    const ssize_t count =
        ::pread(descriptor, bytes.data() + done, size - done, static_cast<off_t>(offset + done));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    done += static_cast<std::size_t>(count);
  }
  bytes.resize(done);
  return bytes;
}

std::string rotated_name(const std::string& path, std::uint64_t sequence) {
  char digits[kDigits + 1] = "";
  std::snprintf(digits, sizeof digits, "%020llu", static_cast<unsigned long long>(sequence));
  return path + "." + digits;
}

std::string directory_of(const std::string& path) {
  const std::string parent = std::filesystem::path(path).parent_path().string();
  return parent.empty() ? "." : parent;
}

}  // namespace

base::Result<std::unique_ptr<ChainFile>> ChainFile::open(const Settings& settings) {
  std::unique_ptr<ChainFile> file(new ChainFile(settings));
  const auto descriptor = file->open_descriptor();
  if (!descriptor) return base::fail(descriptor.error());
  file->descriptor_ = *descriptor;
  if (auto read = file->read_back(); !read) return base::fail(std::move(read).error());
  return file;
}

ChainFile::~ChainFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

base::Result<int> ChainFile::open_descriptor() {
  const std::string& path = settings_.path;
  // Not blocking: what stands there may be a pipe that nobody reads.
  const int descriptor =
      ::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
  if (descriptor < 0) return failed(path, errno);
  struct stat status {};
  int error = 0;
  if (::fstat(descriptor, &status) != 0) {
    error = errno;
  } else if (!S_ISREG(status.st_mode)) {
    error = EINVAL;
  } else if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    error = errno;
  }
  if (error == 0) return descriptor;
  ::close(descriptor);
  if (error == EWOULDBLOCK) return base::fail(path + ": another process writes this audit log");
  return failed(path, error);
}

// ---- what is there

base::Status<> ChainFile::read_back() {
  struct stat status {};
  if (::fstat(descriptor_, &status) != 0) return failed(settings_.path, errno);
  size_ = static_cast<std::uint64_t>(status.st_size);
  if (auto cut = cut_torn_line(); !cut) return cut;
  if (size_ == 0) {
    continue_from_older();
  } else {
    const auto line = last_line();
    const auto link = line ? settings_.seal.read(*line) : base::fail(line.error());
    if (!link) return put_aside(link.error().message);
    written_ = {link->sequence, link->hash};
    const std::string head = read_at(descriptor_, 0, std::min<std::uint64_t>(size_, kLineMax));
    const auto first = settings_.seal.read(std::string_view(head).substr(0, head.find('\n')));
    // Only a name hangs on it.
    first_sequence_ = first ? first->sequence : written_.sequence;
  }
  added_ = written_;
  return base::Done{};
}

base::Status<> ChainFile::cut_torn_line() {
  if (size_ == 0) return base::Done{};
  const std::uint64_t tail_size = std::min<std::uint64_t>(size_, kLineMax);
  const std::string tail = read_at(descriptor_, size_ - tail_size, tail_size);
  if (tail.size() != tail_size) return base::fail(settings_.path + ": cannot be read");
  const std::size_t end = tail.rfind('\n');
  // Neither is it a line of ours, nor the beginning of one.
  if (end == std::string::npos && tail_size != size_) return base::Done{};
  const std::size_t whole = end == std::string::npos ? 0 : end + 1;
  if (whole == tail.size()) return base::Done{};
  opening_.torn_bytes = tail.size() - whole;
  opening_.torn_text = tail.substr(whole, kTornTextMax);
  size_ -= opening_.torn_bytes;
  return cut_to_size();
}

base::Result<std::string> ChainFile::last_line() const {
  const std::uint64_t tail_size = std::min<std::uint64_t>(size_, kLineMax + 1);
  std::string tail = read_at(descriptor_, size_ - tail_size, tail_size);
  if (tail.empty() || tail.back() != '\n') return base::fail("the last line has no end");
  tail.pop_back();
  const std::size_t before = tail.rfind('\n');
  if (before == std::string::npos && tail_size != size_)
    return base::fail("the last line is too long");
  return before == std::string::npos ? tail : tail.substr(before + 1);
}

// A crash between renaming the full file and writing to the next leaves the chain's end there.
void ChainFile::continue_from_older() {
  const std::vector<std::string> files = older();
  if (files.empty()) return;
  const std::string path = directory_of(settings_.path) + "/" + files.back();
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (file < 0) return;
  struct stat status {};
  const std::uint64_t size =
      ::fstat(file, &status) == 0 ? static_cast<std::uint64_t>(status.st_size) : 0;
  const std::uint64_t tail_size = std::min<std::uint64_t>(size, kLineMax);
  std::string tail = read_at(file, size - tail_size, tail_size);
  ::close(file);
  if (tail.ends_with('\n')) tail.pop_back();
  const std::size_t before = tail.rfind('\n');
  const auto link = settings_.seal.read(
      std::string_view(tail).substr(before == std::string::npos ? 0 : before + 1));
  if (!link) {
    opening_.broken_file = path;
    opening_.broken_reason = "its last line " + link.error().message;
    return begin_anew();
  }
  written_ = {link->sequence, link->hash};
  first_sequence_ = link->sequence + 1;
}

base::Status<> ChainFile::put_aside(const std::string& reason) {
  std::string name;
  for (unsigned number = 1;; ++number) {
    name = settings_.path + ".broken." + std::to_string(number);
    if (::access(name.c_str(), F_OK) != 0) break;
  }
  if (::rename(settings_.path.c_str(), name.c_str()) != 0) return failed(name, errno);
  opening_.broken_file = name;
  opening_.broken_reason = "its last line " + reason;
  const auto fresh = open_descriptor();
  if (!fresh) return base::fail(fresh.error());
  ::close(std::exchange(descriptor_, *fresh));
  size_ = 0;
  begin_anew();
  return sync_directory();
}

// Above the names of the older files, so that none of them will be in the way.
void ChainFile::begin_anew() {
  const std::vector<std::string> files = older();
  if (!files.empty())
    written_.sequence =
        std::strtoull(files.back().c_str() + files.back().size() - kDigits, nullptr, 10);
  added_ = written_;
  first_sequence_ = written_.sequence + 1;
}

// ---- writing

void ChainFile::add(const Event& event) {
  std::string line = encode_record(event, added_.sequence + 1, settings_.node, added_.hash);
  added_.hash = settings_.seal.close(line);
  ++added_.sequence;
  DCHECK(line.size() < kLineMax);
  pending_.append(line).push_back('\n');
}

base::Status<> ChainFile::flush() {
  const std::string bytes = std::exchange(pending_, {});
  const Place added = std::exchange(added_, written_);
  if (torn_)
    if (auto cut = cut_to_size(); !cut) return cut;
  for (std::size_t done = 0; done != bytes.size();) {
    const ssize_t count = ::write(descriptor_, bytes.data() + done, bytes.size() - done);
    if (count > 0) {
      done += static_cast<std::size_t>(count);
      torn_ = true;
    } else if (errno != EINTR) {
      const int error = errno;
      if (torn_) (void)cut_to_size();
      return failed(settings_.path, error);
    }
  }
  torn_ = false;
  size_ += bytes.size();
  written_ = added_ = added;
  return base::Done{};
}

base::Status<> ChainFile::cut_to_size() {
  if (::ftruncate(descriptor_, static_cast<off_t>(size_)) != 0)
    return failed(settings_.path, errno);
  torn_ = false;
  return base::Done{};
}

base::Status<> ChainFile::sync() {
  if (::fdatasync(descriptor_) != 0) return failed(settings_.path, errno);
  return base::Done{};
}

// ---- older files

base::Result<ChainFile::Rotation> ChainFile::rotate() {
  CHECK(pending_.empty());
  if (auto synced = sync(); !synced) return base::fail(std::move(synced).error());
  const std::string name = rotated_name(settings_.path, first_sequence_);
  if (::access(name.c_str(), F_OK) == 0) return failed(name, EEXIST);
  if (::rename(settings_.path.c_str(), name.c_str()) != 0) return failed(name, errno);
  const auto fresh = open_descriptor();
  if (!fresh) {
    (void)::rename(name.c_str(), settings_.path.c_str());
    return base::fail(fresh.error());
  }
  ::close(std::exchange(descriptor_, *fresh));
  size_ = 0;
  first_sequence_ = written_.sequence + 1;
  Rotation rotation;
  rotation.closed = std::filesystem::path(name).filename().string();
  std::vector<std::string> files = older();
  const std::size_t most = settings_.files_max;
  for (std::size_t i = 0; files.size() > most && i != files.size() - most; ++i)
    if (::unlink((directory_of(settings_.path) + "/" + files[i]).c_str()) == 0)
      rotation.removed.push_back(files[i]);
  if (auto synced = sync_directory(); !synced) return base::fail(std::move(synced).error());
  return rotation;
}

// Names without their directory, oldest first.
std::vector<std::string> ChainFile::older() const {
  const std::string prefix = std::filesystem::path(settings_.path).filename().string() + ".";
  std::vector<std::string> names;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(directory_of(settings_.path), error), end;
       !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (name.size() == prefix.size() + kDigits && name.starts_with(prefix) &&
        name.find_first_not_of("0123456789", prefix.size()) == std::string::npos)
      names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

base::Status<> ChainFile::sync_directory() const {
  const std::string path = directory_of(settings_.path);
  const int directory = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) return failed(path, errno);
  const bool synced = ::fsync(directory) == 0;
  const int error = errno;
  ::close(directory);
  if (!synced) return failed(path, error);
  return base::Done{};
}

}  // namespace harrier::audit
