<?php

declare(strict_types=1);

use PhpAmqpLib\Exception\AMQPConnectionClosedException;
use PhpAmqpLib\Message\AMQPMessage;
use PhpAmqpLib\Wire\AMQPTable;

require __DIR__ . '/support.php';

test('a missing queue closes only the channel', function ($channel, $connection) {
    $missing = newName();
    assertChannelClosed(
        $connection,
        404,
        "NOT_FOUND - no queue '$missing' in vhost '/'",
        fn ($channel) => $channel->queue_declare($missing, passive: true)
    );
});

test('publishing to a missing exchange closes only the channel', function ($channel, $connection) {
    $missing = newName('exchange');
    assertChannelClosed(
        $connection,
        404,
        "NOT_FOUND - no exchange '$missing' in vhost '/'",
        function ($channel) use ($missing) {
            $channel->basic_publish(new AMQPMessage('x'), $missing, '');
            $channel->wait(null, false, DEADLINE);
        }
    );
});

test('another argument closes only the channel', function ($channel, $connection) {
    $queue = declareQueue($channel, ['x-max-priority' => 5]);
    assertChannelClosed(
        $connection,
        406,
        "PRECONDITION_FAILED - inequivalent arg 'x-max-priority' for queue '$queue' in vhost '/': "
            . "received '6' but current is '5'",
        fn ($channel) => $channel->queue_declare(
            $queue,
            exclusive: true,
            auto_delete: false,
            arguments: new AMQPTable(['x-max-priority' => 6])
        )
    );
});

test('another auto-delete closes only the channel', function ($channel, $connection) {
    $queue = declareQueue($channel);
    assertChannelClosed(
        $connection,
        406,
        "PRECONDITION_FAILED - inequivalent arg 'auto_delete' for queue '$queue' in vhost '/': "
            . "received 'true' but current is 'false'",
        fn ($channel) => $channel->queue_declare($queue, exclusive: true, auto_delete: true)
    );
});

test("another connection's exclusive queue closes only the channel", function ($channel) {
    $queue = declareQueue($channel);
    assertChannelClosed(
        connect(),
        405,
        "RESOURCE_LOCKED - cannot obtain exclusive access to locked queue '$queue' in vhost '/'. "
            . 'It could be originally declared on another connection or the exclusive property '
            . 'value does not match that of the original declaration.',
        fn ($channel) => $channel->basic_get($queue)
    );
});

test('a wrong password is refused', function () {
    foreach (['AMQPLAIN', 'PLAIN'] as $method) {
        try {
            connect(['password' => 'wrong', 'method' => $method]);
        } catch (AMQPConnectionClosedException $error) {
            same(403, $error->getCode());
            same(
                "ACCESS_REFUSED - Login was refused using authentication mechanism $method. "
                    . 'For details see the broker logfile.',
                preg_replace('/\(0, 0\)$/', '', $error->getMessage())
            );
            continue;
        }
        throw new RuntimeException("$method accepted a wrong password");
    }
});

test('both login methods are accepted', function () {
    foreach (['AMQPLAIN', 'PLAIN'] as $method) {
        $connection = connect(['method' => $method]);
        same(true, $connection->isConnected());
        $connection->close();
    }
});

test('a connection the broker closed can be opened again', function ($channel, $connection) {
    try {
        $channel->basic_publish(new AMQPMessage('x'), '', 'key', false, true); // immediate
        $channel->wait(null, false, DEADLINE);
        throw new RuntimeException('the connection was not closed');
    } catch (AMQPConnectionClosedException $error) {
        same(540, $error->getCode());
        same(0, strpos($error->getMessage(), 'NOT_IMPLEMENTED - immediate=true'));
    }
    same(false, $connection->isConnected());

    $connection->reconnect();
    $channel = $connection->channel();
    $queue = declareQueue($channel);
    publish($channel, '', $queue, 'works again');
    same(['works again'], drain($channel, $queue));
});
