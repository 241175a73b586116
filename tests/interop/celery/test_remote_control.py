import time

import celery

from celery_case import DEADLINE, CeleryCase
from interop_app import add, app, echo

WORKER = "remotecontrol@interop"


class RemoteControl(CeleryCase):
    """Commands go to every worker over a fanout exchange, replies over a direct one."""

    def ask(self, command, **arguments):
        (reply,) = app.control.broadcast(
            command, arguments=arguments, destination=[WORKER], reply=True, limit=1,
            timeout=DEADLINE,
        )
        return reply[WORKER]

    def test_ping_is_answered(self):
        self.assertEqual(self.ask("ping"), {"ok": "pong"})

    def test_the_worker_tells_what_it_registered(self):
        self.assertIn("interop_app.add", self.ask("registered"))

    def test_a_revoked_task_is_not_run(self):
        task = echo.apply_async(("x",), countdown=2)
        self.ask("revoke", task_id=task.id)
        with self.assertRaises(celery.exceptions.TaskRevokedError):
            task.get(timeout=DEADLINE)

    def test_a_queue_can_be_added_and_cancelled_while_working(self):
        queue = f"{app.conf.task_default_queue}.extra"
        self.ask("add_consumer", queue=queue, exchange="", routing_key=queue)
        self.assertEqual(
            add.apply_async((1, 2), queue=queue).get(timeout=DEADLINE), 3
        )
        self.ask("cancel_consumer", queue=queue)
        with app.connection_for_write() as connection:
            # The worker answers first and cancels afterwards; a queue deleted under its consumer
            # makes it reconnect, and the next command to it is lost.
            deadline = time.monotonic() + DEADLINE
            while connection.default_channel.queue_declare(queue, passive=True).consumer_count:
                self.assertLess(time.monotonic(), deadline, "the consumer was not cancelled")
            connection.default_channel.queue_delete(queue)

    def test_prefetch_can_be_changed_while_working(self):
        self.assertEqual(self.ask("pool_grow", n=1), {"ok": "pool will grow"})
        self.assertEqual(add.delay(2, 2).get(timeout=DEADLINE), 4)

    def test_events_tell_what_happens_to_a_task(self):
        tasks = []
        seen = []

        def on_event(event):
            if tasks and event.get("uuid") == tasks[0].id:
                seen.append(event["type"])
                if event["type"] == "task-succeeded":
                    receiver.should_stop = True

        with app.connection_for_read() as connection:
            receiver = app.events.Receiver(connection, handlers={"*": on_event})
            # Only then is the receiver's queue bound, so that no event is missed.
            receiver.on_consume_ready = lambda *_, **__: tasks.append(add.delay(3, 4))
            receiver.capture(limit=None, timeout=DEADLINE, wakeup=False)
        self.assertEqual(tasks[0].get(timeout=DEADLINE), 7)
        self.assertLessEqual({"task-received", "task-started", "task-succeeded"}, set(seen))
