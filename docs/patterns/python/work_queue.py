"""Work queue: each task goes to one of several workers; one that dies gives its task back."""

import os

import pika

connection = pika.BlockingConnection(pika.URLParameters(os.environ["AMQP_URL"]))

# The producer: confirms, and messages that survive a restart in a queue that does.
producer = connection.channel()
producer.confirm_delivery()
producer.queue_declare("tasks", durable=True)
for number in range(1, 7):
    producer.basic_publish("", "tasks", f"task {number}".encode(),
                           pika.BasicProperties(delivery_mode=2), mandatory=True)
print("6 tasks are on the disk")

done = {"ann": [], "ben": []}


def worker(name):
    channel = connection.channel()
    channel.basic_qos(prefetch_count=1)  # the next task only when this one is done

    def work(channel, method, properties, body):
        done[name].append(body.decode())
        channel.basic_ack(method.delivery_tag)

    channel.basic_consume("tasks", work)
    return channel


# A worker that takes a task and dies: its channel closes without an acknowledgement.
unlucky = connection.channel()
method, _, body = unlucky.basic_get("tasks")
print("unlucky took", body.decode())
unlucky.close()

for name in done:
    worker(name)
while sum(map(len, done.values())) < 6:
    connection.process_data_events(time_limit=1)
print("done:", ", ".join(sorted(done["ann"] + done["ben"])))
print("both worked:", str(all(done.values())).lower())
producer.queue_delete("tasks")
connection.close()
