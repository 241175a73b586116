import unittest

from celery.result import ResultSet

from interop_app import app, run_id
from worker import Worker

DEADLINE = 40
DEFAULT_QUEUE = f"interop.celery.default.{run_id}"
PRIORITY_QUEUE = f"interop.celery.priority.{run_id}"


class CeleryCase(unittest.TestCase):
    """One worker for the tests of a class; it has to stop cleanly after them."""

    pool = "prefork"

    @classmethod
    def setUpClass(cls):
        cls.worker = Worker(cls.__name__.lower(), DEFAULT_QUEUE, cls.pool)

    @classmethod
    def tearDownClass(cls):
        status = cls.worker.stop()
        delete_queues(DEFAULT_QUEUE, PRIORITY_QUEUE)
        assert status == 0, f"the worker exited with {status}:\n{cls.worker.log()}"
        for trouble in ("CRITICAL", "Connection to broker lost"):
            assert trouble not in cls.worker.log(), cls.worker.log()


def delete_queues(*names):
    with app.connection_for_write() as connection:
        for name in names:
            connection.default_channel.queue_delete(name)


def results(sent):
    """What the tasks returned, in the order they were sent.

    Ask once for all of them: Celery forgets a result that arrives while another set is waited for.
    """
    return ResultSet(sent).get(timeout=DEADLINE)
