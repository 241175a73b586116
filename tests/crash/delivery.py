"""What a single delivery can break, given what is known of the message: (rule, text) pairs."""


def broken_by(copy, consumer, redelivered, era):
    broken = []
    crashed_since = copy.delivered_era < era
    if copy.transaction and copy.transaction.state in ("open", "rolled back"):
        broken.append(("I12", f"delivered, but its transaction was not committed: {copy}"))
    if copy.settle and copy.settle_durable:
        broken.append(("I7", f"settled durably and came back: {copy}"))
    elif copy.purged:
        broken.append(("I7", f"purged and came back: {copy}"))
    elif copy.settle == "moved" and not crashed_since:
        broken.append(("I7", f"dead-lettered and still there: {copy}"))
    elif copy.settle == "auto" and not crashed_since:
        broken.append(("I8", f"auto-ack delivered twice without a crash: {copy}"))
    # A dead letter that a crash undid is made anew, so its copy is a new one.
    new = copy.is_dead_letter() and crashed_since
    if copy.deliveries and not redelivered and not new:
        broken.append(("I6", f"delivered before, but redelivered is false: {copy}"))
    return broken + _broken_order(copy, consumer, redelivered)


def _broken_order(copy, consumer, redelivered):
    if copy.is_dead_letter():
        return []
    key = (copy.publisher, copy.priority if copy.queue.priorities else 0)
    last = consumer.last.get(key, 0)
    if copy.index > last:
        consumer.last[key] = copy.index
    elif copy.name not in consumer.requeued and (consumer.alone or not redelivered):
        # Beside another consumer a message that went there and came back may be late.
        rule = "I10" if copy.deliveries else "I5"
        return [(rule, f"out of order: after #{last} of its publisher came {copy}")]
    return []


def broken_by_count(copy, count, era, now, proven):
    """x-delivery-count of quorum queues: never falls, but for what a crash may have undone."""
    if copy.queue.kind != "quorum" or copy.is_dead_letter():
        return []
    if copy.count_event < proven:
        copy.count_proven = max(copy.count_proven, copy.count)
    least = copy.count if copy.delivered_era == era else copy.count_proven
    copy.count, copy.count_event = count, now
    if count < least:
        return [("I10", f"x-delivery-count fell from {least} to {count}: {copy}")]
    return []
