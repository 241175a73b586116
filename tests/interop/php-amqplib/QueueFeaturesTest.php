<?php

declare(strict_types=1);

require __DIR__ . '/support.php';

function expectDeath($channel, string $dead, string $queue, string $reason): void
{
    $headers = get($channel, $dead)->get('application_headers')->getNativeData();
    $death = $headers['x-death'][0];
    same(1, count($headers['x-death']));
    same([$queue, $reason, 1], [$death['queue'], $death['reason'], (int) $death['count']]);
    same(['', [$queue]], [$death['exchange'], $death['routing-keys']]);
    same($queue, $headers['x-first-death-queue']);
}

test('dead letters carry their history', function ($channel) {
    $dead = declareQueue($channel);
    $toDead = ['x-dead-letter-exchange' => '', 'x-dead-letter-routing-key' => $dead];

    $rejecting = declareQueue($channel, $toDead);
    publish($channel, '', $rejecting, 'x');
    get($channel, $rejecting, false)->reject(false);
    expectDeath($channel, $dead, $rejecting, 'rejected');

    $expiring = declareQueue($channel, $toDead + ['x-message-ttl' => 1]);
    publish($channel, '', $expiring, 'x');
    expectDeath($channel, $dead, $expiring, 'expired');

    $full = declareQueue($channel, $toDead + ['x-max-length' => 1]);
    publish($channel, '', $full, '1');
    publish($channel, '', $full, '2');
    expectDeath($channel, $dead, $full, 'maxlen');
});

test('higher priorities come first', function ($channel) {
    $queue = declareQueue($channel, ['x-max-priority' => 10]);
    foreach (['low' => 0, 'high' => 9, 'middle' => 5] as $body => $priority) {
        publish($channel, '', $queue, $body, ['priority' => $priority]);
    }
    same(['high', 'middle', 'low'], drain($channel, $queue));
});

test('an expired message is not delivered', function ($channel) {
    $queue = declareQueue($channel);
    publish($channel, '', $queue, 'expired', ['expiration' => '0']);
    publish($channel, '', $queue, 'lasting', ['expiration' => '60000']);
    same(['lasting'], drain($channel, $queue));
});
