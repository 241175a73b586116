#include "broker/consumer.h"

#include "broker/queue.h"

namespace harrier::broker {

Consumer::Consumer(ConsumerOptions options, base::Ref<Queue> queue, ConsumerSink& sink,
                   Credit& channel_credit, Credit& output_credit)
    : options_(std::move(options)),
      queue_(std::move(queue)),
      sink_(sink),
      channel_credit_(channel_credit),
      output_credit_(output_credit),
      own_credit_(options_.prefetch_count) {}

Consumer::~Consumer() = default;

}  // namespace harrier::broker
