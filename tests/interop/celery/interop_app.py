"""The application that both the worker and the tests load."""

import os
import time

import celery
import kombu

run_id = os.environ["INTEROP_CELERY_ID"]

app = celery.Celery("interop", broker=os.environ["AMQP_TEST_URL"], backend="rpc://")

app.conf.update(
    task_default_queue=f"interop.celery.default.{run_id}",
    task_queues=[
        kombu.Queue(f"interop.celery.default.{run_id}"),
        kombu.Queue(
            f"interop.celery.priority.{run_id}", queue_arguments={"x-max-priority": 10}
        ),
    ],
    task_create_missing_queues=True,
    task_acks_late=True,
    worker_prefetch_multiplier=1,
    worker_send_task_events=True,
    task_send_sent_event=True,
    result_expires=300,
    broker_connection_timeout=20,
    broker_heartbeat=10,
    event_queue_prefix=f"interop.celery.events.{run_id}",
    control_exchange=f"interop.celery.{run_id}",
    event_exchange=f"interop.celeryev.{run_id}",
    worker_hijack_root_logger=False,
)


@app.task
def add(x, y):
    return x + y


@app.task(bind=True, max_retries=3)
def succeed_on_the_third_attempt(self, value):
    if self.request.retries < 2:
        raise self.retry(countdown=0.1)
    return {"value": value, "attempts": self.request.retries + 1}


@app.task(bind=True, max_retries=1)
def never_succeed(self):
    raise self.retry(countdown=0, exc=ValueError("as expected"))


@app.task
def when_run(label):
    return {"label": label, "at": time.time(), "order": time.monotonic_ns()}


@app.task
def echo(value):
    return value
