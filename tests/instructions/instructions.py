"""instructions.py PROGRAM BUDGETS [--measure]: instructions per message, held against a budget.

A clock would measure the machine; callgrind counts what the compiler made of the path, the same
number every time. The budgets are those of one compiler (budgets.json names it): with another one
the test is skipped (exit code 77). --measure prints what to write there instead of judging.
"""

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

SKIPPED = 77
FEW, MANY = 10_240, 30_720
SLACK = 1.03


def collected(program, words, messages, folder):
    """Instructions inside measured_turn() in a run of so many messages."""
    result = subprocess.run(
        ["valgrind", "--tool=callgrind", "--collect-atstart=no", "--toggle-collect=measured_turn",
         f"--callgrind-out-file={folder}/out", program, *words, str(messages)],
        capture_output=True, text=True, timeout=300)
    found = re.search(r"Collected : (\d+)", result.stderr)
    if result.returncode != 0 or found is None:
        sys.exit(f"{program} {words} {messages}: {result.returncode}\n{result.stdout}{result.stderr}")
    return int(found.group(1))


def compiler_of(program):
    """What the program's own note says that made it."""
    comment = subprocess.run(["readelf", "-p", ".comment", program], capture_output=True, text=True,
                             check=True).stdout
    found = re.search(r"GCC: \([^)]*\) (\S+)", comment)
    return "g++ " + found.group(1) if found else "unknown"


def main():
    program, path = sys.argv[1], Path(sys.argv[2])
    budgets = json.loads(path.read_text(encoding="utf-8"))
    compiler = compiler_of(program)
    measure = "--measure" in sys.argv[3:]
    if compiler != budgets["compiler"] and not measure:
        print(f"made by {compiler}, the budgets are those of {budgets['compiler']}: skipped")
        return SKIPPED
    failures = 0
    for name, budget in budgets["instructions per message"].items():
        with tempfile.TemporaryDirectory() as folder:
            counts = [collected(program, name.split(), messages, folder)
                      for messages in (FEW, MANY)]
        found = (counts[1] - counts[0]) / (MANY - FEW)
        verdict = "" if measure else "ok"
        if not measure and found > budget * SLACK:
            verdict, failures = "TOO MANY", failures + 1
        elif not measure and found < budget / SLACK:
            verdict = "fewer: lower the budget"
        print(f"{name}: {found:.0f} instructions per message, budget {budget} {verdict}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
