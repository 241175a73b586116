"""The queues of the mixed load: what each is declared with and what the model is told about it."""

TTL_SECONDS = 0.3
SHORT_LENGTH = 50
_TO_DEAD = {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": "dead"}

# name: (arguments for the broker, properties for the model)
QUEUES = {
    "dead": ({}, {}),
    "ttl": (
        {"x-message-ttl": int(TTL_SECONDS * 1000), **_TO_DEAD},
        {"ttl": TTL_SECONDS, "dead_letter_to": ("dead",)}),
    "work": (_TO_DEAD, {"dead_letter_to": ("dead",)}),  # its consumer rejects everything
    "fan1": ({}, {}),
    "fan2": ({}, {}),
    "fan3": ({}, {}),
    "topic1": ({}, {}),
    "topic2": ({}, {}),
    "priority": ({"x-max-priority": 5}, {"priorities": True}),
    "short": ({"x-max-length": SHORT_LENGTH}, {"max_length": SHORT_LENGTH}),
    "auto": ({}, {}),
    "quorum": (
        {"x-queue-type": "quorum", "x-delivery-limit": -1}, {"kind": "quorum"}),
    "large": ({}, {}),
    "purged": ({}, {}),
    "tx1": ({}, {}),
    "tx2": ({}, {}),
    "txin": ({}, {}),
}
FAN = ["fan1", "fan2", "fan3"]


def declare_all(client):
    channel = client.channel()
    channel.queue_declare("barrier", durable=True)
    for name, (arguments, properties) in QUEUES.items():
        client.declare(channel, name, arguments, **properties)
    channel.exchange_declare("fan", "fanout", durable=True)
    channel.exchange_declare("topic", "topic", durable=True)
    for queue in FAN:
        channel.queue_bind(queue, "fan")
    channel.queue_bind("topic1", "topic", "a.*.c")
    channel.queue_bind("topic2", "topic", "a.#")
    channel.close()


def topic_queues(key):
    """Where the bindings above send `key`."""
    words = key.split(".")
    return [name for name, matches in (
        ("topic1", len(words) == 3 and words[0] == "a" and words[2] == "c"),
        ("topic2", words[0] == "a")) if matches]
