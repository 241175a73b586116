require "support"

class Recovery < BunnyTest
  # The broker closes a connection that opens the same channel twice.
  def provoke_connection_close(channel)
    channel.connection.send_frame(AMQ::Protocol::Channel::Open.encode(channel.id, ""))
  end

  def test_consumers_come_back_after_the_broker_closed_the_connection
    recovered = Inbox.new
    connection = connect(automatically_recover: true, recover_from_connection_close: true,
                         network_recovery_interval: 0.05,
                         recovery_completed: -> { recovered << true })
    channel = connection.create_channel
    queue = channel.queue(new_name, exclusive: true)
    queue.bind("amq.fanout")
    received = Inbox.new
    queue.subscribe { |_, _, body| received << body }

    provoke_connection_close(channel)
    recovered.pop

    publish(queue, "to the queue declared again")
    assert_equal "to the queue declared again", received.pop
  end
end
