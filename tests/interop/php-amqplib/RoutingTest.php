<?php

declare(strict_types=1);

use PhpAmqpLib\Exchange\AMQPExchangeType;
use PhpAmqpLib\Wire\AMQPTable;

require __DIR__ . '/support.php';

test('topic patterns', function ($channel) {
    $topic = declareExchange($channel, AMQPExchangeType::TOPIC);
    $word = boundQueue($channel, $topic, 'logs.*.error');
    $words = boundQueue($channel, $topic, 'logs.#');
    foreach (['logs', 'logs.web.error', 'logs.web.warning', 'other'] as $key) {
        publish($channel, $topic, $key, $key);
    }
    same(['logs.web.error'], drain($channel, $word));
    same(['logs', 'logs.web.error', 'logs.web.warning'], drain($channel, $words));
});

test('headers match all or any', function ($channel) {
    $exchange = declareExchange($channel, AMQPExchangeType::HEADERS);
    $wanted = ['format' => 'pdf', 'copies' => 2];
    $all = boundQueue($channel, $exchange, '', ['x-match' => 'all'] + $wanted);
    $any = boundQueue($channel, $exchange, '', ['x-match' => 'any'] + $wanted);
    $send = fn ($body, $headers) => publish(
        $channel,
        $exchange,
        '',
        $body,
        ['application_headers' => new AMQPTable($headers)]
    );
    $send('both', $wanted);
    $send('one', ['format' => 'pdf', 'copies' => 3]);
    $send('none', ['format' => 'png']);
    same(['both'], drain($channel, $all));
    same(['both', 'one'], drain($channel, $any));
});

test('an alternate exchange takes what was not routed', function ($channel) {
    $spare = declareExchange($channel, AMQPExchangeType::FANOUT);
    $direct = declareExchange($channel, AMQPExchangeType::DIRECT, ['alternate-exchange' => $spare]);
    $routed = boundQueue($channel, $direct, 'known');
    $unrouted = boundQueue($channel, $spare, '');
    publish($channel, $direct, 'known', '1');
    publish($channel, $direct, 'unknown', '2');
    same(['1'], drain($channel, $routed));
    same(['2'], drain($channel, $unrouted));
});
