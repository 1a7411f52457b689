"""What the parts of a shelf make together: how far each stream is held, what it says, and what of that counts.

A stream whose parts all agree is told by their names, and reading it proves that links go on from part to part. Where
they do not, it is forked, and its `Tree` says what is held of each branch (docs/spec/format.md 10).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from couplejournal.book.branches import Chain, Place, Tree
from couplejournal.book.shelf import Shelf
from couplejournal.book.streams import Stream
from couplejournal.book.values import File, Run
from couplejournal.ops import codec
from couplejournal.ops.op import Op
from couplejournal.ops.words import Head
from couplejournal.seal.segments import WORD_STREAM, VerifiedSegment
from couplejournal.store.replica import Part


def word_streams(shelf: Shelf) -> list[Stream]:
    """Return every stream that holds words."""
    return [stream for stream in list(shelf.streams.values()) if stream.type == WORD_STREAM]


def heads(shelf: Shelf) -> dict[bytes, int]:
    """Return by chain the number up to which each word stream is held without a gap.

    Raises:
        StoreError: the disk fails.
    """
    found: dict[bytes, int] = {}
    for stream in word_streams(shelf):
        found |= _chain_ends(shelf, stream)
    return found


def _chain_ends(shelf: Shelf, stream: Stream) -> dict[bytes, int]:
    """Return the last number of each chain of a stream."""
    tree = shelf.tree_of(stream)
    if tree is None:
        return {stream.id: stream.head}
    return {chain.id: chain.last for chain in tree.chains().values() if chain.is_joined}


def ends(shelf: Shelf, stream: Stream) -> list[Place]:
    """Return (number, link) of the last operation held without a gap, of each branch; none where nothing is held.

    Raises:
        StoreError: the disk fails.
    """
    tree = shelf.tree_of(stream)
    if tree is not None:
        return tree.ends()
    link = link_at(shelf, stream, stream.head)
    return [(stream.head, link)] if stream.head and link is not None else []


def link_at(shelf: Shelf, stream: Stream, number: int) -> bytes | None:
    """Return the link at a number of a stream; where it is forked, that of the part before the branches, or None.

    Raises:
        StoreError: the disk fails.
    """
    tree = shelf.tree_of(stream)
    if number == 0:
        return stream.root
    if tree is not None:
        chain = tree.chains()[stream.id]
        return chain.links[number - 1] if number <= chain.last else None
    for part in stream.parts[::-1]:
        if part.first <= number <= part.last:
            verified = shelf.open_part(part)
            if verified is not None:
                return verified.links[number - part.first]
    return None


def holds(shelf: Shelf, stream: Stream, number: int, link: bytes) -> bool:
    """Return whether an operation is held with everything before it.

    Raises:
        StoreError: the disk fails.
    """
    tree = shelf.tree_of(stream)
    if tree is not None:
        return tree.holds(number, link)
    return number <= stream.head and link_at(shelf, stream, number) == link


def gaps(shelf: Shelf, stream: Stream) -> list[tuple[int, int]]:
    """Return (first, last) number of what is missing before something that is held.

    Raises:
        StoreError: the disk fails.
    """
    tree = shelf.tree_of(stream)
    if tree is not None:
        return tree.gaps()
    beyond = [part.first for part in stream.parts if part.first > stream.head + 1]
    return [(stream.head + 1, min(beyond) - 1)] if beyond else []


def runs(shelf: Shelf, stream: Stream, file: File) -> list[Run]:
    """Return the pieces of chains that a file of a stream holds; none where its branch is not held here.

    Raises:
        StoreError: the disk fails.
    """
    tree = shelf.tree_of(stream)
    if tree is None:
        return [Run(stream.id, file.first, file.last)]
    found = []
    for chain, upto in tree.path(file.last, _end_of(tree, file)):
        if upto < file.first:
            break
        found.append(Run(chain.id, max(file.first, chain.first), upto))
    return found if found and found[-1].first == file.first else []


def leads_from(shelf: Shelf, stream: Stream, place: Place) -> Callable[[int, bytes], bool] | None:
    """Return what tells whether an operation of a forked stream stands behind another; None for other streams.

    Raises:
        StoreError: the disk fails.
    """
    tree = shelf.tree_of(stream)
    if tree is None or not tree.is_forked:
        return None
    return lambda number, link: tree.leads(place, (number, link))


def place_of(shelf: Shelf, stream: Stream, file: File) -> Place:
    """Return where a file of this replica ends; its link is empty where the stream is not forked.

    Raises:
        StoreError: the disk fails.
    """
    tree = shelf.tree_of(stream)
    return file.last, b"" if tree is None else _end_of(tree, file)


def last_to_acknowledge(shelf: Shelf, stream: Stream, file: File) -> int:
    """Return the number of the last operation of a file that others acknowledge; 0 where it only acknowledges itself.

    Raises:
        StoreError: the disk fails.
    """
    if stream.type != WORD_STREAM or stream.tree is not None:
        return file.last
    numbers = [0]
    for op in ops_in(shelf, stream, {stream.id: file.first - 1}):
        if op.seq > file.last:
            break
        if op.word != "seen":
            numbers.append(op.seq)
    return numbers[-1]


def last_spoke_ms(shelf: Shelf, key: bytes) -> int:
    """Return when a key wrote the last of its words that are held, by its own clock (ms); 0: never.

    Raises:
        StoreError: the disk fails.
    """
    latest = 0
    for stream in word_streams(shelf):
        if stream.key == key:
            before = {chain: last - 1 for chain, last in _chain_ends(shelf, stream).items()}
            latest = max([latest, *(op.clock[0] for op in ops_in(shelf, stream, before))])
    return latest


def _end_of(tree: Tree, file: File) -> bytes:
    return file.end or tree.end_of(Part(file.stream, file.first, file.last, file.digest, 0))


def size(shelf: Shelf, stream: Stream) -> int:
    """Return how many operations of a stream are held without a gap, in all branches together.

    Raises:
        StoreError: the disk fails.
    """
    tree = shelf.tree_of(stream)
    return stream.head if tree is None else tree.size


def is_within_one(shelf: Shelf, stream: Stream, verified: VerifiedSegment) -> bool:
    """Return whether one part holds all that a segment does, which agrees with those of a stream that is not forked.

    Raises:
        StoreError: the disk fails.
    """
    head, tree = verified.sealed.header, shelf.tree_of(stream)
    if tree is not None:
        return tree.is_within(head.first, head.last, head.end)
    return any(part.first <= head.first and part.last >= head.last for part in stream.touching(head.first, head.last))


def covers(shelf: Shelf, stream: Stream, verified: VerifiedSegment) -> bool:
    """Return whether several parts together hold all that a segment does, which agrees as above.

    Raises:
        StoreError: the disk fails.
    """
    head, tree = verified.sealed.header, shelf.tree_of(stream)
    return stream.covers(head.first, head.last) if tree is None else tree.covers(head.first, verified.links)


def agrees(shelf: Shelf, stream: Stream, verified: VerifiedSegment) -> bool:
    """Return whether a segment's links are those that are held, wherever the two touch or overlap.

    Raises:
        StoreError: the disk fails.
    """
    head = verified.sealed.header
    links = dict(zip(range(head.first - 1, head.last + 1), (head.prev, *verified.links), strict=True))
    while True:
        outline = [(part, shelf.open_part(part)) for part in stream.outline(head.first, head.last)]
        if all(held is not None for _, held in outline):
            break  # else some were damaged and are out of the account by now: others may stand in for them
    for part, held in outline:
        if held is not None:
            before = held.sealed.header.prev
            for number, link in zip(range(part.first - 1, part.last + 1), (before, *held.links), strict=True):
                if links.get(number, link) != link:
                    return False
    return True


def ops_after(shelf: Shelf, positions: Mapping[bytes, int]) -> Iterator[Op]:
    """Yield the operations of all word streams beyond the given numbers of their chains, each chain in its order.

    A stream that turns out to be forked is cut into chains from then on, so what stands in a chain of its own by then
    is yielded again.

    Raises:
        StoreError: the disk fails.
    """
    for stream in word_streams(shelf):
        yield from ops_in(shelf, stream, positions)


def ops_in(shelf: Shelf, stream: Stream, positions: Mapping[bytes, int]) -> Iterator[Op]:
    """Yield what `ops_after` does, of one stream.

    Raises:
        StoreError: the disk fails.
    """
    return _straight(shelf, stream, positions) if stream.tree is None else _branched(shelf, stream, positions)


def _straight(shelf: Shelf, stream: Stream, positions: Mapping[bytes, int]) -> Iterator[Op]:
    """Yield the operations of a stream whose parts agree, as far as their links go on from one to the next."""
    at = positions.get(stream.id, 0)
    before = stream.root if at == 0 else None
    for part in list(stream.cover(at)):
        verified = shelf.open_part(part)
        if verified is None:
            return
        links = (verified.sealed.header.prev, *verified.links)
        if before is not None and links[at + 1 - part.first] != before:
            shelf.branch(stream)
            yield from _branched(shelf, stream, positions)
            return
        yield from _ops_of(stream, stream.id, verified, at + 1, part.last)
        at, before = part.last, links[-1]


def _branched(shelf: Shelf, stream: Stream, positions: Mapping[bytes, int]) -> Iterator[Op]:
    """Yield the operations of a forked stream, chain after chain."""
    read = dict(positions)
    is_whole = False
    while not is_whole:  # a file that turns out to be damaged takes its branch with it
        tree = shelf.tree_of(stream)
        is_whole = True
        for chain in [] if tree is None else list(tree.chains().values()):
            if tree is None or not chain.is_joined:
                continue
            for verified, first, last in _pieces(shelf, tree, chain, read.get(chain.id, 0)):
                if verified is None:
                    is_whole = False
                    break
                yield from _ops_of(stream, chain.id, verified, first, last)
                read[chain.id] = last
            if not is_whole:
                break


def _pieces(shelf: Shelf, tree: Tree, chain: Chain, after: int) -> Iterator[tuple[VerifiedSegment | None, int, int]]:
    """Yield the segments that hold a chain beyond a number, each with what to take of it; None for a damaged one."""
    at = max(after, chain.first - 1)
    while at < chain.last:
        part = tree.part_at(at + 1, chain.links[at + 1 - chain.first])
        verified = None if part is None else shelf.open_part(part)
        last = chain.last if part is None else min(part.last, chain.last)
        yield verified, at + 1, last
        at = last


def _ops_of(stream: Stream, chain: bytes, verified: VerifiedSegment, first: int, last: int) -> Iterator[Op]:
    """Yield operations of a segment by their numbers."""
    for number in range(first, last + 1):
        index = number - verified.sealed.header.first
        peeked = codec.peek(verified.ops[index])
        yield Op(
            verified.links[index], stream.key, chain, number, peeked.word, peeked.clock, peeked.salt,
            bytes(peeked.fields),
        )  # fmt: skip


def accepted(shelf: Shelf, key: bytes) -> Mapping[bytes, int] | None:
    """Return by chain up to which number the words of a key count; None: all of them, empty: none.

    Of a removed key those count that every removal accepts: they stand at or before a place that it pins, and the chain
    from there to the pinned link is held. Of a key that fell with another's removal none do, removed itself or not.

    Raises:
        StoreError: the disk fails.
    """
    if key not in shelf.limits:
        shelf.limits[key] = _accepted(shelf, key)
    return shelf.limits[key]


def _accepted(shelf: Shelf, key: bytes) -> Mapping[bytes, int] | None:
    membership = shelf.membership
    known = membership.keys.get(key)
    if known is None or known.standing == "void" or known.is_fallen:
        return {}
    removals = membership.removals.get(key, ())
    if known.is_root or not removals:
        return None
    found: dict[bytes, int] | None = None
    for pins in removals:
        one = _reached(shelf, key, pins)
        found = one if found is None else {chain: min(found[chain], one[chain]) for chain in found.keys() & one.keys()}
    return found


def _reached(shelf: Shelf, key: bytes, pins: Iterable[Head]) -> dict[bytes, int]:
    """Return by chain how far the chains go that lead to some pinned places."""
    found: dict[bytes, int] = {}
    for origin, number, link in pins:
        stream = shelf.find(key, origin, WORD_STREAM)
        if stream is None or not holds(shelf, stream, number, link):
            continue
        tree = shelf.tree_of(stream)
        way: Sequence[tuple[bytes, int]] = [(stream.id, number)]
        if tree is not None:
            way = [(chain.id, upto) for chain, upto in tree.path(number, link)]
        for chain_id, upto in way:
            found[chain_id] = max(upto, found.get(chain_id, 0))
    return found


def counts(shelf: Shelf, stream: Stream, number: int, link: bytes) -> bool:
    """Return whether an operation of a word stream counts, wherever its chain ends by now.

    Raises:
        StoreError: the disk fails.
    """
    limits = accepted(shelf, stream.key)
    if limits is None:
        return True
    tree = shelf.tree_of(stream)
    chain = None if tree is None else tree.chain_of(number, link)
    return number <= limits.get(stream.id if chain is None else chain.id, 0)


def stream_of(shelf: Shelf, op: Op) -> Stream | None:
    """Return the stream in which an operation of words stands, None where it is not held.

    Raises:
        StoreError: the disk fails.
    """
    for stream in word_streams(shelf):
        if stream.key == op.key:
            tree = shelf.tree_of(stream)
            if stream.id == op.stream if tree is None else tree.holds(op.seq, op.id):
                return stream
    return None
