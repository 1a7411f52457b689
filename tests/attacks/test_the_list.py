"""The list of attacks is whole: each number has tests that carry it, and the page in the docs names them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import pytest

HERE: Final = Path(__file__).resolve().parent
PAGE: Final = HERE.parents[1] / "docs" / "explanation" / "attacks.md"
NUMBERS: Final = range(1, 62 + 1)
# What these are aimed at is not built yet: attachments (11, 52, 53), and an export as HTML (a part of 44).
OWED: Final = {11: "attachments", 52: "attachments", 53: "attachments"}
OWED_PARTS: Final = {44: "HTML"}
_NUMBERED: Final = re.compile(r"test_((?:\d+_)+)[a-z]")


def numbers_of(name: str) -> set[int]:
    """Return the attacks that a test's name says it performs."""
    found = _NUMBERED.match(name)
    return set(map(int, found[1].rstrip("_").split("_"))) if found else set()


def performed_by_number(sources: Iterable[str]) -> dict[int, set[str]]:
    """Return the names of the tests of each attack in these modules; an empty test performs nothing."""
    found: dict[int, set[str]] = {}
    for source in sources:
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.FunctionDef) and _performs(node):
                for number in numbers_of(node.name):
                    found.setdefault(number, set()).add(node.name)
    return found


def _performs(node: ast.FunctionDef) -> bool:
    """Return whether a test asserts or expects anything."""
    text = ast.unparse(node)
    return "assert " in text or "raises(" in text or "interleaved(" in text


def rows_of(page: str) -> dict[int, tuple[str, set[str]]]:
    """Return what the page's tables say of each number: the whole row, and the tests in its last cell."""
    found: dict[int, tuple[str, set[str]]] = {}
    for line in page.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| ") and cells[0].isdecimal():
            assert len(cells) == 5, line
            assert all(cells), line
            assert int(cells[0]) not in found, line
            found[int(cells[0])] = line, set(re.findall(r"`(\w+)`", cells[-1]))
    return found


TESTS: Final = performed_by_number(path.read_text("utf-8") for path in HERE.glob("test_*.py"))
ROWS: Final = rows_of(PAGE.read_text("utf-8"))


@pytest.mark.parametrize("number", NUMBERS)
def test_every_number_has_a_test(number: int) -> None:
    """Each of the sixty-two attacks is performed by a test of its number, unless it is owed and has none."""
    assert bool(TESTS.get(number)) is (number not in OWED)


@pytest.mark.parametrize("number", NUMBERS)
def test_every_number_has_a_row_that_names_its_tests(number: int) -> None:
    """Each row of the page names tests that are there and carry its number, or says that they are owed."""
    line, named = ROWS[number]
    if number in OWED:
        assert not named
        assert line.rstrip("| ").endswith("owed")
        assert OWED[number] in line
    else:
        assert named, line
        assert named <= TESTS[number]
    if number in OWED_PARTS:
        assert OWED_PARTS[number] in PAGE.read_text("utf-8")


def test_no_number_lies_beyond_the_list() -> None:
    """The list is closed: no test and no row has a number that it does not know."""
    assert set(TESTS) | set(OWED) == set(ROWS) == set(NUMBERS)


@pytest.mark.parametrize(
    ("name", "numbers"),
    [("test_4_36_x", {4, 36}), ("test_1_y", {1}), ("test_x_1", set()), ("test_no", set()), ("test_60_at_length", {60})],
)
def test_names_carry_their_numbers(name: str, numbers: set[int]) -> None:
    """A name may carry several numbers, at its beginning alone."""
    assert numbers_of(name) == numbers


def test_an_empty_test_performs_nothing() -> None:
    """What asserts nothing does not count."""
    assert performed_by_number(["def test_9_x():\n    print(1)\ndef test_8_y():\n    assert 1\n"]) == {8: {"test_8_y"}}
