require "support"

class QueueFeatures < BunnyTest
  def test_dead_letters_carry_their_history
    dead = exclusive_queue
    to_dead = { dead_letter_exchange: "", dead_letter_routing_key: dead.name }
    rejecting = exclusive_queue(**to_dead)
    publish(rejecting, "x")
    @channel.reject(get(rejecting, manual_ack: true).first.delivery_tag)
    assert_death dead, rejecting, "rejected"

    expiring = exclusive_queue(message_ttl: 1, **to_dead)
    publish(expiring, "x")
    assert_death dead, expiring, "expired"

    full = exclusive_queue(max_length: 1, **to_dead)
    publish(full, "1", "2")
    assert_death dead, full, "maxlen"
  end

  def assert_death(dead, queue, reason)
    death, = get(dead)[1].headers["x-death"]
    assert_equal [queue.name, reason, 1, "", [queue.name]],
                 death.values_at("queue", "reason", "count", "exchange", "routing-keys")
    assert_kind_of Time, death["time"]
  end

  def test_higher_priorities_come_first
    queue = exclusive_queue(max_priority: 10)
    { "low" => 0, "high" => 9, "middle" => 5 }.each do |body, priority|
      publish(queue, body, priority: priority)
    end
    assert_equal %w[high middle low], bodies(queue, 3)
  end

  def test_an_auto_delete_queue_goes_with_its_consumer
    queue = @channel.queue(new_name, auto_delete: true)
    queue.subscribe { nil }.cancel
    refute @connection.queue_exists?(queue.name)
  end
end
