"""What the rules of the house see: the files of a checkout, and each rule as a function that lists what breaks it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
SHIPPED = ("couplejournal", "plugins")
LEFT_BY_TOOLS = {".git", "__pycache__", "dist", "build", ".hypothesis", ".mypy_cache", ".pytest_cache", ".ruff_cache"}
LEFT_BY_TOOLS |= {".demo", ".import_linter_cache"}


def files(root: Path, *folders: str, suffix: str = "") -> list[Path]:
    """Return the files below these folders of ``root`` (none: all), links and what tools leave behind apart."""
    found: list[Path] = []
    waiting = [root / folder for folder in folders] or [root]
    while waiting:
        for path in waiting.pop().glob("*"):
            if path.is_symlink() or path.name in LEFT_BY_TOOLS or path.name.startswith(".venv"):
                continue
            if path.is_dir():
                waiting.append(path)
            elif path.name.endswith(suffix):
                found.append(path)
    return sorted(found)


@cache
def parsed(path: Path) -> ast.Module:
    """Return the syntax tree as Python 3.11 reads it.

    Raises:
        SyntaxError: Python 3.11 cannot read it.
    """
    return ast.parse(path.read_text("utf-8"), str(path), feature_version=(3, 11))


def python(root: Path, *folders: str) -> Iterator[tuple[str, ast.Module]]:
    """Yield the name and the syntax tree of each Python file."""
    for path in files(root, *folders, suffix=".py"):
        yield path.relative_to(root).as_posix(), parsed(path)


def dotted(node: ast.expr) -> str:
    """Return ``a.b.c`` for names and attributes of names; ``?.c`` for an attribute of anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return "?"
