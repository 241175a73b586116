require "support"

class Consuming < BunnyTest
  def test_prefetch_bounds_what_is_not_acked
    queue = exclusive_queue
    publish(queue, "1", "2", "3", "4")
    @channel.prefetch(2)
    received = Inbox.new
    queue.subscribe(manual_ack: true) { |delivery, _, body| received << [delivery, body] }
    first, = received.pop
    received.pop
    assert_equal 2, queue.message_count
    assert_empty received
    @channel.ack(first.delivery_tag)
    assert_equal "3", received.pop.last
  end

  def test_rejected_messages_return_to_their_places
    queue = exclusive_queue
    publish(queue, "1", "2", "3")
    tags = Array.new(2) { get(queue, manual_ack: true).first.delivery_tag }
    @channel.nack(tags.last, true, true)
    again = Array.new(3) { get(queue) }
    assert_equal %w[1 2 3], again.map(&:last)
    assert_equal [true, true, false], (again.map { |delivery, _, _| delivery.redelivered? })
  end

  def test_the_consumer_is_told_when_its_queue_is_deleted
    queue = exclusive_queue
    cancelled = Inbox.new
    consumer = Bunny::Consumer.new(@channel, queue)
    consumer.on_cancellation { |cancel| cancelled << cancel.consumer_tag }
    queue.subscribe_with(consumer)
    @connection.create_channel.queue_delete(queue.name)
    assert_equal consumer.consumer_tag, cancelled.pop
  end

  def test_a_remote_call_is_answered_over_direct_reply_to
    requests = exclusive_queue
    server = @connection.create_channel
    server.queue(requests.name, passive: true).subscribe do |_, properties, body|
      server.default_exchange.publish(body.upcase, routing_key: properties.reply_to,
                                                   correlation_id: properties.correlation_id)
    end
    replies = Inbox.new
    @channel.basic_consume("amq.rabbitmq.reply-to", "", true) do |_, properties, body|
      replies << [properties.correlation_id, body]
    end
    10.times do |number|
      @channel.default_exchange.publish("call #{number}",
                                        routing_key: requests.name, correlation_id: number.to_s,
                                        reply_to: "amq.rabbitmq.reply-to")
    end
    expected = Array.new(10) { |number| [number.to_s, "CALL #{number}"] }
    assert_equal expected, Array.new(10) { replies.pop }
  end
end
