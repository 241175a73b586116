// Ordering: one consumer at a time per queue, and the next one takes over where it stopped.
import amqp from 'amqplib';

const url = process.env.AMQP_URL;
const connection = await amqp.connect(url);
const channel = await connection.createConfirmChannel();
await channel.assertQueue('ledger', { arguments: { 'x-single-active-consumer': true } });
for (let number = 1; number <= 6; number++) {
  channel.sendToQueue('ledger', Buffer.from(String(number)), { persistent: true });
}
await channel.waitForConfirms();

// Calls seen(number) for each entry; at `hangAt` it takes one and never acknowledges it.
async function book(seen, hangAt) {
  const connection = await amqp.connect(url);
  const consumer = await connection.createChannel();
  await consumer.prefetch(1); // a second one in its hands could overtake the first
  await consumer.consume('ledger', (message) => {
    if (message === null) return; // the broker has ended the subscription
    const number = Number(message.content);
    if (number !== hangAt) consumer.ack(message);
    seen(number);
  });
  return connection;
}

const firstSaw = [];
let first;
await new Promise(async (hangs) => {
  first = await book((number) => (number === 4 ? hangs() : firstSaw.push(number)), 4);
});
console.log(`first booked ${firstSaw.join(' ')} and hangs`);

const secondSaw = [];
let second;
await new Promise(async (booked) => {
  second = await book((number) => {
    secondSaw.push(number);
    if (number === 6) booked();
  });
  console.log(`second waits: ${secondSaw.length === 0}`);
  first.connection.stream.destroy(); // as if the process had died
});
console.log(`first is dead; second booked ${secondSaw.join(' ')}`);
await second.close();
await channel.deleteQueue('ledger');
await connection.close();
process.exit(); // the timers of the connection that died would go on
