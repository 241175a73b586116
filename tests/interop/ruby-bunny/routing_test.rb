require "support"

class Routing < BunnyTest
  def bound_queue(exchange, **options)
    exclusive_queue.bind(exchange, **options)
  end

  def test_topic_patterns
    topic = @channel.topic(new_name("exchange"), auto_delete: true)
    word = bound_queue(topic, routing_key: "logs.*.error")
    words = bound_queue(topic, routing_key: "logs.#")
    %w[logs logs.web.error logs.web.warning other].each do |key|
      publish(topic, key, routing_key: key)
    end
    assert_equal [1, 3], [word.message_count, words.message_count]
    assert_equal ["logs.web.error"], bodies(word, 1)
    assert_equal %w[logs logs.web.error logs.web.warning], bodies(words, 3)
  end

  def test_headers_match_all_or_any
    exchange = @channel.headers(new_name("exchange"), auto_delete: true)
    wanted = { "format" => "pdf", "copies" => 2 }
    all = bound_queue(exchange, arguments: wanted.merge("x-match" => "all"))
    any = bound_queue(exchange, arguments: wanted.merge("x-match" => "any"))
    publish(exchange, "both", headers: wanted)
    publish(exchange, "one", headers: { "format" => "pdf", "copies" => 3 })
    publish(exchange, "none", headers: { "format" => "png" })
    assert_equal [1, 2], [all.message_count, any.message_count]
    assert_equal %w[both one], bodies(any, 2)
  end

  def test_exchanges_bound_to_exchanges
    source = @channel.fanout(new_name("exchange"), auto_delete: true)
    target = @channel.fanout(new_name("exchange"), auto_delete: true)
    queue = bound_queue(target)
    target.bind(source)
    publish(source, "x")
    assert_equal ["x"], bodies(queue, 1)
    target.unbind(source)
  end
end
