"""What must be true of a message once all is said: used by the model while it listens and at the end."""

from records import Violation


def is_expired(copy, at):
    return copy.ttl is not None and at >= copy.published_at + copy.ttl


def is_overflowed(copy):
    """As many messages came after it as the queue may hold, so it may have been dropped."""
    queue = copy.queue
    return queue.max_length is not None and (
        copy.is_dead_letter() or queue.published - copy.order - 1 >= queue.max_length)


def may_be_dead(copy, at):
    return copy.settle == "reject" or is_expired(copy, at) or is_overflowed(copy)


def must_be_there(copy, at):
    """Confirmed, and nothing that happened allows it to be gone."""
    return (
        copy.confirmed
        and not copy.settle
        and not copy.excuse
        and not copy.purged
        and not is_expired(copy, at)
        and not is_overflowed(copy)
        and copy.queue.state == "declared"
    )


def _reached(model, copy):
    return any(
        (letter := model.copies_of(queue).get(copy.name)) and letter.deliveries
        or copy.name in model._gone.get(queue, ())
        for queue in copy.queue.dead_letter_to)


def is_closed(model, copy):
    """Whether nothing more is to be said about it once its queue is empty for certain."""
    if copy.transaction and copy.transaction.state == "doubt":
        return False
    return not copy.queue.dead_letter_to or bool(_reached(model, copy))


def _copy_violation(model, copy):
    if not copy.confirmed or copy.queue.state != "declared" or copy.excuse or copy.purged:
        return None
    if copy.settle in ("ack", "auto", "moved"):
        return None
    if copy.settle == "reject":
        if copy.queue.dead_letter_to and not _reached(model, copy):
            return Violation("I13", f"rejected, but its dead letter is lost: {copy}")
        return None
    if must_be_there(copy, float("-inf")) and copy.ttl is None:
        return Violation("I1", f"confirmed message lost: {copy}")
    # Expired or dropped: gone for good, unless the queue sends such on.
    if copy.queue.dead_letter_to and not _reached(model, copy):
        return Violation("I13", f"expired or dropped, but its dead letter is lost: {copy}")
    return None


def _transaction_violation(transaction):
    if transaction.state != "doubt":
        return None
    missing = [
        c for c in transaction.copies
        if c not in transaction.survived and c not in transaction.settled_before and not c.excuse
        and c.queue.state == "declared"]
    undone = [c for c in transaction.acks if c.deliveries > transaction.acked_counts[c]]
    held = [
        c for c in transaction.acks
        if c.confirmed and c not in undone and not c.excuse and c.queue.state == "declared"]
    name = transaction.name
    if transaction.survived and missing:
        return Violation("I12", f"half of transaction {name} survived; missing: {missing[0]}")
    if transaction.survived and undone:
        return Violation("I12", f"publishes of transaction {name} survived, not its ack: {undone[0]}")
    if missing and held:
        return Violation("I12", f"acks of transaction {name} survived, not its publish: {missing[0]}")
    return None


def final_violations(model, transactions):
    found = [_transaction_violation(transaction) for transaction in transactions]
    for queue in model.queues:
        found += [_copy_violation(model, copy) for copy in model.copies_of(queue).values()]
    return [violation for violation in found if violation]
