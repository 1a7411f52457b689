"""Where a removal may end a key: at all that is held of it, or at what its own clock puts before a time."""

from __future__ import annotations

from collections.abc import Iterator

from couplejournal.book import holding
from couplejournal.book.shelf import Shelf
from couplejournal.book.streams import Stream
from couplejournal.ops import codec
from couplejournal.ops.words import Head
from couplejournal.seal.segments import WORD_STREAM


def pins_before(shelf: Shelf, key: bytes, until_ms: int) -> list[Head]:
    """Return the places at which a key's streams end if all that it dated at or after a time is not to count.

    On each branch the first operation with such a clock ends it, whatever the later ones say. Clocks are claims: who
    has the key can date words back, so what is admitted and written must be looked at all the same.

    Raises:
        StoreError: the disk fails.
    """
    found: set[Head] = set()
    for stream in list(shelf.streams.values()):
        if stream.key != key:
            continue
        clocks = _clocks(shelf, stream)
        for links in _branches(shelf, stream, clocks):
            upto = next((at for at, link in enumerate(links) if clocks[link] >= until_ms), len(links))
            if upto:
                found.add((stream.origin, upto, links[upto - 1]))
    return sorted(found)


def _clocks(shelf: Shelf, stream: Stream) -> dict[bytes, int]:
    """Return the clock (ms) of every operation of a stream that is held, by its link, in the order of its chains."""
    if stream.type == WORD_STREAM:
        return {op.id: op.clock[0] for op in holding.ops_in(shelf, stream, {})}
    ops = [op for op in shelf.membership.graph.ops.get(stream.key, {}).values() if op.stream == stream.origin]
    return {op.id: codec.peek(op.data).clock[0] for op in sorted(ops, key=lambda op: op.seq)}


def _branches(shelf: Shelf, stream: Stream, clocks: dict[bytes, int]) -> Iterator[list[bytes]]:
    """Yield the links of each branch, from its first operation on, as far as they can be read here."""
    tree = shelf.tree_of(stream)
    if tree is None:
        yield list(clocks)
        return
    for number, link in tree.ends():
        path = [list(chain.links[: upto - chain.first + 1]) for chain, upto in tree.path(number, link)]
        links = [one for part in reversed(path) for one in part]
        yield links[: next((at for at, one in enumerate(links) if one not in clocks), len(links))]
