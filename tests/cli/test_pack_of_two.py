"""A pack of one of the two at two command lines: its kind with it and without it, and whose words its number reads."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from cli.conftest import CommandLine

from couplejournal.plugins.consent import ASKED
from couplejournal.testing import pair

PACK = """id = "evening"
summary = "For the evening."
[[kinds]]
name = "walk"
fields = [{name = "where"}, {name = "weather", choices = ["fair", "foul"]}]
default_audience = "shared"
template = "Let us walk to {where}. {text}"
[kinds.lifecycle]
initial = "planned"
transitions = [{from = "planned", step = "done", to = "walked", by = "either"}]
[[metrics]]
id = "music"
title = "Bids about music"
value = "count(kind=bid, what=music) / count(kind=bid)"
unit = "share"
text = "Between {low} and {high}."
"""


@pytest.fixture
def both(command_line: Callable[[str], CommandLine], tmp_path: Path) -> tuple[CommandLine, CommandLine]:
    """Return the command lines of Ana and Ben, who share a journal, and a pack that lies beside it."""
    (tmp_path / "evening.toml").write_text(PACK, "utf-8")
    pair(tmp_path).close()
    return command_line("ana"), command_line("ben")


@pytest.mark.long
def test_a_kind_of_a_pack_at_both_command_lines(both: tuple[CommandLine, CommandLine], tmp_path: Path) -> None:
    """The partner sees, syncs and exports the entry raw without the pack; with it, as its template, and takes steps."""
    ana, ben = both
    pack = str(tmp_path / "evening.toml")
    added = ana("plugins", "add", pack, "--agree", "evening")
    assert "Ben is told of it in an entry" in added.err
    entry = json.loads(ana("add", "walk", "After supper?", "--field", "where=the lake", "--json").out)["id"][:8]
    assert "    Let us walk to the lake. After supper?\n" in ana("show", entry).out
    raw = ben("show", entry).out
    assert "walk · shared" in raw
    assert "    After supper?\n    where: the lake\n" in raw
    assert ben("log", "--kind", "walk", "--no-sync").out.startswith(entry[:6])
    assert ben("export", str(tmp_path / "copy")).code == 0
    assert "where: the lake" in (tmp_path / "copy" / "journal.txt").read_text("utf-8")
    assert ben("step", entry, "done").code != 0
    assert ben("plugins", "add", pack, "--agree", "evening").code == 0
    assert "walk · shared · planned" in ben("show", entry).out
    assert "    Let us walk to the lake. After supper?\n" in ben("show", entry).out
    assert ben("step", entry, "done").code == 0
    assert "walk · shared · walked" in ana("show", entry).out
    assert "not enforced: nothing" in ben("doctor").err


def test_whose_words_a_number_reads(both: tuple[CommandLine, CommandLine], tmp_path: Path) -> None:
    """Ben is told, says no, and the number is made without his words; the screen says that it is honour."""
    ana, ben = both
    pack = str(tmp_path / "evening.toml")
    for number in range(8):
        assert (ana, ben)[number % 2]("bid", f"song {number}", "--what", "music", "--no-sync").code == 0
    assert ben("sync").code == 0
    asked = ana("plugins", "add", pack)
    for told in ("your partner is told", "your partner can say no", "a matter of honour"):
        assert told in asked.err
    assert json.loads(ana("plugins", "partner-words", "--json").out) == {
        "schema": "couplejournal.partner-words/1", "mine": None, "partner": None,
    }  # fmt: skip
    assert ana("plugins", "add", pack, "--agree", "evening").code == 0
    notice = json.loads(ben("log", "--kind", "notice", "--json").out)["entries"][0]
    assert (notice["content"]["plugin"], notice["content"]["read"]) == ("evening", ["mine", "partner"])
    assert "song" not in json.dumps(notice)
    assert len(json.loads(ana("plugins", "preview", "evening").out)["entries"]) == 8

    said = ben("plugins", "partner-words", "no")
    assert "no cryptography enforces it" in said.err
    assert "asked not to read it" in ben("plugins", "partner-words").out
    before = ana("analyze", "music", "--no-sync").out
    assert ASKED[:30] not in before
    assert ana("sync").code == 0
    assert ASKED[:30] in ana("analyze", "music").out
    assert json.loads(ana("plugins", "preview", "evening").out)["entries"] == []
    assert "what Ben writes" in ana("plugins", "partner-words").out
    assert ben("plugins", "partner-words", "yes").code == 0
    assert ASKED[:30] not in ana("analyze", "music").out

    gone = ana("plugins", "disable", "evening")
    assert (gone.out, "Ben is told that it is off" in gone.err) == ("evening is off\n", True)
    assert json.loads(ben("log", "--kind", "notice", "--json").out)["entries"][0]["state"] == "off"


def test_alone_nobody_is_told(command_line: Callable[[str], CommandLine], tmp_path: Path) -> None:
    """A journal of one turns it on and says so; a word is refused, since nobody could hear it; off is off."""
    (tmp_path / "evening.toml").write_text(PACK, "utf-8")
    ana = command_line("ana")
    early = ana("plugins", "add", str(tmp_path / "evening.toml"), "--agree", "evening")
    assert (early.code, "there is no journal here yet" in early.err) == (0, True)
    assert ana("init", "--name", "Ana", "--no-passphrase").code == 0
    again = ana("plugins", "enable", "evening")
    assert (again.out, "no journal is shared" in again.err) == ("evening was on already\n", True)
    refused = ana("plugins", "partner-words", "no")
    assert refused.code == 1
    assert "no journal is shared" in refused.err
    assert ana("plugins", "disable", "evening").code == 0
