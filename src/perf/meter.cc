#include "perf/meter.h"

#include <cmath>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <sstream>

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "perf/load_error.h"
#include "perf/socket.h"
#include "perf/uri.h"

namespace harrier::perf {
namespace {

constexpr std::string_view kFlushMetric = "harriermq_journal_flushes_total";

double cpu_seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

double own_cpu_s() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  return cpu_seconds(used.ru_utime) + cpu_seconds(used.ru_stime);
}

// Empty if nobody answers. `url` is http://host:port/path.
std::string http_get(const std::string& url) {
  constexpr std::string_view kScheme = "http://";
  if (!url.starts_with(kScheme)) throw LoadError("--metrics-url starts with http://");
  const std::size_t slash = std::min(url.find('/', kScheme.size()), url.size());
  const std::string authority = url.substr(kScheme.size(), slash - kScheme.size());
  const auto endpoint = parse_uri("amqp://" + authority);
  if (!endpoint.ok()) throw LoadError("malformed --metrics-url " + url);
  const std::string path = slash == url.size() ? "/metrics" : url.substr(slash);
  std::string request =
      "GET " + path + " HTTP/1.1\r\nHost: " + authority + "\r\nConnection: close\r\n\r\n";
  std::string text;
  try {
    Socket socket(*endpoint);
    while (!request.empty())
      request.erase(0, socket.send(request).bytes);
    char chunk[16384];
    // Ends with the exception that says that all is there.
    while (socket.wait_readable(std::chrono::seconds(5)))
      text.append(chunk, socket.receive(chunk).bytes);
  } catch (const LoadError&) {
  }
  return text;
}

std::uint64_t status_bytes(const std::string& status, std::string_view name) {
  const std::size_t at = status.find("\n" + std::string(name) + ":");
  if (at == std::string::npos) throw LoadError("no " + std::string(name) + " in /proc/PID/status");
  return std::strtoull(status.c_str() + at + name.size() + 2, nullptr, 10) * 1024;
}

}  // namespace

Usage& Usage::operator+=(const Usage& more) {
  if (more.broker_cpu_s) broker_cpu_s = broker_cpu_s.value_or(0) + *more.broker_cpu_s;
  own_cpu_s += more.own_cpu_s;
  if (more.flushes) flushes = flushes.value_or(0) + *more.flushes;
  return *this;
}

Meter::Meter(const Options& options)
    : pid_(static_cast<pid_t>(options.broker_pid)),
      metrics_url_(options.metrics_url),
      strace_(options.strace) {
  broker_cpu_s();  // it is there
}

Meter::~Meter() {
  if (strace_pid_ > 0) stop_strace();
}

// The clock of a process is the sum that /proc/PID/stat shows, in nanoseconds instead of ticks.
std::optional<double> Meter::broker_cpu_s() const {
  if (pid_ == 0) return std::nullopt;
  clockid_t clock;
  timespec time{};
  if (::clock_getcpuclockid(pid_, &clock) != 0 || ::clock_gettime(clock, &time) != 0)
    throw LoadError("cannot read the CPU clock of process " + std::to_string(pid_));
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

std::optional<Memory> Meter::memory() const {
  if (pid_ == 0) return std::nullopt;
  std::ifstream file("/proc/" + std::to_string(pid_) + "/status");
  const std::string status((std::istreambuf_iterator<char>(file)), {});
  return Memory{status_bytes(status, "VmRSS"), status_bytes(status, "RssAnon"),
                status_bytes(status, "VmHWM")};
}

std::optional<std::uint64_t> Meter::flushes_from_metrics() const {
  if (metrics_url_.empty()) return std::nullopt;
  std::istringstream text(http_get(metrics_url_));
  std::optional<std::uint64_t> sum;
  // A family may have several series.
  for (std::string line; std::getline(text, line);) {
    if (!line.starts_with(kFlushMetric) || line.size() <= kFlushMetric.size()) continue;
    if (line[kFlushMetric.size()] != ' ' && line[kFlushMetric.size()] != '{') continue;
    const double value = std::strtod(line.c_str() + line.rfind(' '), nullptr);
    sum = sum.value_or(0) + static_cast<std::uint64_t>(std::llround(value));
  }
  return sum;
}

// Tracing slows the traced broker down: flushes are right then, times are not.
void Meter::start_strace() {
  char path[] = "/tmp/harrier-perf-strace-XXXXXX";
  const int file = ::mkstemp(path);
  if (file < 0) throw LoadError("cannot make a temporary file");
  ::close(file);
  strace_summary_ = path;
  const std::string pid = std::to_string(pid_);
  strace_pid_ = ::fork();
  if (strace_pid_ == 0) {
    ::dup2(::open("/dev/null", O_WRONLY | O_CLOEXEC), STDERR_FILENO);
    ::execlp("strace", "strace", "-c", "-f", "-e", "trace=fdatasync,fsync,syncfs", "-o", path, "-p",
             pid.c_str(), nullptr);
    ::_exit(127);
  }
  // Attached once the broker has a tracer.
  for (int attempt = 0; attempt < 500; ++attempt) {
    std::ifstream status("/proc/" + pid + "/status");
    for (std::string line; std::getline(status, line);) {
      if (line.starts_with("TracerPid:") && std::strtol(line.c_str() + 10, nullptr, 10) != 0)
        return;
    }
    if (::waitpid(strace_pid_, nullptr, WNOHANG) == strace_pid_) break;
    ::usleep(10'000);
  }
  strace_pid_ = -1;
  throw LoadError("strace could not attach to process " + pid);
}

std::optional<std::uint64_t> Meter::stop_strace() {
  ::kill(strace_pid_, SIGINT);
  ::waitpid(strace_pid_, nullptr, 0);
  strace_pid_ = -1;
  std::uint64_t calls = 0;
  std::ifstream file(strace_summary_);
  // % time, seconds, usecs/call, calls, [errors,] name
  for (std::string line; std::getline(file, line);) {
    std::istringstream columns(line);
    std::string percent, total, each, name;
    std::uint64_t count = 0;
    if (!(columns >> percent >> total >> each >> count)) continue;
    while (columns >> name) {
    }
    if (name == "fdatasync" || name == "fsync" || name == "syncfs") calls += count;
  }
  ::unlink(strace_summary_.c_str());
  return calls;
}

// The broker's metrics are asked for outside the time that is measured: the answer costs it CPU.
Usage Meter::begin_phase() {
  if (strace_) start_strace();
  Usage begin;
  begin.flushes = flushes_from_metrics();
  begin.own_cpu_s = own_cpu_s();
  begin.broker_cpu_s = broker_cpu_s();
  return begin;
}

Usage Meter::end_phase(const Usage& begin) {
  Usage used;
  const std::optional<double> cpu = broker_cpu_s();
  if (cpu && begin.broker_cpu_s) used.broker_cpu_s = *cpu - *begin.broker_cpu_s;
  used.own_cpu_s = own_cpu_s() - begin.own_cpu_s;
  const std::optional<std::uint64_t> flushes = flushes_from_metrics();
  if (flushes && begin.flushes) used.flushes = *flushes - *begin.flushes;
  if (strace_) used.flushes = stop_strace();
  return used;
}

const char* Meter::flush_source() const {
  if (strace_) return "strace";
  return flushes_from_metrics() ? "metrics" : "none";
}

void add_usage(Figures& figures, const std::string& prefix, const Usage& used,
               std::uint64_t messages, const char* flush_source) {
  const auto count = static_cast<double>(messages);
  std::optional<double> each, per_second, per_thousand;
  if (used.broker_cpu_s) {
    each = *used.broker_cpu_s * 1e6 / count;
    per_second = count / *used.broker_cpu_s;
  }
  if (used.flushes) per_thousand = static_cast<double>(*used.flushes) * 1000 / count;
  figures.real(prefix + "broker_cpu_s", used.broker_cpu_s);
  figures.real(prefix + "broker_cpu_us_per_message", each);
  figures.real(prefix + "messages_per_broker_cpu_s", per_second);
  figures.real(prefix + "generator_cpu_us_per_message", used.own_cpu_s * 1e6 / count);
  figures.count(prefix + "flushes", used.flushes);
  figures.real(prefix + "flushes_per_1000_messages", per_thousand);
  figures.text(prefix + "flush_source", flush_source);
}

std::optional<double> growth_each(const std::optional<Memory>& before,
                                  const std::optional<Memory>& after, std::uint64_t count,
                                  std::uint64_t Memory::*bytes) {
  if (!before || !after) return std::nullopt;
  return (static_cast<double>((*after).*bytes) - static_cast<double>((*before).*bytes)) /
         static_cast<double>(count);
}

void add_memory(Figures& figures, const std::optional<Memory>& memory) {
  std::optional<std::uint64_t> resident, peak;
  if (memory) resident = memory->resident_bytes;
  if (memory) peak = memory->peak_bytes;
  figures.count("rss_bytes", resident).count("rss_peak_bytes", peak);
}

}  // namespace harrier::perf
