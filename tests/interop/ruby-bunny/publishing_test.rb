require "support"

class Publishing < BunnyTest
  def test_a_thousand_messages_arrive_in_order
    queue = exclusive_queue
    received = Inbox.new
    queue.subscribe(manual_ack: true) do |delivery, _, body|
      @channel.ack(delivery.delivery_tag)
      received << body
    end
    sent = Array.new(1000) { |number| "message #{number}" }
    publish(queue, *sent)
    assert_equal sent, Array.new(1000) { received.pop }
  end

  def test_properties_and_headers_arrive_unchanged
    queue = exclusive_queue
    headers = {
      "text" => "žluťoučký".b, "number" => 42, "large" => 2**40, "double" => 0.5, "yes" => true,
      "nothing" => nil, "time" => Time.at(1_700_000_000),
      "list" => [1, "two", { "three" => 3 }], "table" => { "deep" => { "deeper" => "x" } }
    }
    publish(queue, "x", headers: headers, content_type: "text/plain", priority: 4,
                        correlation_id: "c", reply_to: "r", message_id: "m", type: "t",
                        app_id: "a", timestamp: 1_700_000_000, persistent: true)
    _, properties, = get(queue)
    assert_equal headers, properties.headers
    assert_equal(
      ["text/plain", 4, "c", "r", "m", "t", "a", Time.at(1_700_000_000), 2],
      %i[content_type priority correlation_id reply_to message_id type app_id timestamp
         delivery_mode].map { |property| properties[property] }
    )
  end

  def test_a_large_body_arrives_whole
    queue = exclusive_queue
    body = SecureRandom.bytes(2 << 20)
    publish(queue, body)
    assert body == get(queue).last, "the body is another"
  end

  def test_a_full_queue_that_rejects_nacks_what_does_not_fit
    queue = exclusive_queue(max_length: 2, overflow: "reject-publish")
    @channel.confirm_select
    4.times { |number| queue.publish(number.to_s) }
    refute @channel.wait_for_confirms
    assert_equal [3, 4], @channel.nacked_set.to_a.sort
  end

  def test_a_mandatory_message_without_route_comes_back
    returned = Inbox.new
    exchange = @channel.default_exchange
    exchange.on_return { |info, properties, body| returned << [info, properties, body] }
    exchange.publish("x", routing_key: new_name("nowhere"), mandatory: true, message_id: "1")
    info, properties, body = returned.pop
    assert_equal [312, "NO_ROUTE", "1", "x"],
                 [info.reply_code, info.reply_text, properties.message_id, body]
  end

  def test_a_transaction_publishes_at_its_commit
    queue = exclusive_queue
    @channel.tx_select
    queue.publish("rolled back")
    @channel.tx_rollback
    queue.publish("committed")
    observer = @connection.create_channel.queue(queue.name, passive: true)
    assert_equal 0, observer.message_count
    @channel.tx_commit
    assert_equal ["committed"], bodies(queue, 1)
  end
end
