"""What every test here has: a folder, a daemon, a model, a seed, and a verdict at the end."""

import argparse
import pathlib
import random
import shutil
import sys
import tempfile
import time
import traceback

from client import Client
from daemon import Daemon
from model import Model


def arguments(description, **defaults):
    """--seed and one option for each default; prints the seed, so that a run can be repeated."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--seed", type=int, default=None)
    for name, default in defaults.items():
        parser.add_argument("--" + name.replace("_", "-"), type=type(default), default=default)
    options = parser.parse_args()
    if options.seed is None:
        options.seed = random.SystemRandom().randrange(1 << 31)
    print(f"seed {options.seed}", flush=True)
    return options


class Workspace:
    """Removed at the end if all went well, else kept and named."""

    def __init__(self, settings=None, strace=(), data_dir=None, disk=None):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="harrier-crash."))
        self.disk = disk
        if data_dir is None:
            data_dir = disk.data_dir if disk else self.folder / "data"
        self.daemon = Daemon(data_dir, settings, strace)
        self.model = Model()
        self.faults = []
        self.title = ""
        self.began = time.monotonic()

    def client(self, **named):
        return Client(self.model, self.daemon.connect(**named))

    def expect(self, condition, text):
        if not condition:
            self.faults.append(text)
            print(f"not ok - {text}", flush=True)
        return condition

    def faults_so_far(self):
        return [str(v) for v in self.model.violations] + self.faults

    def seconds(self):
        return time.monotonic() - self.began

    def __enter__(self):
        return self

    def __exit__(self, kind, error, _):
        self.daemon.close()
        ours = isinstance(error, Exception)
        if ours:
            self.faults.append(f"{kind.__name__}: {error}")
            traceback.print_exception(error)
        if self.faults_so_far():
            kept = self.folder / "kept"
            _copy_what_can_be_read(self.daemon.data_dir, kept)
            print(f"kept: data {kept}, log {self.daemon.log_path}", flush=True)
        else:
            shutil.rmtree(self.folder, ignore_errors=True)
            shutil.rmtree(self.daemon.work_dir, ignore_errors=True)
        return ours  # reported with the other faults


def _copy_what_can_be_read(source, target):
    try:
        shutil.copytree(source, target, dirs_exist_ok=True)
    except (OSError, shutil.Error) as error:
        print(f"(not all of {source} could be copied: {error})"[:500])


def finish(workspace, what):
    """Prints the verdict and exits with it."""
    finish_all([workspace], what)


def finish_all(workspaces, what):
    faults = [f"{w.title}: {f}" if w.title else f for w in workspaces for f in w.faults_so_far()]
    confirmed = sum(w.model.confirmed_count for w in workspaces)
    delivered = sum(w.model.delivered_count for w in workspaces)
    seconds = time.monotonic() - min(w.began for w in workspaces)
    print(f"{what}: {confirmed} confirmed, {delivered} delivered, "
          f"{sum(w.daemon.starts for w in workspaces)} starts, {seconds:.1f} s, "
          f"{len(faults)} faults")
    for fault in faults[:20]:
        print(f"not ok - {fault}")
    if not faults:
        print(f"ok - {what}")
    sys.exit(1 if faults else 0)
