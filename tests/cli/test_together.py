"""What both sides of a pairing see: words, the square code, waiting."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import segno
from cli.conftest import CommandLine, Terminal

from couplejournal.cli import together
from couplejournal.errors import DriveError, PairingError, StoreError

WORDS = (
    "river",
    "apple",
    "stone",
    "winter",
    "garden",
    "music",
    "doctor",
    "silver",
    "paper",
    "orange",
    "candy",
    "table",
)


class Shown(io.BytesIO):
    """Bytes that can still be read when the stream over them is gone."""

    def close(self) -> None:
        pass


def as_terminal(monkeypatch: pytest.MonkeyPatch, *, columns: str = "80", encoding: str = "utf-8") -> Shown:
    """Make stdout a terminal without colours, and return what it gets to show."""
    shown = Shown()
    monkeypatch.setattr(sys, "stdout", Terminal(shown, encoding=encoding, write_through=True))
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", columns)
    return shown


def test_the_square_code_says_the_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """The half blocks are those of the words' QR code, light squares drawn, with a light border."""
    terminal = as_terminal(monkeypatch)
    together.print_code(WORDS)
    lines = terminal.getvalue().decode().splitlines()
    halves = {"█": (0, 0), "▀": (0, 1), "▄": (1, 0), " ": (1, 1)}
    rows = [[halves[letter][part] for letter in line] for line in lines for part in (0, 1)]
    code = segno.make(" ".join(WORDS).upper(), error="l", micro=False)
    expected = [list(row) for row in code.matrix_iter(border=2)]
    assert rows[: len(expected)] == expected
    assert len(lines) <= 18


@pytest.mark.parametrize(("columns", "encoding"), [("30", "utf-8"), ("80", "ascii")])
def test_no_square_code_where_it_could_not_be_read(
    columns: str, encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A narrow terminal, or one without the letters, gets the words alone."""
    terminal = as_terminal(monkeypatch, columns=columns, encoding=encoding)
    together.print_code(WORDS)
    assert terminal.getvalue() == b""


def test_words_are_numbered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four words a line, each with its number, fit a narrow terminal."""
    terminal = as_terminal(monkeypatch)
    together.print_words(WORDS, 4)
    lines = terminal.getvalue().decode().splitlines()
    assert [line.split()[0] for line in lines] == ["1", "5", "9"]
    assert max(map(len, lines)) <= 60


def test_waiting_goes_on_while_the_folder_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A folder that is away is named once, however often it is tried."""
    monkeypatch.setattr(together, "POLL_S", 0.0)
    tries: list[int] = []

    def refresh() -> None:
        tries.append(1)
        if len(tries) < 4:
            raise DriveError("the shared folder is not there")

    together.wait_until(lambda: len(tries) == 5, refresh, saying="Waiting")
    assert capsys.readouterr().err.count("is not there") == 1


@pytest.mark.parametrize("error", [PairingError("expired"), StoreError("full")])
def test_waiting_ends_when_the_pairing_or_the_device_fails(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    """What no waiting cures is raised at once."""
    monkeypatch.setattr(together, "POLL_S", 0.0)

    def refresh() -> None:
        raise error

    with pytest.raises(type(error)):
        together.wait_until(lambda: False, refresh, saying="Waiting")


def test_six_words_that_differ_end_the_pairing(command_line: Callable[[str], CommandLine], tmp_path: Path) -> None:
    """A "no" at the inviter's terminal founds nothing, and the invite is over."""
    (tmp_path / "ours").mkdir()
    ana, ben = command_line("ana"), command_line("ben")
    ana("init", "--name", "Ana", "--no-passphrase")
    words = " ".join(json.loads(ana("invite", str(tmp_path / "ours"), "--json").out)["words"])
    ben("join", str(tmp_path / "ours"), "--name", "Ben", "--no-passphrase", "--json", stdin=words)
    refused = ana("accept", stdin="what?\nno\n", terminal=True)
    assert refused.code == 1
    assert "nothing was shared" in " ".join(refused.err.split())
    assert ana("invite", "--cancel").code == 1
    assert json.loads(ana("status", "--json").out)["partner"] is None


def test_without_an_answer_from_a_person_nothing_is_accepted(
    command_line: Callable[[str], CommandLine], tmp_path: Path
) -> None:
    """Neither Enter nor the end of input counts as a yes."""
    (tmp_path / "ours").mkdir()
    ana, ben = command_line("ana"), command_line("ben")
    ana("init", "--name", "Ana", "--no-passphrase")
    words = " ".join(json.loads(ana("invite", str(tmp_path / "ours"), "--json").out)["words"])
    ben("join", str(tmp_path / "ours"), "--name", "Ben", "--no-passphrase", "--json", stdin=words)
    assert ana("accept", stdin="\n\n", terminal=True).code == 130
    assert ana("accept").code == 13
    assert json.loads(ana("status", "--json").out)["partner"] is None
