"""What policies.yaml sets, seen by a client. Only with a broker of our own."""

import pika

from pika_case import PikaCase


class Policies(PikaCase):
    def declare(self, name, **arguments):
        arguments = {"x-" + key.replace("_", "-"): value for key, value in arguments.items()}
        self.addCleanup(self.connect().channel().queue_delete, name)
        return self.channel.queue_declare(name, durable=True, arguments=arguments).method

    def ready(self, name):
        return self.channel.queue_declare(name, passive=True).method.message_count

    def test_a_policy_trims_and_dead_letters(self):
        self.declare("policy.letters")
        self.declare("policy.short")
        self.publish("policy.short", b"1", b"2", b"3")
        self.assertEqual(self.ready("policy.short"), 2)
        method, properties, body = self.get("policy.letters", auto_ack=True)
        self.assertEqual(body, b"1")
        self.assertEqual(properties.headers["x-first-death-reason"], "maxlen")

    def test_the_policy_of_lower_priority_does_not_count(self):
        self.declare("policy.short.kept")
        self.publish("policy.short.kept", b"1")
        self.connection.sleep(0.2)
        self.assertEqual(self.ready("policy.short.kept"), 1)

    def test_a_time_to_live_by_policy(self):
        self.declare("policy.brief")
        self.publish("policy.brief", b"1")
        self.wait_until(lambda: self.ready("policy.brief") == 0, self.connection)

    def test_the_lower_of_argument_and_policy_counts_and_a_redeclaration_is_the_same(self):
        for _ in range(2):
            self.declare("policy.short.own", max_length=1)
        self.publish("policy.short.own", b"1", b"2")
        self.assertEqual(self.ready("policy.short.own"), 1)

    def test_an_operator_policy_rejects(self):
        self.declare("policy.ceiling", max_length=10)
        self.publish("policy.ceiling", b"1")
        with self.assertRaises(pika.exceptions.NackError):
            self.publish("policy.ceiling", b"2")

    def test_an_alternate_exchange_by_policy(self):
        self.channel.exchange_declare("policy.exchange", "fanout", auto_delete=False)
        self.addCleanup(self.connect().channel().exchange_delete, "policy.exchange")
        queue = self.queue()
        self.publish(queue, b"1", exchange="policy.exchange")
        self.assertEqual(self.get(queue, auto_ack=True)[2], b"1")
