#!/usr/bin/python3
"""The configuration of a real harriermq, as an operator meets it: checked, printed, overridden.

Environment:
  HARRIERMQ_BINARY       the broker
"""

import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BINARY = os.environ["HARRIERMQ_BINARY"]


def environment(**variables):
    clean = {name: value for name, value in os.environ.items() if not name.startswith("HARRIERMQ_")}
    return {**clean, **variables}


def harriermq(*words, **variables):
    done = subprocess.run([BINARY, *map(str, words)], env=environment(**variables), timeout=20,
                          capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


class Configuration(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="harrier-config.")
        self.addCleanup(self.folder.cleanup)
        self.root = pathlib.Path(self.folder.name)

    def file(self, name, text):
        path = self.root / name
        path.write_text(text)
        return path

    def test_the_files_that_come_with_it_are_valid(self):
        for name in ("harriermq.yaml", "production.yaml"):
            code, output, errors = harriermq("--check-config", "--config", ROOT / "config" / name)
            self.assertEqual((code, output, errors), (0, "The configuration is valid.\n", ""), name)

    def test_what_is_printed_prints_the_same(self):
        for words in ((), ("--config", ROOT / "config/production.yaml")):
            code, first, errors = harriermq("--print-config", *words)
            self.assertEqual((code, errors), (0, ""))
            printed = self.file("printed.yaml", first)
            self.assertEqual(harriermq("--print-config", "--config", printed), (0, first, ""))

    def test_the_environment_is_checked_and_printed_too(self):
        code, output, _ = harriermq("--print-config", HARRIERMQ_LISTENERS_AMQP_PORT="4711")
        self.assertEqual(code, 0)
        self.assertIn("    port: 4711\n", output)
        code, output, errors = harriermq("--check-config", HARRIERMQ_LOOPS="0")
        self.assertEqual((code, output, errors), (78, "", "HARRIERMQ_LOOPS: loops: 0 is below 1\n"))

    def test_the_command_line_wins_over_the_environment(self):
        _, output, _ = harriermq("--print-config", "--port", "1", HARRIERMQ_LISTENERS_AMQP_PORT="2")
        self.assertIn("    port: 1\n", output)

    def test_unknown_variables_are_warned_of(self):
        code, output, errors = harriermq("--check-config", HARRIERMQ_SERVICE_HOST="10.0.0.1")
        self.assertEqual((code, output), (0, "The configuration is valid.\n"))
        self.assertEqual(errors, "warning: the variable HARRIERMQ_SERVICE_HOST of the environment "
                                 "stands for no key\n")

    def test_a_secret_in_a_file(self):
        secret = self.file("secret", "not to be seen\n")
        code, output, _ = harriermq("--print-config", HARRIERMQ_USERS_0_PASSWORD_FILE=str(secret))
        self.assertEqual(code, 0)
        self.assertIn(f"    password_file: {secret}\n", output)
        self.assertNotIn("not to be seen", output)
        secret.unlink()
        code, _, errors = harriermq("--check-config", HARRIERMQ_USERS_0_PASSWORD_FILE=str(secret))
        self.assertEqual(code, 78)
        self.assertIn("No such file or directory", errors)

    def test_no_broker_starts_with_the_mask_as_a_password(self):
        _, printed, _ = harriermq("--print-config", HARRIERMQ_USERS_0_PASSWORD="not to be seen")
        self.assertNotIn("not to be seen", printed)
        masked = self.file("masked.yaml", printed)
        code, _, errors = harriermq("--config", masked)
        self.assertEqual(code, 78)
        self.assertRegex(errors, r"masked.yaml:\d+: users\[0\].password: the mask of a secret")


if __name__ == "__main__":
    unittest.main()
