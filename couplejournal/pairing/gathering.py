"""What a device wrote in private books that it had before is written once more into the private book of its person.

Each device copies what it wrote itself, and nobody else does, so nothing is copied twice. The salt of a copy follows
from the id of what it copies: an interrupted copying goes on where it stopped, and whoever holds both shows one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import msgspec

from couplejournal.book import Book, Draft
from couplejournal.merge import Frozen, Record, entry_named, versions_of
from couplejournal.ops import words
from couplejournal.ops.domains import copy_salt
from couplejournal.pairing.sharing import shared_as

BATCH_BYTES: Final = 1 << 20  # of fields in one segment, besides the last entry

Former = tuple[Frozen, bytes]
"""The state of a former private book, and the id of this device's key in it."""


def gather(
    private: Book, mine: Frozen, former: Sequence[Former], shared: Sequence[Frozen], *, limit: int
) -> int:  # fmt: skip
    """Copy up to ``limit`` entries, in the order of their clocks and each after what it refers to; then what was left.

    An entry that was retracted is not copied, nor one that went into a book of two, of which ``shared`` are the states.
    ``mine`` is the state of the private book that the caller just read, under the lock.

    Returns:
        How many operations were written; 0 means that nothing is left.

    Raises:
        StoreError: the disk is full or failing; the next exchange goes on.
    """
    due = _due(mine, former, shared)
    drafts = list(_drafts(due, mine, former, shared, limit=limit)) or list(_skips(mine, former, shared))[:limit]
    if drafts:
        private.append(drafts)
    return len(drafts)


def _due(mine: Frozen, former: Sequence[Former], shared: Sequence[Frozen]) -> dict[bytes, Record]:
    """Return what is still to be copied, by its id."""
    states = [mine, *(frozen for frozen, _ in former)]
    due = {}
    for frozen, own in former:
        for entry, written in frozen.written.items():
            is_own = written.op.key == own and written.op.word == "write" and frozen.counts(written.op)
            if not is_own or any(state.copy_of(entry) is not None for state in states):
                continue
            record = frozen.record(entry)
            if record is not None and not versions_of(record).is_hidden and not _is_shared(record, shared):
                due[entry] = record
    return due


def _drafts(
    due: Mapping[bytes, Record], mine: Frozen, former: Sequence[Former], shared: Sequence[Frozen], *, limit: int
) -> Iterator[Draft]:
    """Yield what can be written at once: nothing in it refers to something that is still to be written."""
    count = size_bytes = 0
    for record in sorted(due.values(), key=lambda record: (record.op.clock, record.op.id)):
        if any(target in due for _, target in record.write.refs):
            if count:
                return
            continue  # its clock stood before that of what it refers to: that one goes first all the same
        fields = versions_of(record).shown.fields
        refs = tuple((relation, _standing(target, mine, former, shared)) for relation, target in record.write.refs)
        fresh = msgspec.structs.replace(record.write, fields=fields, refs=refs)
        yield Draft("write", fresh, salt=copy_salt(record.id))
        count, size_bytes = count + 1, size_bytes + len(bytes(fields))
        if count == limit or size_bytes > BATCH_BYTES:
            return


def _skips(mine: Frozen, former: Sequence[Former], shared: Sequence[Frozen]) -> Iterator[Draft]:
    """Yield the prompts that were left without an answer and are not marked so in the private book."""
    told = set(mine.answers.skipped)
    for prompt in sorted({prompt for frozen, _ in former for prompt in frozen.answers.skipped}):
        entry = entry_named(prompt)
        name = prompt if entry is None else _standing(entry, mine, former, shared).hex()
        if name not in told:
            told.add(name)
            yield Draft("skip", words.Skip(prompt=name))


def _standing(target: bytes, mine: Frozen, former: Sequence[Former], shared: Sequence[Frozen]) -> bytes:
    """Return the id under which what was referred to stands now: as it was shared or copied, or else the same."""
    for _ in range(len(former) + 1):
        record = next((found for frozen, _ in former if (found := frozen.record(target)) is not None), None)
        moved = None if record is None else _moved(record, mine, former, shared)
        if moved is None:
            break
        target = moved
    return target


def _moved(record: Record, mine: Frozen, former: Sequence[Former], shared: Sequence[Frozen]) -> bytes | None:
    found = [shared_as(record, state) for state in shared]
    found += [state.copy_of(record.id) for state in (mine, *(frozen for frozen, _ in former))]
    return next((one for one in found if one is not None), None)


def _is_shared(record: Record, shared: Sequence[Frozen]) -> bool:
    return any(shared_as(record, state) is not None for state in shared)
