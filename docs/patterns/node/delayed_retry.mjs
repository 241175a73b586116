// Delayed retry: what fails waits in a queue whose messages expire back into the work queue.
import amqp from 'amqplib';

const ATTEMPTS = 3;
const connection = await amqp.connect(process.env.AMQP_URL);
const channel = await connection.createConfirmChannel();
await channel.assertQueue('work', { deadLetterExchange: '', deadLetterRoutingKey: 'work.wait' });
await channel.assertQueue('work.wait', {
  messageTtl: 100, // milliseconds
  deadLetterExchange: '',
  deadLetterRoutingKey: 'work',
});
await channel.assertQueue('work.failed');
channel.sendToQueue('work', Buffer.from('charge card 4'), { persistent: true });

// How often `work` has given this message up: the broker counts in x-death.
function failures(message) {
  const deaths = message.properties.headers['x-death'] ?? [];
  return deaths.find((death) => death.queue === 'work' && death.reason === 'rejected')?.count ?? 0;
}

await new Promise((givenUp) => {
  channel.consume('work', async (message) => {
    if (message === null) return; // the broker has ended the subscription
    const attempt = failures(message) + 1;
    if (attempt < ATTEMPTS) {
      console.log(`attempt ${attempt}: the bank does not answer, later`);
      channel.nack(message, false, false);
      return;
    }
    console.log(`attempt ${attempt}: given up, somebody has to look`);
    // First where it is safe, then away from here: a crash between the two leaves it twice.
    channel.sendToQueue('work.failed', message.content, message.properties);
    await channel.waitForConfirms();
    channel.ack(message);
    givenUp();
  });
});

const failed = await channel.get('work.failed', { noAck: true });
console.log(`in work.failed: ${failed.content}`);
for (const queue of ['work', 'work.wait', 'work.failed']) await channel.deleteQueue(queue);
await connection.close();
