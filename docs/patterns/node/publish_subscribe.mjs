// Publish and subscribe: every subscriber has a queue of its own and binds what it wants.
import amqp from 'amqplib';

const connection = await amqp.connect(process.env.AMQP_URL);
const channel = await connection.createConfirmChannel();
await channel.assertExchange('events', 'topic', { durable: true });

async function subscribe(name, ...patterns) {
  // The broker names the queue; it goes when the subscriber does.
  const { queue } = await channel.assertQueue('', { exclusive: true });
  for (const pattern of patterns) await channel.bindQueue(queue, 'events', pattern);
  return { name, queue };
}

const subscribers = [
  await subscribe('billing', 'order.paid', 'order.refunded'),
  await subscribe('warehouse', 'order.paid'),
  await subscribe('archive', 'order.#'),
];

for (const key of ['order.created', 'order.paid', 'order.refunded']) {
  channel.publish('events', key, Buffer.from('order 17'));
}
await channel.waitForConfirms();

for (const { name, queue } of subscribers) {
  const heard = [];
  for (let message; (message = await channel.get(queue, { noAck: true })); ) {
    heard.push(message.fields.routingKey);
  }
  console.log(`${name}: ${heard.join(', ')}`);
}
await channel.deleteExchange('events');
await connection.close();
