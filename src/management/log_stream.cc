#include "management/log_stream.h"

#include "base/log_tail.h"
#include "management/time_text.h"

namespace harrier::management {
namespace {

const char* word_of(base::LogLevel level) {
  switch (level) {
    case base::LogLevel::kDebug: return "debug";
    case base::LogLevel::kInfo: return "info";
    case base::LogLevel::kWarning: return "warning";
    case base::LogLevel::kError:
    case base::LogLevel::kOff: break;
  }
  return "error";
}

}  // namespace

std::unique_ptr<LogStream> LogStream::open(Counters& counters, std::uint64_t streams_max) {
  if (counters.log_streams.fetch_add(1) >= streams_max) {
    --counters.log_streams;
    return nullptr;
  }
  return std::unique_ptr<LogStream>(new LogStream(counters));
}

LogStream::LogStream(Counters& counters) : counters_(counters) {
  const std::uint64_t last = base::log_tail().last();
  seen_ = last > kBefore ? last - kBefore : 0;
}

LogStream::~LogStream() { --counters_.log_streams; }

http::BodySource::Next LogStream::next(std::string& chunk) {
  const auto lines = base::log_tail().behind(seen_, kBatch);
  for (const base::LogTail::Line& line : lines) {
    seen_ = line.number;
    chunk.append("id: ").append(std::to_string(line.number)).append("\ndata: {\"time\":\"");
    chunk.append(text_of(line.time)).append("\",\"level\":\"").append(word_of(line.level));
    chunk.append("\",").append(line.members).append("\n\n");
  }
  if (!lines.empty()) {
    quiet_ = 0;
    return lines.size() == kBatch ? Next::kMore : Next::kWait;
  }
  if (++quiet_ % kQuietMax == 1) chunk.append(":\n\n");
  return Next::kWait;
}

}  // namespace harrier::management
