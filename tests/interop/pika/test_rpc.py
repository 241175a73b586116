import pika

from pika_case import PikaCase

DIRECT_REPLY_TO = "amq.rabbitmq.reply-to"


class RemoteCalls(PikaCase):
    def setUp(self):
        super().setUp()
        self.requests = self.queue()
        server = self.connection.channel()
        server.basic_consume(self.requests, self.answer)
        self.reply_to_seen = []

    def answer(self, channel, method, properties, body):
        self.reply_to_seen.append(properties.reply_to)
        channel.basic_publish(
            "",
            properties.reply_to,
            body.upper(),
            pika.BasicProperties(correlation_id=properties.correlation_id),
        )
        channel.basic_ack(method.delivery_tag)

    def call(self, reply_to, count):
        replies = {}
        self.channel.basic_consume(
            reply_to,
            lambda _, method, properties, body: replies.update(
                {properties.correlation_id: (method.exchange, body)}
            ),
            auto_ack=True,
        )
        for number in range(count):
            # Direct reply-to wants the request from the channel that consumes the reply.
            self.channel.basic_publish(
                "",
                self.requests,
                f"call {number}".encode(),
                pika.BasicProperties(reply_to=reply_to, correlation_id=str(number)),
            )
        self.wait_until(lambda: len(replies) == count)
        self.assertEqual(
            replies, {str(number): ("", f"CALL {number}".encode()) for number in range(count)}
        )

    def test_replies_come_over_a_queue_of_the_caller(self):
        self.call(self.queue(), 50)

    def test_replies_come_over_direct_reply_to(self):
        self.call(DIRECT_REPLY_TO, 50)
        for reply_to in self.reply_to_seen:
            self.assertTrue(reply_to.startswith(DIRECT_REPLY_TO + "."), reply_to)

    def test_direct_reply_to_must_not_be_acknowledged(self):
        self.assert_channel_closed(
            406,
            "PRECONDITION_FAILED - reply consumer cannot acknowledge",
            lambda: self.channel.basic_consume(DIRECT_REPLY_TO, lambda *_: None),
        )

    def test_direct_reply_to_needs_its_consumer(self):
        def publish():
            self.channel.basic_publish(
                "", self.requests, b"x", pika.BasicProperties(reply_to=DIRECT_REPLY_TO)
            )
            self.settle()

        self.assert_channel_closed(
            406, "PRECONDITION_FAILED - fast reply consumer does not exist", publish
        )

    def test_a_server_can_ask_whether_the_caller_still_waits(self):
        self.call(DIRECT_REPLY_TO, 1)
        (reply_to,) = self.reply_to_seen
        other = self.connection.channel()
        answer = other.queue_declare(reply_to, passive=True).method
        self.assertEqual((answer.message_count, answer.consumer_count), (0, 1))
        self.channel.close()
        self.channel = other
        self.assert_channel_closed(
            404,
            f"NOT_FOUND - no queue '{reply_to}' in vhost '/'",
            lambda: other.queue_declare(reply_to, passive=True),
        )
