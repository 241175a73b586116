require "bunny"
require "logger"
require "minitest"
require "securerandom"
require "timeout"

# Prints "ok - name" for each test instead of Minitest's own report.
class LineReporter < Minitest::AbstractReporter
  def initialize
    super
    @passed = true
  end

  def record(result)
    name = "#{result.klass}: #{result.name.delete_prefix('test_').tr('_', ' ')}"
    if result.passed?
      puts "ok - #{name}"
    else
      @passed = false
      puts "not ok - #{name}", result.failures.map(&:message).join("\n").gsub(/^/, "    ")
    end
    $stdout.flush
  end

  def passed?
    @passed
  end
end

module Minitest
  def self.plugin_lines_init(_options)
    reporter.reporters.replace([LineReporter.new])
  end
end
Minitest.extensions << "lines"
require "minitest/autorun"

# What other threads hand to the test. Taking from it does not wait for ever.
class Inbox < Thread::Queue
  def pop
    Timeout.timeout(BunnyTest::DEADLINE) { super }
  end
end

# Connections that are closed again, and waiting with a deadline.
class BunnyTest < Minitest::Test
  DEADLINE = 20

  def setup
    @connections = []
    @connection = connect
    @channel = @connection.create_channel
  end

  def teardown
    @connections.each { |connection| connection.close if connection.open? }
  end

  def connect(**options)
    connection = Bunny.new(
      ENV.fetch("AMQP_TEST_URL"),
      logger: Logger.new(IO::NULL), automatically_recover: false,
      continuation_timeout: DEADLINE * 1000, **options
    )
    connection.start
    @connections << connection
    connection
  end

  def new_name(what = "queue")
    "interop.bunny.#{what}.#{SecureRandom.hex(8)}"
  end

  def exclusive_queue(channel = @channel, **arguments)
    x_arguments = arguments.to_h { |key, value| ["x-#{key.to_s.tr('_', '-')}", value] }
    channel.queue(new_name, exclusive: true, arguments: x_arguments)
  end

  # Publishes and returns once the broker has confirmed everything.
  def publish(target, *bodies, **options)
    @publisher ||= @connection.create_channel.tap(&:confirm_select)
    exchange, key = target.is_a?(Bunny::Queue) ? ["", target.name] : [target.name, ""]
    bodies.each do |body|
      @publisher.basic_publish(body, exchange, options.fetch(:routing_key, key), options)
    end
    assert @publisher.wait_for_confirms, "the broker nacked a message"
  end

  # Waits for one message: [delivery_info, properties, body].
  def get(queue, **options)
    wait_until { (message = queue.pop(**options)) && message.first && message }
  end

  def bodies(queue, count)
    Array.new(count) { get(queue).last }
  end

  # Each turn asks the broker, or lets the thread that reads from it run.
  def wait_until
    deadline = Process.clock_gettime(Process::CLOCK_MONOTONIC) + DEADLINE
    loop do
      result = yield
      return result if result

      flunk "the expected did not happen in time" if
        Process.clock_gettime(Process::CLOCK_MONOTONIC) > deadline
      Thread.pass
    end
  end

  # The broker closes the channel, and only the channel, with this code and text.
  def assert_channel_closed(error_class, text)
    error = assert_raises(error_class) { yield }
    assert_equal text, error.channel_close.reply_text
    assert_predicate @connection, :open?
    @channel = @connection.create_channel
  end
end
