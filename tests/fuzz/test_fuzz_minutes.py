"""Minutes of real fuzzing, where the fuzzer can be had: the parsers, and a planted fault that it must find."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from fuzz import __main__ as fuzzing
from fuzz.harness import targets

SECONDS_EACH = 2.0

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(
        not fuzzing.has_fuzzer(),
        reason=f"atheris has no wheel for {sys.platform} and Python {sys.version_info[0]}.{sys.version_info[1]}",
    ),
]


@pytest.mark.parametrize("name", targets())
def test_some_seconds_find_nothing(name: str, tmp_path: Path) -> None:
    """A few seconds of new inputs break no promise; `make fuzz` takes minutes, from the corpus of the last time."""
    outcome = fuzzing.fuzz(targets()[name], seconds=SECONDS_EACH, runs=0, corpus=tmp_path, cases=tmp_path / "cases")
    assert outcome.executions > 0
    found = outcome.case
    assert found is None, f"{found.read_bytes().hex()}\n{outcome.told}"


def test_a_planted_fault_is_found(tmp_path: Path) -> None:
    """A parser that breaks its promise for few inputs is caught, and the input is kept."""
    outcome = fuzzing.fuzz(fuzzing.PLANTED, seconds=60, runs=0, corpus=tmp_path, cases=tmp_path / "cases")
    assert outcome.case is not None
    assert outcome.case.read_bytes().startswith(b"CJ")
    assert "BrokenPromiseError" in outcome.told
