#include "bench/load/meter.h"

#include <cmath>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <sstream>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

namespace harrier::bench {
namespace {

constexpr std::string_view kFlushMetric = "harriermq_journal_flushes_total";

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

double own_cpu_s() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

// Empty if nobody answers.
std::string http_get(std::uint16_t port, const char* path) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const timeval patience{5, 0};
  ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::string text;
  if (::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) {
    const std::string request =
        "GET " + std::string(path) + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    if (::send(socket, request.data(), request.size(), MSG_NOSIGNAL) > 0) {
      char chunk[16384];
      ssize_t count;
      while ((count = ::recv(socket, chunk, sizeof chunk, 0)) > 0)
        text.append(chunk, static_cast<std::size_t>(count));
    }
  }
  ::close(socket);
  return text;
}

std::uint64_t status_bytes(const std::string& status, std::string_view name) {
  const std::size_t at = status.find("\n" + std::string(name) + ":");
  if (at == std::string::npos) throw LoadError("no " + std::string(name) + " in /proc/PID/status");
  return std::strtoull(status.c_str() + at + name.size() + 2, nullptr, 10) * 1024;
}

}  // namespace

Usage& Usage::operator+=(const Usage& more) {
  broker_cpu_s += more.broker_cpu_s;
  own_cpu_s += more.own_cpu_s;
  if (more.flushes) flushes = flushes.value_or(0) + *more.flushes;
  return *this;
}

Meter::Meter(Arguments& arguments)
    : pid_(static_cast<pid_t>(arguments.number("pid", 0))),
      metrics_port_(static_cast<std::uint16_t>(arguments.number("metrics-port", 0))),
      strace_(arguments.has("strace")) {
  if (pid_ == 0) throw LoadError("--pid of the broker is missing");
  broker_cpu_s();  // it is there
}

Meter::~Meter() {
  if (strace_pid_ > 0) stop_strace();
}

// The clock of a process is the sum that /proc/PID/stat shows, in nanoseconds instead of ticks.
double Meter::broker_cpu_s() const {
  clockid_t clock;
  timespec time{};
  if (::clock_getcpuclockid(pid_, &clock) != 0 || ::clock_gettime(clock, &time) != 0)
    throw LoadError("cannot read the CPU clock of process " + std::to_string(pid_));
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

Memory Meter::memory() const {
  std::ifstream file("/proc/" + std::to_string(pid_) + "/status");
  const std::string status((std::istreambuf_iterator<char>(file)), {});
  return {status_bytes(status, "VmRSS"), status_bytes(status, "RssAnon"),
          status_bytes(status, "VmHWM")};
}

std::optional<std::uint64_t> Meter::flushes_from_metrics() const {
  if (metrics_port_ == 0) return std::nullopt;
  std::istringstream text(http_get(metrics_port_, "/metrics"));
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

Usage Meter::usage() const { return {broker_cpu_s(), own_cpu_s(), flushes_from_metrics()}; }

// Tracing slows the traced broker down: flushes are right then, times are not.
void Meter::start_strace() {
  char path[] = "/tmp/durable_load_strace_XXXXXX";
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

Usage Meter::begin_phase() {
  if (strace_) start_strace();
  return usage();
}

Usage Meter::end_phase(const Usage& begin) {
  const Usage end = usage();
  Usage used{end.broker_cpu_s - begin.broker_cpu_s, end.own_cpu_s - begin.own_cpu_s, {}};
  if (end.flushes && begin.flushes) used.flushes = *end.flushes - *begin.flushes;
  if (strace_) used.flushes = stop_strace();
  return used;
}

const char* Meter::flush_source() const {
  if (strace_) return "strace";
  return flushes_from_metrics() ? "metrics" : "none";
}

void add_usage(JsonLine& line, const std::string& prefix, const Usage& used, std::uint64_t messages,
               const char* flush_source) {
  const auto count = static_cast<double>(messages);
  line.real(prefix + "broker_cpu_s", used.broker_cpu_s);
  line.real(prefix + "broker_cpu_us_per_message", used.broker_cpu_s * 1e6 / count);
  line.real(prefix + "messages_per_broker_cpu_s", count / used.broker_cpu_s);
  line.real(prefix + "generator_cpu_us_per_message", used.own_cpu_s * 1e6 / count);
  line.count(prefix + "flushes", used.flushes);
  std::optional<double> per_thousand;
  if (used.flushes) per_thousand = static_cast<double>(*used.flushes) * 1000 / count;
  line.real(prefix + "flushes_per_1000_messages", per_thousand);
  line.text(prefix + "flush_source", flush_source);
}

}  // namespace harrier::bench
