import assert from 'node:assert/strict';

import { declareQueue, drain, get, publish, test } from './support.js';

test('dead letters carry their history', async (channel, connection) => {
  const dead = await declareQueue(channel);
  const toDead = { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': dead };
  const expectDeath = async (queue, reason) => {
    const { headers } = (await get(channel, dead)).properties;
    assert.equal(headers['x-death'].length, 1);
    const { time, ...death } = headers['x-death'][0];
    assert.equal(time['!'], 'timestamp');
    assert.deepEqual(death, { count: 1, reason, queue, exchange: '', 'routing-keys': [queue] });
    assert.equal(headers['x-first-death-reason'], reason);
  };

  const rejecting = await declareQueue(channel, toDead);
  await publish(connection, '', rejecting, ['x']);
  channel.reject(await get(channel, rejecting, {}), false);
  await expectDeath(rejecting, 'rejected');

  const expiring = await declareQueue(channel, { 'x-message-ttl': 1, ...toDead });
  await publish(connection, '', expiring, ['x']);
  await expectDeath(expiring, 'expired');

  const full = await declareQueue(channel, { 'x-max-length': 1, ...toDead });
  await publish(connection, '', full, ['1', '2']);
  await expectDeath(full, 'maxlen');
});

test('higher priorities come first', async (channel, connection) => {
  const queue = await declareQueue(channel, { 'x-max-priority': 10 });
  for (const [body, priority] of [['low', 0], ['high', 9], ['middle', 5]]) {
    await publish(connection, '', queue, [body], { priority });
  }
  assert.deepEqual(await drain(channel, queue), ['high', 'middle', 'low']);
});

test('purge and delete tell how many messages they removed', async (channel, connection) => {
  const queue = await declareQueue(channel);
  await publish(connection, '', queue, ['1', '2', '3']);
  assert.equal((await channel.purgeQueue(queue)).messageCount, 3);
  await publish(connection, '', queue, ['4']);
  assert.equal((await channel.deleteQueue(queue)).messageCount, 1);
});
