#include "http/server.h"

#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include <sys/socket.h>

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/log.h"
#include "http/connection.h"
#include "http/surroundings.h"

namespace harrier::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

Peer peer_of(const tcp::endpoint& endpoint) {
  asio::ip::address address = endpoint.address();
  if (address.is_v6() && address.to_v6().is_v4_mapped())
    address = asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
  Peer peer;
  peer.address = address.to_string();
  peer.port = endpoint.port();
  peer.loopback = address.is_loopback();
  return peer;
}

Peer peer_of_unix(int descriptor) {
  Peer peer;
  peer.loopback = true;
  ucred credentials{};
  socklen_t size = sizeof credentials;
  if (::getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) return peer;
  Peer::Process process;
  process.id = credentials.pid;
  process.user = credentials.uid;
  process.groups.resize(64);
  size = static_cast<socklen_t>(process.groups.size() * sizeof(gid_t));
  const bool known =
      ::getsockopt(descriptor, SOL_SOCKET, SO_PEERGROUPS, process.groups.data(), &size) == 0;
  process.groups.resize(known ? size / sizeof(gid_t) : 0);
  process.groups.push_back(credentials.gid);
  peer.process = std::move(process);
  return peer;
}

// The connections of a listener begin here, and nobody keeps them.
class Acceptor {
 public:
  Acceptor(Site& site, Surroundings& around, std::vector<std::weak_ptr<Connection>>& connections)
      : site_(site), around_(around), connections_(connections), pause_(around.context) {}
  virtual ~Acceptor() = default;
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;

  virtual void accept() = 0;
  virtual void close() = 0;

 protected:
  void take(Stream::Socket socket, Peer peer, const TlsChoice& tls) {
    ++around_.counters.accepted;
    if (around_.counters.connections >= around_.limits.connections_max) {
      ++around_.counters.refused;
      return;
    }
    auto connection = std::make_shared<Connection>(make_stream(std::move(socket), tls),
                                                   std::move(peer), site_, around_);
    remember(connection);
    connection->start();
  }
  // Out of descriptors: trying again at once would spin.
  void pause() {
    pause_.expires_after(std::chrono::milliseconds(200));
    pause_.async_wait([this](error_code error) {
      if (!error) accept();
    });
  }
  Surroundings& around() { return around_; }

 private:
  void remember(const std::shared_ptr<Connection>& connection) {
    if (connections_.size() > 2 * around_.limits.connections_max)
      std::erase_if(connections_, [](const auto& weak) { return weak.expired(); });
    connections_.push_back(connection);
  }

  Site& site_;
  Surroundings& around_;
  std::vector<std::weak_ptr<Connection>>& connections_;
  asio::steady_timer pause_;
};

class TcpAcceptor final : public Acceptor {
 public:
  TcpAcceptor(const tcp::endpoint& endpoint, Site& site, TlsSource tls, Surroundings& around,
              std::vector<std::weak_ptr<Connection>>& connections)
      : Acceptor(site, around, connections), tls_(std::move(tls)), acceptor_(around.context) {
    acceptor_.open(endpoint.protocol());
    acceptor_.set_option(tcp::acceptor::reuse_address(true));
    if (endpoint.protocol() == tcp::v6()) acceptor_.set_option(asio::ip::v6_only(false));
    acceptor_.bind(endpoint);
    acceptor_.listen();
  }
  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

  void accept() override {
    acceptor_.async_accept([this](error_code error, tcp::socket socket) {
      if (error == asio::error::operation_aborted) return;
      if (error) return pause();
      error_code gone;
      const tcp::endpoint from = socket.remote_endpoint(gone);
      if (!gone) begin(std::move(socket), peer_of(from));
      accept();
    });
  }
  void close() override {
    error_code ignored;
    acceptor_.close(ignored);
  }

 private:
  void begin(tcp::socket socket, Peer peer) {
    error_code ignored;
    socket.set_option(tcp::no_delay(true), ignored);
    TlsChoice tls;
    if (tls_) {
      tls = tls_();
      if (tls.context == nullptr) return;
      peer.encrypted = true;
    }
    take(Stream::Socket(std::move(socket)), std::move(peer), tls);
  }

  const TlsSource tls_;
  tcp::acceptor acceptor_;
};

class UnixAcceptor final : public Acceptor {
 public:
  using Local = asio::local::stream_protocol;

  UnixAcceptor(int descriptor, Site& site, Surroundings& around,
               std::vector<std::weak_ptr<Connection>>& connections)
      : Acceptor(site, around, connections), acceptor_(around.context, Local(), descriptor) {}

  void accept() override {
    acceptor_.async_accept([this](error_code error, Local::socket socket) {
      if (error == asio::error::operation_aborted) return;
      if (error) return pause();
      Peer peer = peer_of_unix(socket.native_handle());
      take(Stream::Socket(std::move(socket)), std::move(peer), {});
      accept();
    });
  }
  void close() override {
    error_code ignored;
    acceptor_.close(ignored);
  }

 private:
  Local::acceptor acceptor_;
};

}  // namespace

class Server::Parts {
 public:
  Parts(const Limits& limits, Waiter& waiter)
      : limits_(limits),
        workers_(limits.workers, limits.waiting_max),
        around_{limits_, counters_, workers_, waiter, context_} {}

  void run() {
    // An exception out of a handler (memory) costs that client, not the server.
    while (!context_.stopped()) {
      try {
        context_.run();
      } catch (const std::exception& exception) {
        base::log_error("http", exception.what());
      }
    }
  }

  const Limits limits_;
  Counters counters_;
  // Before the context: its pending handlers own connections, which look at these when they go.
  WorkerPool workers_;
  asio::io_context context_{1};
  Surroundings around_;
  std::vector<std::weak_ptr<Connection>> connections_;
  std::vector<std::unique_ptr<Acceptor>> acceptors_;
  std::optional<asio::executor_work_guard<asio::io_context::executor_type>> work_;
  std::thread thread_;
  bool running_ = false;
};

Server::Server(const Limits& limits) : parts_(std::make_unique<Parts>(limits, *this)) {}
Server::~Server() { stop(); }

base::Result<std::uint16_t> Server::listen(const std::string& address, std::uint16_t port,
                                           Site& site, TlsSource tls) {
  error_code error;
  const auto ip = asio::ip::make_address(address, error);
  if (error) return base::fail("'" + address + "' is no IP address");
  try {
    auto acceptor = std::make_unique<TcpAcceptor>(tcp::endpoint(ip, port), site, std::move(tls),
                                                  parts_->around_, parts_->connections_);
    const std::uint16_t opened = acceptor->port();
    parts_->acceptors_.push_back(std::move(acceptor));
    return opened;
  } catch (const std::exception& exception) {
    return base::fail("cannot listen on " + address + ":" + std::to_string(port) + ": " +
                      exception.what());
  }
}

void Server::listen_unix(int descriptor, Site& site) {
  parts_->acceptors_.push_back(
      std::make_unique<UnixAcceptor>(descriptor, site, parts_->around_, parts_->connections_));
}

void Server::start() {
  parts_->running_ = true;
  parts_->work_.emplace(parts_->context_.get_executor());
  parts_->workers_.start();
  for (const auto& acceptor : parts_->acceptors_)
    acceptor->accept();
  parts_->thread_ = std::thread([this] { parts_->run(); });
}

void Server::stop() {
  if (!std::exchange(parts_->running_, false)) return;
  asio::post(parts_->context_, [this] {
    for (const auto& acceptor : parts_->acceptors_)
      acceptor->close();
    for (const auto& weak : parts_->connections_)
      if (const auto connection = weak.lock()) connection->close();
  });
  parts_->workers_.stop();
  asio::post(parts_->context_, [this] { parts_->context_.stop(); });
  parts_->thread_.join();
}

const Counters& Server::counters() const { return parts_->counters_; }
std::size_t Server::waiting() const { return parts_->workers_.waiting(); }

void Server::post_from_any_thread(std::function<void()> task) {
  asio::post(parts_->context_, std::move(task));
}

void Server::after(base::Milliseconds span, std::function<void()> task) {
  auto timer = std::make_shared<asio::steady_timer>(parts_->context_, span);
  timer->async_wait([timer, task = std::move(task)](error_code error) {
    if (!error) task();
  });
}

}  // namespace harrier::http
