"""How far one's own entries have come: saved here, handed to the drive, reached a device. Only what is proved is said.

That a later listing showed the file and a read gave its bytes proves the second; a signed acknowledgement, and nothing
else, proves the third. It is about delivery, never about reading, and holds no time (docs/spec/sync.md 1, rule 10).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Literal

import attrs

if TYPE_CHECKING:
    from couplejournal.book import Book
    from couplejournal.journal.deviceinfo import DeviceInfo
    from couplejournal.journal.exchange import Exchange
    from couplejournal.journal.reading import Reader
    from couplejournal.merge.frozen import Record
    from couplejournal.model.entry import Entry
    from couplejournal.ops.op import Op


@attrs.frozen(kw_only=True)
class Delivery:
    """How far an entry has come, with all that this person changed in it since.

    ``state`` is "saved" (on the device that wrote it, and nowhere else as far as is known), "handed over" (its file was
    seen whole in the shared folder) or "reached" (a device of the other told that it holds it). ``devices`` are those
    of both, this one apart, that told so.
    """

    state: Literal["saved", "handed over", "reached"]
    devices: tuple[DeviceInfo, ...]


@attrs.frozen(kw_only=True)
class Reached:
    """How many of one's own entries for both a device told that it holds."""

    device: DeviceInfo
    count: int


@attrs.frozen(kw_only=True)
class Progress:
    """How far one's own entries for both have come: how many there are, lie in the folder, and are held by whom.

    ``devices`` are the live ones of both persons, this one apart, the other's first.
    """

    entries: int = 0
    handed_over: int = 0
    devices: tuple[Reached, ...] = ()


def deliveries(reader: Reader, exchange: Exchange, entries: Iterable[Entry]) -> Mapping[str, Delivery]:
    """Return by id how far one's own entries in the shared book have come.

    Raises:
        StoreError: the disk fails.
    """
    shared = reader.device.shared
    own = [entry for entry in entries if entry.is_mine and entry.audience == "shared" and not entry.is_earlier]
    if shared is None or not own:
        return {}
    _, ours = reader.states()
    records = {} if ours is None else {entry.id: ours.record(bytes.fromhex(entry.id)) for entry in own}
    found = {entry: record for entry, record in records.items() if record is not None}
    ways = _ways(shared, exchange, list(found.values()))
    devices = [one for one in reader.devices() if not one.is_this]
    return dict(zip(found, (_delivery(way, devices) for way in ways), strict=True))


def progress(reader: Reader, exchange: Exchange) -> Progress:
    """Return how far all of one's own entries in the shared book have come.

    Raises:
        StoreError: the disk fails.
    """
    shared = reader.device.shared
    if shared is None:
        return Progress()
    me = shared.person
    _, ours = reader.states()
    records = [] if ours is None else [one for one in ours.records.values() if one.person == me and not one.retractions]
    ways = _ways(shared, exchange, records)
    others = [one for one in reader.devices() if one.is_live and not one.is_this]
    return Progress(
        entries=len(ways),
        handed_over=sum(way.is_handed_over for way in ways),
        devices=tuple(
            Reached(device=one, count=sum(bytes.fromhex(one.id) in way.holders for way in ways))
            for one in sorted(others, key=lambda one: one.person.is_me)
        ),
    )


@attrs.frozen
class _Way:
    """Whether all of an entry lies in the folder, and which keys hold all of it."""

    is_handed_over: bool
    holders: frozenset[bytes]


def _ways(book: Book, exchange: Exchange, records: Sequence[Record]) -> list[_Way]:
    parts = [_own_ops(book, record) for record in records]
    handed = exchange.handed_over(book) if parts else {}
    holders = iter(book.holders([op for ops in parts for op in ops]))
    found = []
    for ops in parts:
        keys = [next(holders) for _ in ops]
        is_there = all(op.seq <= handed.get(op.stream, 0) for op in ops)
        found.append(_Way(is_there, frozenset.intersection(*keys)))
    return found


def _own_ops(book: Book, record: Record) -> list[Op]:
    """Return the write, and the revisions by the same person: what the other gets from this side."""
    if not record.revisions:
        return [record.op]
    mine = book.person
    return [record.op, *(op for op, _ in record.revisions if book.membership.person_of(op.key) == mine)]


def _delivery(way: _Way, devices: Sequence[DeviceInfo]) -> Delivery:
    held = tuple(one for one in devices if bytes.fromhex(one.id) in way.holders)
    if any(not one.person.is_me for one in held):
        return Delivery(state="reached", devices=held)
    return Delivery(state="handed over" if way.is_handed_over or held else "saved", devices=held)
