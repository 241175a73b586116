// What connections share with their server.
//
// Thread: confined to the server's, but for what is synchronized itself.
#pragma once

#include <boost/asio/io_context.hpp>

#include "http/server.h"
#include "http/worker_pool.h"

namespace harrier::http {

struct Surroundings {
  const Limits& limits;
  Counters& counters;
  WorkerPool& workers;
  Waiter& waiter;
  boost::asio::io_context& context;
};

}  // namespace harrier::http
