from pika_case import PikaCase


class Transactions(PikaCase):
    def setUp(self):
        super().setUp()
        self.shared = self.queue()
        self.observer = self.connection.channel()
        self.channel.tx_select()

    def ready(self):
        return self.observer.queue_declare(self.shared, passive=True).method.message_count

    def test_publishes_are_seen_after_the_commit(self):
        self.channel.basic_publish("", self.shared, b"1")
        self.channel.basic_publish("", self.shared, b"2")
        self.settle()
        self.assertEqual(self.ready(), 0)
        self.channel.tx_commit()
        self.wait_until(lambda: self.ready() == 2)

    def test_rolled_back_publishes_are_never_seen(self):
        self.channel.basic_publish("", self.shared, b"1")
        self.channel.tx_rollback()
        self.channel.tx_commit()
        self.assertEqual(self.ready(), 0)

    def test_a_rolled_back_ack_can_be_given_again(self):
        self.publish(self.shared, b"1")
        tag = self.get(self.shared)[0].delivery_tag
        self.channel.basic_ack(tag)
        self.channel.tx_rollback()
        self.channel.basic_ack(tag)
        self.channel.tx_commit()
        self.channel.close()
        self.assertEqual(self.ready(), 0)

    def test_an_ack_without_commit_is_lost_with_its_channel(self):
        self.publish(self.shared, b"1")
        self.channel.basic_ack(self.get(self.shared)[0].delivery_tag)
        self.channel.close()
        self.wait_until(lambda: self.ready() == 1)

    def test_transactions_and_confirms_exclude_each_other(self):
        self.assert_channel_closed(
            406,
            "PRECONDITION_FAILED - cannot switch from tx to confirm mode",
            self.channel.confirm_delivery,
        )
        self.channel.confirm_delivery()
        self.assert_channel_closed(
            406,
            "PRECONDITION_FAILED - cannot switch from confirm to tx mode",
            self.channel.tx_select,
        )

    def test_a_commit_needs_a_transaction(self):
        self.assert_channel_closed(
            406,
            "PRECONDITION_FAILED - channel is not transactional",
            self.observer.tx_commit,
        )
