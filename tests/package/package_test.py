#!/usr/bin/python3
"""What `cmake --install` and the Debian package hold, and whether systemd likes the unit.

Environment:
  HARRIER_BUILD_DIR, HARRIER_CMAKE, HARRIER_CPACK   a build of the programs, and its tools
"""

import os
import pathlib
import re
import shutil
import stat
import subprocess
import tempfile
import unittest

BUILD = pathlib.Path(os.environ["HARRIER_BUILD_DIR"])
PROGRAMS = ("harriermq", "harrierctl", "harrier-journal", "harrier-audit", "harrier-perf")
COMPAT = ("rabbitmqctl", "rabbitmq-diagnostics", "rabbitmq-plugins", "rabbitmq-queues",
          "rabbitmq-upgrade", "rabbitmqadmin")


def run(*command, **named):
    done = subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=False, **named)
    if done.returncode != 0:
        raise AssertionError(f"{command}: {done.returncode}\n{done.stdout}")
    return done.stdout


def install(prefix, stage):
    run(os.environ["HARRIER_CMAKE"], "--install", BUILD, "--prefix", prefix,
        env={**os.environ, "DESTDIR": str(stage)})


class StagedCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="harrier-package."))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.stage = cls.folder / "stage"
        install("/usr", cls.stage)

    def read(self, path):
        return (self.stage / path).read_text()

    def test_everything_is_where_debian_looks(self):
        for path in [*("usr/bin/" + program for program in PROGRAMS),
                     "etc/harriermq/harriermq.yaml", "etc/logrotate.d/harriermq",
                     "usr/lib/systemd/system/harriermq.service",
                     "usr/lib/sysusers.d/harriermq.conf", "usr/lib/tmpfiles.d/harriermq.conf",
                     "usr/share/bash-completion/completions/harrierctl",
                     "usr/share/man/man8/harriermq.8.gz", "usr/share/man/man8/harrierctl.8.gz",
                     "usr/share/man/man1/harrier-journal.1.gz",
                     "usr/share/doc/harriermq/LICENSE",
                     "usr/share/doc/harriermq/harriermq.yaml.example",
                     "usr/share/doc/harriermq/production.yaml",
                     "usr/share/doc/harriermq/operations/install.md",
                     "usr/share/doc/harriermq/reference/configuration.md"]:
            self.assertTrue((self.stage / path).is_file(), path)

    def test_no_placeholder_is_left(self):
        for path in ("etc/harriermq/harriermq.yaml", "usr/lib/systemd/system/harriermq.service"):
            self.assertIsNone(re.search(r"@\w+@", self.read(path)), path)

    def test_compat_names_lead_to_harrierctl(self):
        for name in COMPAT:
            link = self.stage / "usr/lib/harriermq/compat" / name
            self.assertEqual(link.resolve(), (self.stage / "usr/bin/harrierctl").resolve())

    def test_another_prefix_keeps_to_itself(self):
        stage = self.folder / "local"
        install("/usr/local", stage)
        self.assertEqual([path.name for path in stage.iterdir()], ["usr"])
        unit = (stage / "usr/local/lib/systemd/system/harriermq.service").read_text()
        self.assertIn("ExecStart=/usr/local/bin/harriermq "
                      "--config /usr/local/etc/harriermq/harriermq.yaml", unit)

    def test_the_configuration_is_valid_and_closed_to_other_machines_but_for_amqp(self):
        program = self.stage / "usr/bin/harriermq"
        printed = run(program, "--config", self.stage / "etc/harriermq/harriermq.yaml",
                      "--print-config")
        binds = re.findall(r"^(\w+):|^ +(\w+):$|^ +bind: (.*)$", printed, re.MULTILINE)
        section, found = "", {}
        for top, below, bind in binds:
            section = top or below or section
            if bind:
                found[section] = bind.strip("'\"")
        self.assertEqual(found.pop("amqp"), "::")
        self.assertEqual(set(found.values()), {"127.0.0.1"}, found)
        self.assertIn("loopback_only: true", printed)
        self.assertIn("data_dir: /var/lib/harriermq", printed)

    def unit_here(self):
        """The unit with the paths of the stage, which exist on this machine."""
        unit = self.folder / "harriermq.service"
        text = self.read("usr/lib/systemd/system/harriermq.service")
        unit.write_text(text.replace("=/usr/bin/", f"={self.stage}/usr/bin/")
                        .replace(" /etc/harriermq", f" {self.stage}/etc/harriermq"))
        return unit

    def test_systemd_finds_nothing_wrong_with_the_unit(self):
        self.assertEqual(run("systemd-analyze", "verify", "--man=no", self.unit_here()), "")

    def test_systemd_finds_the_unit_safe(self):
        """Its "exposure level" is 2.0 at most, of 10."""
        shown = run("systemd-analyze", "security", "--offline=true", "--threshold=20",
                    "--no-pager", self.unit_here())
        level = float(re.search(r"Overall exposure level for \S+: ([\d.]+)", shown)[1])
        self.assertLessEqual(level, 2.0, shown)

    def test_systemd_makes_the_user(self):
        root = self.folder / "root"
        shutil.copytree(self.stage / "usr/lib/sysusers.d", root / "usr/lib/sysusers.d")
        (root / "etc").mkdir()
        run("systemd-sysusers", f"--root={root}", "harriermq.conf")
        self.assertRegex((root / "etc/passwd").read_text(),
                         r"(?m)^harriermq:.*:/var/lib/harriermq:/usr/sbin/nologin$")


class DebianPackageCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="harrier-package."))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        run(os.environ["HARRIER_CPACK"], "--config", BUILD / "CPackConfig.cmake", "-B", cls.folder,
            "-D", "CPACK_DEBIAN_PACKAGE_RELEASE=7", "-D", "CPACK_STRIP_FILES=OFF",
            "-D", "CPACK_DEBIAN_COMPRESSION_TYPE=none",
            env={**os.environ, "HARRIER_PACKAGE_REVISION": "7"})
        cls.package = next(cls.folder.glob("harriermq_*-7_*.deb"))
        cls.control = cls.folder / "control"
        run("dpkg-deb", "--control", cls.package, cls.control)

    def test_depends_on_the_libraries_it_is_linked_with(self):
        depends = run("dpkg-deb", "--field", self.package, "Depends")
        for library in ("libc6", "libssl3", "libyaml-cpp0.7", "libpcre2-8-0", "adduser"):
            self.assertRegex(depends, rf"\b{library}\b")

    def test_configuration_is_the_administrators(self):
        self.assertEqual((self.control / "conffiles").read_text().split(),
                         ["/etc/harriermq/harriermq.yaml", "/etc/logrotate.d/harriermq"])

    def test_everything_is_roots_and_nothing_is_writable_to_others(self):
        for line in run("dpkg-deb", "--contents", self.package).splitlines():
            mode, owner = line.split()[:2]
            self.assertEqual(owner, "root/root", line)
            if not mode.startswith("l"):
                self.assertEqual((mode[5], mode[8]), ("-", "-"), line)

    def test_maintainer_scripts_are_shell_scripts(self):
        for name in ("postinst", "prerm", "postrm"):
            script = self.control / name
            self.assertTrue(script.stat().st_mode & stat.S_IXUSR, name)
            run("sh", "-n", script)

    def test_only_a_purge_removes_data(self):
        """postrm with a shell that shows what it would do: nothing of it happens."""
        harmless = self.folder / "harmless"
        harmless.mkdir()
        for command in ("rm", "rmdir", "systemctl", "deb-systemd-helper"):
            (harmless / command).write_text(f'#!/bin/sh\necho {command} "$@"\n')
            (harmless / command).chmod(0o755)
        for reason in ("remove", "upgrade", "failed-upgrade", "abort-install", "purge"):
            told = run("/bin/sh", self.control / "postrm", reason, env={"PATH": str(harmless)})
            self.assertEqual("rm -rf /var/lib/harriermq" in told, reason == "purge", reason)


if __name__ == "__main__":
    unittest.main(verbosity=2)
