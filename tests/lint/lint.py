#!/usr/bin/python3
"""lint.py ROOT: checks the tree under ROOT against layers.py, the size limits and its documents.

Prints one line for each finding, `path:line: rule: what`, and exits 1 if there are any. Exceptions
stand in ROOT/tests/lint/exceptions.txt, each with its reason; one that excuses nothing is itself a
finding. Rules: layer, cycle, cmake, third-party, unknown-header, missing-header, pure, name,
file-length, line-length, function-length, link, exception.
"""

import re
import sys
from pathlib import Path

import layers

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
LITERAL_OR_COMMENT = re.compile(
    r'R"([^()\\ ]*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"'
    r"|'(?:\\[^'\n]+|\\'|[^'\\\n])'"
    r"|//[^\n]*|/\*.*?\*/", re.DOTALL)
TYPE_NAME = re.compile(r"^\s*(?:class|struct)\s+(?:\[\[\w+\]\]\s*)?([A-Za-z_]\w*)", re.MULTILINE)
MARKDOWN_LINK = re.compile(r"\[[^\]\[]*\]\(<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\)")
SKIPPED_FOLDERS = {".git", "build", "data", "node_modules"}


class Source:
    """One .h or .cc file: its text, the same without comments and literals, and its includes."""

    def __init__(self, root, path):
        self.name = path.relative_to(root).as_posix()
        self.text = path.read_text(encoding="utf-8", errors="replace")
        self.lines = self.text.splitlines()
        # Line breaks stay, so that a line of `code` is the same line of the file.
        self.code = LITERAL_OR_COMMENT.sub(lambda m: "\n" * m.group(0).count("\n"), self.text)
        self.includes = []
        for number, line in enumerate(self.lines, 1):
            match = INCLUDE.match(line)
            if match:
                self.includes.append((number, match.group(1), match.group(2)))
        parts = self.name.split("/")
        self.top = parts[0]
        self.layer = parts[1] if self.top == "src" and len(parts) > 2 else None
        self.inside = self.name.split("/", 1)[1]  # path as an #include would name it


class Lint:
    def __init__(self, root):
        self.root = Path(root).resolve()
        self.findings = []
        self.sources = []
        for top in ("include", "src", "tests"):
            for path in sorted((self.root / top).rglob("*.[hc]*")):
                if path.suffix in (".h", ".cc") and not self.is_skipped(path):
                    self.sources.append(Source(self.root, path))
        self.product = [s for s in self.sources if s.top != "tests"]

    def is_skipped(self, path):
        return bool(SKIPPED_FOLDERS & set(path.relative_to(self.root).parts))

    def report(self, name, line, rule, what):
        self.findings.append((name, line, rule, what))

    def run(self):
        self.check_folders()
        for source in self.product:
            self.check_includes(source)
            self.check_purity(source)
            self.check_names(source)
        for source in self.sources:
            self.check_size(source)
        self.check_cycles()
        self.check_cmake()
        self.check_links()
        self.apply_exceptions()
        return self.findings

    def check_folders(self):
        for path in sorted((self.root / "src").glob("*")):
            if path.is_dir() and path.name not in layers.LAYERS:
                self.report(f"src/{path.name}", 0, "layer", "no row in the layer table")

    # One #include line: our own, third-party, the system's or the standard library's.
    def check_includes(self, source):
        for line, bracket, header in source.includes:
            if bracket == '"':
                self.check_own_include(source, line, header)
            elif header.split("/")[0] in layers.LAYERS or header.startswith("harrier/"):
                self.report(source.name, line, "layer", f'write "{header}", not <{header}>')
            else:
                self.check_library_include(source, line, header)

    def check_own_include(self, source, line, header):
        folder = header.split("/")[0]
        if folder == "harrier":
            known = (self.root / "include" / header).is_file()
            allowed = True
        else:
            known = (self.root / "src" / header).is_file()
            allowed = source.layer is not None and (
                folder == source.layer or folder in layers.LAYERS.get(source.layer, []))
        if folder != "harrier" and folder not in layers.LAYERS:
            self.report(source.name, line, "layer",
                        f'"{header}" does not start with a layer: "<layer>/<file>.h"')
        elif not allowed:
            self.report(source.name, line, "layer",
                        f"{source.layer or 'include/harrier'} may not include {folder} ({header})")
        elif not known:
            self.report(source.name, line, "missing-header", f"{header} does not exist")

    def check_library_include(self, source, line, header):
        if "/" not in header and "." not in header:
            if source.layer in layers.PURE_LAYERS and header in layers.IMPURE_STANDARD_HEADERS:
                self.report(source.name, line, "pure", f"<{header}> in {source.layer}")
            return
        if header in layers.SYSTEM_HEADERS or header.startswith(layers.SYSTEM_PREFIXES):
            if source.layer in layers.PURE_LAYERS:
                self.report(source.name, line, "pure", f"<{header}> in {source.layer}")
            elif source.layer is None:
                self.report(source.name, line, "third-party", f"<{header}> in include/harrier")
            return
        for prefix, places in layers.THIRD_PARTY:
            if header.startswith(prefix):
                # include/harrier/ (no layer) includes the standard library only.
                if source.layer is None or not any(source.inside.startswith(p) for p in places):
                    self.report(source.name, line, "third-party", f"<{header}> outside its row")
                return
        self.report(source.name, line, "unknown-header", f"<{header}>: no row in layers.py")

    def check_purity(self, source):
        if source.layer not in layers.PURE_LAYERS:
            return
        for what, pattern in layers.IMPURE_CODE:
            for match in re.finditer(pattern, source.code):
                line = source.code.count("\n", 0, match.start()) + 1
                self.report(source.name, line, "pure",
                            f"{what} in {source.layer}: {match.group(0)}")

    def check_names(self, source):
        stem = source.name.rsplit("/", 1)[1].split(".")[0]
        self.check_words(source.name, 0, stem.split("_"), stem)
        for match in TYPE_NAME.finditer(source.code):
            line = source.code.count("\n", 0, match.start(1)) + 1
            words = re.findall(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])", match.group(1))
            self.check_words(source.name, line, words, match.group(1))

    def check_words(self, name, line, words, whole):
        for word in words:
            if word.lower() in layers.BANNED_WORDS:
                self.report(name, line, "name",
                            f"{word} in {whole}: {layers.BANNED_WORDS[word.lower()]}")

    def check_size(self, source):
        limit = layers.LINES_MAX[Path(source.name).suffix]
        if source.top == "tests":
            limit = layers.TEST_LINES_MAX
        if len(source.lines) > limit:
            self.report(source.name, 0, "file-length", f"{len(source.lines)} lines, limit {limit}")
        for number, line in enumerate(source.lines, 1):
            if len(line) > layers.COLUMNS_MAX:
                self.report(source.name, number, "line-length",
                            f"{len(line)} columns, limit {layers.COLUMNS_MAX}")
        if source.top != "tests":
            self.check_function_length(source)

    # In clang-format's layout a function outside a class ends with a lone `}` in the first column;
    # classes and tables end with `};`, namespaces with a comment.
    def check_function_length(self, source):
        start = None
        for number, line in enumerate(source.lines, 1):
            if line and not line[0].isspace() and line.rstrip().endswith("{"):
                start = None if line.startswith("namespace") else number
            elif line.startswith("};"):
                start = None
            elif line.rstrip() == "}" and start is not None:
                length = number - start + 1
                if length > layers.FUNCTION_LINES_MAX:
                    self.report(source.name, start, "function-length",
                                f"{length} lines, limit {layers.FUNCTION_LINES_MAX}")
                start = None

    # The table itself first, then the files: a header that reaches itself.
    def check_cycles(self):
        for cycle in cycles(layers.LAYERS):
            self.report("tests/lint/layers.py", 0, "cycle", " -> ".join(cycle))
        graph = {s.inside: [h for _, bracket, h in s.includes if bracket == '"']
                 for s in self.product}
        for cycle in cycles(graph):
            top = "include" if cycle[0].startswith("harrier/") else "src"
            self.report(f"{top}/{cycle[0]}", 0, "cycle", " -> ".join(cycle))

    def check_cmake(self):
        for layer, allowed in layers.LAYERS.items():
            path = self.root / "src" / layer / "CMakeLists.txt"
            if not path.is_file():
                continue
            call = re.search(r"harrier_layer\(([^)]*)\)", path.read_text(encoding="utf-8"))
            words = call.group(1).split() if call else []
            deps = words[words.index("DEPS") + 1:] if "DEPS" in words else []
            end = next((i for i, w in enumerate(deps) if w.isupper()), len(deps))
            if sorted(deps[:end]) != sorted(allowed):
                self.report(f"src/{layer}/CMakeLists.txt", 0, "cmake",
                            f"DEPS {' '.join(deps[:end])}, the layer table says "
                            f"{' '.join(allowed) or 'none'}")

    # Relative links of every document: the file or folder must exist.
    def check_links(self):
        for path in sorted(self.root.rglob("*.md")):
            if self.is_skipped(path):
                continue
            name = path.relative_to(self.root)
            fenced = False
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
                if line.lstrip().startswith("```"):
                    fenced = not fenced
                if fenced:
                    continue
                for target in MARKDOWN_LINK.findall(re.sub(r"`[^`]*`", "", line)):
                    target = target.split("#")[0]
                    if not target or re.match(r"[a-z][a-z0-9+.-]*:", target):
                        continue
                    if not (path.parent / target).exists():
                        self.report(name.as_posix(), number, "link", f"{target} does not exist")

    # exceptions.txt: `rule path reason`, one a line; `#` starts a comment line.
    def apply_exceptions(self):
        name = "tests/lint/exceptions.txt"
        path = self.root / name
        lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
        for number, line in enumerate(lines, 1):
            if not line.strip() or line.startswith("#"):
                continue
            words = line.split(None, 2)
            if len(words) < 3:
                self.report(name, number, "exception", "write: rule path reason")
                continue
            rest = [f for f in self.findings if (f[2], f[0]) != (words[0], words[1])]
            if len(rest) == len(self.findings):
                self.report(name, number, "exception", f"excuses nothing: {line}")
            else:
                self.findings = rest


def cycles(graph):
    """The cycles met by a depth-first walk, each as a list that ends where it begins."""
    found, done = [], set()

    def visit(node, trail):
        if node in trail:
            found.append(trail[trail.index(node):] + [node])
        elif node not in done:
            for neighbour in graph.get(node, []):
                visit(neighbour, trail + [node])
            done.add(node)

    for node in sorted(graph):
        visit(node, [])
    return found


def main(arguments):
    if len(arguments) != 1:
        sys.exit("usage: lint.py ROOT")
    findings = Lint(arguments[0]).run()
    for name, line, rule, what in sorted(findings):
        print(f"{name}:{line}: {rule}: {what}")
    print(f"lint: {len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
