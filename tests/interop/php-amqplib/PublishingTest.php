<?php

declare(strict_types=1);

use PhpAmqpLib\Message\AMQPMessage;
use PhpAmqpLib\Wire\AMQPDecimal;
use PhpAmqpLib\Wire\AMQPTable;

require __DIR__ . '/support.php';

test('a batch of a thousand messages is confirmed and arrives in order', function ($channel) {
    $queue = declareQueue($channel);
    $acked = 0;
    $channel->confirm_select();
    $channel->set_ack_handler(function () use (&$acked) {
        $acked++;
    });
    for ($number = 0; $number < 1000; $number++) {
        $channel->batch_basic_publish(new AMQPMessage("message $number"), '', $queue);
    }
    $channel->publish_batch();
    $channel->wait_for_pending_acks(DEADLINE);
    same(1000, $acked);

    $received = [];
    $channel->basic_consume($queue, callback: function (AMQPMessage $message) use (&$received) {
        $received[] = $message->getBody();
        $message->ack();
    });
    waitUntil($channel, function () use (&$received) {
        return count($received) === 1000;
    });
    same(array_map(fn ($number) => "message $number", range(0, 999)), $received);
});

test('a message that does not fit is nacked', function ($channel) {
    $queue = declareQueue($channel, ['x-max-length' => 1, 'x-overflow' => 'reject-publish']);
    $nacked = [];
    $channel->confirm_select();
    $channel->set_nack_handler(function (AMQPMessage $message) use (&$nacked) {
        $nacked[] = $message->getBody();
    });
    foreach (['fits', 'does not fit'] as $body) {
        $channel->basic_publish(new AMQPMessage($body), '', $queue);
        $channel->wait_for_pending_acks(DEADLINE);
    }
    same(['does not fit'], $nacked);
    same(['fits'], drain($channel, $queue));
});

test('a mandatory message without route comes back before its confirm', function ($channel) {
    $events = [];
    $channel->confirm_select();
    $channel->set_return_listener(
        function ($code, $text, $exchange, $key, AMQPMessage $message) use (&$events) {
            $events[] = [$code, $text, $exchange, $key, $message->getBody()];
        }
    );
    $channel->set_ack_handler(function () use (&$events) {
        $events[] = 'acked';
    });
    $key = newName('nowhere');
    $channel->basic_publish(new AMQPMessage('x'), '', $key, true);
    $channel->wait_for_pending_acks_returns(DEADLINE);
    same([[312, 'NO_ROUTE', '', $key, 'x'], 'acked'], $events);
});

test('properties and headers arrive unchanged', function ($channel) {
    $queue = declareQueue($channel);
    $headers = [
        'text' => 'žluťoučký', 'number' => 42, 'negative' => -7, 'large' => 2 ** 40,
        'yes' => true, 'nothing' => null, 'list' => [1, 'two', ['three' => 3]],
        'table' => ['deep' => ['deeper' => 'x']],
    ];
    $properties = [
        'content_type' => 'text/plain', 'content_encoding' => 'utf-8', 'delivery_mode' => 2,
        'priority' => 5, 'correlation_id' => 'c', 'reply_to' => 'r', 'expiration' => '60000',
        'message_id' => 'm', 'timestamp' => 1_700_000_000, 'type' => 't',
        'user_id' => getenv('AMQP_TEST_USER'), 'app_id' => 'a', 'cluster_id' => 'k',
    ];
    $table = new AMQPTable($headers + ['when' => new DateTime('@1700000000')]);
    $table->set('price', new AMQPDecimal(12345, 2));
    publish($channel, '', $queue, 'x', $properties + ['application_headers' => $table]);

    $message = get($channel, $queue);
    foreach ($properties as $name => $value) {
        same($value, is_int($value) ? (int) $message->get($name) : $message->get($name));
    }
    $received = $message->get('application_headers')->getNativeData();
    same(1_700_000_000, $received['when']->getTimestamp());
    same([12345, 2], [$received['price']->getN(), $received['price']->getE()]);
    unset($received['when'], $received['price']);
    same($headers, $received);
});

test('a large body arrives whole', function ($channel) {
    $queue = declareQueue($channel);
    $body = random_bytes(2 << 20);
    publish($channel, '', $queue, $body);
    same(true, get($channel, $queue)->getBody() === $body);
});

test('a transaction publishes at its commit', function ($channel, $connection) {
    $queue = declareQueue($channel);
    $channel->tx_select();
    $channel->basic_publish(new AMQPMessage('rolled back'), '', $queue);
    $channel->tx_rollback();
    $channel->basic_publish(new AMQPMessage('committed'), '', $queue);
    same(null, $connection->channel()->basic_get($queue));
    $channel->tx_commit();
    same('committed', get($channel, $queue)->getBody());
});
