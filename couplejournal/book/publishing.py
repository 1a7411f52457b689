"""In which order a book's files are handed over, so that whoever sees only the first of them is never led astray.

Key segments come first, each stream in its order; an epoch only after the removals that it names, a removal only after
the chains that it pins (docs/spec/format.md 4). Else a device that stops half-way would leave epochs behind that nobody
may hand on, or removals that leave others undecided.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from couplejournal.book.shelf import Shelf
from couplejournal.book.streams import Stream
from couplejournal.ops import codec, words
from couplejournal.ops.membership import Membership
from couplejournal.ops.words import Head
from couplejournal.seal.segments import KEY_STREAM
from couplejournal.store.replica import Part

Placed = tuple[Stream, Part]
Needs = dict[tuple[bytes, bytes], list[tuple[int, list[Head]]]]


def in_order(shelf: Shelf) -> list[Placed]:
    """Return every file of a book, the genesis too, with its stream, in the order in which it is handed over."""
    streams = sorted(shelf.streams.values(), key=lambda stream: (stream.type, stream.id))
    plain = [(stream, part) for stream in streams for part in list(stream.parts)]
    if not shelf.membership.root_heads:
        return plain
    before = _before(plain, _needs(shelf.membership))
    ordered: list[Placed] = []
    seen: set[Part] = set()
    done: set[Part] = set()
    for placed in plain:
        waiting = [placed]
        while waiting:
            part = waiting[-1][1]
            if part in seen:  # all that it needs is in order by now
                waiting.pop()
                if part not in done:
                    done.add(part)
                    ordered.append((shelf.streams[part.stream], part))
            else:
                seen.add(part)
                waiting.extend(one for one in before.get(part, ()) if one[1] not in seen)
    return ordered


def _needs(membership: Membership) -> Needs:
    """Return by the key and id of a stream which places its operations need, and at which numbers."""
    needs: Needs = {}
    for fact in membership.epochs.values():
        if fact.roots:
            needs.setdefault((fact.key, fact.stream), []).append((fact.seq, list(fact.roots)))
    for person in membership.persons:
        for op in membership.graph.ops.get(person.root, {}).values():
            peeked = codec.peek(op.data)
            if peeked.word == "remove":
                listed = words.decode_fields(words.Remove, peeked.fields).keys
                pins = [pin for _, heads in listed for pin in heads if membership.holds(pin)]
                needs.setdefault((op.key, op.stream), []).append((op.seq, pins))
    return needs


def _before(plain: Iterable[Placed], needs: Needs) -> dict[Part, list[Placed]]:
    """Return what each file of a key stream has to wait for: the one before it, and those that hold what it needs."""
    key_streams: dict[bytes, list[Stream]] = {}
    before: dict[Part, list[Placed]] = {}
    last: dict[bytes, Placed] = {}
    for stream, part in plain:
        if stream.type == KEY_STREAM:
            if stream.id in last:
                before.setdefault(part, []).append(last[stream.id])
            else:
                key_streams.setdefault(stream.origin, []).append(stream)
            last[stream.id] = stream, part
    for streams in key_streams.values():
        for stream in streams:
            for number, heads in needs.get((stream.key, stream.origin), ()):
                found = [one for head in heads for one in _holding(key_streams.get(head[0], ()), head[1])]
                for part in stream.parts:
                    if part.first <= number <= part.last:
                        before.setdefault(part, []).extend(found)
    return before


def _holding(streams: Iterable[Stream], number: int) -> Iterator[Placed]:
    """Yield the files that hold a number in some streams: those before it go before them anyway."""
    for stream in streams:
        for part in stream.parts:
            if part.first <= number <= part.last:
                yield stream, part
