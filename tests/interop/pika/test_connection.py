import concurrent.futures
import socket
import threading

import pika

from pika_case import PikaCase


def read_to_end(peer):
    """All that the broker sends until it closes the socket, politely or not."""
    received = b""
    try:
        while data := peer.recv(4096):
            received += data
    except ConnectionResetError:
        pass
    return received


class Handshake(PikaCase):
    def test_a_wrong_password_is_refused_with_a_reason(self):
        with self.assertLogs("pika", "ERROR"):
            with self.assertRaises(pika.exceptions.ProbableAuthenticationError) as caught:
                self.connect(credentials=pika.PlainCredentials("guest", "wrong"))
        self.assertEqual(
            caught.exception.args[0],
            "ConnectionClosedByBroker: (403) 'ACCESS_REFUSED - Login was refused using "
            "authentication mechanism PLAIN. For details see the broker logfile.'",
        )

    def test_an_unknown_virtual_host_is_refused(self):
        with self.assertLogs("pika", "ERROR"):
            with self.assertRaises(pika.exceptions.ProbableAccessDeniedError) as caught:
                self.connect(virtual_host="nowhere")
        self.assertEqual(
            caught.exception.args[0],
            "ConnectionClosedByBroker: (530) 'NOT_ALLOWED - vhost nowhere not found'",
        )

    def test_the_broker_announces_what_clients_rely_on(self):
        properties = self.connection._impl.server_properties
        self.assertEqual(
            {name for name, value in properties["capabilities"].items() if value is True},
            {
                "publisher_confirms",
                "exchange_exchange_bindings",
                "basic.nack",
                "consumer_cancel_notify",
                "connection.blocked",
                "consumer_priorities",
                "authentication_failure_close",
                "per_consumer_qos",
                "direct_reply_to",
            },
        )
        self.assertRegex(properties["version"], r"^\d+\.\d+\.\d+$")
        self.assertIn("product", properties)

    def test_limits_are_negotiated(self):
        parameters = self.connection._impl.params
        self.assertEqual(
            (parameters.channel_max, parameters.frame_max, parameters.heartbeat),
            (2047, 131_072, 60),
        )
        small = self.connect(channel_max=2, frame_max=4096)
        channel = small.channel()
        queue = self.queue(channel)
        channel.basic_publish("", queue, b"x" * 10_000)
        self.connection = small
        self.channel = channel
        self.assertEqual(len(self.get(queue)[2]), 10_000)

    def test_another_protocol_is_answered_with_the_version_wanted(self):
        parameters = self.connection._impl.params
        with socket.create_connection((parameters.host, parameters.port), timeout=20) as peer:
            peer.sendall(b"AMQP\x02\x02\x02\x02")
            self.assertEqual(read_to_end(peer), b"AMQP\x00\x00\x09\x01")


class Heartbeats(PikaCase):
    def test_a_quiet_connection_stays_open_and_hears_the_broker(self):
        quiet = self.connect(heartbeat=2)
        checker = quiet._impl._heartbeat_checker
        self.wait_until(lambda: checker._heartbeat_frames_received >= 2, quiet)
        self.assertTrue(quiet.is_open)

    def test_a_silent_client_is_cut_off(self):
        silent = self.connect(heartbeat=1)
        peer = silent._impl._transport._sock  # pika sends nothing unless it is driven
        peer.settimeout(20)
        read_to_end(peer)


class Threads(PikaCase):
    def test_connections_in_threads_use_several_channels_each(self):
        def work(number):
            connection = self.connect()
            channels = [connection.channel() for _ in range(4)]
            queues = [self.queue(channel) for channel in channels]
            for turn in range(50):
                for channel, queue in zip(channels, queues):
                    channel.basic_publish("", queue, f"{number}.{queue}.{turn}".encode())
            for channel, queue in zip(channels, queues):
                for turn in range(50):
                    _, _, body = channel.basic_get(queue, auto_ack=True)
                    if body != f"{number}.{queue}.{turn}".encode():
                        return body
            connection.close()
            return None

        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            self.assertEqual(list(pool.map(work, range(4))), [None] * 4)

    def test_worker_threads_acknowledge_through_the_connection(self):
        queue = self.queue()
        self.publish(queue, *[b"x"] * 40)
        self.channel.basic_qos(prefetch_count=4)
        acked = []
        workers = []

        def acknowledge(tag):
            self.channel.basic_ack(tag)
            acked.append(tag)

        def on_message(_, method, __, ___):
            worker = threading.Thread(
                target=lambda: self.connection.add_callback_threadsafe(
                    lambda: acknowledge(method.delivery_tag)
                )
            )
            workers.append(worker)
            worker.start()

        self.channel.basic_consume(queue, on_message)
        self.wait_until(lambda: len(acked) == 40)
        for worker in workers:
            worker.join()
        self.channel.cancel()
        self.assertEqual(self.message_count(queue), 0)

    def test_a_closed_channel_number_is_used_again(self):
        for _ in range(20):
            channel = self.connection.channel()
            self.assertEqual(channel.channel_number, 2)
            channel.close()
