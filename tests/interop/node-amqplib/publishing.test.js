import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';

import { consume, declareQueue, drain, get, newName, publish, test, text } from './support.js';

test('a thousand messages arrive in order', async (channel, connection) => {
  const queue = await declareQueue(channel);
  const sent = Array.from({ length: 1000 }, (_, number) => `message ${number}`);
  const consumer = await consume(channel, queue);
  await publish(connection, '', queue, sent);
  const received = await consumer.take(1000);
  received.forEach((message) => channel.ack(message));
  assert.deepEqual(received.map(text), sent);
});

test('each publish on a confirm channel calls back once', async (_, connection) => {
  const channel = await connection.createConfirmChannel();
  const queue = await declareQueue(channel);
  const outcomes = await Promise.all(Array.from({ length: 200 }, (_, number) => (
    new Promise((resolve) => {
      channel.sendToQueue(queue, Buffer.from(`${number}`), {}, (error) => resolve(error));
    })
  )));
  assert.ok(outcomes.every((error) => error === null));
});

test('a message that does not fit is nacked', async (_, connection) => {
  const channel = await connection.createConfirmChannel();
  const queue = await declareQueue(channel, { 'x-max-length': 1, 'x-overflow': 'reject-publish' });
  const send = (body) => new Promise((resolve) => {
    channel.sendToQueue(queue, Buffer.from(body), {}, (error) => resolve(error?.message));
  });
  assert.equal(await send('fits'), undefined);
  assert.equal(await send('does not fit'), 'message nacked');
  assert.deepEqual(await drain(channel, queue), ['fits']);
});

test('a mandatory message without route comes back before its confirm', async (_, connection) => {
  const channel = await connection.createConfirmChannel();
  const events = [];
  channel.on('return', (message) => events.push(message));
  channel.publish('', newName('nowhere'), Buffer.from('x'), { mandatory: true, messageId: '1' });
  await channel.waitForConfirms();
  assert.equal(events.length, 1);
  const [{ fields, properties, content }] = events;
  assert.deepEqual([fields.replyCode, fields.replyText], [312, 'NO_ROUTE']);
  assert.deepEqual([properties.messageId, content.toString()], ['1', 'x']);
});

test('properties and headers arrive unchanged', async (channel, connection) => {
  const queue = await declareQueue(channel);
  const headers = {
    text: 'žluťoučký', number: 42, negative: -7, large: 2 ** 40, double: 0.5, yes: true,
    nothing: null, bytes: Buffer.from([0, 255]), list: [1, 'two', { three: 3 }],
    table: { deep: { deeper: 'x' } }, time: { '!': 'timestamp', value: 1_700_000_000 },
    price: { '!': 'decimal', value: { places: 2, digits: 12345 } },
  };
  const properties = {
    contentType: 'text/plain', contentEncoding: 'utf-8', deliveryMode: 2, priority: 5,
    correlationId: 'c', replyTo: 'r', expiration: '60000', messageId: 'm',
    timestamp: 1_700_000_000, type: 't', appId: 'a',
  };
  await publish(connection, '', queue, ['x'], { headers, ...properties });
  const message = await get(channel, queue);
  assert.deepEqual(message.properties.headers, headers);
  for (const [name, value] of Object.entries(properties)) {
    assert.equal(message.properties[name], value, name);
  }
});

test('a large body arrives whole', async (channel, connection) => {
  const queue = await declareQueue(channel);
  const body = randomBytes(3 << 20);
  await publish(connection, '', queue, [body]);
  assert.ok((await get(channel, queue)).content.equals(body));
});

test('a full write buffer drains', async (channel) => {
  const queue = await declareQueue(channel, { 'x-max-length': 1 });
  const body = Buffer.alloc(65_536);
  while (channel.sendToQueue(queue, body)); // until the client asks to pause
  await once(channel, 'drain');
});
