#!/usr/bin/python3
"""Damaged files: the broker refuses, or reports, or serves exactly what was promised (T7).

A small data directory is made twice, ended in order and killed. Each trial damages a copy of it and
starts a broker there. Allowed: exit 65 naming a file and an offset (or a batch, block or record);
exit 78 where the damage made the file look foreign or newer; a start after which the checker finds
everything right; a start that reports a quarantine in the log, with some messages missing. Never: a
wrong body, a message silently lost, the end by a signal.
"""

import pathlib
import pickle
import random
import re
import shutil
import sys
import tempfile
import time

from client import Client
from daemon import CONFIG, CORRUPT, Daemon, DaemonEnded
from disk_damage import choose_damage
from workspace import Workspace, arguments, finish_all

sys.dont_write_bytecode = True
_QUEUES = ("plain", "second", "large", "barrier")
# What a loss report excuses: things missing, never things wrong.
_MISSING = ("I1", "I11", "I13", "I18")


class Base:
    """A data directory worth damaging, the model of what is in it, and older copies of its files."""

    def __init__(self, folder, clean, source):
        self.clean = clean
        self.path = folder / ("clean" if clean else "killed")
        self.stale = folder / (self.path.name + "-stale")
        with Workspace(data_dir=self.path) as workspace:
            workspace.title = f"base {self.path.name}"
            self.workspace = workspace
            self._fill(workspace, source)
            self.model = pickle.dumps(workspace.model)

    def _fill(self, workspace, source):
        workspace.daemon.start()
        client = workspace.client()
        channel = client.channel(confirm=True)
        for queue in _QUEUES:
            client.declare(channel, queue)
        for part in range(4):
            for _ in range(60):
                client.publish(channel, ["plain"], size=source.randrange(150, 3000))
                client.publish(channel, ["second"], size=200)
            for _ in range(12):
                client.publish(channel, ["large"], size=source.randrange(100_000, 300_000))
            client.wait_for_confirms()
            if part == 1:
                consuming = client.channel(prefetch=30)
                consumer = client.consume(consuming, "second")
                client.poll(0.05)
                client.barrier_by_name(consuming)
                client.stop_consuming(consuming, consumer)
                shutil.copytree(self.path, self.stale, dirs_exist_ok=True)
        client.connection.close()
        time.sleep(0.5)  # longer than the journal takes to seal what was written last
        if self.clean:
            workspace.expect(workspace.daemon.term() == 0, "the clean stop failed")
        else:
            workspace.daemon.kill9()
        workspace.model.crashed()


class Trial:
    def __init__(self, base, folder, number, source):
        self.base = base
        self.data = folder / f"trial-{number}"
        self.title = f"trial {number} ({base.path.name})"
        shutil.copytree(base.path, self.data)
        self.what = choose_damage(source, self.data, base.stale, base.clean)
        self.faults = []
        self.outcome = ""

    def run(self):
        daemon = Daemon(self.data)
        try:
            with daemon:
                self._run(daemon)
        finally:
            if not self.faults:  # else kept by main()
                shutil.rmtree(self.data, ignore_errors=True)
                shutil.rmtree(daemon.work_dir, ignore_errors=True)

    def _fault(self, text):
        self.faults.append(f"{self.title}, {self.what}: {text}")

    def _run(self, daemon):
        try:
            daemon.start()
        except DaemonEnded as ended:
            return self._ended(ended.code, daemon.log())
        model = pickle.loads(self.base.model)
        try:
            client = Client(model, daemon.connect(blocked_connection_timeout=10))
            for queue in _QUEUES:
                client.drain(queue, seconds=5)
            client.close()
            model.finish()
        except Exception as error:
            if not daemon.is_alive():
                return self._ended(daemon.process.returncode, daemon.log())
            if "quarantin" not in daemon.log():
                self._fault(f"draining failed, and no quarantine is reported: {error!r}")
        reported = "quarantin" in daemon.log()
        wrong = [v for v in model.violations if not (reported and v.rule in _MISSING)]
        if wrong:
            self._fault(f"{len(wrong)} faults, such as {wrong[0]}")
        self.outcome = "quarantined" if reported else "harmless"
        code = daemon.term()
        if code not in (0, CORRUPT):
            self._fault(f"SIGTERM ended with {code}")
        return None

    def _ended(self, code, log):
        self.outcome = "refused"
        if code == CONFIG and re.search(r"foreign|newer|another node|version|no file `node`", log):
            return
        if code != CORRUPT:
            self._fault(f"exit code {code}\n{log[-600:]}")
        elif not re.search(r"(\.seg|\.run|checkpoint|segment|node)\S*.*\d", log):
            self._fault(f"exit 65 without saying where\n{log[-600:]}")


def main():
    options = arguments(__doc__, trials=60)
    source = random.Random(options.seed)
    outcomes, faults = {}, []
    with tempfile.TemporaryDirectory(prefix="harrier-damage.", ignore_cleanup_errors=True) as name:
        folder = pathlib.Path(name)
        bases = [Base(folder, clean, source) for clean in (True, False)]
        with Workspace() as summary:
            for base in bases:
                summary.expect(any(base.path.rglob("*.seg")) if base.path.exists() else False,
                               f"{base.path.name}: no journal was written")
            for number in range(1, options.trials + 1):
                if summary.faults:
                    break
                trial = Trial(bases[number % 2], folder,
                              number, source)
                trial.run()
                outcomes[trial.outcome] = outcomes.get(trial.outcome, 0) + 1
                faults += trial.faults
                for fault in trial.faults:
                    print(f"not ok - {fault}", flush=True)
            summary.faults += faults
            if faults:
                kept = pathlib.Path(tempfile.mkdtemp(prefix="harrier-damage-kept."))
                shutil.copytree(folder, kept, dirs_exist_ok=True)
                print(f"kept: {kept}")
    print(f"outcomes: {outcomes}")
    finish_all([summary, *(base.workspace for base in bases)], f"damage, {options.trials} trials")


if __name__ == "__main__":
    main()
