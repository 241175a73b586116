#!/usr/bin/python3
"""The data directory belongs to one process, one node, one version; and a stop in order is exact."""

import os
import stat
import sys

from crc32c import crc32c
from daemon import CONFIG, IN_USE, Daemon, DaemonEnded
from workspace import Workspace, arguments, finish_all

sys.dont_write_bytecode = True
_VERSIONS_AT = 8  # in every file: eight octets of magic, version, oldest reader (docs/formats)
_HEAD_BYTES = 4096


def exit_code(daemon):
    """Of a daemon that should not start; None if it did."""
    try:
        with daemon:
            daemon.start()
            return None
    except DaemonEnded as ended:
        return ended.code


def two_processes():
    with Workspace() as workspace:
        workspace.title = "second process"
        workspace.daemon.start()
        code = exit_code(Daemon(workspace.daemon.data_dir))
        workspace.expect(code == IN_USE, f"exit code {code}, not 73")
        client = workspace.client()  # the first one is as well as before
        channel = client.channel(confirm=True)
        client.declare(channel, "q")
        client.publish(channel, ["q"])
        client.wait_for_confirms()
        workspace.daemon.kill9()
        workspace.model.crashed()
        workspace.daemon.start()  # a dead process holds no lock
        client = workspace.client()
        client.drain("q")
        workspace.model.finish()
        client.connection.close()
    return workspace


def foreign_directory():
    with Workspace() as workspace:
        workspace.title = "foreign directory"
        folder = workspace.daemon.data_dir
        folder.mkdir(parents=True)
        (folder / "holiday.jpg").write_bytes(b"not ours")
        code = exit_code(workspace.daemon)
        workspace.expect(code == CONFIG, f"exit code {code}, not 78")
        workspace.expect([p.name for p in folder.iterdir() if p.name.lower() != "lock"]
                         == ["holiday.jpg"], "it wrote into a directory that is not its own")
    return workspace


def _make_newer(path):
    """Raises version and oldest reader, and mends the checksum: of the head, or of the file."""
    contents = bytearray(path.read_bytes())
    contents[_VERSIONS_AT:_VERSIONS_AT + 4] = b"\x7f\xff\x7f\xff"
    for end in (_HEAD_BYTES, len(contents)):
        if len(contents) >= end > 16:
            old = bytes(path.read_bytes()[:end])
            if crc32c(old[:-4]) == int.from_bytes(old[-4:], "big"):
                contents[end - 4:end] = crc32c(bytes(contents[:end - 4])).to_bytes(4, "big")
    path.write_bytes(contents)


def _make_newer_text(path):
    """The same for the file `node`, which is text (docs/formats/node.md)."""
    lines = path.read_text().splitlines(keepends=True)
    lines[1:3] = ["version 32767\n", "min_reader 32767\n"]
    body = "".join(lines[:-1])
    path.write_text(f"{body}crc32c {crc32c(body.encode()):08x}\n")


def newer_version():
    with Workspace() as workspace:
        workspace.title = "newer version"
        workspace.daemon.start()
        workspace.expect(workspace.daemon.term() == 0, "clean stop")
        folder = workspace.daemon.data_dir
        files = [folder / "node", *sorted(folder.glob("journal/*.seg"))[:1]]
        for path in files:
            if not workspace.expect(path.exists(), f"there is no file {path.name}"):
                continue
            before = path.read_bytes()
            (_make_newer_text if path.name == "node" else _make_newer)(path)
            newer = path.read_bytes()
            code = exit_code(workspace.daemon)
            workspace.expect(code == CONFIG, f"{path.name}: exit code {code}, not 78")
            workspace.expect(path.read_bytes() == newer, f"{path.name} was changed")
            path.write_bytes(before)
        workspace.expect(exit_code(workspace.daemon) is None, "mended, and it does not start")
    return workspace


def permissions():
    with Workspace() as workspace:
        workspace.title = "permissions"
        before = os.umask(0)
        try:
            workspace.daemon.start()
        finally:
            os.umask(before)
        client = workspace.client()
        channel = client.channel(confirm=True)
        client.declare(channel, "q")
        for _ in range(200):  # past the journal, so that there are runs and checkpoints
            client.publish(channel, ["q"], size=60_000)
        client.wait_for_confirms()
        client.connection.close()
        folder = workspace.daemon.data_dir
        found = [folder, *folder.rglob("*")] if folder.exists() else []
        workspace.expect(found, "there is no data directory")
        for path in found:
            mode = stat.S_IMODE(path.stat().st_mode)
            wanted = 0o700 if path.is_dir() else 0o600
            workspace.expect(mode == wanted, f"{path.name} has mode {mode:o}, not {wanted:o}")
    return workspace


def clean_stop():
    """After SIGTERM nothing is flagged that was never delivered, and all that was."""
    with Workspace() as workspace:
        workspace.title = "clean stop"
        workspace.daemon.start()
        client = workspace.client()
        channel = client.channel(confirm=True)
        client.declare(channel, "q")
        client.declare(channel, "barrier")
        for _ in range(30):
            client.publish(channel, ["q"])
        client.wait_for_confirms()
        names = list(workspace.model.copies_of("q"))
        consuming = client.channel(prefetch=10)
        seen = []
        client.consume(consuming, "q", lambda *what: seen.append(what[3]))
        while len(seen) < 10:
            client.poll(0.1)
        code = workspace.daemon.term()
        workspace.expect(code == 0, f"SIGTERM ended with {code}")
        workspace.model.crashed()
        workspace.daemon.start()
        channel = workspace.daemon.connect().channel()
        if workspace.client().count("q") is None:
            workspace.model.queue_missing("q")
            return workspace
        flags = []
        while (got := channel.basic_get("q", auto_ack=True))[0] is not None:
            flags.append(got[0].redelivered)
        wanted = [name in seen for name in names]
        workspace.expect(flags == wanted, f"redelivered is {flags}, not {wanted}")
    return workspace


def main():
    arguments(__doc__)
    finish_all([two_processes(), foreign_directory(), newer_version(), permissions(),
                clean_stop()], "second_process")


if __name__ == "__main__":
    main()
