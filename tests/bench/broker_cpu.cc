// How much CPU a broker spends per message: one publisher, one consumer, one queue.
//
// It reads the CPU time of the broker's process (user and system, all threads) at two points at
// which all messages published so far have been delivered (and acknowledged), and divides by the
// messages between them. Not wall time: a machine that is busy otherwise hardly moves it.
// Two raw sockets on loopback, frames encoded once, writes of 64 KiB; the publisher keeps a bounded
// number of messages ahead of the consumer, so that no backlog is measured. Any AMQP 0-9-1 broker
// will do:
//
//   broker_cpu --binary build/release/bin/harriermq [--loops 1] [--size 16] [--ack]
//   broker_cpu --port 5672 --pid 4711 [--size 16] [--ack] [--messages 2000000] [--rounds 5]

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

struct Settings {
  std::string binary;
  int port = 0;
  pid_t pid = 0;
  int loops = 1;
  std::size_t size = 16;
  std::uint64_t messages = 2'000'000;
  std::uint64_t ahead = 20'000;
  int rounds = 5;
  bool ack = false;
};

[[noreturn]] void die(const std::string& text) {
  std::fprintf(stderr, "broker_cpu: %s\n", text.c_str());
  std::exit(1);
}

// ---- frames

void put(std::string& out, std::uint64_t number, int octets) {
  for (int shift = 8 * (octets - 1); shift >= 0; shift -= 8)
    out.push_back(static_cast<char>(number >> shift));
}

void put_short(std::string& out, std::string_view text) {
  put(out, text.size(), 1);
  out.append(text);
}

std::string frame(int type, int channel, std::string_view payload) {
  std::string out;
  put(out, static_cast<std::uint64_t>(type), 1);
  put(out, static_cast<std::uint64_t>(channel), 2);
  put(out, payload.size(), 4);
  out.append(payload);
  out.push_back('\xCE');
  return out;
}

std::string method(int class_id, int method_id, std::string_view fields = {}) {
  std::string payload;
  put(payload, static_cast<std::uint64_t>(class_id), 2);
  put(payload, static_cast<std::uint64_t>(method_id), 2);
  payload.append(fields);
  return payload;
}

// ---- a connection

class Client {
 public:
  explicit Client(int port) {
    socket_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
      die("cannot connect to port " + std::to_string(port));
    const int on = 1;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    handshake();
  }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client() { ::close(socket_); }

  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t count = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (count <= 0) die("the broker closed the connection");
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
  }

  // Waits for a method; deliveries must not be running yet.
  void expect(int class_id, int method_id) {
    while (true) {
      while (buffer_.size() < 7 || buffer_.size() < 8 + frame_size())
        receive();
      const std::string payload = buffer_.substr(7, frame_size());
      const bool is_method = buffer_[0] == 1;
      buffer_.erase(0, 8 + payload.size());
      if (!is_method) continue;
      if (payload.substr(0, 4) == method(class_id, method_id)) return;
      die("unexpected method " + std::to_string(static_cast<unsigned char>(payload[1])) + "." +
          std::to_string(static_cast<unsigned char>(payload[3])));
    }
  }

  int socket() const { return socket_; }
  std::string& buffer() { return buffer_; }
  void receive() {
    char chunk[65536];
    const ssize_t count = ::recv(socket_, chunk, sizeof chunk, 0);
    if (count <= 0) die("the broker closed the connection");
    buffer_.append(chunk, static_cast<std::size_t>(count));
  }

 private:
  std::size_t frame_size() const {
    std::uint32_t size;
    std::memcpy(&size, buffer_.data() + 3, 4);
    return ntohl(size);
  }

  void handshake() {
    send({"AMQP\0\0\x09\x01", 8});
    expect(10, 10);
    std::string start_ok;
    put(start_ok, 0, 4);
    put_short(start_ok, "PLAIN");
    const std::string_view response("\0guest\0guest", 12);
    put(start_ok, response.size(), 4);
    start_ok.append(response);
    put_short(start_ok, "en_US");
    send(frame(1, 0, method(10, 11, start_ok)));
    expect(10, 30);
    std::string tune_ok;
    put(tune_ok, 2047, 2);
    put(tune_ok, 131072, 4);
    put(tune_ok, 0, 2);
    send(frame(1, 0, method(10, 31, tune_ok)));
    std::string open;
    put_short(open, "/");
    put_short(open, "");
    put(open, 0, 1);
    send(frame(1, 0, method(10, 40, open)));
    expect(10, 41);
    send(frame(1, 1, method(20, 10, std::string_view("\0", 1))));
    expect(20, 11);
  }

  int socket_;
  std::string buffer_;
};

// ---- the load

std::string publish_frames(std::string_view queue, std::size_t size) {
  std::string fields;
  put(fields, 0, 2);
  put_short(fields, "");
  put_short(fields, queue);
  put(fields, 0, 1);
  std::string header;
  put(header, 60, 2);
  put(header, 0, 2);
  put(header, size, 8);
  put(header, 1 << 12, 2);  // delivery-mode
  put(header, 1, 1);        // transient
  return frame(1, 1, method(60, 40, fields)) + frame(2, 1, header) +
         frame(3, 1, std::string(size, 'x'));
}

void declare_queue(Client& client, std::string_view queue) {
  std::string fields;
  put(fields, 0, 2);
  put_short(fields, queue);
  put(fields, 8, 1);  // auto-delete
  put(fields, 0, 4);
  client.send(frame(1, 1, method(50, 10, fields)));
  client.expect(50, 11);
}

void consume(Client& client, std::string_view queue, bool ack) {
  std::string fields;
  put(fields, 0, 2);
  put_short(fields, queue);
  put_short(fields, "c");
  put(fields, ack ? 0 : 2, 1);
  put(fields, 0, 4);
  client.send(frame(1, 1, method(60, 20, fields)));
  client.expect(60, 21);
}

// Counts deliveries (and acknowledges each) until the socket is shut down.
void run_consumer(Client& client, bool ack, std::atomic<std::uint64_t>& delivered) {
  std::vector<char> chunk(1 << 17);
  std::string carried = std::exchange(client.buffer(), {});
  std::string acks;
  std::uint64_t tag = 0;
  while (true) {
    std::size_t at = 0;
    std::uint64_t count = 0;
    while (carried.size() - at >= 7) {
      std::uint32_t size;
      std::memcpy(&size, carried.data() + at + 3, 4);
      size = ntohl(size);
      if (carried.size() - at < size + 8u) break;
      // A header frame stands for one delivery.
      if (carried[at] == 2) {
        ++count;
        if (ack) {
          std::string fields;
          put(fields, ++tag, 8);
          put(fields, 0, 1);
          acks += frame(1, 1, method(60, 80, fields));
        }
      }
      at += size + 8u;
    }
    carried.erase(0, at);
    if (!acks.empty()) client.send(acks);
    acks.clear();
    delivered.fetch_add(count, std::memory_order_release);
    const ssize_t received = ::recv(client.socket(), chunk.data(), chunk.size(), 0);
    if (received <= 0) return;
    carried.append(chunk.data(), static_cast<std::size_t>(received));
  }
}

double cpu_seconds(pid_t pid) {
  clockid_t clock;
  timespec time{};
  if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &time) != 0)
    die("cannot read the CPU clock of process " + std::to_string(pid));
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

// Publishes up to `target`, never more than `ahead` before the consumer, and waits for the rest.
void publish_until(Client& client, const std::string& batch, std::uint64_t batch_messages,
                   std::uint64_t& published, std::uint64_t target, std::uint64_t ahead,
                   const std::atomic<std::uint64_t>& delivered) {
  while (published < target) {
    while (published - delivered.load(std::memory_order_acquire) > ahead)
      std::this_thread::yield();
    client.send(batch);
    published += batch_messages;
  }
  while (delivered.load(std::memory_order_acquire) < published)
    ::usleep(200);
}

void measure(const Settings& settings) {
  const std::string queue = "broker_cpu_" + std::to_string(::getpid());
  Client consumer(settings.port);
  Client publisher(settings.port);
  declare_queue(consumer, queue);
  consume(consumer, queue, settings.ack);
  const std::string one = publish_frames(queue, settings.size);
  const std::uint64_t batch_messages = std::max<std::uint64_t>(1, 65536 / one.size());
  std::string batch;
  for (std::uint64_t i = 0; i < batch_messages; ++i)
    batch += one;
  // Not more than 16 MiB on the way.
  const std::uint64_t ahead = std::min<std::uint64_t>(
      settings.ahead, std::max<std::uint64_t>(64, (16u << 20) / one.size()));
  std::atomic<std::uint64_t> delivered{0};
  std::thread reader([&] { run_consumer(consumer, settings.ack, delivered); });
  std::uint64_t published = 0;
  publish_until(publisher, batch, batch_messages, published, settings.messages / 10, ahead,
                delivered);
  std::vector<double> costs;
  for (int round = 0; round < settings.rounds; ++round) {
    const std::uint64_t before = published;
    const double cpu = cpu_seconds(settings.pid);
    publish_until(publisher, batch, batch_messages, published,
                  before + settings.messages / static_cast<std::uint64_t>(settings.rounds), ahead,
                  delivered);
    costs.push_back((cpu_seconds(settings.pid) - cpu) * 1e6 /
                    static_cast<double>(published - before));
  }
  ::shutdown(consumer.socket(), SHUT_RDWR);
  reader.join();
  std::sort(costs.begin(), costs.end());
  std::printf(
      "size=%zu ack=%d loops=%d messages=%llu cpu_us_per_message median=%.3f min=%.3f max=%.3f\n",
      settings.size, settings.ack ? 1 : 0, settings.loops,
      static_cast<unsigned long long>(published), costs[costs.size() / 2], costs.front(),
      costs.back());
}

// ---- a broker of our own

pid_t start_broker(Settings& settings, const std::filesystem::path& directory) {
  std::filesystem::create_directories(directory);
  settings.port = 20000 + static_cast<int>(::getpid() % 20000);
  const auto config = directory / "harriermq.yaml";
  std::ofstream(config) << "loops: " << settings.loops << "\nmetrics:\n  enabled: false\n";
  const std::string port = std::to_string(settings.port);
  const pid_t pid = ::fork();
  if (pid == 0) {
    std::freopen((directory / "log").c_str(), "w", stdout);
    ::execl(settings.binary.c_str(), "harriermq", "--config", config.c_str(), "--bind", "127.0.0.1",
            "--port", port.c_str(), "--data-dir", (directory / "data").c_str(), nullptr);
    ::_exit(127);
  }
  for (int attempt = 0; attempt < 500; ++attempt) {
    std::ifstream log(directory / "log");
    const std::string text((std::istreambuf_iterator<char>(log)), {});
    if (text.find("Server startup complete") != std::string::npos) return pid;
    if (::waitpid(pid, nullptr, WNOHANG) == pid) die("the broker did not start:\n" + text);
    ::usleep(10'000);
  }
  die("the broker did not start in time");
}

Settings parse(int count, char** words) {
  Settings settings;
  for (int i = 1; i < count; ++i) {
    const std::string_view word = words[i];
    if (word == "--ack") {
      settings.ack = true;
      continue;
    }
    if (i + 1 == count) die("a value is missing after " + std::string(word));
    const std::string value = words[++i];
    if (word == "--binary")
      settings.binary = value;
    else if (word == "--port")
      settings.port = std::stoi(value);
    else if (word == "--pid")
      settings.pid = std::stoi(value);
    else if (word == "--loops")
      settings.loops = std::stoi(value);
    else if (word == "--size")
      settings.size = std::stoul(value);
    else if (word == "--messages")
      settings.messages = std::stoull(value);
    else if (word == "--rounds")
      settings.rounds = std::max(1, std::stoi(value));
    else
      die("unknown option " + std::string(word));
  }
  if (settings.binary.empty() && (settings.port == 0 || settings.pid == 0))
    die("give --binary, or --port and --pid");
  return settings;
}

}  // namespace

int main(int count, char** words) {
  Settings settings = parse(count, words);
  if (settings.binary.empty()) {
    measure(settings);
    return 0;
  }
  const auto directory =
      std::filesystem::temp_directory_path() / ("broker_cpu_" + std::to_string(::getpid()));
  const pid_t broker = start_broker(settings, directory);
  settings.pid = broker;
  measure(settings);
  ::kill(broker, SIGTERM);
  int status = 0;
  ::waitpid(broker, &status, 0);
  std::filesystem::remove_all(directory);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
