"""Journals of many entries, made quickly: merged segments of about 1 MiB, as merging leaves them.

Only the way in is short: operations, links, sealing, signatures and files are the real ones, and a journal that was
filled is opened, proved and read like any other.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import msgspec

from couplejournal.errors import StoreError
from couplejournal.model.clock import HybridClock
from couplejournal.model.kinds import core_kinds
from couplejournal.ops import codec, domains, words
from couplejournal.seal import segments
from couplejournal.seal.segments import WORD_STREAM
from couplejournal.testing.couple import correspondence

if TYPE_CHECKING:
    from couplejournal.book.marks import Marks
    from couplejournal.journal import Journal

MERGED_BYTES: Final = 1 << 20
MINUTE_MS: Final = 60_000
SAMPLE: Final = 300


def fill(journal: Journal, count: int) -> int:
    """Write ``count`` entries of this person into the private book, one a minute until now.

    The contents are those of the sample couple over and over, in their threads. Returns the bytes of the files made.

    Raises:
        StoreError: this device may not write, or its disk is full or failing.
    """
    book = journal.device.private
    writer = book._writer  # noqa: SLF001 - the real one, asked to write many at once
    system = journal.device.system
    with writer.turn() as marks:
        writer.present.settle(marks)
        epoch = writer._epoch_for_now()  # noqa: SLF001
        key = writer.shelf.epochs.key_of(epoch.id)
        if key is None:
            raise StoreError("this device cannot open the key that it writes with")
        first, link, stream = writer.present.place(marks, WORD_STREAM)
        made_bytes = 0
        for ops in _in_runs(_operations(journal, marks, count, link)):
            verified = segments.seal_words(
                writer.shelf.own, key, book=book.id, stream=stream, epoch=epoch.id, first=first, prev=link, ops=ops
            )
            writer.write(marks, verified)
            first, link = first + len(ops), verified.links[-1]
            made_bytes += len(verified.sealed.data)
        marks.clock = HybridClock(marks.clock).tick(system.now_ms())
    return made_bytes


def _operations(journal: Journal, marks: Marks, count: int, link: bytes) -> Iterator[bytes]:
    """Yield the bytes of operations that write the sample correspondence again and again."""
    drafts = correspondence(SAMPLE)
    system = journal.device.system
    random, begin_ms = system.random_bytes, system.now_ms() - count * MINUTE_MS
    clock = HybridClock(marks.clock)
    relations = {name: kind.refs.relation for name, kind in core_kinds().items() if kind.refs is not None}
    written: dict[str, bytes] = {}
    for number in range(count):
        draft = drafts[number % SAMPLE]
        at_ms = begin_ms + number * MINUTE_MS
        marks.clock = clock.tick(at_ms)
        write = words.Write(
            kind=draft.kind,
            schema=draft.content.schema,
            happened=(at_ms, 0, "minute"),
            fields=msgspec.Raw(codec.encode(draft.content.to_fields())),
            refs=((relations[draft.kind], written[draft.refers_to]),) if draft.refers_to else (),
            joint=core_kinds()[draft.kind].is_joint(draft.content),
            both=False,
        )
        op = codec.encode_op("write", write, salt=random(16), clock=marks.clock)
        link = domains.next_link(link, op)
        written[draft.key] = link
        yield op


def _in_runs(ops: Iterator[bytes]) -> Iterator[list[bytes]]:
    """Gather operations until they are about as many bytes as a merged segment holds."""
    run: list[bytes] = []
    size = 0
    for op in ops:
        run.append(op)
        size += len(op)
        if size >= MERGED_BYTES:
            yield run
            run, size = [], 0
    if run:
        yield run
