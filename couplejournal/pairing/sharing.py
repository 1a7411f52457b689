"""What waited in the private book goes into the shared one, once and in order, however often it is interrupted."""

from __future__ import annotations

from collections.abc import Sequence

from couplejournal.book import Book, Draft
from couplejournal.merge import Frozen, Record, versions_of
from couplejournal.ops import words
from couplejournal.pairing.state import SHARE_ALL, Clock
from couplejournal.system import System


def share_waiting(
    private: Book,
    shared: Book,
    before: tuple[Frozen, Frozen],
    *,
    share_from: Clock,
    system: System,
    limit: int,
    elsewhere: Sequence[Frozen] = (),
) -> int:
    """Share entries meant for both written after ``share_from``, and finish half-done ones; ``limit`` of them.

    ``before`` is the (private, shared) state that the caller just read. What an entry refers to goes first, since it
    was written first; an entry that refers to one that stays behind stays behind with it, and so does one that was
    retracted meanwhile. What went into an earlier shared book already, of which ``elsewhere`` are the states, waits no
    more: it was for whoever shared that one.

    Returns:
        How many entries were written into the shared book; fewer than ``limit`` means that none is left.

    Raises:
        StoreError: the disk is full or failing; the next start goes on.
    """
    mine, ours = before
    moved: dict[bytes, bytes] = {}
    count = 0
    waiting = [record for record in mine.records.values() if record.write.both or record.shares]
    for record in sorted(waiting, key=lambda record: (record.op.clock, record.op.id)):
        if count == limit:
            break
        done = shared_as(record, ours)
        if done is not None:
            moved[record.id] = done
            continue
        is_begun = any(share.key == shared.own_key for _, share in record.shares)
        is_elsewhere = any(shared_as(record, other) is not None for other in elsewhere)
        # What another device of this person wrote or copied in meanwhile was not before whoever answered "from now on".
        is_meant = record.op.clock > share_from and (record.op.key == private.own_key or share_from == SHARE_ALL)
        is_due = is_begun or (record.write.both and is_meant and not is_elsewhere)
        refs = _refs(record, moved, ours) if is_due and not versions_of(record).is_hidden else None
        if refs is not None:
            moved[record.id] = share_one(private, shared, record, refs, system)
            count += 1
    return count


def share_one(private: Book, shared: Book, record: Record, refs: list[tuple[str, bytes]], system: System) -> bytes:
    """Share one entry: say so in the private book, then write it with that salt; return its new id.

    Raises:
        StoreError: the disk is full or failing; a half-done one is finished later.
    """
    begun = [share.salt for _, share in record.shares if share.key == shared.own_key]
    salt = begun[0] if begun else system.random_bytes(16)
    if not begun:
        private.append([Draft("share", words.Share(entry=record.id, salt=salt, key=shared.own_key))])
    write = record.write
    fresh = words.Write(
        kind=write.kind,
        schema=write.schema,
        happened=write.happened,
        fields=versions_of(record).shown.fields,
        refs=tuple(refs),
        joint=write.joint,
    )
    return shared.append([Draft("write", fresh, salt=salt)])[0].id


def refs_in_shared(record: Record, mine: Frozen, ours: Frozen) -> list[tuple[str, bytes]] | None:
    """Return what an entry will refer to in the shared book, or None where something of it is not there."""
    moved = {}
    for _, target in record.write.refs:
        there = mine.record(target)
        done = None if there is None else shared_as(there, ours)
        if done is not None:
            moved[target] = done
    return _refs(record, moved, ours)


def shared_as(record: Record, ours: Frozen) -> bytes | None:
    """Return the id that an entry has in the shared book, or None."""
    for _, share in record.shares:
        found = ours.written_with(share.salt, share.key)
        if found is not None:
            return found
    return None


def _refs(record: Record, moved: dict[bytes, bytes], ours: Frozen) -> list[tuple[str, bytes]] | None:
    refs = []
    for relation, target in record.write.refs:
        there = moved.get(target, target)
        if ours.record(there) is None and target not in moved:
            return None
        refs.append((relation, there))
    return refs
