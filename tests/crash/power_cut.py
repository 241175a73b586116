#!/usr/bin/python3
"""Power cuts under a mixed load: what was not synced is gone, what was confirmed is not (T2).

The data lies on an ext4 image; FS_IOC_SHUTDOWN without a flush of its log is the cut.
"""

import subprocess
import sys
import time

from disk import LoopDisk, need_loop_devices
from kill_cycles import check, run
from load import Load
from workspace import Workspace, arguments, finish
from daemon import IO_FAILURE

sys.dont_write_bytecode = True
_KILLED = -9


def cut(workspace, number):
    """Cuts; the daemon must notice by itself or be gone with the machine."""
    workspace.disk.power_cut()
    try:
        code = workspace.daemon.wait(0.3)
    except TimeoutError:
        workspace.daemon.kill9()
        code = _KILLED
    workspace.expect(code in (IO_FAILURE, _KILLED),
                     f"cut {number}: the daemon ended with {code} when its disk failed")


def one_cut(workspace, source, number):
    daemon, model = workspace.daemon, workspace.model
    load = Load(model, daemon, source.random()).start()
    time.sleep(source.uniform(0.05, 0.9))
    load.ending = True
    cut(workspace, number)
    load.join()
    workspace.faults += load.faults
    model.crashed()
    workspace.disk.mount_again()
    while source.random() < 0.2:  # a cut while it starts or recovers
        daemon.launch()
        time.sleep(source.uniform(0, 0.08))
        cut(workspace, number)
        model.crashed()
        workspace.disk.mount_again()
    daemon.start()
    check(workspace, number)


def main():
    options = arguments(__doc__, cycles=50)
    need_loop_devices()
    with LoopDisk(megabytes=256) as disk:
        try:
            with Workspace(disk=disk) as workspace:
                run(workspace, options.cycles, options.seed, one_cut)
        except subprocess.CalledProcessError as error:
            raise SystemExit(f"{error}: {error.stderr}") from error
    finish(workspace, f"power_cut, {options.cycles} cuts")


if __name__ == "__main__":
    main()
