// The older interface of amqplib, with callbacks.

import assert from 'node:assert/strict';
import test from 'node:test';

import amqp from 'amqplib/callback_api';

import { newName, url } from './support.js';

const options = { timeout: 20_000 };

/** Opens a connection for a test, which must end with done() or done(error). */
function withConnection(context, done, body) {
  amqp.connect(url, (error, connection) => {
    if (error) return done(error);
    context.after(() => connection.close());
    body(connection);
  });
}

test('publish, consume and ack', options, (context, done) => {
  withConnection(context, done, (connection) => {
    connection.createChannel((error, channel) => {
      assert.ifError(error);
      channel.assertQueue('', { exclusive: true }, (error, { queue }) => {
        assert.ifError(error);
        assert.match(queue, /^amq\.gen-/);
        const received = [];
        channel.consume(queue, (message) => {
          received.push(message.content.toString());
          channel.ack(message);
          if (received.length < 100) return;
          assert.deepEqual(received, Array.from({ length: 100 }, (_, number) => `${number}`));
          done();
        });
        for (let number = 0; number < 100; number++) {
          channel.sendToQueue(queue, Buffer.from(`${number}`));
        }
      });
    });
  });
});

test('a confirm channel calls back for each publish', options, (context, done) => {
  withConnection(context, done, (connection) => {
    connection.createConfirmChannel((error, channel) => {
      assert.ifError(error);
      let confirmed = 0;
      for (let number = 0; number < 50; number++) {
        channel.publish('amq.fanout', '', Buffer.from('x'), {}, (error) => {
          assert.ifError(error);
          confirmed++;
        });
      }
      channel.waitForConfirms((error) => {
        assert.ifError(error);
        assert.equal(confirmed, 50);
        done();
      });
    });
  });
});

test('an error closes only the channel', options, (context, done) => {
  withConnection(context, done, (connection) => {
    connection.createChannel((error, channel) => {
      assert.ifError(error);
      channel.on('error', () => {});
      const missing = newName();
      channel.checkQueue(missing, (error) => {
        assert.ok(error.message.includes(`NOT_FOUND - no queue '${missing}' in vhost '/'`));
        connection.createChannel((error, next) => {
          assert.ifError(error);
          next.checkExchange('amq.direct', done);
        });
      });
    });
  });
});

test('get on an empty queue gives false', options, (context, done) => {
  withConnection(context, done, (connection) => {
    connection.createChannel((error, channel) => {
      assert.ifError(error);
      channel.assertQueue(newName(), { exclusive: true }, (error, { queue }) => {
        assert.ifError(error);
        channel.get(queue, {}, (error, message) => {
          assert.ifError(error);
          assert.equal(message, false);
          done();
        });
      });
    });
  });
});
