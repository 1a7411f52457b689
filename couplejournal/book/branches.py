"""A stream as a tree: what one key signed at each number, and the chains that this makes (docs/spec/format.md 10).

A device that was restored, copied or robbed of its key may sign two operations for one number. Both branches are kept
and both count. What is held is cut into *chains*: runs that are as long as they can be without branching. The chain
from the stream's beginning keeps the stream's id; every other one is named by its first link, so that it has the same
name on every device. Parts join by links and never by numbers: what lies beyond a gap may belong to any branch.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec

from couplejournal.ops.domains import digest
from couplejournal.store.replica import Part

Place = tuple[int, bytes]
"""(number, link) of an operation."""


class Chain(msgspec.Struct, frozen=True, eq=False, gc=False):
    """Operations ``first`` to ``last`` without a branch between them; the root's chain may hold none.

    ``before`` is the id of the chain on which it grows, None for the root's and for one whose beginning is not held.
    ``is_joined``: it leads from the stream's beginning to here without a gap.
    """

    id: bytes
    first: int
    links: tuple[bytes, ...]
    before: bytes | None
    is_joined: bool

    @property
    def last(self) -> int:
        """Return the number of its last operation, ``first - 1`` where it holds none."""
        return self.first + len(self.links) - 1


class _Bud(NamedTuple):
    """Where a chain begins: the place before it, its first link (None: the root's chain), the chain before it."""

    at: Place
    link: bytes | None
    before: bytes | None


class Tree:
    """Every link of one stream that is held. What a file costs does not depend on how many branches there are."""

    def __init__(self, stream: bytes, origin: bytes, root: bytes) -> None:
        """Begin empty: ``stream`` names the root's chain, ``origin`` is the id in its headers, ``root`` link 0."""
        self._stream = stream
        self._origin = origin
        self._root: Place = (0, root)
        self._parts: dict[Part, tuple[bytes, ...]] = {}
        self._holding: dict[Place, Part] = {}
        self._after: dict[Place, list[bytes]] = {}
        self._joined: set[Place] = {self._root}
        self._links: dict[int, bytes] = {}
        self._chains: dict[bytes, Chain] | None = None
        self._chain_at: dict[Place, Chain] = {}
        self.is_forked = False
        """Two links are known for one number, be it only as what something stands behind."""

    @property
    def size(self) -> int:
        """Return how many operations are held with everything before them, in all branches together."""
        return len(self._joined) - 1

    @property
    def parts(self) -> Mapping[Part, tuple[bytes, ...]]:
        """Return the parts that were taken in, each with the link before it and its own."""
        return self._parts

    def add(self, part: Part, prev: bytes, links: Sequence[bytes]) -> int:
        """Take in a part with the link before it and its own; return how many operations are joined that were not."""
        self._parts[part] = (prev, *links)
        before, count = (part.first - 1, prev), 0
        self._compare(*before)
        for number, link in enumerate(links, part.first):
            place = (number, link)
            held = self._holding.get(place)
            if held is None:
                self._after.setdefault(before, []).append(link)
                self._chains = None
                self._compare(*place)
            if held is None or (part.first, -part.last) < (held.first, -held.last):
                self._holding[place] = part
            if before in self._joined and place not in self._joined:
                count += self._join(place)
            before = place
        return count

    def drop(self, part: Part) -> None:
        """Forget a part whose file turned out to be damaged or gone."""
        if self._parts.pop(part, None) is None:
            return
        held, self._parts = self._parts, {}
        self._holding.clear()
        self._after.clear()
        self._joined = {self._root}
        self._links.clear()
        self._chains = None
        self.is_forked = False
        for other, links in held.items():
            self.add(other, links[0], links[1:])

    def holds(self, number: int, link: bytes) -> bool:
        """Return whether an operation is held with everything before it; the beginning itself (0) is."""
        return (number, link) in self._joined

    def part_at(self, number: int, link: bytes) -> Part | None:
        """Return a part that holds an operation: of several the one that begins first."""
        return self._holding.get((number, link))

    def end_of(self, part: Part) -> bytes:
        """Return the last link of a part that was taken in, empty for any other."""
        return self._parts.get(part, (b"",))[-1]

    def is_within(self, first: int, last: int, end: bytes) -> bool:
        """Return whether one part holds operations ``first`` to ``last`` of those that lead to a link at ``last``."""
        part = self._holding.get((last, end))
        return part is not None and part.first <= first

    def covers(self, first: int, links: Sequence[bytes]) -> bool:
        """Return whether every one of these operations is held, in whatever parts, before a gap or behind it."""
        return all(place in self._holding for place in enumerate(links, first))

    def chains(self) -> Mapping[bytes, Chain]:
        """Return the chains by id: the root's first, each after the one on which it grows, those behind a gap last."""
        if self._chains is None:
            found: dict[bytes, Chain] = {}
            self._chain_at = {}
            self._sprout(found, [_Bud(self._root, None, None)], is_joined=True)
            loose = [place for place in self._after if place not in self._holding and place != self._root]
            buds = [_Bud(place, link, None) for place in loose for link in self._after[place]]
            self._sprout(found, buds, is_joined=False)
            self._chains = found
        return self._chains

    def chain_of(self, number: int, link: bytes) -> Chain | None:
        """Return the chain in which an operation stands, behind a gap too."""
        self.chains()
        return self._chain_at.get((number, link))

    def path(self, number: int, link: bytes) -> Iterator[tuple[Chain, int]]:
        """Yield (chain, number up to which it belongs) from an operation that is held back to where it comes from."""
        chain, upto = self.chain_of(number, link), number
        while chain is not None:
            yield chain, upto
            chain = None if chain.before is None else self.chains()[chain.before]
            upto = 0 if chain is None else chain.last

    def leads(self, place: Place, to: Place) -> bool:
        """Return whether one operation that is held is another one or stands before it on its branch."""
        chain = self.chain_of(*place)
        return chain is not None and any(at.id == chain.id and place[0] <= upto for at, upto in self.path(*to))

    def ends(self) -> list[Place]:
        """Return the last operation of every branch that is held without a gap, sorted."""
        chains = self.chains()
        grown = {chain.before for chain in chains.values()}
        ends = (chain for chain in chains.values() if chain.is_joined and chain.links and chain.id not in grown)
        return sorted((chain.last, chain.links[-1]) for chain in ends)

    def gaps(self) -> list[tuple[int, int]]:
        """Return (first, last) number of what is known to be missing before something that is held, sorted.

        Where it branches off is not known: so of a branch beside a longer one only its nearest number is sure.
        """
        loose = {chain.first for chain in self.chains().values() if not chain.is_joined and chain.before is None}
        highest = max((number for number, _ in self.ends()), default=0)
        return sorted((highest + 1 if highest < first - 1 else first - 1, first - 1) for first in loose)

    def _compare(self, number: int, link: bytes) -> None:
        """Find out whether another link is known for a number."""
        self.is_forked = self.is_forked or self._links.setdefault(number, link) != link

    def _join(self, place: Place) -> int:
        """Join an operation and all that waited behind it; return how many those are."""
        waiting, count = [place], 0
        while waiting:
            at = waiting.pop()
            if at not in self._joined:
                self._joined.add(at)
                count += 1
                waiting.extend((at[0] + 1, link) for link in self._after.get(at, ()))
        return count

    def _sprout(self, found: dict[bytes, Chain], buds: list[_Bud], *, is_joined: bool) -> None:
        """Cut what grows on some places into chains, each after the one on which it grows."""
        while buds:
            at, link, before = buds.pop()
            first, links = at[0] + 1, []
            if link is not None:
                at = (first, link)
                links.append(link)
            while len(after := self._after.get(at) or []) == 1:
                at = (at[0] + 1, after[0])
                links.append(after[0])
            name = self._stream if link is None else digest("branch", link, self._origin)
            found[name] = chain = Chain(name, first, tuple(links), before, is_joined)
            self._chain_at.update((place, chain) for place in enumerate(links, first))
            buds.extend(_Bud(at, link, name) for link in self._after.get(at, ()))
