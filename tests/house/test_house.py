"""Size, names, docstrings, and what may not stand anywhere in the tree."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from house.tree import CHECKOUT, SHIPPED, files, parsed, python

FILE_LIMIT_LINES = 400
FUNCTION_LIMIT_LINES = 50
VAGUE = {"utils", "util", "helpers", "helper", "common", "base", "manager", "managers", "core", "misc"}

# Put together here, so that this file does not hold what it looks for. Ana and Ben live in every example.
REGISTRIES = [
    "py" + "pi.",
    "python" + "hosted",
    "npm" + "js",
    "registry." + "npm",
    "deb." + "debian",
    "proxy." + "golang",
    "crates" + ".io",
]
UNWANTED = re.compile(
    "|".join(
        [
            *map(re.escape, REGISTRIES),
            r"(?<![\w.~$}])/(?:home|Users)/(?!(?:ana|ben)\b)\w",
            r"(?<![\w.~$}])/(?:work|root)/\w",
        ]
    ),
    re.IGNORECASE,
)


def long_files(root: Path) -> list[str]:
    """List the shipped Python files beyond the limit."""
    counted = [(path, len(path.read_text("utf-8").splitlines())) for path in files(root, *SHIPPED, suffix=".py")]
    return [f"{path.relative_to(root)}: {lines} lines" for path, lines in counted if lines > FILE_LIMIT_LINES]


def long_functions(root: Path) -> list[str]:
    """List the shipped functions that are not under the limit, their docstring included."""
    return [
        f"{name}:{node.lineno}: {node.name} has {lines} lines"
        for name, module in python(root, *SHIPPED)
        for node in ast.walk(module)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (lines := (node.end_lineno or node.lineno) - node.lineno + 1) >= FUNCTION_LIMIT_LINES
    ]


def vague_names(root: Path) -> list[str]:
    """List the modules and folders that are named after nothing."""
    found = {
        "/".join(parts[: number + 1])
        for path in files(root, *SHIPPED, "tests", "examples", "tools")
        for parts in [path.relative_to(root).parts]
        for number, part in enumerate(parts)
        if part.partition(".")[0] in VAGUE
    }
    return sorted(found)


def silent_tests(root: Path) -> list[str]:
    """List the test functions without a line that names the behaviour."""
    return [
        f"{name}:{node.lineno}: {node.name}"
        for name, module in python(root, "tests")
        if name.rpartition("/")[2].startswith("test_")
        for node in ast.walk(module)
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_") and not ast.get_docstring(node)
    ]


def unwanted_words(root: Path) -> list[str]:
    """List the lines that name a package registry or a place on somebody's machine."""
    found: list[str] = []
    for path in files(root):
        try:
            lines = path.read_text("utf-8").splitlines()
        except UnicodeDecodeError:
            continue
        found += [f"{path.relative_to(root)}:{number}" for number, line in enumerate(lines, 1) if UNWANTED.search(line)]
    return found


def unreadable_files(root: Path) -> list[str]:
    """List the Python files that Python 3.11 cannot read."""
    found: list[str] = []
    for path in files(root, suffix=".py"):
        try:
            parsed(path)
        except SyntaxError as error:
            found.append(f"{path.relative_to(root)}:{error.lineno}: {error.msg}")
    return found


Rule = Callable[[Path], list[str]]
RULES: list[tuple[Rule, str, str, str]] = [
    (long_files, "couplejournal/a.py", "x = 1\n" * 401, "couplejournal/a.py: 401 lines"),
    (long_functions, "plugins/b/c.py", "def f():\n" + "    x = 1\n" * 49, "plugins/b/c.py:1: f has 50 lines"),
    (vague_names, "couplejournal/utils.py", "", "couplejournal/utils.py"),
    (silent_tests, "tests/unit/test_x.py", "class A:\n    def test_y(self): ...\n", "tests/unit/test_x.py:2: test_y"),
    (unwanted_words, "docs/a.md", "see /ho" + "me/carl/x\n", "docs/a.md:1"),
    (unreadable_files, "examples/a.py", "def f[T](x: T) -> T: ...\n", "examples/a.py:1: "),
]
IDS = [rule.__name__ for rule, *_ in RULES]


@pytest.mark.parametrize("rule", [rule for rule, *_ in RULES], ids=IDS)
def test_checkout_keeps(rule: Rule) -> None:
    """The checkout breaks no rule of the house."""
    assert rule(CHECKOUT) == []


@pytest.mark.parametrize(("rule", "name", "text", "fault"), RULES, ids=IDS)
def test_rule_bites(rule: Rule, name: str, text: str, fault: str, tmp_path: Path) -> None:
    """A planted fault is found by its rule, and an empty tree has none."""
    assert rule(tmp_path) == []
    (tmp_path / name).parent.mkdir(parents=True)
    (tmp_path / name).write_text(text, "utf-8")
    [found] = rule(tmp_path)
    assert found.startswith(fault)


@pytest.mark.parametrize("word", [*REGISTRIES, "x=/ro" + "ot/y", "'/wo" + "rk/z'", "/Us" + "ers/carl"])
def test_unwanted_words_are_seen(word: str) -> None:
    """Each registry and each home of a machine is recognised."""
    assert UNWANTED.search(word)


@pytest.mark.parametrize(
    "word", ["~/home/us", "our home/work/life", "$HOME/root/x", "/home/ana/ours", "https://example.org/"]
)
def test_innocent_words_pass(word: str) -> None:
    """Relative paths and plain words are let through."""
    assert not UNWANTED.search(word)
