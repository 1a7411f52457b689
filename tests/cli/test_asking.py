"""Where answers come from: arguments, stdin, the environment, a person."""

from __future__ import annotations

import io
import os
import select
import sys
from pathlib import Path

import click
import pytest

from couplejournal.cli import asking
from couplejournal.cli.settings import Settings
from couplejournal.errors import InvalidEntryError, KeyMissingError, LockedError

PASSPHRASE = "kettle on the blue stove"


@pytest.fixture
def nobody() -> Settings:
    """Return settings under which nobody may be asked."""
    settings = Settings()
    settings.no_input = True
    return settings


def typed(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    """Put bytes on stdin."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data), encoding="utf-8"))


@pytest.mark.parametrize("content", [PASSPHRASE, f"{PASSPHRASE}\n", f"\ufeff{PASSPHRASE}\r\nsecond line\n"])
def test_passphrase_comes_from_a_file(
    content: str, nobody: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first line of the file is the passphrase, with or without a line break."""
    (tmp_path / "secret").write_text(content, "utf-8", newline="")
    monkeypatch.setenv(asking.FILE_VARIABLE, str(tmp_path / "secret"))
    assert asking.Passphrases(nobody).existing() == PASSPHRASE


def test_passphrase_comes_from_a_command(nobody: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first line that a command prints is the passphrase, and no shell is between."""
    monkeypatch.setenv(asking.COMMAND_VARIABLE, f"'{sys.executable}' -c \"print('a;b $HOME')\"")
    assert asking.Passphrases(nobody).new() == "a;b $HOME"


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        (asking.FILE_VARIABLE, "no-such-file"),
        (asking.FILE_VARIABLE, "."),
        (asking.COMMAND_VARIABLE, "no-such-command-anywhere"),
        (asking.COMMAND_VARIABLE, f"'{sys.executable}' -c 'raise SystemExit(3)'"),
        (asking.COMMAND_VARIABLE, f"'{sys.executable}' -c pass"),
        (asking.COMMAND_VARIABLE, "'unbalanced"),
    ],
)
def test_a_source_that_fails_is_one_sentence(
    variable: str, value: str, nobody: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A missing file, a failing or an empty command says which variable is meant and ends with 12."""
    monkeypatch.setenv(variable, value)
    with pytest.raises(KeyMissingError, match=variable) as raised:
        asking.Passphrases(nobody).existing()
    assert raised.value.exit_code == 12
    assert "\n" not in str(raised.value)


def test_two_sources_are_a_slip(nobody: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file and a command at once are refused, since nobody can say which is meant."""
    monkeypatch.setenv(asking.FILE_VARIABLE, "a")
    monkeypatch.setenv(asking.COMMAND_VARIABLE, "b")
    with pytest.raises(click.UsageError):
        asking.Passphrases(nobody).existing()


def test_without_a_source_and_a_person_the_journal_is_locked(nobody: Settings) -> None:
    """Nobody is asked under --no-input; the hint names the variables."""
    with pytest.raises(LockedError) as raised:
        asking.Passphrases(nobody).existing()
    assert asking.FILE_VARIABLE in raised.value.hint


def test_a_passphrase_is_asked_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was typed serves the whole command, and is asked for again only when it was wrong."""
    answers = iter(["first", "second"])
    monkeypatch.setattr(asking, "_ask_secret", lambda _: next(answers))
    monkeypatch.setattr(Settings, "may_ask", True)
    passphrases = asking.Passphrases(Settings())
    assert (passphrases.existing(), passphrases.existing()) == ("first", "first")
    passphrases.forget()
    assert passphrases.existing() == "second"


def test_a_new_passphrase_is_typed_twice_alike(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An empty one and two that differ are asked for again."""
    answers = iter(["", "one", "two", "same", "same"])
    monkeypatch.setattr(asking, "_ask_secret", lambda _: next(answers))
    monkeypatch.setattr(Settings, "may_ask", True)
    assert asking.Passphrases(Settings()).new() == "same"
    said = capsys.readouterr()
    assert said.out == ""
    assert "differ" in said.err


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"hello\n", "hello"),
        (b"hello\r\n", "hello"),
        (b"two\n\n", "two\n"),
        ("\ufeffgrüße".encode(), "grüße"),
        (b"a\x1b\x00b", "a\x1b\0b"),
        (b"", ""),
    ],
)
def test_stdin_is_taken_whole_but_for_the_last_line_break(
    data: bytes, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What `echo` adds and what Windows puts in front is left out; nothing else changes."""
    typed(monkeypatch, data)
    assert asking.stdin_text() == text


def test_stdin_that_is_no_utf8_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """One sentence, nothing of the bytes."""
    typed(monkeypatch, b"caf\xe9 secret")
    with pytest.raises(InvalidEntryError) as raised:
        asking.stdin_text()
    assert "secret" not in repr(raised.value) + repr(raised.value.__cause__)


def test_words_are_read_with_numbers_commas_and_capitals(monkeypatch: pytest.MonkeyPatch) -> None:
    """The words of an invite may come as they were written down."""
    typed(monkeypatch, b" 1. Apple  2. river,\n 3) STONE\n")
    with click.Context(click.Command("join")):
        assert asking.words() == ("apple", "river", "stone")


def test_a_passphrase_command_leaves_the_text_on_stdin_alone(nobody: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command that reads its stdin finds nothing there, so a text that is piped in is not lost to it."""
    reads = f"'{sys.executable}' -c \"import sys; print('secret' + sys.stdin.read())\""
    read_end, write_end = os.pipe()
    os.write(write_end, b"what was piped in")
    os.close(write_end)
    kept = os.dup(0)
    try:
        os.dup2(read_end, 0)
        with os.fdopen(read_end) as piped:
            monkeypatch.setattr(sys, "stdin", piped)
            monkeypatch.setenv(asking.COMMAND_VARIABLE, reads)
            assert asking.Passphrases(nobody).existing() == "secret"
    finally:
        os.dup2(kept, 0)
        os.close(kept)


@pytest.mark.skipif(os.name == "nt", reason="terminals of another kind")
def test_what_was_typed_ahead_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """A line that was typed before the question stood there answers nothing."""
    master, slave = os.openpty()
    try:
        with os.fdopen(slave) as terminal:
            monkeypatch.setattr(sys, "stdin", terminal)
            os.write(master, b"yes\n")
            assert select.select([slave], [], [], 5)[0]
            asking.forget_ahead()
            assert not select.select([slave], [], [], 0)[0]
    finally:
        os.close(master)
