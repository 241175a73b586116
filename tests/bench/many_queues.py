"""Very many durable queues for a broker that is about to start."""

import json


def write_definitions(path, names):
    """For definitions.load: a client needs minutes to declare a hundred thousand."""
    path.write_text(json.dumps({"queues": [
        {"name": name, "vhost": "/", "durable": True, "auto_delete": False, "arguments": {}}
        for name in names]}), encoding="utf-8")
