"""harrierctl as tests run it: with an environment of its own, and a look at what it printed.

Environment:
  HARRIERCTL_BINARY      the program
"""

import collections
import os
import subprocess

BINARY = os.environ["HARRIERCTL_BINARY"]
SECONDS = 60

Done = collections.namedtuple("Done", "code out err")


def run(*words, name="harrierctl", given="", environment=None):
    """Runs it, called `name`, with `given` on its standard input."""
    clean = {key: value for key, value in os.environ.items()
             if not key.startswith(("HARRIERMQ_", "RABBITMQ_"))}
    done = subprocess.run([name, *map(str, words)], executable=BINARY, input=given.encode(),
                          env={**clean, **(environment or {})}, capture_output=True,
                          timeout=SECONDS, check=False)
    return Done(done.returncode, done.stdout.decode(), done.stderr.decode())


class Ctl:
    """ctl = Ctl("--uri", "http://…"); ctl("list_users", "-q")"""

    def __init__(self, *where):
        self.where = where

    def __call__(self, *words, **how):
        return run(*self.where, *words, **how)
