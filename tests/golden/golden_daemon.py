"""The daemon of tests/crash with the golden directory's two virtual hosts."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "crash"))

from contents import yaml_users  # noqa: E402
from daemon import Daemon  # noqa: E402


class GoldenDaemon(Daemon):
    def _command(self):
        command = super()._command()
        config = self.work_dir / "harriermq.yaml"
        config.write_text(config.read_text() + yaml_users())
        return command
