"""File systems that can be filled, starved of inodes and cut off: ext4 in a file, loop-mounted."""

import fcntl
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile

from daemon import SKIPPED

_FS_IOC_SHUTDOWN = 0x8004587D
_NO_LOG_FLUSH = 2  # nothing that is not on disk gets there any more, the journal included


def _run(*command):
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, capture_output=True, text=True)


def can_mount():
    """None, or why this machine cannot mount images."""
    if os.geteuid() != 0:
        return "needs root to mount"
    if not all(map(shutil.which, ("losetup", "mkfs.ext4", "mount", "umount"))):
        return "needs losetup, mkfs.ext4 and mount"
    if not os.path.exists("/dev/loop-control"):
        return "needs /dev/loop-control"
    try:
        with LoopDisk(megabytes=16):
            return None
    except (OSError, subprocess.CalledProcessError) as error:
        return f"cannot mount a loop device: {getattr(error, 'stderr', '') or error}"


def need_loop_devices():
    """Ends the test as skipped where this machine cannot mount images."""
    reason = can_mount()
    if reason:
        print(f"skipped: {reason}")
        sys.exit(SKIPPED)


class Tmpfs:
    """A mounted tmpfs of a size of its own."""

    def __init__(self, megabytes):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="harrier-tmpfs."))
        _run("mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0700", "tmpfs", str(self.path))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        _run("umount", str(self.path))
        self.path.rmdir()


class LoopDisk:
    """Mounted at `path`; `data_dir` lies in it. power_cut() and mount_again() as often as wanted."""

    def __init__(self, megabytes=256, inodes=None, folder=None):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="harrier-disk."))
        self.image = pathlib.Path(folder or tempfile.gettempdir()) / (self.path.name + ".img")
        self.data_dir = self.path / "data"
        self.device = None
        with open(self.image, "wb") as image:
            image.truncate(megabytes << 20)
        options = ["-N", str(inodes)] if inodes else []
        _run("mkfs.ext4", "-q", "-F", "-m", "0", *options, str(self.image))
        self._mount()

    def _mount(self):
        done = subprocess.run(["losetup", "-f", "--show", str(self.image)], check=True,
                              capture_output=True, text=True)
        self.device = done.stdout.strip()
        _run("mount", "-t", "ext4", self.device, str(self.path))

    def power_cut(self):
        """From now on every call fails, and what was not synced never gets to the disk."""
        folder = os.open(self.path, os.O_RDONLY)
        try:
            fcntl.ioctl(folder, _FS_IOC_SHUTDOWN, struct.pack("I", _NO_LOG_FLUSH))
        finally:
            os.close(folder)

    def unmount(self):
        if self.device:
            _run("umount", str(self.path))
            _run("losetup", "-d", self.device)
            self.device = None

    def mount_again(self):
        self.unmount()
        self._mount()

    def free_bytes(self):
        state = os.statvfs(self.path)
        return state.f_bavail * state.f_frsize

    def fill(self, leave=0):
        """Writes the filler until only `leave` bytes are free."""
        with open(self.path / "filler", "ab", buffering=0) as filler:
            block = b"\0" * 65536
            try:
                while (free := self.free_bytes()) > leave:
                    filler.write(block[: max(1, min(len(block), free - leave))])
                os.fsync(filler.fileno())
            except OSError:
                pass  # full before statvfs says so

    def empty_filler(self):
        (self.path / "filler").unlink(missing_ok=True)
        shutil.rmtree(self.path / "inodes", ignore_errors=True)

    def use_up_inodes(self):
        folder = self.path / "inodes"
        folder.mkdir(exist_ok=True)
        try:
            for number in range(1 << 20):
                (folder / str(number)).touch()
        except OSError:
            pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.unmount()
        self.image.unlink()
        self.path.rmdir()
