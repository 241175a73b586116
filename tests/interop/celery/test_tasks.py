import datetime
import time

import celery

from celery_case import DEADLINE, CeleryCase, results
from interop_app import add, echo, never_succeed, succeed_on_the_third_attempt, when_run


class Tasks(CeleryCase):
    def test_two_hundred_tasks_of_many_kinds_return_their_results(self):
        sums = [add.delay(number, number) for number in range(140)]
        retried = [succeed_on_the_third_attempt.delay(number) for number in range(20)]
        delayed = [add.apply_async((number, 1), countdown=0.5) for number in range(20)]
        echoed = [echo.delay({"n": number, "text": "ž" * number}) for number in range(20)]

        self.assertEqual(
            results(sums + retried + delayed + echoed),
            [2 * number for number in range(140)]
            + [{"value": number, "attempts": 3} for number in range(20)]
            + [number + 1 for number in range(20)]
            + [{"n": number, "text": "ž" * number} for number in range(20)],
        )

    def test_a_task_that_never_succeeds_passes_on_its_exception(self):
        with self.assertRaisesRegex(ValueError, "as expected"):
            never_succeed.delay().get(timeout=DEADLINE)

    def test_countdown_and_eta_hold_a_task_back(self):
        sent = time.time()
        eta = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=1)
        late = when_run.apply_async(("eta",), eta=eta)
        later = when_run.apply_async(("countdown",), countdown=1.5)
        self.assertEqual(add.delay(1, 1).get(timeout=DEADLINE), 2)
        self.assertGreaterEqual(late.get(timeout=DEADLINE)["at"], eta.timestamp() - 0.1)
        self.assertGreaterEqual(later.get(timeout=DEADLINE)["at"], sent + 1.4)

    def test_an_expired_task_is_not_run(self):
        expired = echo.apply_async(("x",), countdown=0.2, expires=0.1)
        with self.assertRaises(celery.exceptions.TaskRevokedError):
            expired.get(timeout=DEADLINE)

    def test_chains_and_groups_pass_results_on(self):
        chain = celery.chain(add.s(1, 2), add.s(4), add.s(8))
        self.assertEqual(chain().get(timeout=DEADLINE), 15)
        group = celery.group(add.s(number, number) for number in range(10))
        self.assertEqual(group().get(timeout=DEADLINE), [2 * number for number in range(10)])

    def test_large_arguments_and_results(self):
        value = "x" * (1 << 20)
        self.assertTrue(echo.delay(value).get(timeout=DEADLINE) == value)


class TasksInThreads(CeleryCase):
    pool = "threads"

    def test_tasks_return_their_results(self):
        sent = [add.delay(number, 1) for number in range(10)]
        self.assertEqual(results(sent), [number + 1 for number in range(10)])
