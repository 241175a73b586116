import assert from 'node:assert/strict';

import { consume, declareQueue, get, publish, test, text } from './support.js';

test('prefetch bounds what is not acked', async (channel, connection) => {
  const queue = await declareQueue(channel);
  await publish(connection, '', queue, ['1', '2', '3', '4']);
  await channel.prefetch(2);
  const consumer = await consume(channel, queue);
  const [first] = await consumer.take(2);
  assert.equal((await channel.checkQueue(queue)).messageCount, 2);
  assert.equal(consumer.waiting.length, 0);
  channel.ack(first);
  assert.deepEqual((await consumer.take(1)).map(text), ['3']);
});

test('nacked messages return to their places', async (channel, connection) => {
  const queue = await declareQueue(channel);
  await publish(connection, '', queue, ['1', '2', '3']);
  await get(channel, queue, {});
  channel.nack(await get(channel, queue, {}), true, true);
  const again = [await get(channel, queue), await get(channel, queue), await get(channel, queue)];
  assert.deepEqual(again.map(text), ['1', '2', '3']);
  assert.deepEqual(again.map((message) => message.fields.redelivered), [true, true, false]);
});

test('the consumer is told when its queue is deleted', async (channel, connection) => {
  const queue = await declareQueue(channel);
  const consumer = await consume(channel, queue);
  await (await connection.createChannel()).deleteQueue(queue);
  assert.deepEqual(await consumer.take(1), [null]); // amqplib's way to tell it
});

test('remote calls are answered over direct reply-to', async (channel, connection) => {
  const server = await connection.createChannel();
  const requests = await declareQueue(server);
  await server.consume(requests, ({ content, properties }) => {
    const { replyTo, correlationId } = properties;
    server.sendToQueue(replyTo, Buffer.from(`re: ${content}`), { correlationId });
  }, { noAck: true });

  const replyTo = 'amq.rabbitmq.reply-to';
  const replies = await consume(channel, replyTo, { noAck: true });
  const calls = Array.from({ length: 20 }, (_, number) => `${number}`);
  for (const correlationId of calls) {
    channel.sendToQueue(requests, Buffer.from(correlationId), { replyTo, correlationId });
  }
  const received = await replies.take(20);
  assert.deepEqual(received.map((reply) => reply.properties.correlationId), calls);
  assert.deepEqual(received.map(text), calls.map((call) => `re: ${call}`));
});

test('recover delivers again', async (channel, connection) => {
  const queue = await declareQueue(channel);
  await publish(connection, '', queue, ['x']);
  const consumer = await consume(channel, queue);
  await consumer.take(1);
  await channel.recover();
  const [again] = await consumer.take(1);
  assert.equal(again.fields.redelivered, true);
});

test('the higher priority consumer is served first', async (channel, connection) => {
  const queue = await declareQueue(channel);
  const low = await consume(channel, queue);
  const high = await consume(channel, queue, { priority: 10 });
  await publish(connection, '', queue, ['1', '2', '3']);
  assert.deepEqual((await high.take(3)).map(text), ['1', '2', '3']);
  assert.equal(low.waiting.length, 0);
});
