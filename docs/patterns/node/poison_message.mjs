// Poison message: what kills every consumer is set aside after a number of deliveries.
import amqp from 'amqplib';

const url = process.env.AMQP_URL;
const connection = await amqp.connect(url);
const channel = await connection.createConfirmChannel();
await channel.assertQueue('orders.poison');
await channel.assertQueue('orders', {
  deadLetterExchange: '',
  deadLetterRoutingKey: 'orders.poison',
  arguments: { 'x-queue-type': 'quorum', 'x-delivery-limit': 2 },
});
for (const body of ['good 1', 'not an order', 'good 2']) {
  channel.sendToQueue('orders', Buffer.from(body), { persistent: true });
}
await channel.waitForConfirms();

const done = [];
let crashes = 0;
while (done.length < 2) {
  const consumer = await amqp.connect(url);
  const messages = await consumer.createChannel();
  await messages.prefetch(1);
  await new Promise((ended) => {
    messages.consume('orders', (message) => {
      if (!message.content.toString().startsWith('good')) {
        crashes++;
        ended(); // as if the process had died: the connection goes, the message comes back
        return;
      }
      done.push(message.content.toString());
      messages.ack(message);
      if (done.length === 2) ended();
    });
  });
  await consumer.close();
}
console.log(`done: ${done.join(', ')}; consumers that died: ${crashes}`);

const aside = await new Promise((came) => {
  channel.consume('orders.poison', came, { noAck: true });
});
const [death] = aside.properties.headers['x-death'];
console.log(`set aside: '${aside.content}', from ${death.queue}, for ${death.reason}`);
await channel.deleteQueue('orders');
await channel.deleteQueue('orders.poison');
await connection.close();
