#!/usr/bin/python3
"""elf_test.py PROGRAM: the hardening of a build for users, read from the program with readelf.

A flag that got lost shows here: position-independent, read-only relocations bound at the start,
no executable stack, stack protectors, large stack frames probed page by page, checked calls of the
C library, and marks where indirect calls may arrive.
"""

import pathlib
import re
import subprocess
import sys


def readelf(option, program):
    return subprocess.run(["readelf", "-W", option, program], check=True, capture_output=True,
                          text=True).stdout


def findings(program):
    header, segments = readelf("-h", program), readelf("-l", program)
    dynamic, symbols = readelf("-d", program), readelf("--dyn-syms", program)
    if not re.search(r"Type:\s+DYN", header) or "PIE" not in dynamic:
        yield "not position-independent (-fPIE -pie)"
    if "GNU_RELRO" not in segments:
        yield "relocations stay writable (-z relro)"
    if not re.search(r"BIND_NOW|Flags:.*\bNOW\b", dynamic):
        yield "bound lazily, so that relocations stay writable (-z now)"
    stack = re.search(r"GNU_STACK.*", segments)
    if stack is None or re.search(r"RWE", stack.group()):
        yield "the stack is executable (-z noexecstack)"
    if re.search(r"LOAD.*RWE", segments):
        yield "a segment is writable and executable"
    if "__stack_chk_fail" not in symbols:
        yield "no stack protector (-fstack-protector-strong)"
    if not re.search(r"__\w+_chk(@|\s)", symbols):
        yield "no checked calls of the C library (-D_FORTIFY_SOURCE)"
    if "X86-64" in header:
        code = pathlib.Path(program).read_bytes()
        # endbr64, where calls may arrive; libraries that were linked in have none.
        if code.count(b"\xf3\x0f\x1e\xfa") < 1000:
            yield "indirect calls are not marked (-fcf-protection)"
        # orq $0, (%rsp), which nothing else needs.
        if b"\x48\x83\x0c\x24\x00" not in code:
            yield "large stack frames are not probed (-fstack-clash-protection)"
    if re.search(r"RPATH|RUNPATH", dynamic):
        yield "libraries are looked for in a path of its own"


def main(arguments):
    if len(arguments) != 1:
        sys.exit("usage: elf_test.py PROGRAM")
    found = list(findings(arguments[0]))
    for what in found:
        print(f"FAILED {arguments[0]}: {what}")
    print(f"elf: {len(found)} findings")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
