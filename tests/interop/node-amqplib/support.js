// Connections that are closed again, and waiting with a deadline.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import nodeTest from 'node:test';

import amqp from 'amqplib';

export const url = process.env.AMQP_TEST_URL;
const deadline = 20_000;

/** A test that is given a connection and a channel, which are closed after it. */
export function test(name, body) {
  nodeTest(name, { timeout: deadline }, async (context) => {
    const connection = await connect(context);
    await body(await connection.createChannel(), connection, context);
  });
}

export async function connect(context, options) {
  const connection = await amqp.connect(url, options);
  let open = true;
  connection.on('close', () => { open = false; });
  connection.on('error', () => {}); // a test that wants it listens for itself
  context.after(() => open && connection.close());
  return connection;
}

export function newName(what = 'queue') {
  return `interop.node.${what}.${randomBytes(8).toString('hex')}`;
}

export async function declareQueue(channel, args = {}) {
  const { queue } = await channel.assertQueue(newName(), { exclusive: true, arguments: args });
  return queue;
}

export async function declareExchange(channel, type, options = {}) {
  const { exchange } = await channel.assertExchange(newName('exchange'), type, {
    durable: false, autoDelete: true, ...options,
  });
  return exchange;
}

/** Publishes on a confirm channel and waits for the broker's answer to all. */
export async function publish(connection, exchange, key, bodies, options = {}) {
  const channel = await connection.createConfirmChannel();
  for (const body of bodies) {
    channel.publish(exchange, key, Buffer.from(body), options);
  }
  await channel.waitForConfirms();
  await channel.close();
}

/** Consumes from the queue; take(n) waits for the next n messages. */
export async function consume(channel, queue, options = {}) {
  const waiting = [];
  let wake = () => {};
  const { consumerTag } = await channel.consume(queue, (message) => {
    waiting.push(message);
    wake();
  }, options);
  return {
    consumerTag,
    waiting,
    async take(count) {
      while (waiting.length < count) {
        await new Promise((resolve) => { wake = resolve; });
      }
      return waiting.splice(0, count);
    },
  };
}

/** Gets one message, asking until it is there. */
export async function get(channel, queue, options = { noAck: true }) {
  for (;;) {
    const message = await channel.get(queue, options);
    if (message) return message;
  }
}

export async function drain(channel, queue) {
  const bodies = [];
  for (let message; (message = await channel.get(queue, { noAck: true })); ) {
    bodies.push(text(message));
  }
  return bodies;
}

export function text(message) {
  return message.content.toString();
}

export function replyText(full) {
  return full.length <= 255 ? full : `${full.slice(0, 252)}...`;
}

/** The broker answers the action by closing the channel, and only the channel. */
export async function assertChannelClosed(connection, code, reason, action) {
  const channel = await connection.createChannel();
  const closed = once(channel, 'error');
  Promise.resolve(action(channel)).catch(() => {}); // it fails with the same error
  const [error] = await closed;
  assert.equal(error.code, code);
  assert.ok(error.message.endsWith(`with message "${replyText(reason)}"`), error.message);
  await (await connection.createChannel()).close();
}
