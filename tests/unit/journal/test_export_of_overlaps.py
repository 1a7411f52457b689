"""Exports of answers of which only the overlap is shown: no copy of one opens the list of the other."""

from __future__ import annotations

import base64
import contextlib
import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from unit.merge.sealing import Answerer
from unit.view.looking import view_of

from couplejournal.errors import UntrustedDataError
from couplejournal.journal.exporting import NAMES
from couplejournal.journal.exportlines import keyless_releases
from couplejournal.seal.answers import Place, open_answer
from couplejournal.testing.couples import Couple, pair


@pytest.fixture
def couple(tmp_path: Path) -> Iterator[Couple]:
    """Return Ana and Ben, who share a journal."""
    made = pair(tmp_path)
    yield made
    made.close()


def read(folder: Path, name: str) -> str:
    """Return a file of an export."""
    return (folder / name).read_text("utf-8")


def lines(folder: Path, name: str) -> list[dict[str, Any]]:
    """Return the lines of a file of an export."""
    return [json.loads(line) for line in read(folder, name).splitlines()]


@pytest.mark.parametrize("prompt", ["overlap:ready", "overlap:wishes"])
def test_no_copy_opens_a_list_of_the_other(couple: Couple, tmp_path: Path, prompt: str) -> None:
    """F31: whoever has a copy, reads the spec and tries every key on every box reads the list of its maker at most.

    Half open, open, with tender entries, and in a copy to show around, in which there is no key to any list.
    """
    ana, ben = couple
    ana.answers.seal(prompt, "money\nher-own-wish")
    couple.sync()
    ben.answers.seal(prompt, "Money\nhis-own-wish")
    ben.sync()
    ana.sync()
    copies = {"half": ana.export(tmp_path / "copy-half").folder}
    couple.sync()
    for name, journal in (("ana", ana), ("ben", ben)):
        copies[name] = journal.export(tmp_path / f"copy-{name}", include_tender=True).folder
    copies["both"] = ana.export(tmp_path / "copy-both", include_tender=True, shared_only=True).folder
    for copy in copies.values():
        assert not any("own-wish" in read(copy, name) for name in NAMES)
    assert {name: lists_opened(copy) for name, copy in copies.items() if name != "half"} == {
        "ana": {"money\nher-own-wish"}, "ben": {"Money\nhis-own-wish"}, "both": set(),
    }  # fmt: skip
    assert lists_opened(copies["half"]) <= {"money\nher-own-wish"}
    releases = [line for line in lines(copies["ben"], "rest.jsonl") if line["word"] == "release"]
    assert sorted((line.get("left_out"), "key" in line["fields"]) for line in releases if line.get("left_out")) == [
        (["key"], False)
    ]


class OddRelease(msgspec.Struct):
    """A release whose author put anything at all where the id of an answer belongs."""

    seal: Any
    key: bytes = b"k" * 32
    other: bytes = b"o" * 32


def test_a_release_that_names_no_answer_opens_none() -> None:
    """Attack: whatever a release has where the id of an answer belongs, a copy can be made, without the true keys."""
    ana, ben = Answerer("ana phone"), Answerer("ben phone")
    hers, his = (one.seal("money", prompt="overlap:ready") for one in (ana, ben))
    odd = [ben.say("release", OddRelease(one)) for one in ([], [[1]], 3, "overlap:ready")]
    true = ben.release(his, hers)
    ops = [hers, his, *odd, true]
    (book,) = (one for one in view_of(ops).books if one.role == "shared")
    assert keyless_releases(ops, book, mine=()) == {true.id}


def lists_opened(folder: Path) -> set[str]:
    """Return every text that any key in a copy opens, for any person."""
    rest = lines(folder, "rest.jsonl")
    keys = {base64.b64decode(line["fields"]["key"]["$bytes"]) for line in rest if "key" in line["fields"]}
    persons = {bytes.fromhex(line["person"]) for line in rest if line["person"]}
    found = set()
    for line in rest:
        if line["word"] == "seal":
            box = base64.b64decode(line["fields"]["sealed"]["$bytes"])
            places = [Place(bytes.fromhex(line["book"]), line["fields"]["prompt"], person) for person in persons]
            for place, key in itertools.product(places, keys):
                with contextlib.suppress(UntrustedDataError):
                    found.add(open_answer(box, place, key))
    return found
