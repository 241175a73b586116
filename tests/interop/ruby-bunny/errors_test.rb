require "support"

class Errors < BunnyTest
  def test_a_missing_queue
    missing = new_name
    assert_channel_closed(Bunny::NotFound, "NOT_FOUND - no queue '#{missing}' in vhost '/'") do
      @channel.queue(missing, passive: true)
    end
  end

  def test_another_argument
    queue = exclusive_queue(message_ttl: 1000)
    assert_channel_closed(
      Bunny::PreconditionFailed,
      "PRECONDITION_FAILED - inequivalent arg 'x-message-ttl' for queue '#{queue.name}' in vhost " \
      "'/': received '2000' but current is '1000'"
    ) do
      @channel.queue_declare(queue.name, exclusive: true, arguments: { "x-message-ttl" => 2000 })
    end
  end

  def test_another_connections_exclusive_queue
    queue = exclusive_queue(connect.create_channel)
    text = "RESOURCE_LOCKED - cannot obtain exclusive access to locked queue '#{queue.name}' in " \
           "vhost '/'. It could be originally declared on another connection or the exclusive " \
           "property value does not match that of the original declaration."
    text = "#{text[0, 252]}..." if text.length > 255
    assert_channel_closed(Bunny::ResourceLocked, text) { @channel.queue(queue.name, passive: true) }
  end

  def test_a_reserved_name
    reserved = "amq.#{SecureRandom.hex}"
    assert_channel_closed(
      Bunny::AccessRefused,
      "ACCESS_REFUSED - exchange name '#{reserved}' contains reserved prefix 'amq.*'"
    ) { @channel.exchange_declare(reserved, "fanout") }
  end

  def test_an_unknown_delivery_tag
    closed = Inbox.new
    @channel.on_error { |_, close| closed << [close.reply_code, close.reply_text] }
    @channel.basic_ack(82)
    assert_equal [406, "PRECONDITION_FAILED - unknown delivery tag 82"], closed.pop
    assert_predicate @connection, :open?
  end

  def test_a_wrong_password
    error = assert_raises(Bunny::AuthenticationFailureError) { connect(password: "wrong") }
    assert_match(/Authentication with RabbitMQ failed/, error.message)
  end
end
