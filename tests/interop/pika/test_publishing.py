import pika

from pika_case import PikaCase


class Publishing(PikaCase):
    def test_a_thousand_messages_arrive_in_order(self):
        queue = self.queue()
        sent = [f"message {number}".encode() for number in range(1000)]
        self.publish(queue, *sent)
        received = []

        def on_message(channel, method, _, body):
            received.append(body)
            channel.basic_ack(method.delivery_tag)
            if len(received) == len(sent):
                channel.stop_consuming()

        self.channel.basic_consume(queue, on_message)
        self.channel.start_consuming()

        self.assertEqual(received, sent)

    def test_the_body_may_be_empty(self):
        queue = self.queue()
        self.publish(queue, b"")
        self.assertEqual(self.get(queue)[2], b"")

    def test_bodies_larger_than_a_frame_arrive_whole(self):
        queue = self.queue()
        for size in (131_072 - 8, 131_072 - 7, 1 << 20, 5 << 20):
            with self.subTest(size=size):
                body = bytes(number % 251 for number in range(4096)) * (size // 4096 + 1)
                self.publish(queue, body[:size])
                self.assertTrue(self.get(queue, auto_ack=True)[2] == body[:size])

    def test_all_properties_arrive_unchanged(self):
        queue = self.queue()
        sent = pika.BasicProperties(
            content_type="application/json",
            content_encoding="gzip",
            headers={"key": "value"},
            delivery_mode=2,
            priority=7,
            correlation_id="correlation",
            reply_to="reply.queue",
            expiration="60000",
            message_id="message-1",
            timestamp=1_700_000_000,
            type="order.created",
            user_id=self.connection._impl.params.credentials.username,
            app_id="interop",
            cluster_id="cluster",
        )
        self.publish(queue, b"x", properties=sent)
        self.assertEqual(self.get(queue)[1], sent)

    def test_a_message_without_properties_has_none(self):
        queue = self.queue()
        self.publish(queue, b"x")
        self.assertEqual(self.get(queue)[1], pika.BasicProperties())


class Confirms(PikaCase):
    def setUp(self):
        super().setUp()
        self.channel.confirm_delivery()

    def test_routed_messages_are_confirmed(self):
        queue = self.queue()
        for number in range(100):  # basic_publish waits for the broker's ack
            self.channel.basic_publish("", queue, str(number).encode(), mandatory=True)
        self.assertEqual(self.message_count(queue), 100)

    def test_an_unroutable_message_that_is_not_mandatory_is_confirmed(self):
        self.channel.basic_publish("", self.name("nowhere"), b"lost")

    def test_an_unroutable_mandatory_message_comes_back(self):
        key = self.name("nowhere")
        with self.assertRaises(pika.exceptions.UnroutableError) as caught:
            self.channel.basic_publish(
                "", key, b"body", pika.BasicProperties(message_id="7"), mandatory=True
            )
        (returned,) = caught.exception.messages
        self.assertEqual(returned.method.reply_code, 312)
        self.assertEqual(returned.method.reply_text, "NO_ROUTE")
        self.assertEqual(returned.method.exchange, "")
        self.assertEqual(returned.method.routing_key, key)
        self.assertEqual(returned.properties.message_id, "7")
        self.assertEqual(returned.body, b"body")

    def test_a_full_queue_that_rejects_is_a_negative_confirm(self):
        queue = self.queue(max_length=1, overflow="reject-publish")
        self.channel.basic_publish("", queue, b"fits")
        with self.assertRaises(pika.exceptions.NackError):
            self.channel.basic_publish("", queue, b"does not fit")
        self.assertEqual(self.get_bodies(queue, 1), [b"fits"])

    def test_a_message_expired_at_once_is_confirmed(self):
        queue = self.queue()
        self.channel.basic_publish("", queue, b"x", pika.BasicProperties(expiration="0"))
        self.assert_empty(queue)
