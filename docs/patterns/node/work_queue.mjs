// Work queue: each task goes to one of several workers; one that dies gives its task back.
import amqp from 'amqplib';

const connection = await amqp.connect(process.env.AMQP_URL);

// The producer: confirms, and messages that survive a restart in a queue that does.
const producer = await connection.createConfirmChannel();
await producer.assertQueue('tasks', { durable: true });
for (let number = 1; number <= 6; number++) {
  producer.sendToQueue('tasks', Buffer.from(`task ${number}`), { persistent: true });
}
await producer.waitForConfirms();
console.log('6 tasks are on the disk');

// A worker that takes a task and dies: its channel closes without an acknowledgement.
const unlucky = await connection.createChannel();
const taken = await unlucky.get('tasks');
console.log(`unlucky took ${taken.content}`);
await unlucky.close();

const done = { ann: [], ben: [] };
await new Promise(async (allDone) => {
  for (const name of Object.keys(done)) {
    const worker = await connection.createChannel();
    await worker.prefetch(1); // the next task only when this one is done
    await worker.consume('tasks', (message) => {
      if (message === null) return; // the broker has ended the subscription
      done[name].push(message.content.toString());
      worker.ack(message);
      if (done.ann.length + done.ben.length === 6) allDone();
    });
  }
});
console.log(`done: ${[...done.ann, ...done.ben].sort().join(', ')}`);
console.log(`both worked: ${done.ann.length > 0 && done.ben.length > 0}`);
await producer.deleteQueue('tasks');
await connection.close();
