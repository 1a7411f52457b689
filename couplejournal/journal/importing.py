"""Take in entries that came from elsewhere: private ones, all of them or none as far as one file of this device goes.

What is to be written is checked before the first is. Up to 2 MiB of it stand in one segment, which is there whole or
not at all; more takes several, and who is interrupted between two of them takes in the rest next time: nothing comes
twice, since each entry names where it came from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from couplejournal.book import Draft
from couplejournal.errors import InvalidEntryError
from couplejournal.model.moment import Moment
from couplejournal.model.validity import require_valid
from couplejournal.ops import codec, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from couplejournal.journal import Journal
    from couplejournal.model.content import Content

RUN_LIMIT_BYTES: Final = 2 << 20
RUN_LIMIT: Final = 10_000
_MANUAL: Final = "manual"


def sources_here(journal: Journal) -> frozenset[str]:
    """Return where the entries of this person came from, by their ``source``; those taken back are not among them.

    Raises:
        StoreError: the disk fails.
    """
    mine = (entry for entry in journal.view().entries() if entry.is_mine)
    contents = (content for entry in mine for content in (entry.content, *entry.conflict))
    return frozenset(content.source for content in contents if content.source != _MANUAL)


def take_in(journal: Journal, given: Sequence[tuple[Content, datetime | None]]) -> int:
    """Write private entries, each with when it happened (None: now), and return how many.

    Raises:
        InvalidEntryError: one of them will not do; none was written.
        StoreError: the disk is full or failing; what is named above may be written.
    """
    reader = journal.reader
    now_ms = reader.device.system.now_ms()
    drafts = []
    for content, happened_at in given:
        kind = reader.kinds.get(content.kind)
        if kind is None or (kind.refs is not None and kind.refs.is_needed):
            raise InvalidEntryError("an entry of this kind cannot be taken in")
        marked = kind.marked(content)
        require_valid(marked)
        moment = Moment.parse(happened_at, now_ms=now_ms, zone=reader.zone)
        write = words.Write(
            kind=kind.name,
            schema=content.schema,
            happened=(moment.ms, moment.offset_minutes, moment.precision),
            fields=msgspec.Raw(codec.encode(marked.to_fields())),
            refs=(),
            joint=kind.is_joint(marked),
            both=False,
        )
        drafts.append(Draft("write", write))
    for run in _runs(drafts):
        with reader.device.hold():
            reader.device.reload()
            reader.device.private.append(run)
    return len(drafts)


def _runs(drafts: Iterable[Draft]) -> Iterator[list[Draft]]:
    """Yield drafts in runs that fit into a segment each."""
    run: list[Draft] = []
    size_bytes = 0
    for draft in drafts:
        size = len(codec.encode(draft.fields))
        if run and (size_bytes + size > RUN_LIMIT_BYTES or len(run) == RUN_LIMIT):
            yield run
            run, size_bytes = [], 0
        run.append(draft)
        size_bytes += size
    if run:
        yield run
