"""The list of faults is whole: each row of the specification has tests of its number, and the page names them all."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import pytest

HERE: Final = Path(__file__).resolve().parent
DOCS: Final = HERE.parents[1] / "docs"
NUMBERS: Final = range(1, 40 + 1)
_NUMBERED: Final = re.compile(r"test_fault_((?:\d\d_)+)[a-z]")
_ROW: Final = re.compile(r"^\| (\d+) \| (.+) \|$", re.MULTILINE)


def numbers_of(name: str) -> set[int]:
    """Return the faults that a test's name says it plants."""
    found = _NUMBERED.match(name)
    return set(map(int, found[1].rstrip("_").split("_"))) if found else set()


def planted_by_number(sources: Iterable[str]) -> dict[int, set[str]]:
    """Return the names of the tests of each fault in these modules; a test that asserts nothing plants nothing."""
    found: dict[int, set[str]] = {}
    for source in sources:
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.FunctionDef) and any(isinstance(one, ast.Assert) for one in ast.walk(node)):
                for number in numbers_of(node.name):
                    found.setdefault(number, set()).add(node.name)
    return found


def rows_of(page: str) -> dict[int, list[str]]:
    """Return the cells of each numbered row behind its number."""
    found: dict[int, list[str]] = {}
    for number, rest in _ROW.findall(page):
        assert int(number) not in found, number
        found[int(number)] = [cell.strip() for cell in rest.split(" | ")]
    return found


TESTS: Final = planted_by_number(path.read_text("utf-8") for path in HERE.glob("test_*.py"))
ROWS: Final = rows_of((DOCS / "explanation" / "faults.md").read_text("utf-8"))
SPEC: Final = rows_of((DOCS / "spec" / "sync.md").read_text("utf-8").partition("## 8. ")[2])


@pytest.mark.parametrize("number", NUMBERS)
def test_every_fault_has_its_tests_and_its_row(number: int) -> None:
    """Each fault is planted by tests of its number, and its row names exactly those, beside the words of the spec."""
    what, where, tests = ROWS[number]
    assert set(re.findall(r"`(test_\w+)`", tests)) == TESTS[number]
    assert what == SPEC[number][0]
    assert where
    assert all(SPEC[number])


def test_no_fault_lies_beyond_the_list() -> None:
    """The list is closed: no test and no row has a number that it does not know."""
    assert set(TESTS) == set(ROWS) == set(SPEC) == set(NUMBERS)


@pytest.mark.parametrize(
    ("name", "numbers"),
    [("test_fault_04_05_x", {4, 5}), ("test_fault_1_y", set()), ("test_fault_12_z", {12}), ("test_x", set())],
)
def test_names_carry_their_numbers(name: str, numbers: set[int]) -> None:
    """A name carries its numbers, of two digits each, behind its first words."""
    assert numbers_of(name) == numbers


def test_a_test_that_asserts_nothing_plants_nothing() -> None:
    """What asserts nothing does not count."""
    assert planted_by_number(["def test_fault_09_x():\n    print(1)\n"]) == {}
