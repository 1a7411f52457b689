"""An export as data: each entry with all that is held of it as one line of JSON, and what was said beside the entries.

The shape is docs/spec/export.md; whoever changes it raises `SCHEMA`. Nothing is lost on the way: what JSON has no type
for is marked (`plain`), and members of newer versions are written out as they came.
"""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING, Any, Final

import msgspec

from couplejournal.merge import is_overlap
from couplejournal.model.moment import as_utc
from couplejournal.view.contents import content_of, fields_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from couplejournal.model.kinds import Kind
    from couplejournal.ops.op import Op
    from couplejournal.view import BookState
    from couplejournal.view.whole import Whole

SCHEMA: Final = "couplejournal.export/1"
BYTES_MARK: Final = "$bytes"
UNTOLD: Final = "seen"  # acknowledgements between devices: nothing that a person said
_MARK: Final = re.compile(r"\$+bytes")
# The words that an entry's line tells whole, and their members; an answer stands there too, its `seal` in the rest.
WHOLE_WORDS: Final[Mapping[str, frozenset[str]]] = {
    "write": frozenset({"kind", "schema", "happened", "fields", "refs", "joint", "both"}),
    "revise": frozenset({"entry", "after", "fields"}),
    "retract": frozenset({"entry", "after"}),
}


def plain(value: Any) -> Any:
    """Return a stored value so that JSON holds it: byte strings as ``{"$bytes": base64}``.

    A map that would look like one gets one more ``$``, so that every value comes back as it was.
    """
    if isinstance(value, (bytes, bytearray, memoryview)):
        return {BYTES_MARK: base64.b64encode(value).decode()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        only = next(iter(value)) if len(value) == 1 else None
        if only is not None and _MARK.fullmatch(only):
            return {"$" + only: plain(value[only])}
        return {name: plain(item) for name, item in value.items()}
    return value


def as_line(value: Mapping[str, Any]) -> bytes:
    """Return one line of JSON in ASCII: no terminal obeys it, and no encoding breaks it."""
    return json.dumps(value, allow_nan=False).encode("ascii") + b"\n"


def is_tender(whole: Whole, kinds: Mapping[str, Kind]) -> bool:
    """Return whether an entry is marked tender or intimate, in any version of it, or is of such a kind."""
    record = whole.record
    kind = kinds.get(record.write.kind)
    every = (record.write.fields, *(revise.fields for _, revise in whole.revisions))
    marked = any(content_of(record, fields, kinds).tender != "none" for fields in every)
    return marked or (kind is not None and kind.tender != "none")


def entry_line(whole: Whole) -> dict[str, Any]:
    """Return an entry with all that is held of it (docs/spec/export.md 2)."""
    entry, record, book = whole.entry, whole.record, whole.book
    write = record.write
    return {
        "id": entry.id,
        "book": record.book.hex(),
        "role": book.role,
        "audience": entry.audience,
        "kind": write.kind,
        "schema": write.schema,
        "author": {"person": _hex(record.person), "name": entry.author.name, "is_me": entry.author.is_me},
        "device": _device(record.op, book),
        "happened": _happened(entry.happened_at.isoformat(), write.happened),
        "recorded": _recorded(record.op),
        "refs": [{"relation": ref[0], "id": ref[1].hex(), "leads_to": led.id} for ref, led in _refs(whole)],
        "joint": write.joint,
        "for_both": write.both,
        "state": entry.state,
        "note": entry.note,
        "is_shown": whole.is_shown,
        "is_retracted": whole.versions.is_hidden,
        "stands_as": _hex(whole.stands_as),
        "shown": whole.versions.shown.op.id.hex(),
        "current": [op.hex() for op in whole.versions.named],
        "fields": plain(fields_of(whole.versions.shown.fields)),
        "versions": [
            _version(record.op, write.fields, whole),
            *(_version(op, revise.fields, whole) for op, revise in whole.revisions),
        ],
        "retractions": [_said(op, whole) for op, _ in whole.retractions],
    }


def rest_lines(
    ops: Iterable[Op], book: BookState, *, told: Collection[bytes], keyless: Collection[bytes] = ()
) -> Iterator[dict[str, Any]]:
    """Yield what else was said in a book, in order of (clock, id): all but what ``told`` names and acknowledgements.

    The releases that ``keyless`` names come without the key that they give, and say so (`keyless_releases`).
    """
    seen: set[bytes] = set()
    for op in sorted(ops, key=lambda one: (one.clock, one.id)):
        if op.word == UNTOLD or op.id in told or op.id in seen:
            continue
        seen.add(op.id)
        yield {
            "id": op.id.hex(),
            "book": book.frozen.book.hex(),
            "role": book.role,
            "word": op.word,
            "person": _hex(book.frozen.persons.get(op.key)),
            "device": _device(op, book),
            "recorded": _recorded(op),
            "counts": book.frozen.counts(op),
            **(_without_key(op) if op.id in keyless else {"fields": plain(_fields(op))}),
        }


def keyless_releases(ops: Collection[Op], book: BookState, *, mine: Collection[bytes]) -> frozenset[bytes]:
    """Return the releases of whole lists of which only the overlap is shown (F31), but for those of ``mine``.

    What was sealed stands in a copy; with the key beside it, whoever has the copy would read what one alone wished.
    Prompts are looked up in the operations themselves: an answer that does not count is a list just the same.
    """
    said = {word: [op for op in ops if op.word == word] for word in ("seal", "release")}
    lists = {op.id for op in said["seal"] if is_overlap(str(_member(op, "prompt")))}
    theirs = (op for op in said["release"] if book.frozen.persons.get(op.key) not in mine)
    return frozenset(op.id for op in theirs if isinstance(seal := _member(op, "seal"), bytes) and seal in lists)


def told_by(whole: Whole) -> Iterator[bytes]:
    """Yield the ids of the operations that an entry's line tells whole."""
    ops = (whole.record.op, *(op for op, _ in whole.revisions), *(op for op, _ in whole.retractions))
    return (op.id for op in ops if op.word in WHOLE_WORDS)


def named(op: Op) -> set[bytes]:
    """Return the entries that an operation says something about: itself, what it changes, an answer that it opens."""
    said = _fields(op)
    members = (said.get("entry"), said.get("seal")) if isinstance(said, dict) else ()
    return {op.id, *(member for member in members if isinstance(member, bytes))}


def _version(op: Op, fields: msgspec.Raw, whole: Whole) -> dict[str, Any]:
    """Return one version of an entry, shown or not."""
    return {**_said(op, whole), "fields": plain(fields_of(fields))}


def _said(op: Op, whole: Whole) -> dict[str, Any]:
    """Return what an operation about an entry says of itself, but for the text."""
    fields = _fields(op) if op.word in WHOLE_WORDS else {}
    members = fields if isinstance(fields, dict) else {}
    after = members.get("after")
    known = WHOLE_WORDS.get(op.word, frozenset())
    newer = {name: plain(value) for name, value in members.items() if name not in known}
    return {
        "id": op.id.hex(),
        "word": op.word,
        "person": _hex(whole.book.frozen.persons.get(op.key)),
        "device": _device(op, whole.book),
        "recorded": _recorded(op),
        "counts": op.id not in whole.apart,
        "after": [link.hex() for link in after if isinstance(link, bytes)] if isinstance(after, list) else [],
        **({"more": newer} if newer else {}),
    }


def _refs(whole: Whole) -> Iterator[tuple[tuple[str, bytes], Any]]:
    """Yield each reference as it was written, beside what it leads to now."""
    return zip(whole.record.write.refs, whole.entry.refs, strict=True)


def _without_key(op: Op) -> dict[str, Any]:
    fields = {name: value for name, value in _fields(op).items() if name != "key"}
    return {"fields": plain(fields), "left_out": ["key"]}


def _member(op: Op, name: str) -> Any:
    """Return one of the fields of an operation, whatever its author put there; None where there is none."""
    fields = _fields(op)
    return fields.get(name) if isinstance(fields, dict) else None


def _fields(op: Op) -> Any:
    return fields_of(msgspec.Raw(op.fields))


def _happened(at: str, claimed: tuple[int, int, str]) -> dict[str, Any]:
    ms, offset_minutes, precision = claimed
    return {"at": at, "ms": ms, "offset_minutes": offset_minutes, "precision": precision}


def _recorded(op: Op) -> dict[str, Any]:
    ms, counter = op.clock
    return {"at": as_utc(ms).isoformat(), "ms": ms, "counter": counter}


def _device(op: Op, book: BookState) -> dict[str, str]:
    return {"key": op.key.hex(), "name": book.frozen.devices.get(op.key, "")}


def _hex(value: bytes | None) -> str | None:
    return None if value is None else value.hex()
