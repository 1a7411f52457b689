"""Entries that a partner made with another program: dates beyond all time, words that a terminal would obey."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cli.conftest import CommandLine

import couplejournal as cj
from couplejournal.book import Draft
from couplejournal.errors import InvalidEntryError
from couplejournal.ops import codec, words
from couplejournal.testing.couples import Couple, pair

NOW_MS = 1_790_000_000_000
OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
HOSTILE = [
    "\x1b]0;owned\x07\x1b[2J\x1b[31mred",
    "\x9b31m\x90payload\x9c",
    "a\u202egnp.exe\u2066b\u2069",
    "line\r\nline\rline\x0bline\x0cline\u2028line\u2029",
    "nul\x00nul",
    "\ufeff\u200bhidden\u2060\U000e0041\U000e0042",
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "\x08" * 20 + "over what stood there",
    "%s %n {0} $(id) `id` ${HOME} ../../etc/passwd",
    "\ud7ff\U0010ffff",
]


@pytest.fixture
def couple(tmp_path: Path) -> Iterator[Couple]:
    """Return Ana and Ben, who share a journal; Ben's program is his own."""
    found = pair(tmp_path)
    yield found
    found.close()


def sneak(journal: cj.Journal, *drafts: tuple[str, Any]) -> list[str]:
    """Write operations past everything that checks what a person may write; return their ids."""
    shared = journal.device.shared
    assert shared is not None
    return [op.id.hex() for op in shared.append([Draft(word, fields) for word, fields in drafts])]


def write(
    fields: dict[str, object], *, happened: tuple[int, int, str] = (NOW_MS, 0, "instant"), kind: str = "note"
) -> tuple[str, words.Write]:
    """Return a write of any fields."""
    return "write", words.Write(kind, 1, happened, msgspec.Raw(codec.encode(fields)))


YEAR_1_MS, YEAR_9999_MS = -62_135_596_800_000, 253_402_300_799_999
DATES = {
    "before all time": (-(1 << 63), 0, "instant"),
    "year 0": (YEAR_1_MS - 1, 0, "day"),
    "year 1": (YEAR_1_MS, -1439, "day"),
    "a moment before 1970": (-1, 14 * 60, "minute"),
    "a zone of years": (NOW_MS, 1 << 40, "minute"),
    "a zone of years, west": (NOW_MS, -(1 << 63), "day"),
    "of no known exactness": (NOW_MS + 1, 0, "\x1b[31m"),
    "year 9999": (YEAR_9999_MS, 1439, "instant"),
    "after all time": ((1 << 64) - 1, (1 << 64) - 1, "minute"),
}


def test_43_dates_beyond_all_time(couple: Couple, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Attack 43: any claim of a time is kept, shown inside the calendar with when it came, in one order for both."""
    ana, ben = couple
    ana.add(cj.Note("now"), audience="shared")
    sneak(ben, *(write({"text": name}, happened=happened) for name, happened in DATES.items()))
    couple.sync()
    entries = list(ana.entries())
    for journal in (ana, ben):
        entries = list(journal.entries())
        assert {entry.text for entry in entries} == {"now", *DATES}
        assert all(1 <= entry.happened_at.year <= 9999 for entry in entries)
        assert {entry.precision for entry in entries} <= {"day", "minute", "instant"}
        assert all(entry.recorded_at.year == 2026 for entry in entries), "when it was really written"
        assert entries[0].text == "before all time"
        assert entries[-1].text == "after all time"
    orders = {tuple(entry.id for entry in journal.entries()) for journal in (ana, ben)}
    assert len(orders) == 1
    ana.close()
    command = CommandLine(tmp_path / "ana", monkeypatch)
    for args in (("log", "--no-sync"), ("log", "--no-sync", "--json"), ("show", "--no-sync", entries[0].id)):
        done = command(*args)
        assert done.code == 0, done.err
        assert not OBEYED.search(done.out)


@pytest.mark.parametrize(
    "happened", [(float("nan"), 0, "day"), (1.5, 0, "day"), ("now", 0, "day"), (1 << 64, 0, "day")]
)
def test_43_a_time_that_is_no_number(couple: Couple, happened: tuple[object, int, str]) -> None:
    """Attack 43: what is no whole number of milliseconds is no time: the file is refused, or cannot even be made."""
    ana, ben = couple
    fields = {"kind": "note", "schema": 1, "happened": happened, "fields": {"text": "never"}}
    try:
        sneak(ben, ("write", fields))
    except (InvalidEntryError, OverflowError):
        return
    ben.sync()
    assert ana.sync().refused
    assert list(ana.entries()) == []


def test_43_a_clock_far_ahead_pushes_nobody(couple: Couple) -> None:
    """Attack 43: a partner whose clock runs in the far future spoils neither the writing nor the order of others."""
    ana, ben = couple
    couple.systems[1].advance(3600 * 24 * 365 * 3000)
    ben.add(cj.Note("from the year 5000"), audience="shared")
    couple.sync()
    texts = ["one", "two", "three"]
    for text in texts:
        ana.add(cj.Note(text), audience="shared")
    couple.sync()
    mine = [entry for entry in ben.entries() if not entry.is_mine]
    assert [entry.text for entry in mine] == texts
    assert {entry.happened_at.year for entry in mine} == {2026}


def printed(command: CommandLine, *args: str) -> str:
    """Return all that a command prints, on both sides."""
    done = command(*args)
    assert done.code in (0, 3), done.err
    return done.out + done.err


def test_44_words_that_a_terminal_would_obey(couple: Couple, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Attack 44: escapes, bidi marks, NUL and hidden letters in any field, name, kind or relation print as harmless."""
    ana, ben = couple
    mine = ana.add(cj.Bid("a bid of mine"))
    for text in HOSTILE:
        refs = ((text, bytes.fromhex(mine.id)),)
        raw = msgspec.Raw(codec.encode({"text": text, "tags": [text], "tender": text, "source": text, text: text}))
        sneak(
            ben,
            write({"text": text, "tags": [text, text], "tender": text, text: [text, {text: text}]}),
            ("write", words.Write(text, 1, (NOW_MS, 0, text), raw, refs)),
            write({"turn": text, "text": text}, kind="response"),
            ("profile", words.Profile(text, text)),
        )
    couple.sync()
    assert len(list(ana.entries())) == 1 + 3 * len(HOSTILE)
    ids = [entry.id for entry in ana.entries()]
    ana.close()
    command = CommandLine(tmp_path / "ana", monkeypatch)
    commands = [("log", "--no-sync", "-n", "0"), ("search", "--no-sync", "a"), ("status",), ("devices",), ("sync",)]
    for args in (*commands, *(("show", "--no-sync", entry_id) for entry_id in ids)):
        shown = printed(command, *args)
        assert not OBEYED.search(shown), (args, OBEYED.findall(shown))
    told = json.loads(command("log", "--no-sync", "-n", "0", "--json").out)
    texts = {entry["content"].get("text") for entry in told["entries"]}
    assert set(HOSTILE) <= texts, "data keeps every letter, escaped"


def test_44_a_line_of_a_megabyte(couple: Couple, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Attack 44: the longest line that fits an operation is previewed in a few lines; more than that is refused."""
    ana, ben = couple
    sneak(ben, write({"text": "\u202e" + "x" * (1 << 20)}))
    with pytest.raises(InvalidEntryError):
        sneak(ben, write({"text": "x" * (10 << 20)}))
    couple.sync()
    [entry] = ana.entries()
    assert len(entry.text) == (1 << 20) + 1
    ana.close()
    command = CommandLine(tmp_path / "ana", monkeypatch)
    done = command("log", "--no-sync", terminal=True)
    assert not OBEYED.search(done.out)
    assert len(done.out) < 5000
