<?php

declare(strict_types=1);

use PhpAmqpLib\Channel\AMQPChannel;
use PhpAmqpLib\Connection\AMQPStreamConnection;
use PhpAmqpLib\Exception\AMQPProtocolChannelException;
use PhpAmqpLib\Message\AMQPMessage;
use PhpAmqpLib\Wire\AMQPTable;

require_once 'PhpAmqpLib/autoload.php';

const DEADLINE = 20;

/** Runs one test with a connection and a channel of its own and prints its result. */
function test(string $name, callable $body): void
{
    static $failed = false;
    register_shutdown_function(function () use (&$failed) {
        if ($failed) {
            exit(1);
        }
    });
    $topic = lcfirst(basename($_SERVER['SCRIPT_NAME'], 'Test.php'));
    try {
        $connection = connect();
        $body($connection->channel(), $connection);
        if ($connection->isConnected()) {
            $connection->close();
        }
        echo "ok - $topic: $name\n";
    } catch (\Throwable $error) {
        $failed = true;
        echo "not ok - $topic: $name\n";
        echo preg_replace('/^/m', '    ', get_class($error) . ": $error"), "\n";
    }
}

function connect(array $changes = []): AMQPStreamConnection
{
    $settings = $changes + [
        'password' => getenv('AMQP_TEST_PASSWORD'), 'method' => 'AMQPLAIN', 'heartbeat' => 0,
    ];
    return new AMQPStreamConnection(
        getenv('AMQP_TEST_HOST'),
        (int) getenv('AMQP_TEST_PORT'),
        getenv('AMQP_TEST_USER'),
        $settings['password'],
        getenv('AMQP_TEST_VHOST'),
        login_method: $settings['method'],
        connection_timeout: DEADLINE,
        read_write_timeout: DEADLINE,
        heartbeat: $settings['heartbeat'],
        channel_rpc_timeout: DEADLINE,
    );
}

function newName(string $what = 'queue'): string
{
    return "interop.php.$what." . bin2hex(random_bytes(8));
}

/** Declares an exclusive queue: declareQueue($channel, ['x-message-ttl' => 5]). */
function declareQueue(AMQPChannel $channel, array $arguments = []): string
{
    $name = newName();
    $channel->queue_declare(
        $name,
        exclusive: true,
        auto_delete: false,
        arguments: new AMQPTable($arguments)
    );
    return $name;
}

function declareExchange(AMQPChannel $channel, string $type, array $arguments = []): string
{
    $name = newName('exchange');
    $table = new AMQPTable($arguments);
    $channel->exchange_declare($name, $type, auto_delete: true, arguments: $table);
    return $name;
}

function boundQueue(
    AMQPChannel $channel,
    string $exchange,
    string $key,
    array $arguments = []
): string {
    $queue = declareQueue($channel);
    $channel->queue_bind($queue, $exchange, $key, arguments: new AMQPTable($arguments));
    return $queue;
}

/** Publishes and returns once the broker has confirmed the message. */
function publish(
    AMQPChannel $channel,
    string $exchange,
    string $key,
    string $body,
    array $properties = []
): void {
    static $confirming = null;
    $confirming ??= new WeakMap();
    if (!isset($confirming[$channel])) {
        $channel->confirm_select();
        $confirming[$channel] = true;
    }
    $channel->basic_publish(new AMQPMessage($body, $properties), $exchange, $key);
    $channel->wait_for_pending_acks(DEADLINE);
}

/** Gets one message, waiting for it to arrive. */
function get(AMQPChannel $channel, string $queue, bool $noAck = true): AMQPMessage
{
    $end = hrtime(true) + DEADLINE * 1_000_000_000;
    while (hrtime(true) < $end) {
        $message = $channel->basic_get($queue, $noAck);
        if ($message !== null) {
            return $message;
        }
    }
    throw new RuntimeException("no message arrived in $queue");
}

/** @return string[] the bodies of all messages in the queue */
function drain(AMQPChannel $channel, string $queue): array
{
    $bodies = [];
    while (($message = $channel->basic_get($queue, true)) !== null) {
        $bodies[] = $message->getBody();
    }
    return $bodies;
}

/** Lets events happen until the condition holds. */
function waitUntil(AMQPChannel $channel, callable $condition): void
{
    while (!$condition()) {
        $channel->wait(null, false, DEADLINE);
    }
}

function same(mixed $expected, mixed $actual): void
{
    if ($expected !== $actual) {
        throw new RuntimeException(
            'expected ' . var_export($expected, true) . ' but got ' . var_export($actual, true)
        );
    }
}

function replyText(string $text): string
{
    return strlen($text) <= 255 ? $text : substr($text, 0, 252) . '...';
}

/** The broker answers the action by closing the channel, and only the channel. */
function assertChannelClosed(
    AMQPStreamConnection $connection,
    int $code,
    string $text,
    callable $action
): void {
    try {
        $action($connection->channel());
    } catch (AMQPProtocolChannelException $error) {
        same([$code, replyText($text)], [$error->getCode(), $error->getMessage()]);
        same(true, $connection->isConnected());
        $connection->channel()->exchange_declare('amq.direct', 'direct', passive: true);
        return;
    }
    throw new RuntimeException('the channel was not closed');
}
