"""What the model remembers: queues, messages in queues, transactions, consumers, confirms."""

import dataclasses


@dataclasses.dataclass(slots=True)
class Queue:
    """What a queue was declared as, and whether it exists: see Model.queue_*()."""

    name: str
    kind: str = "classic"  # or quorum
    max_length: int | None = None
    ttl: float | None = None  # seconds
    dead_letter_to: tuple = ()  # names of the queues its dead letters reach
    priorities: bool = False
    state: str = "declaring"  # declared, deleting, deleted; declaring and deleting: unknown which
    published: int = 0

    def counts_exactly(self):
        return self.max_length is None and self.ttl is None


@dataclasses.dataclass(slots=True, eq=False)
class Copy:
    """One message in one queue."""

    queue: Queue
    name: str
    publisher: str = ""  # channel; empty for a dead letter
    index: int = 0  # of the publish among those of its channel
    order: int = 0  # of the publish among those of its queue
    priority: int = 0
    persistent: bool = True
    published_at: float = 0.0
    ttl: float | None = None
    transaction: object = None
    confirmed: bool = False
    deliveries: int = 0
    delivered_era: int = -1
    delivered_event: int = 0
    # '' while it should be in the queue or with a consumer; ack, auto, reject, moved
    settle: str = ""
    settle_event: int = 0
    settle_durable: bool = False
    # why it may be gone although nobody settled it
    excuse: str = ""
    purged: bool = False  # for certain
    count: int = -1  # x-delivery-count of the last delivery
    count_event: int = 0
    count_proven: int = -1

    def is_dead_letter(self):
        return not self.publisher

    def __str__(self):
        origin = f"published as {self.publisher} #{self.index}" if self.publisher else "dead letter"
        return (
            f"{self.name} in {self.queue.name} ({origin}, "
            f"{'confirmed' if self.confirmed else 'not confirmed'}, "
            f"delivered {self.deliveries} times, settled: {self.settle or 'no'}"
            f"{' durably' if self.settle_durable else ''})"
        )


@dataclasses.dataclass(slots=True)
class Publish:
    """What one confirm tag stands for."""

    event: int
    copies: list
    proves: bool  # its confirm proves everything its connection sent before


@dataclasses.dataclass(slots=True)
class Transaction:
    name: str
    state: str = "open"  # committing, committed, rolled back, doubt (a crash while committing)
    copies: list = dataclasses.field(default_factory=list)
    acks: list = dataclasses.field(default_factory=list)
    # once in doubt:
    settled_before: set = dataclasses.field(default_factory=set)
    survived: set = dataclasses.field(default_factory=set)
    undone: set = dataclasses.field(default_factory=set)
    acked_counts: dict = dataclasses.field(default_factory=dict)

    def roll_back(self):
        self.state = "rolled back"
        for copy in self.acks:
            copy.settle = ""
        self.acks.clear()

    def crash(self):
        if self.state == "committing":
            self.state = "doubt"
            self.settled_before = {copy for copy in self.copies if copy.settle}
            self.acked_counts = {copy: copy.deliveries for copy in self.acks}
        elif self.state == "open":
            self.roll_back()


@dataclasses.dataclass(slots=True)
class Consumer:
    name: str
    queue: Queue
    auto_ack: bool = False
    alone: bool = True  # never beside another consumer of the queue
    last: dict = dataclasses.field(default_factory=dict)  # (publisher, priority): index
    requeued: set = dataclasses.field(default_factory=set)


@dataclasses.dataclass(slots=True)
class Violation:
    rule: str
    text: str

    def __str__(self):
        return f"{self.rule}: {self.text}"
