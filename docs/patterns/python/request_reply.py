"""Request and reply: the answer comes straight to the asking channel, without a queue."""

import os
import uuid

import pika

connection = pika.BlockingConnection(pika.URLParameters(os.environ["AMQP_URL"]))

# The service.
service = connection.channel()
service.queue_declare("square", auto_delete=True)


def square(channel, method, properties, body):
    channel.basic_publish("", properties.reply_to, str(int(body) ** 2).encode(),
                          pika.BasicProperties(correlation_id=properties.correlation_id))
    channel.basic_ack(method.delivery_tag)


service.basic_consume("square", square)

# The caller: first it listens at the pseudo-queue, then it asks.
caller = connection.channel()
answers = {}
caller.basic_consume("amq.rabbitmq.reply-to", auto_ack=True, on_message_callback=(
    lambda channel, method, properties, body: answers.update({properties.correlation_id: body})))


def ask(number):
    question = str(uuid.uuid4())
    caller.basic_publish("", "square", str(number).encode(), pika.BasicProperties(
        reply_to="amq.rabbitmq.reply-to", correlation_id=question,
        expiration="5000"))  # milliseconds: nobody waits for longer
    while question not in answers:
        connection.process_data_events(time_limit=1)
    return int(answers.pop(question))


for number in (3, 12):
    print(f"{number} squared is {ask(number)}")
connection.close()
