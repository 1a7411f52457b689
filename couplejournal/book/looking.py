"""What a book says, without changing it: its operations, what is held and what is missing, who holds what."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from itertools import islice
from pathlib import Path

from couplejournal.book import ending, holding
from couplejournal.book.acks import Acknowledged
from couplejournal.book.shelf import Shelf
from couplejournal.book.streams import Stream
from couplejournal.book.values import File, Gap, Held, Later, Notice, Run
from couplejournal.book.writing import Writer
from couplejournal.disk import Disk
from couplejournal.errors import StoreError
from couplejournal.ops import words
from couplejournal.ops.membership import Membership
from couplejournal.ops.op import Op
from couplejournal.ops.words import Head
from couplejournal.seal.keys import KeyPair
from couplejournal.seal.segments import KEY_STREAM
from couplejournal.store.replica import GENESIS_NAME, Part, Replica
from couplejournal.system import System


class OpenBook:
    """The reading side of a `Book`. Any thread may call; processes of one device wait for each other."""

    def __init__(
        self,
        replica: Replica,
        own: KeyPair,
        *,
        state: Path,
        disk: Disk,
        system: System,
        hold: Callable[[], AbstractContextManager[object]],
        root: KeyPair | None = None,
        person: bytes = b"",
    ) -> None:
        """Open a replica with this device's key; ``state`` is the path stem of the book's local notes.

        ``person`` is the id of the person whose device this is, where it is known: should both ever claim its key, the
        key streams do not tell.

        Raises:
            StoreError: the replica is not there, or damaged at its beginning.
        """
        self._shelf = Shelf(replica, own, (root,) if root is not None else ())
        self._person = person
        self._writer = Writer(self._shelf, disk, system, hold, state)
        self._system = system
        self.acknowledged: Acknowledged | None = None
        self.device_name_of: Callable[[bytes], str] = lambda _key: ""

    @property
    def id(self) -> bytes:
        """Return the book's id, 32 bytes: the SHA-256 of its genesis."""
        return self._shelf.id

    @property
    def folder(self) -> str:
        """Return the name of the book's folder, on the drive and here."""
        return self.id.hex()[:32]

    @property
    def genesis(self) -> bytes:
        """Return the genesis file."""
        return self._shelf.genesis

    @property
    def own_key(self) -> bytes:
        """Return the id of this device's key for the book."""
        return self._shelf.own.id

    @property
    def membership(self) -> Membership:
        """Return who belongs, as far as the key streams are held."""
        return self._shelf.membership

    @property
    def person(self) -> bytes:
        """Return the id of this device's person in the book, 16 bytes.

        Raises:
            StoreError: this device's key is not known in the book.
        """
        if self.membership.belongs_to(self.own_key, self._person):
            return self._person
        person = self.membership.person_of(self.own_key)
        if person is None:
            raise StoreError("this device's key does not belong to its own copy of the journal")
        return person

    def refresh(self) -> None:
        """Pick up what other processes of this device stored.

        Raises:
            StoreBusyError: another process held the journal for 10 s.
            StoreError: the disk fails.
        """
        with self._writer.turn():
            pass

    def is_ended(self) -> bool:
        """Return whether one of the two ended the sharing: then the book is read and no longer written.

        Raises:
            StoreError: the disk fails.
        """
        return bool(self.enders())

    def enders(self) -> frozenset[bytes]:
        """Return the ids of the keys whose `end` is held and counts.

        Raises:
            StoreError: the disk fails.
        """
        with self._writer.turn() as marks:
            return ending.enders(self._shelf, marks)

    def would_fall(
        self, keys: Collection[bytes], pins: Mapping[bytes, Sequence[Head]] | None = None
    ) -> frozenset[bytes]:
        """Return the ids of the keys that would fall with a removal of others by this person's root.

        Raises:
            StoreError: the disk fails.
        """
        from couplejournal.book import rooting  # start-up: who only writes removes nobody

        return rooting.would_fall(self._writer, self.person, keys, pins)

    def later_words(
        self, keys: Collection[bytes], pins: Mapping[bytes, Sequence[Head]] | None = None
    ) -> tuple[Later, ...]:
        """Return what a removal of keys would put apart: words behind its pins, held here or told of by others.

        Raises:
            StoreError: the disk fails.
        """
        from couplejournal.book import rooting  # start-up: as above

        return rooting.later_words(self._writer, keys, pins)

    def pins_before(self, key: bytes, until_ms: int) -> list[Head]:
        """Return the pins with which nothing counts of what a key dated at or after a time (ms since 1970).

        Raises:
            StoreError: the disk fails.
        """
        with self._writer.turn():
            from couplejournal.book import pinning  # start-up: as above

            return pinning.pins_before(self._shelf, key, until_ms)

    def clock(self) -> tuple[int, int]:
        """Return the book's hybrid time (ms, counter): what is written from now on comes after it.

        Raises:
            StoreError: the disk fails.
        """
        with self._writer.turn() as marks:
            return marks.clock

    def ops_after(self, positions: Mapping[bytes, int]) -> list[Op]:
        """Return the operations of all word streams beyond the given numbers, each stream in its order.

        Raises:
            StoreError: the disk fails.
        """
        with self._writer.turn():
            return list(holding.ops_after(self._shelf, positions))

    def first_ops(self, limit: int) -> list[Op]:
        """Return up to so many operations from the beginning of each word stream, and read no more than they need.

        Raises:
            StoreError: the disk fails.
        """
        with self._writer.turn():
            streams = holding.word_streams(self._shelf)
            return [op for stream in streams for op in islice(holding.ops_in(self._shelf, stream, {}), limit)]

    def heads(self) -> dict[bytes, int]:
        """Return by chain the number up to which each word stream is held without a gap.

        Raises:
            StoreError: the disk fails.
        """
        with self._writer.turn():
            return holding.heads(self._shelf)

    def places(self) -> list[Head]:
        """Return (stream, number, link) at the end of every stream, of each branch of a forked one, sorted.

        Raises:
            StoreError: the disk fails.
        """
        with self._writer.turn():
            streams = list(self._shelf.streams.values())
            return sorted((stream.origin, *end) for stream in streams for end in holding.ends(self._shelf, stream))

    def holds(self, head: Head) -> bool:
        """Return whether an operation (stream, number, link) is held with everything before it, in any stream.

        Raises:
            StoreError: the disk fails.
        """
        origin, number, link = head
        with self._writer.turn():
            streams = [stream for stream in self._shelf.streams.values() if stream.origin == origin]
            return any(holding.holds(self._shelf, stream, number, link) for stream in streams)

    def accepted(self, key: bytes) -> Mapping[bytes, int] | None:
        """Return by chain up to which number the words of a key count; None: all of them, empty: none.

        Raises:
            StoreError: the disk fails.
        """
        with self._writer.turn():
            return holding.accepted(self._shelf, key)

    def counts(self, op: Op) -> bool:
        """Return whether an operation of words counts: those of a removed device do up to what its removals accept.

        Raises:
            StoreError: the disk fails.
        """
        with self._writer.turn():
            stream = holding.stream_of(self._shelf, op)
            return stream is not None and holding.counts(self._shelf, stream, op.seq, op.id)

    def admission_of(self, key: bytes, author: bytes) -> words.Admit | None:
        """Return the admission of a key by another, as it stands in that one's key stream.

        Raises:
            StoreError: the disk fails.
        """
        with self._writer.turn():
            return self._shelf.admission_of(key, author)

    def held(self) -> list[Held]:
        """Return every file of the replica in publishing order: key segments first, each stream in its order."""
        from couplejournal.book import publishing  # start-up: who only writes hands nothing over

        ordered = publishing.in_order(self._shelf)
        return [self._held(stream, part) for stream, part in ordered if not self._is_genesis(part)]

    def held_removals(self) -> list[Held]:
        """Return the files of the replica in which this device's person removes a device, signed with the root."""
        roots = {person.root for person in self.membership.persons if person.id == self.person}
        removing = {stream for stream, _, _ in self.membership.root_heads}
        return [one for one in self.held() if one.stream in removing and self._shelf.streams[one.stream].key in roots]

    def read(self, path: str) -> bytes:
        """Return the exact bytes of one held file, by the path that `held` gave.

        Raises:
            StoreError: it is not there, or damaged, or the disk fails.
        """
        below = path.removeprefix(self.folder + "/")
        if below == GENESIS_NAME:
            return self.genesis
        with self._writer.turn():
            return self._shelf.read(below)

    def runs(self, files: Sequence[File]) -> list[list[Run]]:
        """Return the pieces of chains that files of this replica or of the drive hold; none of what is not known.

        Raises:
            StoreError: the disk fails.
        """
        placed = [(self._shelf.streams.get(file.stream), file) for file in files]
        if all(stream is None or stream.tree is None for stream, _ in placed):  # names say all: nothing is locked
            return [[] if stream is None else [Run(stream.id, file.first, file.last)] for stream, file in placed]
        with self._writer.turn():
            return [[] if stream is None else holding.runs(self._shelf, stream, file) for stream, file in placed]

    def gaps(self) -> list[Gap]:
        """Return what is known to be missing before something that is held.

        Raises:
            StoreError: the disk fails.
        """
        with self._writer.turn():
            return [
                Gap(stream.id, self.device_name_of(stream.key), first, last)
                for stream in list(self._shelf.streams.values())
                for first, last in holding.gaps(self._shelf, stream)
            ]

    def notices(self) -> tuple[Notice, ...]:
        """Return what is known of forks, rollbacks, gaps and devices that shut this one out.

        Raises:
            StoreError: the disk fails.
        """
        from couplejournal.book import noticing  # start-up: who only writes need not know

        with self._writer.turn() as marks:
            is_known = self.own_key in self.membership.keys
            return noticing.notices(self._shelf, marks, self.person if is_known else b"")

    def closed(self) -> int:
        """Return how many keys of words are named here that this device cannot open yet."""
        shelf = self._shelf
        return sum(1 for epoch in list(shelf.membership.epochs) if shelf.epochs.key_of(epoch) is None)

    def told_all(self) -> Mapping[bytes, int]:
        """Return by key how often another device that belongs told, by a `seen` without heads, that it told all."""
        told = {} if self.acknowledged is None else self.acknowledged.told_all()
        return {key: count for key, count in told.items() if key != self.own_key and self.membership.is_live(key)}

    def lacks(self, held: Held, key: bytes) -> bool:
        """Return whether a device told nothing of all that a file holds; of acknowledgements alone nobody tells.

        Raises:
            StoreError: the disk fails.
        """
        stream, acknowledged = self._shelf.streams.get(held.stream), self.acknowledged
        if acknowledged is None or stream is None or stream.key == key:
            return False
        if stream.tree is None and key in acknowledged.holders(stream.origin, held.last):
            return False
        with self._writer.turn():
            leads = holding.leads_from(self._shelf, stream, holding.place_of(self._shelf, stream, held))
            if key in acknowledged.holders(stream.origin, held.last, leads):
                return False
            last = holding.last_to_acknowledge(self._shelf, stream, held)
            return last > 0 and (last == held.last or key not in acknowledged.holders(stream.origin, last, leads))

    def holders(self, ops: Iterable[Op]) -> list[frozenset[bytes]]:
        """Return for each operation of words the keys of the devices that are known to hold it.

        Raises:
            StoreError: the disk fails.
        """
        from couplejournal.book import reaching  # start-up: who only writes need not know

        with self._writer.turn():
            return reaching.holders(self._shelf, self.acknowledged or Acknowledged(), ops)

    def reached(self) -> bool | None:
        """Return whether devices of the other person told that they hold all words of this one; None: not known.

        Raises:
            StoreError: the disk fails.
        """
        if self.acknowledged is None:
            return None
        mine = self.person
        with self._writer.turn():
            answers = {
                self.acknowledged.is_seen(
                    stream.origin, number, counts=lambda key: not self.membership.belongs_to(key, mine),
                    leads=holding.leads_from(self._shelf, stream, (number, link)),
                )
                for stream in holding.word_streams(self._shelf)
                if stream.key == self.own_key
                for number, link in holding.ends(self._shelf, stream)
            }  # fmt: skip
        return None if not answers else False if False in answers else True if answers == {True} else None

    def last_heard(self, key: bytes) -> int:
        """Return when a device wrote its last word that is held here, by its own clock (ms); 0: never.

        Raises:
            StoreError: the disk fails.
        """
        with self._writer.turn():
            return holding.last_spoke_ms(self._shelf, key)

    def is_live(self) -> bool:
        """Return whether this device belongs to the book, as far as it knows: one that does not writes nothing."""
        return self._writer.is_writable()

    def _held(self, stream: Stream, part: Part) -> Held:
        return Held(
            path=f"{self.folder}/{part.path}",
            size_bytes=part.size_bytes,
            digest=part.digest,
            stream=part.stream,
            first=part.first,
            last=part.last,
            is_key=stream.type == KEY_STREAM,
            is_mine=stream.key == self.own_key,
            is_forked=stream.tree is not None,
        )

    def _is_genesis(self, part: Part) -> bool:
        return self._shelf.is_genesis(part)
