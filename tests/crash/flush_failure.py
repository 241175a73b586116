#!/usr/bin/python3
"""A failed sync ends the process with 74, and nothing was confirmed that needed it (T4).

Part 1: strace makes the N-th call fail; where loop devices exist the power is then cut, so that
what the failed call should have saved is really gone. Part 2: an ext4 image in a tmpfs that fills
up, where the kernel itself fails to write back.
"""

import contextlib
import shutil
import subprocess
import sys
import time

from daemon import IO_FAILURE, SKIPPED, DaemonEnded
from disk import LoopDisk, Tmpfs, can_mount
from kill_cycles import check_definitions, drain_all
from load import Load, publish_short, publish_with_confirms
from topology import declare_all
from workspace import Workspace, arguments, finish_all

sys.dont_write_bytecode = True

# (calls, error, N): the N-th such call of a thread fails.
CASES = [
    *(("fdatasync", "EIO", n) for n in (1, 2, 3, 5, 8, 13, 30, 80)),
    ("fdatasync", "ENOSPC", 6),
    *(("fsync", "EIO", n) for n in (1, 2, 4)),
    *(("pwrite64,pwritev,pwritev2", "EIO", n) for n in (2, 12, 40)),
]


def _declare(workspace):
    """False where the failure came before there was anything to promise."""
    try:
        workspace.daemon.start()
        client = workspace.client()
        declare_all(client)
        client.connection.close()
        return True
    except DaemonEnded as error:
        workspace.expect(error.code == IO_FAILURE, f"failed at start with {error.code}, not 74")
    except Exception as error:  # the failure came while it declared: what is known is in the model
        workspace.expect(workspace.daemon.wait(10) == IO_FAILURE, f"ended otherwise: {error!r}")
    return False


def _recover_and_check(workspace):
    workspace.daemon.strace = []
    workspace.daemon.start()
    client = workspace.client()
    check_definitions(workspace, client)
    declare_all(client)
    drain_all(client)
    client.connection.close()
    workspace.model.finish()
    code = workspace.daemon.term()
    workspace.expect(code == 0, f"SIGTERM after recovery ended with {code}")


def fail_call(calls, error, number, seed, disk):
    title = f"{calls} number {number} fails with {error}"
    strace = ["-e", f"trace={calls}", "-e", f"inject={calls}:error={error}:when={number}"]
    with Workspace(strace=strace, disk=disk) as workspace:
        workspace.title = title
        daemon, model = workspace.daemon, workspace.model
        if _declare(workspace):
            load = Load(model, daemon, seed).start()
            load.ending = True
            try:
                code = daemon.wait(4)
                workspace.expect(code == IO_FAILURE, f"{title}: exit code {code}, not 74")
            except TimeoutError:
                reached = bool(daemon.failed_calls())
                workspace.expect(not reached, f"{title}: and the daemon goes on")
                if calls == "fdatasync" and number < 10:
                    workspace.expect(daemon.count_calls("fdatasync"),
                                     f"{title}: it confirms without any fdatasync")
                daemon.kill9()
            load.join()
            workspace.faults += load.faults
        failed = daemon.failed_calls()
        if failed:
            workspace.expect(
                model.latest_confirmed_at < failed[0],
                f"{title}: a message published {model.latest_confirmed_at - failed[0]:.3f} s after "
                "the failure was confirmed")
        model.crashed()
        if disk:
            disk.power_cut()
            disk.mount_again()
        _recover_and_check(workspace)
    return workspace


def fill_below(seed):
    """The image's own storage runs out: the file system has room, its device has not."""
    with Tmpfs(megabytes=64) as tmpfs, LoopDisk(megabytes=512, folder=tmpfs.path) as disk:
        with Workspace(disk=disk) as workspace:
            workspace.title = "the device below runs out"
            _declare(workspace)
            filler = tmpfs.path / "filler"
            with open(filler, "wb") as file, contextlib.suppress(OSError):
                while shutil.disk_usage(tmpfs.path).free > 2 << 20:
                    file.write(b"\0" * 65536)
                    file.flush()
            load = Load(workspace.model, workspace.daemon, seed,
                        [publish_short, publish_with_confirms]).start()
            load.ending = True
            try:
                code = workspace.daemon.wait(15)
                workspace.expect(code == IO_FAILURE, f"exit code {code}, not 74")
            except TimeoutError:
                print("the daemon went on for 15 s: nothing that it needed failed")
                workspace.daemon.kill9()
            load.join()
            workspace.model.crashed()
            filler.unlink()
            # As after a power cut: only what really reached the device counts.
            with contextlib.suppress(OSError):
                disk.power_cut()
            disk.mount_again()
            _recover_and_check(workspace)
        return workspace


def main():
    options = arguments(__doc__, part=0)
    if shutil.which("strace") is None:
        print("skipped: needs strace")
        sys.exit(SKIPPED)
    reason = can_mount()
    if reason:
        print(f"part 2, and the power cuts of part 1, are left out: {reason}")
    done = []
    if options.part in (0, 1):
        for number, case in enumerate(CASES):
            began = time.monotonic()
            with contextlib.nullcontext() if reason else LoopDisk(megabytes=128) as disk:
                done.append(fail_call(*case, options.seed + number, disk))
            print(f"{done[-1].title}: {time.monotonic() - began:.1f} s", flush=True)
    if options.part in (0, 2) and not reason:
        try:
            done.append(fill_below(options.seed))
        except subprocess.CalledProcessError as error:
            raise SystemExit(f"{error}: {error.stderr}") from error
    finish_all(done, "flush_failure")


if __name__ == "__main__":
    main()
