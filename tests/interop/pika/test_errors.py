import uuid

import pika

from pika_case import PikaCase


class ChannelErrors(PikaCase):
    """Each closes the channel with RabbitMQ's code and words and leaves the connection open."""

    def test_passive_declare_of_a_missing_queue(self):
        name = self.name()
        self.assert_channel_closed(
            404,
            f"NOT_FOUND - no queue '{name}' in vhost '/'",
            lambda: self.channel.queue_declare(name, passive=True),
        )

    def test_passive_declare_of_a_missing_exchange(self):
        name = self.name("exchange")
        self.assert_channel_closed(
            404,
            f"NOT_FOUND - no exchange '{name}' in vhost '/'",
            lambda: self.channel.exchange_declare(name, passive=True),
        )

    def test_publish_to_a_missing_exchange(self):
        name = self.name("exchange")

        def publish():
            self.channel.basic_publish(name, "key", b"x")
            self.settle()

        self.assert_channel_closed(404, f"NOT_FOUND - no exchange '{name}' in vhost '/'", publish)

    def test_consume_from_a_missing_queue(self):
        name = self.name()
        self.assert_channel_closed(
            404,
            f"NOT_FOUND - no queue '{name}' in vhost '/'",
            lambda: self.channel.basic_consume(name, lambda *_: None),
        )

    def test_bind_to_a_missing_exchange(self):
        queue, name = self.queue(), self.name("exchange")
        self.assert_channel_closed(
            404,
            f"NOT_FOUND - no exchange '{name}' in vhost '/'",
            lambda: self.channel.queue_bind(queue, name, "key"),
        )

    def test_redeclaring_a_queue_differently(self):
        queue = self.name()
        self.channel.queue_declare(queue, durable=True)
        self.addCleanup(lambda: self.connection.channel().queue_delete(queue))
        self.assert_channel_closed(
            406,
            f"PRECONDITION_FAILED - inequivalent arg 'durable' for queue '{queue}' in vhost '/': "
            "received 'false' but current is 'true'",
            lambda: self.channel.queue_declare(queue),
        )

    def test_an_exclusive_queue_is_never_durable(self):
        queue = self.name()
        for durable in (True, False, True):
            self.channel.queue_declare(queue, exclusive=True, durable=durable)

    def test_redeclaring_a_queue_with_another_argument(self):
        queue = self.queue(message_ttl=1000)
        self.assert_channel_closed(
            406,
            "PRECONDITION_FAILED - inequivalent arg 'x-message-ttl' for queue "
            f"'{queue}' in vhost '/': received '2000' but current is '1000'",
            lambda: self.channel.queue_declare(
                queue, exclusive=True, arguments={"x-message-ttl": 2000}
            ),
        )

    def test_redeclaring_a_queue_without_its_argument(self):
        queue = self.queue(message_ttl=1000)
        self.assert_channel_closed(
            406,
            "PRECONDITION_FAILED - inequivalent arg 'x-message-ttl' for queue "
            f"'{queue}' in vhost '/': received none but current is the value '1000' of type "
            "'signedint'",
            lambda: self.channel.queue_declare(queue, exclusive=True),
        )

    def test_redeclaring_an_exchange_with_another_type(self):
        exchange = self.exchange("direct")
        self.assert_channel_closed(
            406,
            f"PRECONDITION_FAILED - inequivalent arg 'type' for exchange '{exchange}' in vhost "
            "'/': received 'fanout' but current is 'direct'",
            lambda: self.channel.exchange_declare(exchange, "fanout", auto_delete=True),
        )

    def test_an_argument_of_the_wrong_type(self):
        name = self.name()
        self.assert_channel_closed(
            406,
            f"PRECONDITION_FAILED - invalid arg 'x-message-ttl' for queue '{name}' in vhost '/': "
            '"expected integer, got longstr"',
            lambda: self.channel.queue_declare(name, arguments={"x-message-ttl": "soon"}),
        )

    def test_an_expiration_that_is_no_number(self):
        queue = self.queue()

        def publish():
            self.channel.basic_publish(
                "", queue, b"x", pika.BasicProperties(expiration="soon")
            )
            self.settle()

        self.assert_channel_closed(
            406,
            "PRECONDITION_FAILED - invalid expiration 'soon': no_integer",
            publish,
        )

    def test_names_that_belong_to_the_broker(self):
        name = f"amq.{uuid.uuid4().hex}"
        self.assert_channel_closed(
            403,
            f"ACCESS_REFUSED - queue name '{name}' contains reserved prefix 'amq.*'",
            lambda: self.channel.queue_declare(name),
        )
        self.assert_channel_closed(
            403,
            f"ACCESS_REFUSED - exchange name '{name}' contains reserved prefix 'amq.*'",
            lambda: self.channel.exchange_declare(name, "fanout"),
        )

    def test_the_default_exchange_cannot_be_bound(self):
        queue = self.queue()
        self.assert_channel_closed(
            403,
            "ACCESS_REFUSED - operation not permitted on the default exchange",
            lambda: self.channel.queue_bind(queue, "", "key"),
        )

    def test_publish_to_an_internal_exchange(self):
        exchange = self.exchange("fanout", internal=True)

        def publish():
            self.channel.basic_publish(exchange, "", b"x")
            self.settle()

        self.assert_channel_closed(
            403,
            f"ACCESS_REFUSED - cannot publish to internal exchange '{exchange}' in vhost '/'",
            publish,
        )

    def test_an_unknown_delivery_tag(self):
        def ack():
            self.channel.basic_ack(17)
            self.settle()

        self.assert_channel_closed(406, "PRECONDITION_FAILED - unknown delivery tag 17", ack)

    def test_a_second_exclusive_consumer(self):
        queue = self.queue()
        self.connection.channel().basic_consume(queue, lambda *_: None, exclusive=True)
        self.assert_channel_closed(
            403,
            f"ACCESS_REFUSED - queue '{queue}' in vhost '/' in exclusive use",
            lambda: self.channel.basic_consume(queue, lambda *_: None),
        )

    def test_deleting_a_queue_in_use_or_not_empty(self):
        queue = self.queue()
        self.publish(queue, b"x")
        self.assert_channel_closed(
            406,
            f"PRECONDITION_FAILED - queue '{queue}' in vhost '/' not empty",
            lambda: self.channel.queue_delete(queue, if_empty=True),
        )
        self.connection.channel().basic_consume(queue, lambda *_: None)
        self.assert_channel_closed(
            406,
            f"PRECONDITION_FAILED - queue '{queue}' in vhost '/' in use",
            lambda: self.channel.queue_delete(queue, if_unused=True),
        )

    def test_deleting_an_exchange_in_use(self):
        exchange = self.exchange("fanout")
        self.channel.queue_bind(self.queue(), exchange)
        self.assert_channel_closed(
            406,
            f"PRECONDITION_FAILED - exchange '{exchange}' in vhost '/' in use",
            lambda: self.channel.exchange_delete(exchange, if_unused=True),
        )

    def test_a_user_id_that_is_not_ours(self):
        queue = self.queue()

        def publish():
            self.channel.basic_publish(
                "", queue, b"x", pika.BasicProperties(user_id="somebody")
            )
            self.settle()

        self.assert_channel_closed(
            406,
            "PRECONDITION_FAILED - user_id property set to 'somebody' but authenticated user was "
            "'guest'",
            publish,
        )

    def test_deleting_what_does_not_exist_is_no_error(self):
        self.assertEqual(self.channel.queue_delete(self.name()).method.message_count, 0)
        self.channel.exchange_delete(self.name("exchange"))


class ExclusiveQueues(PikaCase):
    def setUp(self):
        super().setUp()
        self.owner = self.connection
        self.locked = self.queue()
        self.channel.queue_bind(self.locked, "amq.direct", self.locked)
        self.connection = self.connect()
        self.channel = self.connection.channel()

    def test_no_other_connection_may_use_the_queue(self):
        queue = self.locked
        actions = {
            "declare": lambda: self.channel.queue_declare(queue, exclusive=True),
            "passive declare": lambda: self.channel.queue_declare(queue, passive=True),
            "consume": lambda: self.channel.basic_consume(queue, lambda *_: None),
            "get": lambda: self.channel.basic_get(queue),
            "bind": lambda: self.channel.queue_bind(queue, "amq.direct", "key"),
            "unbind": lambda: self.channel.queue_unbind(queue, "amq.direct", queue),
            "purge": lambda: self.channel.queue_purge(queue),
            "delete": lambda: self.channel.queue_delete(queue),
        }
        text = (
            "RESOURCE_LOCKED - cannot obtain exclusive access to locked queue "
            f"'{queue}' in vhost '/'. It could be originally declared on another connection or "
            "the exclusive property value does not match that of the original declaration."
        )
        for name, action in actions.items():
            with self.subTest(name):
                self.assert_channel_closed(405, text, action)

    def test_others_may_still_publish_to_the_queue(self):
        self.publish(self.locked, b"x")
        self.settle()
        owner_channel = self.owner.channel()
        self.assertEqual(owner_channel.basic_get(self.locked)[2], b"x")

    def test_the_queue_is_gone_once_its_connection_is_closed(self):
        self.owner.close()
        self.channel.queue_declare(self.locked, exclusive=True)


class ConnectionErrors(PikaCase):
    """Each closes the whole connection."""

    def assert_connection_closed(self, code, text, action):
        with self.assertRaises(pika.exceptions.ConnectionClosedByBroker) as caught:
            action()
            self.settle()
        self.assertEqual((caught.exception.reply_code, caught.exception.reply_text), (code, text))

    def test_a_prefetch_size(self):
        self.assert_connection_closed(
            540,
            "NOT_IMPLEMENTED - prefetch_size!=0 (1)",
            lambda: self.channel.basic_qos(prefetch_size=1),
        )

    def test_a_consumer_tag_used_twice(self):
        queue = self.queue()

        def consume_twice():
            consume = pika.spec.Basic.Consume(queue=queue, consumer_tag="twice")
            for _ in range(2):  # pika itself refuses to do so
                self.channel._impl._send_method(consume)

        self.assert_connection_closed(
            530,
            "NOT_ALLOWED - attempt to reuse consumer tag 'twice'",
            consume_twice,
        )

    def test_recover_without_requeue(self):
        self.assert_connection_closed(
            540,
            "NOT_IMPLEMENTED - requeue=false",
            lambda: self.channel.basic_recover(requeue=False),
        )
