#!/usr/bin/python3
"""checklist.py ROOT: each row of docs/reference/security-checklist.md names tests that exist, or
says why there is none.

In the last column a name in backquotes is a GoogleTest (`Suite.Name`, `Suite.*`), a test of
Python's (`test_x`), or a script below tests, with a group behind it (`hostile_test.py: frames`).
Everything else is free text; "not done:" must be followed by a reason.
"""

import re
import sys
from pathlib import Path

PAGE = "docs/reference/security-checklist.md"
GOOGLE = re.compile(r"^TEST(?:_F|_P)?\((\w+), (\w+)\)", re.MULTILINE)
PYTHON = re.compile(r"^\s*def (test_\w+)\(", re.MULTILINE)
GROUP = re.compile(r'group\("([\w-]+)"|^NAME = "([\w-]+)"', re.MULTILINE)


class Known:
    """What tests there are below ROOT/tests."""

    def __init__(self, root):
        self.google, self.suites, self.python, self.scripts, self.groups = (set() for _ in range(5))
        for path in (root / "tests").rglob("*"):
            if path.suffix == ".cc":
                for suite, name in GOOGLE.findall(path.read_text(encoding="utf-8")):
                    self.google.add(f"{suite}.{name}")
                    self.suites.add(suite)
            elif path.suffix == ".py":
                text = path.read_text(encoding="utf-8")
                self.scripts.add(path.name)
                self.python.update(PYTHON.findall(text))
                self.groups.update(one or other for one, other in GROUP.findall(text))

    def has(self, name):
        script, _, group = name.partition(": ")
        if script.endswith(".py"):
            return script in self.scripts and (not group or group in self.groups)
        if name.startswith("test_"):
            return name in self.python
        suite, _, test = name.partition(".")
        return suite in self.suites if test == "*" else name in self.google


def findings(root):
    known = Known(root)
    for number, line in enumerate((root / PAGE).read_text(encoding="utf-8").splitlines(), 1):
        if not line.startswith("|") or line.startswith("|--"):
            continue
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) != 3:
            yield number, f"{len(cells)} columns, not 3"
            continue
        test = cells[2]
        if test == "Test":
            continue
        if not test:
            yield number, "no test, and not said why"
        if re.search(r"not done:?\s*($|;)", test):
            yield number, "not done, and not said why"
        for name in re.findall(r"`([^`]+)`", test):
            if not known.has(name):
                yield number, f"there is no test {name}"


def main(arguments):
    if len(arguments) != 1:
        sys.exit("usage: checklist.py ROOT")
    found = list(findings(Path(arguments[0]).resolve()))
    for number, what in found:
        print(f"{PAGE}:{number}: {what}")
    print(f"checklist: {len(found)} findings")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
