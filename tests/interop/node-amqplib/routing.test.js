import assert from 'node:assert/strict';

import { declareExchange, declareQueue, drain, publish, test } from './support.js';

async function boundQueue(channel, exchange, key, args) {
  const queue = await declareQueue(channel);
  await channel.bindQueue(queue, exchange, key, args);
  return queue;
}

test('topic patterns', async (channel, connection) => {
  const topic = await declareExchange(channel, 'topic');
  const word = await boundQueue(channel, topic, 'logs.*.error');
  const words = await boundQueue(channel, topic, 'logs.#');
  for (const key of ['logs', 'logs.web.error', 'logs.web.warning', 'other']) {
    await publish(connection, topic, key, [key]);
  }
  assert.deepEqual(await drain(channel, word), ['logs.web.error']);
  assert.deepEqual(await drain(channel, words), ['logs', 'logs.web.error', 'logs.web.warning']);
});

test('headers match all or any', async (channel, connection) => {
  const exchange = await declareExchange(channel, 'headers');
  const wanted = { format: 'pdf', copies: 2 };
  const all = await boundQueue(channel, exchange, '', { 'x-match': 'all', ...wanted });
  const any = await boundQueue(channel, exchange, '', { 'x-match': 'any', ...wanted });
  await publish(connection, exchange, '', ['both'], { headers: wanted });
  await publish(connection, exchange, '', ['one'], { headers: { format: 'pdf', copies: 3 } });
  await publish(connection, exchange, '', ['none'], { headers: { format: 'png' } });
  assert.deepEqual(await drain(channel, all), ['both']);
  assert.deepEqual(await drain(channel, any), ['both', 'one']);
});

test('exchanges bound to exchanges, and an alternate exchange', async (channel, connection) => {
  const spare = await declareExchange(channel, 'fanout');
  const target = await declareExchange(channel, 'fanout');
  const source = await declareExchange(channel, 'direct', { alternateExchange: spare });
  await channel.bindExchange(target, source, 'known');
  const routed = await boundQueue(channel, target, '');
  const unrouted = await boundQueue(channel, spare, '');
  await publish(connection, source, 'known', ['1']);
  await publish(connection, source, 'unknown', ['2']);
  assert.deepEqual(await drain(channel, routed), ['1']);
  assert.deepEqual(await drain(channel, unrouted), ['2']);
});

test('CC and BCC add routing keys', async (channel, connection) => {
  const queues = [];
  for (let count = 0; count < 3; count++) queues.push(await declareQueue(channel));
  await publish(connection, '', queues[0], ['x'], { CC: queues[1], BCC: [queues[2]] });
  for (const queue of queues) {
    assert.deepEqual(await drain(channel, queue), ['x']);
  }
});
