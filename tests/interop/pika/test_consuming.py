import pika

from pika_case import PikaCase


class Get(PikaCase):
    def test_get_on_an_empty_queue_gives_nothing(self):
        self.assert_empty(self.queue())

    def test_get_tells_how_many_are_left(self):
        queue = self.queue()
        self.publish(queue, b"1", b"2", b"3")
        counts = [self.get(queue)[0].message_count for _ in range(3)]
        self.assertEqual(counts, [2, 1, 0])

    def test_get_names_the_exchange_and_key_of_the_publish(self):
        queue = self.queue()
        self.channel.queue_bind(queue, "amq.direct", "the.key")
        self.channel.basic_publish("amq.direct", "the.key", b"x")
        method, _, _ = self.get(queue)
        self.assertEqual((method.exchange, method.routing_key), ("amq.direct", "the.key"))
        self.assertFalse(method.redelivered)


class Requeue(PikaCase):
    def test_rejected_messages_return_to_their_places(self):
        queue = self.queue()
        self.publish(queue, b"1", b"2", b"3", b"4")
        tags = [self.get(queue)[0].delivery_tag for _ in range(3)]
        self.channel.basic_reject(tags[1], requeue=True)
        self.channel.basic_nack(tags[2], requeue=True)
        self.channel.basic_nack(tags[0], requeue=True)
        self.settle()

        again = [self.get(queue, auto_ack=True) for _ in range(4)]
        self.assertEqual([body for _, _, body in again], [b"1", b"2", b"3", b"4"])
        self.assertEqual([m.redelivered for m, _, _ in again], [True, True, True, False])

    def test_nack_multiple_requeues_all_up_to_the_tag(self):
        queue = self.queue()
        self.publish(queue, b"1", b"2", b"3")
        tags = [self.get(queue)[0].delivery_tag for _ in range(3)]
        self.channel.basic_nack(tags[1], multiple=True, requeue=True)
        self.settle()
        self.assertEqual(self.get_bodies(queue, 2), [b"1", b"2"])
        self.assert_empty(queue)

    def test_a_rejected_message_is_gone_without_requeue(self):
        queue = self.queue()
        self.publish(queue, b"1")
        self.channel.basic_reject(self.get(queue)[0].delivery_tag, requeue=False)
        self.settle()
        self.assert_empty(queue)

    def test_closing_the_channel_requeues_what_was_not_acked(self):
        queue = self.queue()
        self.publish(queue, b"1", b"2", b"3")
        other = self.connection.channel()
        tags = [other.basic_get(queue)[0].delivery_tag for _ in range(3)]
        other.basic_ack(tags[0])
        other.close()
        self.assertEqual(self.get_bodies(queue, 2), [b"2", b"3"])
        self.assert_empty(queue)

    def test_recover_delivers_again(self):
        queue = self.queue()
        self.publish(queue, b"1")
        self.get(queue)
        self.channel.basic_recover(requeue=True)
        method, _, body = self.get(queue)
        self.assertEqual((body, method.redelivered), (b"1", True))


class Consumers(PikaCase):
    def consume(self, queue, channel=None, **options):
        """Starts a consumer; returns its tag and the list its deliveries go to."""
        deliveries = []
        tag = (channel or self.channel).basic_consume(
            queue, lambda _, method, props, body: deliveries.append((method, body)), **options
        )
        return tag, deliveries

    def test_prefetch_bounds_what_is_not_acked(self):
        queue = self.queue()
        self.publish(queue, *[str(number).encode() for number in range(10)])
        self.channel.basic_qos(prefetch_count=3)
        _, deliveries = self.consume(queue)
        self.wait_until(lambda: len(deliveries) == 3)
        self.settle()
        self.assertEqual(len(deliveries), 3)
        self.assertEqual(self.message_count(queue), 7)

        self.channel.basic_ack(deliveries[1][0].delivery_tag, multiple=True)
        self.wait_until(lambda: len(deliveries) == 5)
        self.settle()
        self.assertEqual(len(deliveries), 5)

    def test_a_global_prefetch_is_shared_by_the_consumers_of_the_channel(self):
        queues = [self.queue(), self.queue()]
        for queue in queues:
            self.publish(queue, b"1", b"2", b"3")
        self.channel.basic_qos(prefetch_count=4, global_qos=True)
        deliveries = [self.consume(queue)[1] for queue in queues]
        self.wait_until(lambda: sum(map(len, deliveries)) == 4)
        self.settle()
        self.assertEqual(sum(map(len, deliveries)), 4)

    def test_consumers_take_turns(self):
        queue = self.queue()
        first, second = self.consume(queue)[1], self.consume(queue)[1]
        self.publish(queue, *[b"x"] * 10)
        self.wait_until(lambda: len(first) + len(second) == 10)
        self.assertEqual((len(first), len(second)), (5, 5))

    def test_a_consumer_of_higher_priority_is_served_first(self):
        queue = self.queue()
        _, low = self.consume(queue)
        _, high = self.consume(queue, arguments={"x-priority": 10})
        self.publish(queue, *[b"x"] * 5)
        self.wait_until(lambda: len(low) + len(high) == 5)
        self.assertEqual((len(low), len(high)), (0, 5))

    def test_a_single_active_consumer_gets_all_until_it_goes(self):
        queue = self.queue(single_active_consumer=True)
        first_tag, first = self.consume(queue)
        _, second = self.consume(queue)
        self.publish(queue, b"1", b"2")
        self.wait_until(lambda: len(first) == 2)
        self.channel.basic_cancel(first_tag)
        self.publish(queue, b"3")
        self.wait_until(lambda: len(second) == 1)
        self.assertEqual([body for _, body in second], [b"3"])

    def test_the_consumer_is_told_when_its_queue_is_deleted(self):
        queue = self.queue()
        self.consume(queue)
        cancelled = []
        self.channel.add_on_cancel_callback(
            lambda frame: cancelled.append(frame.method.consumer_tag)
        )
        (tag,) = self.channel.consumer_tags
        self.connection.channel().queue_delete(queue)
        self.wait_until(lambda: cancelled)
        self.assertEqual(cancelled, [tag])
        self.assertTrue(self.channel.is_open)

    def test_cancel_keeps_what_was_delivered_with_the_channel(self):
        queue = self.queue()
        self.publish(queue, b"1")
        tag, deliveries = self.consume(queue)
        self.wait_until(lambda: deliveries)
        self.channel.basic_cancel(tag)
        self.assert_empty(queue)
        self.channel.basic_ack(deliveries[0][0].delivery_tag)
        self.settle()

    def test_an_auto_delete_queue_goes_with_its_last_consumer(self):
        queue = self.channel.queue_declare(self.name(), auto_delete=True).method.queue
        tag, _ = self.consume(queue)
        self.channel.basic_cancel(tag)
        self.assert_channel_closed(
            404,
            f"NOT_FOUND - no queue '{queue}' in vhost '/'",
            lambda: self.channel.queue_declare(queue, passive=True),
        )

    def test_the_generator_interface_ends_after_inactivity(self):
        queue = self.queue()
        self.publish(queue, b"1", b"2")
        bodies = []
        for method, _, body in self.channel.consume(queue, inactivity_timeout=0.2):
            if method is None:
                break
            self.channel.basic_ack(method.delivery_tag)
            bodies.append(body)
        self.channel.cancel()
        self.assertEqual(bodies, [b"1", b"2"])
