"""Runs the unittest files of a folder and prints "ok - name" for each test.

usage: python3 -m harrier_unittest FOLDER PATTERN

A test's name is its method's name with spaces: test_get_on_an_empty_queue -> "get on an empty
queue", behind the name of its file.
"""

import sys
import time
import unittest


def readable_name(test):
    parts = test.id().split(".")  # file, class, method
    return f"{spaced(parts[0])}: {spaced(parts[-1])}"


def spaced(identifier):
    return identifier.removeprefix("test_").replace("_", " ")


class LineResult(unittest.TestResult):
    """One line for each test; the traceback of a failure follows its line."""

    def startTest(self, test):
        super().startTest(test)
        self._started = time.monotonic()

    def addSuccess(self, test):
        super().addSuccess(test)
        elapsed = time.monotonic() - self._started
        suffix = f" ({elapsed:.1f} s)" if elapsed >= 1 else ""
        print(f"ok - {readable_name(test)}{suffix}", flush=True)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._report(test, self.failures[-1][1])

    def addError(self, test, err):
        super().addError(test, err)
        self._report(test, self.errors[-1][1])

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            failed = issubclass(err[0], test.failureException)
            details = (self.failures if failed else self.errors)[-1][1]
            self._report(test, f"{subtest._subDescription()}\n{details}")

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.errors.append((test, f"skipped: {reason}"))
        self._report(test, f"a test must not be skipped: {reason}")

    def _report(self, test, details):
        print(f"not ok - {readable_name(test)}", flush=True)
        for line in details.rstrip().splitlines():
            print(f"    {line}", flush=True)


def main():
    folder, pattern = sys.argv[1:]
    suite = unittest.defaultTestLoader.discover(folder, pattern, top_level_dir=folder)
    result = LineResult()
    suite.run(result)
    return 0 if result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())
