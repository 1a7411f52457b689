"""One membership, its streams and its replica behind one door: append operations, hand out verified ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from itertools import islice
from pathlib import Path

from couplejournal.book import intake, tending
from couplejournal.book.acks import Acknowledged
from couplejournal.book.shelf import Shelf
from couplejournal.book.streams import Stream
from couplejournal.book.values import Gap, Held, Taken
from couplejournal.book.writing import Draft, Writer
from couplejournal.disk import Disk
from couplejournal.errors import StoreError
from couplejournal.ops import words
from couplejournal.ops.membership import Membership
from couplejournal.ops.op import Op
from couplejournal.seal.keys import KeyPair
from couplejournal.seal.segments import KEY_STREAM
from couplejournal.store.replica import GENESIS_NAME, Part, Replica
from couplejournal.system import System


class Book:
    """A book on this device. Any thread may call; processes of one device wait for each other."""

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
    ) -> None:
        """Open a replica with this device's key; ``state`` is the path stem of the book's local notes.

        Raises:
            StoreError: the replica is not there, or damaged at its beginning.
        """
        self._shelf = Shelf(replica, own, (root,) if root is not None else ())
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

    def append(self, drafts: Sequence[Draft]) -> list[Op]:
        """Write operations, durably and as one segment.

        Raises:
            InvalidEntryError: larger than an operation may be.
            StoreError: this device may not write, or its disk is full or failing; nothing was written.
        """
        return self._writer.append(drafts)

    def take(self, files: Sequence[bytes]) -> list[Taken]:
        """Verify, store durably and apply files from outside; one verdict for each, in their order.

        Raises:
            StoreError: this device's own copy failed; what was taken before it stays taken.
        """
        return intake.take(self._writer, files, self._system)

    def tend(self) -> bool:
        """Ask for what does not open and grant what others asked for; return whether anything was written.

        Raises:
            StoreError: the disk is full or failing.
        """
        return tending.tend(self._writer)

    def acknowledge(self) -> bool:
        """Tell the others what is held here, if something new is; return whether anything was written.

        Raises:
            StoreError: the disk is full or failing.
        """
        return tending.acknowledge(self._writer)

    def admit(self, keys: bytes, proof: bytes, founding_seed: bytes) -> None:
        """Add a device of this device's own person.

        Raises:
            PairingError: there are as many as there may be.
            StoreError: this device may not write, or its disk is full or failing.
        """
        tending.admit(self._writer, keys, proof, founding_seed)

    def ops_after(self, positions: Mapping[bytes, int]) -> list[Op]:
        """Return the operations of all word streams beyond the given numbers, each stream in its order.

        Raises:
            StoreError: the disk fails.
        """
        with self._writer.turn():
            return list(self._shelf.ops_after(positions))

    def first_ops(self, limit: int) -> list[Op]:
        """Return up to so many operations from the beginning of each word stream, and read no more than they need.

        Raises:
            StoreError: the disk fails.
        """
        with self._writer.turn():
            heads = self.heads()
            return [op for stream in heads for op in islice(self._shelf.ops_after({**heads, stream: 0}), limit)]

    def heads(self) -> dict[bytes, int]:
        """Return the number up to which each word stream is held without a gap."""
        return {s.id: s.head for s in list(self._shelf.streams.values()) if s.type != KEY_STREAM}

    def places(self) -> list[tuple[bytes, int, bytes]]:
        """Return (stream, number, link) at the head of every stream, sorted: what an invite pins.

        Raises:
            StoreError: the disk fails.
        """
        with self._writer.turn():
            found = []
            for stream in list(self._shelf.streams.values()):
                link = self._shelf.link_at(stream, stream.head) if stream.head else None
                if link is not None:
                    found.append((stream.id, stream.head, link))
            return sorted(found)

    def link_at(self, stream: bytes, seq: int) -> bytes | None:
        """Return the link of an operation that is held without a gap before it, or None.

        Raises:
            StoreError: the disk fails.
        """
        with self._writer.turn():
            found = self._shelf.streams.get(stream)
            return self._shelf.link_at(found, seq) if found is not None and seq <= found.head else None

    def admission_of(self, key: bytes, author: bytes) -> words.Admit | None:
        """Return the admission of a key by another, as it stands in that one's key stream.

        Raises:
            StoreError: the disk fails.
        """
        with self._writer.turn():
            return self._shelf.admission_of(key, author)

    def key_of(self, stream: bytes) -> bytes | None:
        """Return the id of the key that writes a stream."""
        found = self._shelf.streams.get(stream)
        return found.key if found else None

    def held(self) -> list[Held]:
        """Return every file of the replica in publishing order: key segments first, each stream in its order."""
        streams = sorted(self._shelf.streams.values(), key=lambda stream: (stream.type, stream.id))
        return [
            self._held(stream, part) for stream in streams for part in list(stream.parts) if not self._is_genesis(part)
        ]

    def read(self, path: str) -> bytes:
        """Return the exact bytes of one held file, by the path that `held` gave.

        Raises:
            StoreError: it is not there, or the disk fails.
        """
        below = path.removeprefix(self.folder + "/")
        return self.genesis if below == GENESIS_NAME else self._shelf.replica.read(below)

    def gaps(self) -> list[Gap]:
        """Return what is known to be missing before something that is held."""
        found = []
        for stream in list(self._shelf.streams.values()):
            beyond = [part.first for part in stream.parts if part.first > stream.head + 1]
            if beyond:
                found.append(Gap(stream.id, self.device_name_of(stream.key), stream.head + 1, min(beyond) - 1))
        return found

    def seen(self, held: Held, *, since_ms: int) -> bool | None:
        """Return whether a device of the other person told that it holds a file; None where nothing is known."""
        if self.acknowledged is None:
            return None
        mine = self.person
        return self.acknowledged.is_seen(
            held.stream, held.last, since_ms=since_ms, counts=lambda key: self.membership.person_of(key) != mine
        )

    def stop(self, reason: str) -> None:
        """Write nothing more into this book from this device, durably.

        Raises:
            StoreError: the disk fails.
        """
        self._writer.stop(reason)

    def stopped(self) -> str | None:
        """Return why this device may not write, or None.

        Raises:
            StoreError: the disk fails.
        """
        return self._writer.stopped()

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
        )

    def _is_genesis(self, part: Part) -> bool:
        return self._shelf.is_genesis(part)
