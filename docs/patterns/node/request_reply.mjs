// Request and reply: the answer comes straight to the asking channel, without a queue.
import { randomUUID } from 'node:crypto';
import amqp from 'amqplib';

const connection = await amqp.connect(process.env.AMQP_URL);

// The service.
const service = await connection.createChannel();
await service.assertQueue('square', { autoDelete: true });
await service.consume('square', (message) => {
  const { replyTo, correlationId } = message.properties;
  const answer = String(Number(message.content) ** 2);
  service.sendToQueue(replyTo, Buffer.from(answer), { correlationId });
  service.ack(message);
});

// The caller: first it listens at the pseudo-queue, then it asks.
const caller = await connection.createChannel();
const asked = new Map();
await caller.consume('amq.rabbitmq.reply-to', (message) => {
  asked.get(message.properties.correlationId)?.(message.content);
  asked.delete(message.properties.correlationId);
}, { noAck: true });

function ask(number) {
  return new Promise((answered) => {
    const question = randomUUID();
    asked.set(question, answered);
    caller.sendToQueue('square', Buffer.from(String(number)), {
      replyTo: 'amq.rabbitmq.reply-to',
      correlationId: question,
      expiration: 5000, // milliseconds: nobody waits for longer
    });
  });
}

for (const number of [3, 12]) console.log(`${number} squared is ${await ask(number)}`);
await connection.close();
