"""The checker: is told what clients did and saw, and says which promise was broken.

Role:       the load threads call one method for each thing that happens; finish() after the final
            drain says what is missing. `violations` grows as broken promises are noticed.
Model:      one Copy for each message in each queue. What a client does is told *before* it is sent,
            what it receives *after* it came, so the order of calls is always a possible order.
            Whatever is not certain (no confirm, an ack nobody vouched for) may be or not be.
            An era is the time between two crashes; crashed() is told when no client is left.
Rules:      the names I1 to I18 are those of docs/testing.md, section "Crash".
Thread:     synchronized by one lock.
"""

import functools
import threading
import time

import delivery
import verdict
from records import Consumer, Copy, Publish, Queue, Transaction, Violation

# Clients and broker share the clock; rounding to whole milliseconds happens once on each side.
_CLOCK_SLACK = 0.002


def _event(method):
    @functools.wraps(method)
    def locked(self, *arguments, **named):
        with self._lock:
            self._now += 1
            return method(self, *arguments, **named)

    return locked


class Model:
    def __init__(self):
        self.violations = []
        self.queues = {}
        self.era = 0
        self._sources = {}  # queue name: names of the queues whose dead letters reach it
        self._lock = threading.RLock()
        self._now = 0
        self._copies = {}  # queue name: {message name: Copy}
        self._gone = {}  # queue name: names of messages that are provably settled
        self._indexes = {}  # channel: publishes so far
        self._tags = {}  # channel: highest confirm tag
        self._unconfirmed = {}  # channel: {tag: Publish}
        self._settling = {}  # connection: [(event, Copy)], oldest first
        self._transactions = {}
        self._consumers = {}
        self._counts = {}  # queue name: (count, names delivered since)
        self._proven = 0  # what was appended before this event is on disk
        self.confirmed_count = self.delivered_count = 0
        # when the youngest confirmed message that had to reach the disk was published
        self.latest_confirmed_at = 0.0

    def __getstate__(self):
        state = self.__dict__.copy()
        del state["_lock"]
        return state

    def __setstate__(self, state):
        self.__dict__.update(state, _lock=threading.RLock())

    def copies_of(self, queue):
        return self._copies.setdefault(queue, {})

    def _broken(self, rule, text):
        self.violations.append(Violation(rule, f"{text} [event {self._now}, era {self.era}]"))

    # ---- queues

    @_event
    def queue_declaring(self, name, **properties):
        known = self.queues.get(name)
        if known is None or known.state == "deleted":
            self._copies.pop(name, None)
            queue = self.queues[name] = Queue(name, **properties)
            for target in queue.dead_letter_to:
                self._sources.setdefault(target, set()).add(name)

    @_event
    def queue_declared(self, name):
        self.queues[name].state = "declared"

    @_event
    def queue_deleting(self, name):
        self.queues[name].state = "deleting"
        for copy in self.copies_of(name).values():
            copy.excuse = "queue deleted"

    @_event
    def queue_deleted(self, name):
        self.queues[name].state = "deleted"
        self._copies.pop(name, None)

    @_event
    def queue_found(self, name):
        queue = self.queues.get(name)
        if queue is None:
            self._broken("I11", f"queue {name} exists, but was never declared")
        elif queue.state == "deleted":
            self._broken("I11", f"deleted queue {name} came back")

    @_event
    def queue_missing(self, name):
        if self.queues[name].state == "declared":
            self._broken("I11", f"declared queue {name} is gone")
            lost = [c for c in self.copies_of(name).values()
                    if verdict.must_be_there(c, time.time())]
            if lost:
                self._broken("I1", f"confirmed message lost, with {len(lost) - 1} more: {lost[0]}")
            self.queues[name].state = "deleted"

    # ---- publishing

    @_event
    def published(self, channel, name, queues, persistent=True, priority=0, ttl=None,
                  transaction=None, confirm=False, at=None):
        index = self._indexes[channel] = self._indexes.get(channel, 0) + 1
        copies = []
        for queue in (self.queues[queue] for queue in queues):
            ttls = [t for t in (ttl, queue.ttl) if t is not None]
            copy = Copy(queue, name, channel, index, queue.published, priority,
                        persistent or queue.kind == "quorum", at or time.time(),
                        min(ttls, default=None))
            queue.published += 1
            self.copies_of(queue.name)[name] = copy
            copies.append(copy)
        if transaction:
            copy_transaction = self._transactions.setdefault(transaction, Transaction(transaction))
            copy_transaction.copies += copies
            for copy in copies:
                copy.transaction = copy_transaction
        if confirm:
            auto = {c.queue.name for c in self._consumers.values() if c.auto_ack}
            proves = persistent and any(
                c.queue.state == "declared" and c.queue.name not in auto for c in copies)
            tag = self._tags[channel] = self._tags.get(channel, 0) + 1
            self._unconfirmed.setdefault(channel, {})[tag] = Publish(self._now, copies, proves)

    @_event
    def confirmed(self, channel, tag, multiple=False, ack=True):
        waiting = self._unconfirmed.get(channel, {})
        tags = [t for t in waiting if t <= tag] if multiple else [tag]
        if tag > self._tags.get(channel, 0) or not tags or any(t not in waiting for t in tags):
            what = f"tag {tag} of {channel}{' (multiple)' if multiple else ''}"
            self._broken("I14", f"{what} is settled again or was never published")
            return
        for publish in (waiting.pop(t) for t in tags):
            if not ack:
                continue
            self.confirmed_count += 1
            for copy in publish.copies:
                copy.confirmed = True
            if publish.proves:
                self.latest_confirmed_at = max(
                    self.latest_confirmed_at, *(c.published_at for c in publish.copies), 0.0)
                self._prove(channel.split("/")[0], publish.event)

    @_event
    def confirms_complete(self, channel):
        """No crash, and the client waited: all tags must be settled by now."""
        missing = sorted(self._unconfirmed.get(channel, {}))
        if missing:
            self._broken("I14", f"tags {missing[:9]} of {channel} were never settled")

    def _prove(self, connection, event):
        """Everything `connection` sent before `event` was handled and is on disk."""
        self._proven = max(self._proven, event)
        settling = self._settling.get(connection, [])
        done = 0
        while done < len(settling) and settling[done][0] < event:
            settled_event, copy = settling[done]
            done += 1
            if copy.settle_event == settled_event and copy.settle:
                self._settle_durably(copy)
        del settling[:done]

    def _settle_durably(self, copy):
        copy.settle_durable = True
        in_doubt = copy.transaction and copy.transaction.state != "committed"
        if copy.settle == "ack" and not in_doubt:
            self._forget(copy)

    def _forget(self, copy):
        """All that is left to know is that it must never come again."""
        self._gone.setdefault(copy.queue.name, set()).add(copy.name)
        self.copies_of(copy.queue.name).pop(copy.name, None)

    @_event
    def barrier_sent(self, connection):
        return connection, self._now

    @_event
    def barrier_passed(self, token):
        self._prove(*token)

    # ---- transactions

    @_event
    def tx_committing(self, name):
        self._transactions.setdefault(name, Transaction(name)).state = "committing"

    @_event
    def tx_committed(self, name):
        transaction = self._transactions.pop(name)
        transaction.state = "committed"
        for copy in transaction.copies:
            copy.confirmed = True
        for copy in transaction.acks:
            if copy.settle == "ack":
                self._settle_durably(copy)

    @_event
    def tx_rolled_back(self, name):
        self._transactions.setdefault(name, Transaction(name)).roll_back()

    # ---- consuming

    @_event
    def consuming(self, queue, consumer, auto_ack=False):
        new = Consumer(consumer, self.queues[queue], auto_ack)
        others = [c for c in self._consumers.values() if c.queue is new.queue]
        for other in others:
            other.alone = new.alone = False
        self._consumers[consumer] = new

    @_event
    def consumer_gone(self, consumer, orderly=True):
        """`orderly`: cancelled, and everything that was on its way has been received."""
        gone = self._consumers.pop(consumer, None)
        if gone and gone.auto_ack and not orderly:
            self._excuse(gone.queue, "on its way to an auto-ack consumer")

    def _excuse(self, queue, why, which=lambda copy: True):
        for copy in self.copies_of(queue.name).values():
            if not copy.settle and which(copy):
                copy.excuse = why

    @_event
    def delivered(self, queue, name, consumer, redelivered, whole=True, count=None, at=None):
        self.delivered_count += 1
        where = self.queues.get(queue)
        if where is None or where.state == "deleted":
            self._broken("I11", f"{name} delivered from {queue}, which does not exist")
            return
        if not whole:
            self._broken("I2", f"wrong body under the name {name!r} from {queue}")
            return
        if name in self._gone.get(queue, ()):
            self._broken("I7", f"{name} in {queue} was gone for certain and came back")
            return
        copy = self.copies_of(queue).get(name) or self._dead_letter(where, name, at or time.time())
        if copy is None:
            self._broken("I2", f"phantom: {name} was never published to {queue}")
            return
        broken = delivery.broken_by(copy, self._consumers[consumer], redelivered, self.era)
        broken += delivery.broken_by_count(copy, count or 0, self.era, self._now, self._proven)
        for rule, text in broken:
            self._broken(rule, text)
        if copy.settle in ("reject", "moved"):
            self._undo_dead_letter(copy)
        transaction = copy.transaction
        if transaction and transaction.state == "doubt":
            transaction.survived.add(copy)
        copy.deliveries += 1
        copy.delivered_era, copy.delivered_event = self.era, self._now
        copy.settle, copy.settle_durable, copy.excuse = "", False, ""
        if queue in self._counts:
            self._counts[queue][1].add(name)
        if self._consumers[consumer].auto_ack:
            copy.settle, copy.settle_event = "auto", self._now

    def _dead_letter(self, queue, name, at):
        """The copy that a dead-lettering made, or None."""
        for source in sorted(self._sources.get(queue.name, ())):
            origin = self.copies_of(source).get(name)
            if origin is None:
                continue
            if not verdict.may_be_dead(origin, at + _CLOCK_SLACK):
                self._broken("I13", f"dead-lettered early: {origin}")
            if not origin.settle:
                origin.settle, origin.settle_event = "moved", self._now
                origin.delivered_era = self.era
            letter = self.copies_of(queue.name)[name] = Copy(
                queue, name, confirmed=origin.confirmed, published_at=origin.published_at,
                persistent=origin.persistent)
            return letter
        return None

    def _undo_dead_letter(self, origin):
        """The crash took the dead letter back; what becomes of the message is open again."""
        for queue in origin.queue.dead_letter_to:
            letter = self.copies_of(queue).get(origin.name)
            if letter and not letter.settle:
                letter.excuse = "dead-lettering undone"

    # ---- settling; told before it is sent

    def _settle(self, queue, name, channel, how):
        copy = self.copies_of(queue).get(name)
        if copy is not None:
            copy.settle, copy.settle_event, copy.settle_durable = how, self._now, False
        return copy

    @_event
    def acked(self, queue, name, channel, transaction=None):
        copy = self._settle(queue, name, channel, "ack")
        if copy is None:
            return
        if transaction is None:
            self._settling.setdefault(channel.split("/")[0], []).append((self._now, copy))
        else:
            self._transactions.setdefault(transaction, Transaction(transaction)).acks.append(copy)

    @_event
    def rejected(self, queue, name, channel):
        copy = self._settle(queue, name, channel, "reject")
        # A dead letter is sent later than the reject is handled, and settles then.
        if copy is not None and not copy.queue.dead_letter_to:
            self._settling.setdefault(channel.split("/")[0], []).append((self._now, copy))

    @_event
    def requeued(self, queue, name, consumer):
        if consumer in self._consumers:
            self._consumers[consumer].requeued.add(name)

    @_event
    def purging(self, queue):
        copies = list(self.copies_of(queue).values())
        for copy in copies:
            if not copy.settle:
                copy.excuse = "purged"
        # Delivered ones may be with a consumer, which purging leaves alone.
        return queue, [c for c in copies if c.confirmed and not c.deliveries and not c.transaction]

    @_event
    def purged(self, token):
        queue, certain = token
        for copy in self.copies_of(queue).values():  # published while it went on
            if not copy.settle:
                copy.excuse = copy.excuse or "purged"
        for copy in certain:
            copy.purged = not copy.deliveries

    # ---- crashes, counts, the end

    @_event
    def crashed(self, clean=False):
        """The daemon ended; every client has noticed."""
        for consumer in list(self._consumers.values()):
            if consumer.auto_ack:
                self._excuse(consumer.queue, "on its way to an auto-ack consumer")
        self._consumers.clear()
        self._counts.clear()
        self._unconfirmed.clear()
        self._settling.clear()
        for queue in self.queues.values():
            self._excuse(queue, "transient", lambda copy: not copy.persistent)
            for copy in self.copies_of(queue.name).values():
                # The crash took its dead letter, which is transient like itself.
                if not copy.persistent and copy.settle in ("reject", "moved"):
                    copy.excuse = "transient"
        self.era += 1
        for transaction in self._transactions.values():
            transaction.crash()

    @_event
    def counted(self, queue, count):
        """message_count while nobody publishes or consumes."""
        where = self.queues[queue]
        copies = self.copies_of(queue).values()
        least = sum(verdict.must_be_there(copy, time.time()) for copy in copies)
        most = sum(not copy.purged and not (copy.settle and copy.settle_durable)
                   for copy in copies)
        if queue in self._sources:
            most = float("inf")
        if where.max_length is not None:
            most = min(most, where.max_length)
        if not least <= count <= most:
            self._broken("I18", f"{queue} counts {count} messages, not {least} to {most}")
        self._counts[queue] = (count, set())

    @_event
    def drained(self, queue):
        """A consumer took and acknowledged everything since counted(), for certain: it is empty."""
        where = self.queues[queue]
        count, names = self._counts.pop(queue, (None, ()))
        exact = where.counts_exactly() and queue not in self._sources
        if count is not None and exact and count != len(names):
            self._broken("I18", f"{queue} counted {count} messages and gave {len(names)}")
        for copy in list(self.copies_of(queue).values()):
            if verdict.must_be_there(copy, time.time()):
                self._broken("I1", f"confirmed message lost: {copy}")
                copy.excuse = "reported"
            if verdict.is_closed(self, copy):
                self._forget(copy)

    @_event
    def finish(self):
        """Every queue has been drained since the last crash."""
        self.violations += verdict.final_violations(self, list(self._transactions.values()))
        return self.violations
