"""Streams by their parts: which segment files cover operations 1, 2, 3 … without a gap.

Names are enough as long as all parts of a stream agree, which whoever takes them in proves. A stream of which that is
not known, or known not to be so, has a `Tree`, and then the tree alone says what is held.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Collection, Iterator

from couplejournal.book.branches import Tree
from couplejournal.ops.domains import first_link
from couplejournal.store.replica import Part


def _order(part: Part) -> tuple[int, int, bytes]:
    return part.first, -part.last, part.digest


class Stream:
    """One stream of one key. ``head``: every operation up to it is held; parts may overlap, or lie beyond a gap.

    ``id`` is the name of its folder here, ``origin`` the id in its headers: another one only where somebody took the id
    of another's stream. ``unread`` are the parts that its tree does not know yet. ``which`` adds up what they are.
    """

    def __init__(self, stream: bytes, key: bytes, type_: int, origin: bytes = b"") -> None:
        """Begin without a part; ``stream`` and ``key`` are ids, ``type_`` is that of its segments."""
        self.id = stream
        self.key = key
        self.type = type_
        self.origin = origin or stream
        self.root = first_link(key, self.origin, type_)
        self.parts: list[Part] = []
        self.head = 0
        self.tree: Tree | None = None
        self.unread: list[Part] = []
        self.which = 0
        self._held: set[Part] = set()
        self._longest = 0
        self._last = 0

    def branch(self) -> None:
        """Let a tree say what is held from now on: the parts need not agree, or are known not to."""
        if self.tree is None:
            self.tree = Tree(self.id, self.origin, self.root)
            self.unread = list(self.parts)

    def add(self, part: Part) -> None:
        """Take in a part; one that is held already changes nothing."""
        if part in self._held:
            return
        self._held.add(part)
        self.which += part.number
        self._longest = max(self._longest, part.last - part.first)
        self._last = max(self._last, part.last)
        insort(self.parts, part, key=_order)
        self._advance(part)
        if self.tree is not None:
            self.unread.append(part)

    def drop(self, part: Part) -> None:
        """Forget a part whose file turned out to be damaged; the head may fall."""
        self.which -= part.number if part in self._held else 0
        self._held.discard(part)
        self.parts.remove(part)
        if self.tree is not None:
            self.tree.drop(part)
            self.unread = [other for other in self.unread if other != part]
        self.head = 0
        for held in self.parts:
            self._advance(held)

    def let_go(self, parts: Collection[Part]) -> None:
        """Forget parts of which others hold everything, so that no operation goes; in a stream without a tree."""
        gone = self._held.intersection(parts)
        self._held -= gone
        self.which -= sum(part.number for part in gone)
        self.parts = [part for part in self.parts if part not in gone]

    def has(self, part: Part) -> bool:
        """Return whether exactly this file is held."""
        return part in self._held

    @property
    def last(self) -> int:
        """Return the highest number that any part names, beyond gaps too."""
        return max(self._last, self.head)

    def covers(self, first: int, last: int) -> bool:
        """Return whether every operation of a range is held."""
        if last <= self.head:
            return True
        at = max(first - 1, self.head)
        for part in self.parts[self._near(first) :]:
            if part.first > at + 1:
                return False
            at = max(at, part.last)
            if at >= last:
                return True
        return False

    def cover(self, after: int) -> Iterator[Part]:
        """Yield few parts that together hold the operations from ``after + 1`` to the head, in order."""
        at, best = after, None
        for part in self.parts[self._near(after + 1) :]:
            if at >= self.head:
                return
            if best is not None and part.first > at + 1:
                yield best
                at, best = best.last, None
            if part.first > at + 1:
                return
            if part.last > at and (best is None or part.last > best.last):
                best = part
        if best is not None and at < self.head:
            yield best

    def touching(self, first: int, last: int) -> list[Part]:
        """Return the parts that overlap a range or stand right beside it."""
        at = self._near(first - 1)
        found = []
        while at < len(self.parts) and self.parts[at].first <= last + 1:
            if self.parts[at].last >= first - 1:
                found.append(self.parts[at])
            at += 1
        return found

    def outline(self, first: int, last: int) -> list[Part]:
        """Return few of the parts that `touching` returns: every operation that those hold, these hold too.

        All parts of a stream agree with each other, so what agrees with these agrees with all.
        """
        found: list[Part] = []
        for part in self.touching(first, last):
            if found and part.last <= found[-1].last:
                continue
            while len(found) > 1 and part.first <= found[-2].last + 1:  # the one between the two adds nothing
                found.pop()
            found.append(part)
        return found

    def _near(self, number: int) -> int:
        """Return an index before which no part reaches up to an operation's number."""
        return bisect_left(self.parts, number - self._longest, key=lambda part: part.first)

    def _advance(self, part: Part) -> None:
        """Move the head over a new part and over what lay waiting behind it."""
        if part.first > self.head + 1 or part.last <= self.head:
            return
        self.head = part.last
        at = bisect_right(self.parts, _order(part), key=_order)
        while at < len(self.parts) and self.parts[at].first <= self.head + 1:
            self.head = max(self.head, self.parts[at].last)
            at += 1
