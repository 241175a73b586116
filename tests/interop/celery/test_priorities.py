import unittest

from celery_case import PRIORITY_QUEUE, delete_queues, results
from interop_app import app, when_run
from worker import Worker


class Priorities(unittest.TestCase):
    def test_waiting_tasks_are_run_by_priority(self):
        with app.connection_for_write() as connection:
            app.amqp.queues[PRIORITY_QUEUE](connection.default_channel).declare()
        self.addCleanup(delete_queues, PRIORITY_QUEUE)
        priorities = [0, 5, 9, 1, 5, 9, 3]
        sent = [
            when_run.apply_async((number,), queue=PRIORITY_QUEUE, priority=priority)
            for number, priority in enumerate(priorities)
        ]
        worker = Worker("priority", PRIORITY_QUEUE, pool="solo", concurrency=1)
        try:
            ran = sorted(results(sent), key=lambda result: result["order"])
        finally:
            status = worker.stop()
        # The same priority runs in the order sent: 2 and 5 have 9, 1 and 4 have 5.
        self.assertEqual([result["label"] for result in ran], [2, 5, 1, 4, 6, 3, 0])
        self.assertEqual(status, 0, worker.log())
