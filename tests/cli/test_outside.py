from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from couplejournal.cli.outside import ENGLISH, GERMAN, help_outside

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(("language", "begins"), [("en_GB.UTF-8", "If you are"), ("de_AT.UTF-8", "Wenn du"), ("C", "If you are"), ("ja_JP.UTF-8", "If you are")])  # fmt: skip  # noqa: E501
def test_it_says_where_help_is_and_keeps_nothing(tmp_path: Path, language: str, begins: str) -> None:
    """In the terminal's language or in English; no home is made or opened, and no file is written anywhere."""
    env = {"LC_ALL": language, "HOME": str(tmp_path), "COUPLEJOURNAL_HOME": str(tmp_path / "home")}
    result = CliRunner().invoke(help_outside, env=env)
    assert result.exit_code == 0
    assert result.output.startswith(begins)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", [ENGLISH, GERMAN])
def test_it_names_no_number_and_no_country(text: str) -> None:
    """A hotline of one country would be wrong in all the others, and an address would go stale."""
    assert not re.search(r"\d|https?:|www\.", text)
    assert len(ENGLISH.strip().split("\n\n")) == len(GERMAN.strip().split("\n\n"))


@pytest.mark.parametrize("text", [ENGLISH, GERMAN])
def test_it_says_what_matters(text: str) -> None:
    """That it is no fault of theirs, that devices are watched, that exercises do not help here, and how to leave."""
    for words in ("fault|Schuld", "device|Gerät", "time-outs|Auszeiten", "couplejournal leave", "nothing|nichts"):
        assert re.search(words, " ".join(text.split())), words
