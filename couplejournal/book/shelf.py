"""The shelf: what this device holds of one book, verified again whenever it is opened.

It reads the replica, proves every key stream, computes who belongs, finds the epoch keys, and hands out verified
segments of word streams when somebody asks. A file that no longer is what its name says (a worn disk) is put out of the
account, so that sync fetches it again; numbering goes by names, so a damaged file never makes a number be used twice.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from typing import Final

from couplejournal.book.streams import Stream
from couplejournal.errors import CouplejournalError, StoreError, UntrustedDataError
from couplejournal.ops import codec, words
from couplejournal.ops.domains import first_link
from couplejournal.ops.membership import KeyOp, Membership, key_id
from couplejournal.ops.op import Op
from couplejournal.seal import segments
from couplejournal.seal.epochs import EpochKeys, KeyProofs
from couplejournal.seal.keys import KeyPair
from couplejournal.seal.segments import KEY_STREAM, NO_BOOK, SealedSegment, VerifiedSegment
from couplejournal.store.replica import Part, Replica

CACHED_BYTES: Final = 16 << 20


class Shelf:
    """The verified content of one replica. Not thread-safe: `Book` keeps callers apart."""

    def __init__(self, replica: Replica, own: KeyPair, more: tuple[KeyPair, ...] = ()) -> None:
        """Open a replica with this device's key for the book and, while at hand, the person's root.

        Raises:
            StoreError: there is no genesis, or it is damaged.
        """
        self.replica = replica
        self.own = own
        genesis = replica.genesis()
        if genesis is None:
            raise StoreError("this device's own copy of the journal is gone")
        self.genesis = genesis
        self.id = hashlib.sha256(genesis).digest()
        self.epochs = EpochKeys((own, *more))
        self.streams: dict[bytes, Stream] = {}
        self.damaged: set[Part] = set()
        self.key_ops: dict[bytes, dict[int, KeyOp]] = {}
        self._unproved: set[Part] = set()
        self._proofs = KeyProofs()
        self._cache: OrderedDict[bytes, VerifiedSegment] = OrderedDict()
        self._cached_bytes = 0
        self._begin()
        self.rescan()

    @property
    def files(self) -> int:
        """Return how many segment files the replica names below ``streams``, damaged ones too."""
        proved = sum(len(stream.parts) for stream in self.streams.values()) - 1  # the genesis lies elsewhere
        return proved + len(self.damaged) + len(self._unproved)

    def is_genesis(self, part: Part) -> bool:
        """Return whether a part is the genesis segment."""
        return part.digest == self.id[:16]

    def rescan(self) -> None:
        """Pick up every file that the replica holds by now.

        Raises:
            StoreError: the disk fails.
        """
        parts = self.replica.parts()
        listed = set(parts)
        for stream in self.streams.values():
            gone = [part for part in stream.parts if part not in listed and not self.is_genesis(part)]
            for part in gone:
                stream.drop(part)
            if gone and stream.type == KEY_STREAM:
                self._learn()
        self.damaged.clear()  # another process may have put them back; whoever opens one finds out
        fresh: dict[bytes, list[Part]] = {}
        for part in parts:
            held = self.streams.get(part.stream)
            if held is None or not held.has(part):
                fresh.setdefault(part.stream, []).append(part)
        waiting = {stream_id: sorted(parts, key=_by_range) for stream_id, parts in fresh.items()}
        progress = True
        while waiting and progress:  # a key stream may be provable only after another one was read
            progress = False
            for stream_id in list(waiting):
                if self._place(waiting[stream_id]):
                    del waiting[stream_id]
                    progress = True
        self._unproved = {part for parts in waiting.values() for part in parts}

    def adopt(self, verified: VerifiedSegment) -> None:
        """Take a segment into the account that was just stored."""
        head, part = verified.sealed.header, self.part_of(verified.sealed)
        self._remember(verified)
        self.damaged.discard(part)
        self._unproved.discard(part)
        self._stream(part.stream, head.key, head.type).add(part)
        if head.type == KEY_STREAM:
            self._note(part.stream, verified)
            self._learn()
            if self._unproved:  # their key may have come
                self.rescan()

    def part_of(self, sealed: SealedSegment) -> Part:
        """Return the place that a segment has in this replica.

        Ids of streams are random, so two keys under one id mean that somebody took the id of another's stream to shut
        it out. Whichever came later goes into another folder; a name is a hint, and readers go by the header.
        """
        head = sealed.header
        folder = head.stream
        while (held := self.streams.get(folder)) is not None and (held.key, held.type) != (head.key, head.type):
            folder = first_link(head.key, folder, head.type)[:16]
        return Part(folder, head.first, head.last, sealed.digest[:16], len(sealed.data))

    def is_spoiled(self, part: Part) -> bool:
        """Return whether a file stands under this name, or stood, that is not what its name says."""
        return part in self.damaged or part in self._unproved

    def verify(self, sealed: SealedSegment) -> VerifiedSegment | None:
        """Prove a segment; None where its key or its epoch's key is not known here.

        Raises:
            NotYetError: it does not authenticate.
            NewerFormatError: it holds what this version must not pass over.
            UntrustedDataError: signed, but wrong.
        """
        head = sealed.header
        known = self.membership.keys.get(head.key)
        if known is None:
            return None
        if head.first == 1 and head.prev != first_link(head.key, head.stream, head.type):
            raise UntrustedDataError("a stream begins with the link of another")
        if head.type == KEY_STREAM:
            return segments.verify_keys(sealed, known.sign)
        fact = self.membership.epochs.get(head.epoch)
        if fact is None:
            return None
        if fact.key != head.key:
            raise UntrustedDataError("a segment is sealed under an epoch of another key")
        key = self.epochs.key_of(head.epoch)
        return None if key is None else segments.verify_words(sealed, known.sign, key)

    def open_part(self, part: Part) -> VerifiedSegment | None:
        """Return a held part, proved again; None where it is damaged, or cannot be opened here.

        Raises:
            StoreError: the disk fails.
        """
        cached = self._cache.get(part.digest)
        if cached is not None:
            self._cache.move_to_end(part.digest)
            return cached
        verified, stream = self._proved(part), self.streams.get(part.stream)
        if verified is not None:
            self._remember(verified)
        elif stream is not None and stream.has(part):
            self.damaged.add(part)
            stream.drop(part)
        return verified

    def link_at(self, stream: Stream, seq: int) -> bytes | None:
        """Return the link of an operation that is held, or None.

        Raises:
            StoreError: the disk fails.
        """
        for part in stream.parts[::-1]:
            if part.first <= seq <= part.last:
                verified = self.open_part(part)
                if verified is not None:
                    return verified.links[seq - part.first]
        return None

    def ops_after(self, positions: Mapping[bytes, int]) -> Iterator[Op]:
        """Yield the operations of all word streams beyond the given numbers, each stream in its order.

        Raises:
            StoreError: the disk fails.
        """
        for stream in list(self.streams.values()):
            if stream.type == KEY_STREAM:
                continue
            at = positions.get(stream.id, 0)
            for part in list(stream.cover(at)):
                verified = self.open_part(part)
                if verified is None:
                    break
                for number in range(max(at + 1, part.first), part.last + 1):
                    index = number - part.first
                    peeked = codec.peek(verified.ops[index])
                    yield Op(
                        verified.links[index], stream.key, stream.id, number, peeked.word, peeked.clock, peeked.salt,
                        bytes(peeked.fields),
                    )  # fmt: skip
                at = part.last

    def admission_of(self, key: bytes, author: bytes) -> words.Admit | None:
        """Return the admission of a key by another, as it stands in that one's key streams."""
        for known in self.key_ops.values():
            for op in known.values():
                peeked = codec.peek(op.data)
                if op.key == author and peeked.word == "admit":
                    admit = words.decode_fields(words.Admit, peeked.fields)
                    if key_id(admit.keys) == key:
                        return admit
        return None

    def own_stream(self, type_: int) -> Stream | None:
        """Return this device's present stream of a type: the longest, or None before its first operation."""
        own = [stream for stream in self.streams.values() if stream.key == self.own.id and stream.type == type_]
        return max(own, key=lambda stream: (stream.last, stream.id), default=None)

    def _begin(self) -> None:
        """Prove the genesis and learn what it says."""
        try:
            sealed = segments.parse(self.genesis)
            self._genesis_op = _genesis_op(sealed)
            self.membership = Membership.of(self.id, self._genesis_op, (), self._proofs)
            verified = self.verify(sealed)
        except UntrustedDataError:
            verified = None
        if verified is None:
            raise StoreError("this device's own copy of the journal is damaged at its beginning")
        self.adopt(verified)

    def _place(self, parts: list[Part]) -> bool:
        """Take the parts of one stream into the account; False where its key is not known yet."""
        stream = self.streams.get(parts[0].stream)
        if stream is None:
            head = self._header_of(parts)
            if head is None or head.key not in self.membership.keys:
                return False
            stream = self._stream(parts[0].stream, head.key, head.type)
        for part in parts:
            stream.add(part)
        if stream.type == KEY_STREAM:
            for part in parts:
                verified = self.open_part(part)
                if verified is not None:
                    self._note(part.stream, verified)
            self._learn()
        return True

    def _proved(self, part: Part) -> VerifiedSegment | None:
        """Return what lies under a part's name if it is that part, of that part's stream, and proves itself."""
        data = self.genesis if self.is_genesis(part) else self.replica.find(part.path)
        if data is None or hashlib.sha256(data).digest()[:16] != part.digest:
            return None  # before anything is read in it: a worn bit must not pass for a newer version's file
        try:
            sealed = segments.parse(data)
            if not _is_of(part, sealed):
                return None
            stream = self.streams.get(part.stream)
            if stream is not None and (stream.key, stream.type) != (sealed.header.key, sealed.header.type):
                return None
            return self.verify(sealed)
        except UntrustedDataError:
            return None

    def _header_of(self, parts: list[Part]) -> segments.Header | None:
        """Return the header of the first part that still is what its name says."""
        for part in parts:
            try:
                sealed = segments.parse(self.replica.read(part.path))
            except CouplejournalError:
                continue
            if _is_of(part, sealed):
                return sealed.header
        return None

    def _stream(self, stream: bytes, key: bytes, type_: int) -> Stream:
        return self.streams.setdefault(stream, Stream(stream, key, type_))

    def _note(self, stream: bytes, verified: VerifiedSegment) -> None:
        """Keep the operations of one more key segment."""
        head = verified.sealed.header
        known = self.key_ops.setdefault(stream, {})
        before = (head.prev, *verified.links)
        for index, data in enumerate(verified.ops):
            number = head.first + index
            known.setdefault(number, KeyOp(head.key, stream, number, verified.links[index], data, before[index]))

    def _learn(self) -> None:
        """Compute anew who belongs, from the key streams as far as they are held without a gap."""
        reach = {stream.id: stream.head for stream in self.streams.values()}
        ops = [
            op
            for stream, found in self.key_ops.items()
            for number, op in found.items()
            if number <= reach.get(stream, 0)
        ]
        self.membership = Membership.of(self.id, self._genesis_op, ops, self._proofs)
        self.epochs.learn(self.membership)

    def _remember(self, verified: VerifiedSegment) -> None:
        if verified.sealed.digest[:16] not in self._cache:
            self._cached_bytes += len(verified.sealed.data)
        self._cache[verified.sealed.digest[:16]] = verified
        while self._cached_bytes > CACHED_BYTES:
            _, oldest = self._cache.popitem(last=False)
            self._cached_bytes -= len(oldest.sealed.data)


def _by_range(part: Part) -> tuple[int, int]:
    return part.first, part.last


def _is_of(part: Part, sealed: SealedSegment) -> bool:
    """Return whether a file is what its name says."""
    return (part.first, part.last, part.digest) == (sealed.header.first, sealed.header.last, sealed.digest[:16])


def _genesis_op(sealed: SealedSegment) -> KeyOp:
    """Return the first operation of a genesis segment, before anything is proved."""
    head = sealed.header
    body = sealed.data[segments.HEADER_BYTES : -segments.SIGNATURE_BYTES]
    ops = codec.decode_list(body)
    if head.book != NO_BOOK or head.first != 1 or not ops or codec.peek(ops[0]).word != "found":
        raise UntrustedDataError("not the beginning of a journal")
    return KeyOp(head.key, head.stream, 1, segments.link_after(head, ops[0]), ops[0], head.prev)
