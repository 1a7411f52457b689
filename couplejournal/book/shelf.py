"""The shelf: what this device holds of one book, verified again whenever it is opened.

It reads the replica, proves every key stream, computes who belongs, finds the epoch keys, and hands out verified
segments of word streams when somebody asks. A file that no longer is what its name says (a worn disk) is put out of the
account, so that sync fetches it again. What the parts make together is asked of `book.holding`.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from typing import Final

from couplejournal.book.branches import Place, Tree
from couplejournal.book.founding import genesis_op
from couplejournal.book.streams import Stream
from couplejournal.errors import CouplejournalError, StoreError, UntrustedDataError
from couplejournal.ops import codec, words
from couplejournal.ops.domains import first_link
from couplejournal.ops.membership import KeyOp, Membership, Reader, key_id
from couplejournal.seal import segments
from couplejournal.seal.epochs import EpochKeys, KeyProofs
from couplejournal.seal.keys import KeyPair
from couplejournal.seal.segments import KEY_STREAM, WORD_STREAM, SealedSegment, VerifiedSegment
from couplejournal.store.replica import Part, Replica

CACHED_BYTES: Final = 16 << 20
LINK_BYTES: Final = 32
ASK_DOCTOR: Final = "`couplejournal doctor` says what brings it back"
WHICH_END: Final = 1 << 48


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
            raise StoreError("this device's own copy of the journal is gone", hint=ASK_DOCTOR)
        self.genesis = genesis
        self.id = hashlib.sha256(genesis).digest()
        self.streams: dict[bytes, Stream] = {}
        self.damaged: set[Part] = set()
        self.present: dict[int, bytes] = {}  # by type, the id in the headers of the stream in which this device writes
        self.limits: dict[bytes, Mapping[bytes, int] | None] = {}  # what `holding.accepted` found, until all may change
        self.links: dict[bytes, bytes] = {}  # by a part's digest: the link before it and its own, proved once
        self._epochs = EpochKeys((own, *more))
        self._said: dict[bytes, dict[Place, KeyOp]] = {}
        self._is_stale = False
        self._unproved: set[Part] = set()
        self._proofs = KeyProofs()
        self._reader = Reader(self.id, self._proofs)
        self.wanted: set[bytes] = set()  # epochs that do not open here, and that word segments offered to us name
        self._cache: OrderedDict[bytes, VerifiedSegment] = OrderedDict()
        self._cached_bytes = 0
        self._begin()
        self.rescan()

    @property
    def membership(self) -> Membership:
        """Return who belongs, from the key streams as far as they are held without a gap, in all their branches."""
        if self._is_stale:
            self._is_stale = False
            joined = (
                op
                for stream, said in self._said.items()
                for place, op in said.items()
                if (tree := self.streams[stream].tree) is not None and tree.holds(*place)
            )
            self._membership = Membership.of(self.id, self._genesis_op, joined, self._proofs, self._reader)
            self._epochs.learn(self._membership)
        return self._membership

    @property
    def epochs(self) -> EpochKeys:
        """Return the epoch keys that open here."""
        _ = self.membership
        return self._epochs

    @property
    def files(self) -> int:
        """Return how many segment files the replica names below ``streams``, damaged ones too."""
        proved = sum(len(stream.parts) for stream in self.streams.values()) - 1  # the genesis lies elsewhere
        return proved + len(self.damaged) + len(self._unproved)

    @property
    def which(self) -> int:
        """Return which files those are, as one number."""
        lost = sum(part.number for part in (*self.damaged, *self._unproved))
        return (sum(stream.which for stream in self.streams.values()) + lost) % WHICH_END

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
            for part in [part for part in stream.parts if part not in listed and not self.is_genesis(part)]:
                self._drop(stream, part)
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
        stream = self._stream(part.stream, head)
        stream.add(part)
        self.tree_of(stream)
        self._change(stream)
        if self._unproved and head.type == KEY_STREAM:  # their key may have come
            self.rescan()

    def part_of(self, sealed: SealedSegment) -> Part:
        """Return the place that a segment has in this replica."""
        head = sealed.header
        return Part(self._folder_of(head.key, head.stream, head.type), head.first, head.last, sealed.digest[:16],
                    len(sealed.data))  # fmt: skip

    def find(self, key: bytes, origin: bytes, type_: int) -> Stream | None:
        """Return the stream of a key that has this id in its headers, None where nothing of it is held."""
        return self.streams.get(self._folder_of(key, origin, type_))

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
        # What was known stays known: so a flood of key segments makes nobody compute anew who belongs for each of them.
        known = self._membership.keys.get(head.key) or self.membership.keys.get(head.key)
        if known is None:
            return None
        if head.first == 1 and head.prev != first_link(head.key, head.stream, head.type):
            raise UntrustedDataError("a stream begins with the link of another")
        if head.type == KEY_STREAM:
            return segments.verify_keys(sealed, known.sign)
        fact = self._membership.epochs.get(head.epoch) or self.membership.epochs.get(head.epoch)
        if fact is None:
            return None
        if fact.key != head.key:
            raise UntrustedDataError("a segment is sealed under an epoch of another key")
        key = self._epochs.key_of(head.epoch) or self.epochs.key_of(head.epoch)
        if key is None and head.epoch not in self.wanted and segments.is_signed_by(sealed, known.sign):
            self.wanted.add(head.epoch)
        return None if key is None else segments.verify_words(sealed, known.sign, key)

    def read(self, path: str) -> bytes:
        """Return the bytes of a file as the disk gives them; one that is damaged is put out of the account instead.

        Raises:
            StoreError: it is not there, or not what its name says, or the disk fails.
        """
        data = self.replica.read(path)
        if not path.endswith(f"-{hashlib.sha256(data).digest()[:16].hex()}.seg"):
            for stream in list(self.streams.values()):
                for part in [part for part in stream.parts if part.path == path]:
                    self.damaged.add(part)
                    self._drop(stream, part)
            raise StoreError("a file of this device's own copy is damaged", hint=ASK_DOCTOR)
        return data

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
            self._drop(stream, part)
        return verified

    def tree_of(self, stream: Stream) -> Tree | None:
        """Return the tree of a stream with all that is held of it, None where the names of its parts are enough.

        Raises:
            StoreError: the disk fails.
        """
        while stream.tree is not None and stream.unread:
            part = stream.unread.pop()
            noted = self.links.get(part.digest, b"") if stream.type == WORD_STREAM else b""
            if len(noted) == LINK_BYTES * (part.last - part.first + 2):
                links = [noted[at : at + LINK_BYTES] for at in range(0, len(noted), LINK_BYTES)]
                stream.tree.add(part, links[0], links[1:])
                continue
            try:
                verified = self.open_part(part)
            except StoreError:
                stream.unread.append(part)
                raise
            if verified is not None:
                stream.tree.add(part, verified.sealed.header.prev, verified.links)
                if stream.type == KEY_STREAM:
                    self._note(stream, verified)
        return stream.tree

    def branch(self, stream: Stream) -> Tree:
        """Let a tree say from now on what is held of a stream, and return it.

        Raises:
            StoreError: the disk fails.
        """
        stream.branch()
        self._change(stream)
        tree = self.tree_of(stream)
        if tree is None:
            raise StoreError("a stream of this journal cannot be read")
        return tree

    def admission_of(self, key: bytes, author: bytes) -> words.Admit | None:
        """Return the admission of a key by another, as it stands in that one's key streams."""
        for said in self._said.values():
            for op in said.values():
                peeked = codec.peek(op.data)
                if op.key == author and peeked.word == "admit":
                    admit = words.decode_fields(words.Admit, peeked.fields)
                    if key_id(admit.keys) == key:
                        return admit
        return None

    def own_streams(self) -> list[Stream]:
        """Return every stream of this device's key that is held."""
        return [stream for stream in self.streams.values() if stream.key == self.own.id]

    def own_stream(self, type_: int) -> Stream | None:
        """Return the stream of a type in which this device writes, None before its first operation there.

        Where nothing was noted yet, it is the longest one.
        """
        if type_ in self.present:
            return self.find(self.own.id, self.present[type_], type_)
        own = [stream for stream in self.own_streams() if stream.type == type_]
        return max(own, key=lambda stream: (stream.last, stream.id), default=None)

    def _begin(self) -> None:
        """Prove the genesis and learn what it says."""
        try:
            sealed = segments.parse(self.genesis)
            self._genesis_op = genesis_op(sealed)
            self._membership = Membership.of(self.id, self._genesis_op, (), self._proofs)
            verified = self.verify(sealed)
        except UntrustedDataError:
            verified = None
        if verified is None:
            raise StoreError("this device's own copy of the journal is damaged at its beginning", hint=ASK_DOCTOR)
        self.adopt(verified)

    def _place(self, parts: list[Part]) -> bool:
        """Take the parts of one stream into the account; False where its key is not known yet."""
        stream = self.streams.get(parts[0].stream)
        if stream is None:
            head = self._header_of(parts)
            if head is None or head.key not in self.membership.keys:
                return False
            stream = self._stream(parts[0].stream, head)
        for part in parts:
            stream.add(part)
        if stream.type == KEY_STREAM:
            self.tree_of(stream)
        self._change(stream)
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
            head = sealed.header
            if stream is not None and (stream.key, stream.type, stream.origin) != (head.key, head.type, head.stream):
                return None
            return self.verify(sealed)
        except UntrustedDataError:
            return None

    def _header_of(self, parts: Iterable[Part]) -> segments.Header | None:
        """Return the header of the first part that still is what its name says."""
        for part in parts:
            try:
                sealed = segments.parse(self.replica.read(part.path))
            except CouplejournalError:
                continue
            if _is_of(part, sealed):
                return sealed.header
        return None

    def _folder_of(self, key: bytes, origin: bytes, type_: int) -> bytes:
        """Return the name of the folder in which a stream lies here.

        Ids of streams are random, so two keys under one id mean that somebody took the id of another's stream to shut
        it out. Whichever came later goes into another folder; a name is a hint, and readers go by the header.
        """
        folder = origin
        while (held := self.streams.get(folder)) is not None and (held.key, held.type, held.origin) != (
            key, type_, origin
        ):  # fmt: skip
            folder = first_link(key, folder, type_)[:16]
        return folder

    def _stream(self, folder: bytes, head: segments.Header) -> Stream:
        """Return a stream, begun if need be; the streams of keys are few and stay, and all of them are read anyway."""
        if folder not in self.streams:
            self.streams[folder] = Stream(folder, head.key, head.type, head.stream)
            if head.type == KEY_STREAM:
                self.streams[folder].branch()
        return self.streams[folder]

    def _drop(self, stream: Stream, part: Part) -> None:
        """Put a part out of the account."""
        stream.drop(part)
        self._change(stream)

    def _change(self, stream: Stream) -> None:
        """Remember that what is held of a stream is not what it was."""
        self.limits.clear()
        self._is_stale = self._is_stale or stream.type == KEY_STREAM

    def _note(self, stream: Stream, verified: VerifiedSegment) -> None:
        """Keep the operations of one more key segment."""
        head = verified.sealed.header
        said = self._said.setdefault(stream.id, {})
        for number, link, prev, data in zip(
            range(head.first, head.last + 1), verified.links, (head.prev, *verified.links), verified.ops, strict=False
        ):
            said.setdefault((number, link), KeyOp(head.key, head.stream, number, link, data, prev))

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
