"""How far words have come: which devices told that they hold an operation. About delivery, never about reading."""

from __future__ import annotations

from collections.abc import Iterable

from couplejournal.book import holding
from couplejournal.book.acks import Acknowledged
from couplejournal.book.shelf import Shelf
from couplejournal.ops.op import Op


def holders(shelf: Shelf, acknowledged: Acknowledged, ops: Iterable[Op]) -> list[frozenset[bytes]]:
    """Return for each operation the keys of the devices that told that they hold it, and of the one that wrote it.

    Raises:
        StoreError: the disk fails.
    """
    straight = {
        stream.id: acknowledged.reach(stream.origin) for stream in holding.word_streams(shelf) if stream.tree is None
    }
    found: list[frozenset[bytes]] = []
    for op in ops:
        reach = straight.get(op.stream)
        if reach is not None:
            found.append(frozenset([op.key, *(key for key, upto in reach.items() if upto >= op.seq)]))
            continue
        stream = holding.stream_of(shelf, op)
        told = frozenset[bytes]()
        if stream is not None:
            leads = holding.leads_from(shelf, stream, (op.seq, op.id))
            told = acknowledged.holders(stream.origin, op.seq, leads)
        found.append(told | {op.key})
    return found
