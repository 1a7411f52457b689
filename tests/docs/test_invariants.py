"""The numbered sentences of the specification, and the tests that cite them."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NUMBERED = re.compile(r"\*\*([FMI][0-9]+)\*\*")
CITED = re.compile(r"\b[FMI][0-9]+\b")
EXAMPLES = {"format.md": "F1", "membership.md": "M1", "sync.md": "I1"}


def test_every_invariant_of_the_specification_is_cited_by_a_test() -> None:
    """What the specification promises by number, some test names; a test names no number that is not there."""
    promised = [number for page in pages() for number in numbers_of(page)]
    assert sorted(promised) == sorted(set(promised))
    assert len(promised) > 30
    cited = citations()
    assert sorted(set(promised) - cited.keys()) == []
    assert sorted(cited.keys() - set(promised)) == []


def pages() -> list[Path]:
    """Return the pages of the specification."""
    return [page for page in sorted((ROOT / "docs" / "spec").glob("*.md")) if page.name in EXAMPLES]


def numbers_of(page: Path) -> list[str]:
    """Return the numbers that a page gives to sentences; the one that explains the marking does not count."""
    text = page.read_text(encoding="utf-8")
    explained = f"in bold (**{EXAMPLES[page.name]}**)"
    assert explained in " ".join(text.split())
    return NUMBERED.findall(" ".join(text.split()).replace(explained, ""))


def citations() -> dict[str, str]:
    """Return the numbers that docstrings of tests cite, each with a test that does."""
    found: dict[str, str] = {}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        if path.name == Path(__file__).name:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                for number in CITED.findall(ast.get_docstring(node) or ""):
                    found[number] = f"{path.name}::{node.name}"
    return found
