"""Properties of an export: nothing is lost on the way out, and what is written says what the view says."""

from __future__ import annotations

import base64
import json
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from properties.test_merge import World, worlds
from unit.merge.scribe import Scribe, fixed
from unit.view.looking import view_of

from couplejournal.errors import ExportError
from couplejournal.journal import tar
from couplejournal.journal.exporting import NAMES
from couplejournal.journal.exportlines import as_line, entry_line, plain, rest_lines, told_by
from couplejournal.journal.exporttext import reading_copy
from couplejournal.model.kinds import decode_content
from couplejournal.model.moment import Moment, as_utc
from couplejournal.ops.codec import encode
from couplejournal.ops.op import Op
from couplejournal.ops.words import Write
from couplejournal.view import JournalView

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text() | st.binary(max_size=40),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.sampled_from(["$bytes", "$$bytes", "$$$bytes", "$", "text"]) | st.text(), inner, max_size=3),
    max_leaves=12,
)  # fmt: skip


def unmarked(value: Any) -> Any:
    """Return a value of the export as it was stored: docs/spec/export.md 4, by a stranger."""
    if isinstance(value, list):
        return [unmarked(item) for item in value]
    if isinstance(value, dict):
        if len(value) == 1:
            (name,) = value
            if name == "$bytes":
                return base64.b64decode(value[name], validate=True)
            if name.startswith("$$") and name.lstrip("$") == "bytes":
                return {name[1:]: unmarked(value[name])}
        return {name: unmarked(item) for name, item in value.items()}
    return value


@given(VALUES)
def test_every_value_comes_back(value: Any) -> None:
    """Whatever an entry may hold (bytes, maps that look like bytes, numbers of 64 bits) is read back as it was."""
    line = as_line({"value": plain(value)})
    assert line.isascii()
    assert line.count(b"\n") == 1
    found = unmarked(json.loads(line)["value"])
    assert repr(found) == repr(value)


def exported(view: JournalView, ops: dict[str, list[Op]]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the lines of the entries and those of the rest, read back from their bytes."""
    wholes = list(view.whole())
    entries = [json.loads(as_line(entry_line(whole))) for whole in wholes]
    told = {op_id for whole in wholes for op_id in told_by(whole)}
    rest = [
        json.loads(as_line(line))
        for book in view.books
        for line in rest_lines(ops[book.role], book, told=told)
    ]  # fmt: skip
    return entries, rest


def op_of(part: dict[str, Any], word: str, fields: dict[str, Any]) -> bytes:
    """Return an operation as the export tells it, in one canonical form."""
    recorded = part["recorded"]
    return encode([part["id"], word, part["device"]["key"], [recorded["ms"], recorded["counter"]], fields])


def ops_of(entries: list[dict[str, Any]], rest: list[dict[str, Any]]) -> list[bytes]:
    """Return every operation that the lines tell, with its fields as they were stored, sorted."""
    found = [op_of(line, line["word"], unmarked(line["fields"])) for line in rest]
    for line in entries:
        first, *later = line["versions"]
        happened = line["happened"]
        write: dict[str, Any] = {
            "kind": line["kind"],
            "schema": line["schema"],
            "happened": [happened["ms"], happened["offset_minutes"], happened["precision"]],
            "fields": unmarked(first["fields"]),
            **({"refs": [[ref["relation"], bytes.fromhex(ref["id"])] for ref in line["refs"]]} if line["refs"] else {}),
            **({"joint": True} if line["joint"] else {}),
            **({"both": True} if line["for_both"] else {}),
            **unmarked(first.get("more", {})),
        }
        found.append(op_of(first, "write", write))
        entry = bytes.fromhex(line["id"])
        for word, parts in (("revise", later), ("retract", line["retractions"])):
            for part in parts:
                fields = {"entry": entry, "after": [bytes.fromhex(one) for one in part["after"]]}
                fields |= {"fields": unmarked(part["fields"])} if word == "revise" else {}
                found.append(op_of(part, word, fields | unmarked(part.get("more", {}))))
    return sorted(found)


def held(ops: list[Op]) -> list[bytes]:
    """Return the operations that were folded, but for acknowledgements, in the same form."""
    unique = {op.id: op for op in ops if op.word != "seen"}
    return sorted(
        encode([op.id.hex(), op.word, op.key.hex(), op.clock, msgspec.msgpack.decode(op.fields)])
        for op in unique.values()
    )


@given(world=worlds(), last=st.none() | st.integers(0, 6))
def test_every_operation_is_told_once(world: World, last: int | None) -> None:
    """From the lines alone a stranger puts every operation together again: each once, with all its fields.

    Also when a device was removed and what it wrote after its last accepted operation stands apart.
    """
    accepted = None if last is None else {fixed("key ben phone"): {fixed("stream ben phone shared", 16): last}}
    view = view_of(world.ops["shared"], world.ops["private"], accepted=accepted)
    entries, rest = exported(view, world.ops)
    assert ops_of(entries, rest) == held([*world.ops["shared"], *world.ops["private"]])


@given(world=worlds())
def test_the_lines_say_what_the_view_says(world: World) -> None:
    """Each entry that a view shows has its line, which says the same of it; no other line claims to be shown."""
    view = view_of(world.ops["shared"], world.ops["private"])
    entries, _ = exported(view, world.ops)
    lines = {line["id"]: line for line in entries if line["is_shown"]}
    assert lines.keys() == {entry.id for entry in view.entries()}
    for entry in view.entries():
        line = lines[entry.id]
        happened = line["happened"]
        claimed = Moment.claimed(happened["ms"], happened["offset_minutes"], happened["precision"])
        by_id = {part["id"]: part for part in line["versions"]}
        assert decode_content(line["kind"], line["schema"], unmarked(line["fields"])) == entry.content
        assert unmarked(by_id[line["shown"]]["fields"]) == unmarked(line["fields"])
        assert (claimed.as_datetime(), claimed.precision) == (entry.happened_at, entry.precision)
        assert happened["at"] == entry.happened_at.isoformat()
        assert as_utc(line["recorded"]["ms"]) == entry.recorded_at
        assert (line["author"]["name"], line["author"]["is_me"]) == (entry.author.name, entry.author.is_me)
        assert (line["audience"], line["state"], line["note"]) == (entry.audience, entry.state, entry.note)
        assert [(ref["relation"], ref["leads_to"]) for ref in line["refs"]] == [
            (ref.relation, ref.id) for ref in entry.refs
        ]
        assert len(line["versions"]) == entry.revised + 1
        for content in entry.conflict:
            assert any(
                decode_content(line["kind"], line["schema"], unmarked(by_id[one]["fields"])) == content
                for one in line["current"]
            )


@given(world=worlds())
def test_the_order_of_arrival_leaves_no_trace(world: World) -> None:
    """The same operations in another order give the same bytes, of the data and of the copy to read."""
    made = []
    for ops in (world.ops, {book: said[::-1] for book, said in world.ops.items()}):
        view = view_of(ops["shared"], ops["private"])
        text = list(reading_copy("ours", list(view.entries()), view.apart(), left_out=0))
        made.append((exported(view, ops), text))
    assert made[0] == made[1]


@given(st.binary(min_size=1, max_size=60), VALUES, st.integers(-(2**62), 2**62), st.text())
def test_foreign_shapes_are_kept(raw: bytes, value: Any, ms: int, precision: str) -> None:
    """A kind of a newer version, fields that are no map, members that nobody knows yet, times beyond the calendar."""
    ben = Scribe("ben phone")
    fields = msgspec.Raw(msgspec.msgpack.encode(value))
    write = Write("ritual", 7, (ms, 10**9, precision), fields)
    newer = {**msgspec.to_builtins(write, builtin_types=(bytes, msgspec.Raw)), "attached": raw, "fields": value}
    ops = [ben.say("write", write), ben.say("write", newer), ben.say("dance", {"with": raw})]
    view = view_of(ops)
    entries, rest = exported(view, {"shared": ops, "private": []})
    assert ops_of(entries, rest) == held(ops)
    text = "\n".join(reading_copy("ours", list(view.entries()), (), left_out=0))
    assert "ritual" in text
    assert not any(0xD800 <= ord(letter) <= 0xDFFF or letter in "\x1b\x9b\u202e\r" for letter in text)


@given(st.binary(max_size=1600), st.integers(0, 1023), st.binary(max_size=8))
def test_no_archive_breaks_the_reader(data: bytes, at: int, planted: bytes) -> None:
    """Whatever bytes come as an archive, alone or in a good one, what comes out has known names, or nothing does."""
    good = b"".join(tar.packed({"journal.txt": b"words"}, made_ms=0))
    for archive in (data, good[:at] + planted + good[at + len(planted) :], good[:at]):
        try:
            found = tar.unpacked(archive, names=NAMES)
        except ExportError:
            continue
        assert set(found) <= set(NAMES)
