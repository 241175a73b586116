"""One thread of another process, held by ptrace while the others go on: a loop that stands still."""

import contextlib
import ctypes
import os
import pathlib

SEIZE, INTERRUPT, DETACH, WALL = 0x4206, 0x4207, 17, 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)


class NotPermitted(Exception):
    """The system lets nobody trace, as in many containers."""


def _ptrace(request, thread):
    _libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    if _libc.ptrace(request, thread, None, None) != 0:
        code = ctypes.get_errno()
        raise NotPermitted(os.strerror(code)) if request == SEIZE else OSError(code, request)


def threads_in(pid, call):
    """The threads of `pid` that wait in the system call with this number."""
    found = []
    for task in sorted(pathlib.Path(f"/proc/{pid}/task").iterdir(), key=lambda path: int(path.name)):
        with contextlib.suppress(OSError):
            if (task / "syscall").read_text().split()[0] == str(call):
                found.append(int(task.name))
    return found


@contextlib.contextmanager
def held(thread):
    _ptrace(SEIZE, thread)
    _ptrace(INTERRUPT, thread)
    os.waitpid(thread, WALL)
    try:
        yield
    finally:
        _ptrace(DETACH, thread)
