<?php

declare(strict_types=1);

use PhpAmqpLib\Exception\AMQPBasicCancelException;
use PhpAmqpLib\Message\AMQPMessage;

require __DIR__ . '/support.php';

test('prefetch bounds what is not acked', function ($channel, $connection) {
    $queue = declareQueue($channel);
    foreach (['1', '2', '3', '4'] as $body) {
        publish($channel, '', $queue, $body);
    }
    $received = [];
    $channel->basic_qos(0, 2, false);
    $channel->basic_consume($queue, callback: function (AMQPMessage $message) use (&$received) {
        $received[] = $message;
    });
    waitUntil($channel, function () use (&$received) {
        return count($received) === 2;
    });
    [, $ready] = $connection->channel()->queue_declare($queue, passive: true);
    same(2, (int) $ready);
    $received[0]->ack();
    waitUntil($channel, function () use (&$received) {
        return count($received) === 3;
    });
    same(['1', '2', '3'], array_map(fn ($message) => $message->getBody(), $received));
});

test('nacked messages return to their places', function ($channel) {
    $queue = declareQueue($channel);
    foreach (['1', '2', '3'] as $body) {
        publish($channel, '', $queue, $body);
    }
    get($channel, $queue, false);
    get($channel, $queue, false)->nack(true, true);
    $again = [get($channel, $queue), get($channel, $queue), get($channel, $queue)];
    same(['1', '2', '3'], array_map(fn ($message) => $message->getBody(), $again));
    same([true, true, false], array_map(fn ($message) => $message->isRedelivered(), $again));
});

test('the consumer is told when its queue is deleted', function ($channel, $connection) {
    $queue = declareQueue($channel);
    $channel->basic_consume($queue, 'the-consumer', callback: fn () => null);
    $connection->channel()->queue_delete($queue);
    try {
        $channel->wait(null, false, DEADLINE);
    } catch (AMQPBasicCancelException $cancel) {
        same('the-consumer', $cancel->consumerTag);
        return;
    }
    throw new RuntimeException('no cancellation came');
});

test('a remote call is answered over direct reply-to', function ($channel, $connection) {
    $requests = declareQueue($channel);
    $server = $connection->channel();
    $server->basic_consume(
        $requests,
        no_ack: true,
        callback: function (AMQPMessage $request) use ($server) {
            $reply = new AMQPMessage(
                strtoupper($request->getBody()),
                ['correlation_id' => $request->get('correlation_id')]
            );
            $server->basic_publish($reply, '', $request->get('reply_to'));
        }
    );
    $replies = [];
    $channel->basic_consume(
        'amq.rabbitmq.reply-to',
        no_ack: true,
        callback: function (AMQPMessage $reply) use (&$replies) {
            $replies[$reply->get('correlation_id')] = $reply->getBody();
        }
    );
    $properties = ['correlation_id' => 'one', 'reply_to' => 'amq.rabbitmq.reply-to'];
    $channel->basic_publish(new AMQPMessage('question', $properties), '', $requests);
    $server->wait(null, false, DEADLINE);
    waitUntil($channel, function () use (&$replies) {
        return $replies !== [];
    });
    same(['one' => 'QUESTION'], $replies);
});

test('no delivery follows a cancel', function ($channel) {
    $queue = declareQueue($channel);
    $channel->basic_consume($queue, 'tag', callback: function () {
        throw new RuntimeException('a delivery after the cancel');
    });
    $channel->basic_cancel('tag');
    publish($channel, '', $queue, 'x');
    same(['x'], drain($channel, $queue));
});
