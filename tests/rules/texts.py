"""Every text that a person reads, from wherever it is written: packs, decks, results, and the command line."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[2]
PLUGINS = ROOT / "plugins"
CLI = ROOT / "couplejournal" / "cli"


class Text(NamedTuple):
    """A text, its language, and the file that it is in."""

    where: str
    language: str
    text: str


def every_text() -> list[Text]:
    """Return all texts of all bundled plugins in both languages, and the sentences of the command line."""
    found = [text for path in sorted(PLUGINS.rglob("*.toml")) for text in _of_pack(path)]
    for folder in (PLUGINS, CLI):
        found += [text for path in sorted(folder.rglob("*.py")) for text in sentences(path.read_text("utf-8"), path)]
    return found


def _of_pack(path: Path) -> Iterator[Text]:
    """Yield the texts of a pack: those by language, and the English ones of a manifest."""
    where = str(path.relative_to(ROOT))
    waiting: list[tuple[Any, str]] = [(tomllib.loads(path.read_text("utf-8")), "en")]
    while waiting:
        value, language = waiting.pop()
        if isinstance(value, str):
            if " " in value:
                yield Text(where, language, value)
        elif isinstance(value, list):
            waiting += [(item, language) for item in value]
        elif isinstance(value, dict):
            waiting += [(item, name if name in {"en", "de"} else language) for name, item in value.items()]


def sentences(source: str, path: Path) -> Iterator[Text]:
    """Yield the strings of a module that are sentences, without the docstrings of what nobody calls as a command."""
    tree = ast.parse(source)
    where = str(path.relative_to(ROOT))
    documented = (one for one in ast.walk(tree) if isinstance(one, (ast.Module, ast.ClassDef, ast.FunctionDef)))
    silent = {id(_docstring(one)) for one in documented if _is_silent(one)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in silent:
            text = " ".join(node.value.split())
            if " " in text:
                yield Text(where, "en", text)


def _docstring(node: ast.Module | ast.ClassDef | ast.FunctionDef) -> ast.expr:
    """Return the first expression of a part that has a docstring."""
    first = node.body[0]
    assert isinstance(first, ast.Expr)
    return first.value


def _is_silent(node: ast.Module | ast.ClassDef | ast.FunctionDef) -> bool:
    """Return whether something has a docstring that is for programmers; that of a command is its help."""
    is_command = isinstance(node, ast.FunctionDef) and any("command" in ast.dump(one) for one in node.decorator_list)
    return ast.get_docstring(node) is not None and not is_command
