"""Minutes of real fuzzing, where the fuzzer can be had: the parsers, and a planted fault that it must find."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from fuzz import __main__ as fuzzing
from fuzz.harness import targets
from fuzz.nursery import PLANTED, Nursery

SECONDS_EACH = 1.0  # the fuzzer counts whole seconds, and ends with the second one

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(
        not fuzzing.has_fuzzer(),
        reason=f"atheris has no wheel for {sys.platform} and Python {sys.version_info[0]}.{sys.version_info[1]}",
    ),
]


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    """Give the process that runs are forked from."""
    with Nursery(targets()) as prepared:
        yield prepared


@pytest.mark.parametrize("name", targets())
def test_some_seconds_find_nothing(nursery: Nursery, name: str, tmp_path: Path) -> None:
    """A few seconds of new inputs break no promise; `make fuzz` takes minutes, from the corpus of the last time."""
    outcome = fuzzing.fuzz(
        targets()[name], nursery, seconds=SECONDS_EACH, runs=0, corpus=tmp_path, cases=tmp_path / "cases"
    )
    assert outcome.executions > 0
    found = outcome.case
    assert found is None, f"{found.read_bytes().hex()}\n{outcome.told}"


def test_a_planted_fault_is_found(nursery: Nursery, tmp_path: Path) -> None:
    """A parser that breaks its promise for few inputs is caught, and the input is kept."""
    outcome = fuzzing.fuzz(PLANTED, nursery, seconds=60, runs=0, corpus=tmp_path, cases=tmp_path / "cases")
    assert outcome.case is not None
    assert outcome.case.read_bytes().startswith(b"CJ")
    assert "BrokenPromiseError" in outcome.told
