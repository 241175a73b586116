#!/usr/bin/python3
"""A compiler cache gives back only what still fits, with cmake/HarrierCompile.cmake as it is."""

import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

PROJECT = f"""
cmake_minimum_required(VERSION 3.25)
project(cached LANGUAGES CXX)
set(HARRIER_CCACHE ON)
set(HARRIER_PCH ON)
include("{ROOT}/cmake/HarrierCompile.cmake")
add_library(cached OBJECT user.cc other.cc)
target_include_directories(cached PRIVATE "${{CMAKE_SOURCE_DIR}}")
target_precompile_headers(cached PRIVATE <once.h>)
set_target_properties(cached PROPERTIES UNITY_BUILD ON)
"""


class CompilerCache(unittest.TestCase):
    def setUp(self):
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        self.tree = Path(place.name) / "tree"
        self.tree.mkdir()
        self.environment = {name: value for name, value in os.environ.items()
                            if not name.startswith("CCACHE_")}
        self.environment["CCACHE_DIR"] = str(Path(place.name) / "cache")
        self.write("CMakeLists.txt", PROJECT)
        self.write("other.cc", '#include "once.h"\nint other(Once) { return 0; }\n')

    def write(self, name, text):
        (self.tree / name).write_text(text, encoding="utf-8")

    def run_here(self, *command):
        made = subprocess.run(command, cwd=self.tree, env=self.environment, text=True,
                              capture_output=True, check=False)
        self.assertEqual(0, made.returncode, made.stdout + made.stderr)
        return made.stdout

    def build(self, remark, number):
        self.write("once.h", f"// {remark}\n#pragma once\nclass Once {{}};\n")
        self.write("user.cc", f'#include "once.h"\nint user(Once) {{ return {number}; }}\n')
        shutil.rmtree(self.tree / "build", ignore_errors=True)
        self.run_here("cmake", "-G", "Ninja", "-S", ".", "-B", "build")
        self.run_here("cmake", "--build", "build")

    def hits_and_misses(self):
        counted = {name: int(count) for name, count in
                   (line.split("\t") for line in
                    self.run_here("ccache", "--print-stats").splitlines())}
        return (counted["direct_cache_hit"] + counted["preprocessed_cache_hit"],
                counted["cache_miss"])

    def test_a_remark_changed_in_a_precompiled_header_leaves_pragma_once_in_force(self):
        self.build("A remark.", 1)
        self.build("Other words.", 2)

    def test_a_second_build_from_nothing_compiles_nothing(self):
        self.build("A remark.", 1)
        self.run_here("ccache", "--zero-stats")
        self.build("A remark.", 1)
        self.assertEqual((2, 0), self.hits_and_misses())

    def test_another_clone_compiles_nothing(self):
        self.build("A remark.", 1)
        self.run_here("ccache", "--zero-stats")
        self.tree = self.tree.rename(self.tree.with_name("clone"))
        self.build("A remark.", 1)
        self.assertEqual((2, 0), self.hits_and_misses())


if __name__ == "__main__":
    unittest.main()
