#!/usr/bin/python3
"""Tests lint.py: a tree that keeps every rule passes, and breaking one rule is found by its name."""

import tempfile
import unittest
from pathlib import Path

import layers
import lint

HEADER = "#pragma once\n#include <vector>\n"

GOOD_TREE = {
    "include/harrier/options.h": HEADER,
    "src/base/result.h": HEADER + '#include "harrier/options.h"\n#include <tsl/robin_map.h>\n',
    "src/base/log.cc": "#include <spdlog/spdlog.h>\n",
    "src/amqp/frame.h": HEADER + '#include "base/result.h"\n',
    "src/auth/password_hash.cc": "#include <openssl/evp.h>\n",
    "src/broker/queue.h": HEADER + '#include "amqp/frame.h"\n#include "base/result.h"\n',
    "src/broker/queue.cc": '#include "broker/queue.h"\n'
                           "// std::mutex and steady_clock::now() are only talked about here.\n"
                           'const char* kText = "std::thread";\n'
                           "const char kQuote = '\"';\n",
    "src/session/channel.cc": '#include "broker/queue.h"\n',
    "src/server/listener.cc": "#include <asio.hpp>\n#include <sys/socket.h>\n#include <mutex>\n",
    "src/broker/CMakeLists.txt": "harrier_layer(NAME broker\n  DEPS base auth amqp)\n",
    "src/auth/CMakeLists.txt": "harrier_layer(NAME auth DEPS base THIRD_PARTY openssl)\n",
    "docs/README.md": "[up](../README.md#top) [web](https://example.org/x) `[no](link.md)`\n"
                      "```\n[neither](is-this.md)\n```\n",
    "README.md": "[docs](docs/)\n",
}


class LintTest(unittest.TestCase):
    def findings(self, changes):
        """(rule, path) of each finding in the good tree with these files changed."""
        with tempfile.TemporaryDirectory() as folder:
            for name, text in {**GOOD_TREE, **changes}.items():
                path = Path(folder, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
            return {(rule, name) for name, _, rule, _ in lint.Lint(folder).run()}

    def expect(self, rule, name, text):
        self.assertEqual(self.findings({name: text}), {(rule, name)})

    def test_good_tree_passes(self):
        self.assertEqual(self.findings({}), set())

    def test_include_of_a_higher_layer(self):
        self.expect("layer", "src/amqp/up.cc", '#include "broker/queue.h"\n')

    def test_include_of_a_layer_beside(self):
        self.expect("layer", "src/auth/beside.cc", '#include "amqp/frame.h"\n')

    def test_public_header_includes_a_layer(self):
        self.expect("layer", "include/harrier/server.h", '#include "base/result.h"\n')

    def test_own_header_in_angle_brackets(self):
        self.expect("layer", "src/amqp/angle.cc", "#include <base/result.h>\n")

    def test_include_without_its_layer(self):
        self.expect("layer", "src/base/bare.cc", '#include "result.h"\n')

    def test_folder_without_a_row(self):
        self.assertIn(("layer", "src/common"), self.findings({"src/common/x.h": HEADER}))

    def test_missing_header(self):
        self.expect("missing-header", "src/base/x.cc", '#include "base/nothing.h"\n')

    def test_cycle_of_headers(self):
        found = self.findings({"src/base/a.h": '#include "base/b.h"\n',
                               "src/base/b.h": '#include "base/a.h"\n'})
        self.assertEqual(found, {("cycle", "src/base/a.h")})

    def test_cycle_of_layers(self):
        self.assertEqual(lint.cycles({"a": ["b"], "b": ["c"], "c": ["b"]}), [["b", "c", "b"]])
        self.assertEqual(lint.cycles(layers.LAYERS), [])

    def test_cmake_differs_from_the_table(self):
        self.expect("cmake", "src/broker/CMakeLists.txt",
                    "harrier_layer(NAME broker DEPS base amqp session THIRD_PARTY x)\n")

    def test_third_party_outside_its_row(self):
        rows = {"amqp": "asio.hpp", "broker": "openssl/evp.h", "server": "yaml-cpp/yaml.h",
                "auth": "spdlog/spdlog.h", "base": "prometheus/registry.h",
                "session": "CLI/CLI.hpp", "config": "boost/beast.hpp"}
        for layer, header in rows.items():
            with self.subTest(header=header):
                self.expect("third-party", f"src/{layer}/x.cc", f"#include <{header}>\n")

    def test_spdlog_in_base_but_not_in_log(self):
        self.expect("third-party", "src/base/result.cc", "#include <spdlog/spdlog.h>\n")

    def test_public_header_includes_more_than_the_standard_library(self):
        for header in ("asio.hpp", "tsl/robin_map.h", "unistd.h"):
            with self.subTest(header=header):
                self.expect("third-party", "include/harrier/x.h", f"#include <{header}>\n")

    def test_unknown_library(self):
        self.expect("unknown-header", "src/app/x.cc", "#include <lzma.h>\n")

    def test_impure_headers(self):
        for header in ("thread", "mutex", "iostream", "shared_mutex", "unistd.h", "sys/socket.h"):
            for layer in ("amqp", "broker", "session"):
                with self.subTest(header=header, layer=layer):
                    self.expect("pure", f"src/{layer}/x.cc", f"#include <{header}>\n")

    def test_impure_code(self):
        for code in ("std::chrono::steady_clock::now();", "base::Clock::now();",
                     "std::random_device device;", "std::thread t;", "std::mutex m;",
                     "std::cout << 1;", "asio::post(x);", "getenv(name);"):
            with self.subTest(code=code):
                self.expect("pure", "src/broker/x.cc", code + "\n")

    def test_names(self):
        self.expect("name", "src/broker/queue_manager.h", HEADER)
        self.expect("name", "src/broker/x.h", "class QueueUtil final {\n};\n")

    def test_file_length(self):
        self.expect("file-length", "src/base/x.cc", "\n" * 601)
        self.expect("file-length", "src/base/x.h", "\n" * 301)
        self.expect("file-length", "tests/unit/base/x_test.cc", "\n" * 801)

    def test_line_length(self):
        self.expect("line-length", "src/base/x.cc", "// " + "x" * 98 + "\n")

    def test_function_length(self):
        body = "void f() {\n" + "  g();\n" * 70 + "}\n"
        self.expect("function-length", "src/base/x.cc", "namespace a {\n" + body + "}  // a\n")
        table = "const int k[] = {\n" + "  1,\n" * 90 + "};\n"
        self.assertEqual(self.findings({"src/base/x.cc": table}), set())

    def test_broken_link(self):
        self.expect("link", "docs/README.md", "[gone](gone.md)\n")

    def test_exceptions(self):
        long_line = {"src/base/x.cc": "// " + "x" * 98 + "\n"}
        listed = "tests/lint/exceptions.txt"
        excused = {listed: "# comment\nline-length src/base/x.cc a table reads better unbroken\n"}
        self.assertEqual(self.findings({**long_line, **excused}), set())
        self.assertEqual(self.findings(excused), {("exception", listed)})
        self.assertIn(("exception", listed),
                      self.findings({**long_line, listed: "line-length src/base/x.cc\n"}))


if __name__ == "__main__":
    unittest.main()
