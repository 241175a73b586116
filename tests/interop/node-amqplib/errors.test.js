import assert from 'node:assert/strict';
import { once } from 'node:events';

import amqp from 'amqplib';

import {
  assertChannelClosed, connect, consume, declareQueue, newName, test, text, url,
} from './support.js';

test('a missing queue closes only the channel', async (_, connection) => {
  const missing = newName();
  await assertChannelClosed(
    connection, 404, `NOT_FOUND - no queue '${missing}' in vhost '/'`,
    (channel) => channel.checkQueue(missing),
  );
});

test('publishing to a missing exchange closes only the channel', async (_, connection) => {
  const missing = newName('exchange');
  await assertChannelClosed(
    connection, 404, `NOT_FOUND - no exchange '${missing}' in vhost '/'`,
    (channel) => channel.publish(missing, '', Buffer.from('x')),
  );
});

test('another argument closes only the channel', async (channel, connection) => {
  const queue = await declareQueue(channel, { 'x-message-ttl': 1000 });
  await assertChannelClosed(
    connection, 406,
    `PRECONDITION_FAILED - inequivalent arg 'x-message-ttl' for queue '${queue}' in vhost '/': `
      + "received '2000' but current is '1000'",
    (channel) => channel.assertQueue(queue, { exclusive: true, messageTtl: 2000 }),
  );
});

test('acking twice closes only the channel', async (channel, connection) => {
  const queue = await declareQueue(channel);
  channel.sendToQueue(queue, Buffer.from('x'));
  await assertChannelClosed(
    connection, 406, 'PRECONDITION_FAILED - unknown delivery tag 1',
    async (channel) => {
      const [message] = await (await consume(channel, queue)).take(1);
      channel.ack(message);
      channel.ack(message);
    },
  );
});

test("another connection's queue closes only the channel", async (channel, _, context) => {
  const queue = await declareQueue(channel);
  await assertChannelClosed(
    await connect(context), 405,
    `RESOURCE_LOCKED - cannot obtain exclusive access to locked queue '${queue}' in vhost '/'. `
      + 'It could be originally declared on another connection or the exclusive property value '
      + 'does not match that of the original declaration.',
    (channel) => channel.checkQueue(queue),
  );
});

test('a wrong password is refused', async () => {
  const wrong = new URL(url);
  wrong.password = 'wrong';
  await assert.rejects(amqp.connect(wrong.href), /403 \(ACCESS-REFUSED\).*Login was refused/s);
});

test('an unknown virtual host is refused', async () => {
  // The client does not pass on the broker's words here.
  await assert.rejects(amqp.connect(url.replace('%2F', 'nowhere')), /got <ConnectionClose/);
});

// The broker closes the connection of a client that uses a consumer tag twice.
async function reuseConsumerTag(channel) {
  const queue = await declareQueue(channel);
  await channel.consume(queue, () => {}, { consumerTag: 'twice' });
  await channel.consume(queue, () => {}, { consumerTag: 'twice' });
}

test('a connection error tells its reason', async (channel, connection) => {
  const closed = once(connection, 'error');
  reuseConsumerTag(channel).catch(() => {});
  const [error] = await closed;
  assert.equal(error.code, 530);
  assert.match(error.message, /NOT_ALLOWED - attempt to reuse consumer tag 'twice'/);
});

test('a recovering connection comes back after the broker closed it', async (_, __, context) => {
  const queue = newName();
  const received = [];
  let wake = () => {};
  const connection = await connect(context, {
    recovery: {
      initialDelay: 10,
      async setup(model) {
        const channel = await model.createChannel();
        await channel.assertQueue(queue, { exclusive: true });
        await channel.consume(queue, (message) => { received.push(text(message)); wake(); });
      },
    },
  });
  const doomed = await connection.createChannel();
  doomed.on('error', () => {});
  const again = new Promise((resolve) => { connection.once('connect', resolve); });
  reuseConsumerTag(doomed).catch(() => {});
  await again;

  const channel = await connection.createChannel();
  const arrived = new Promise((resolve) => { wake = resolve; });
  channel.sendToQueue(queue, Buffer.from('to the queue declared again'));
  await arrived;
  assert.deepEqual(received, ['to the queue declared again']);
});
