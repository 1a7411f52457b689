"""The people and books of the vectors. Seeds and salts follow from names; only wraps are drawn anew in each run."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable, Sequence
from typing import Any

from vectors.reference import DH, HEADER, Box, D, H, Header, Key, Root, X, epoch_fields, links, op_bytes, pack, segment

CLOCK_MS = 1_790_000_000_000


def seed(text: str, size: int = 32) -> bytes:
    """Return the bytes of a name, the same each time."""
    return hashlib.shake_256(f"vectors of couplejournal: {text}".encode()).digest(size)


def key(name: str) -> Key:
    """Return the key of a device's name."""
    return Key(seed(f"{name} sign"), seed(f"{name} kem"))


def seeds(name: str) -> tuple[tuple[str, str], ...]:
    """Return the headers that give a device's key to whoever reads."""
    return ("sign-seed", seed(f"{name} sign").hex()), ("kem-seed", seed(f"{name} kem").hex())


def root(person: str) -> Root:
    """Return the root of a person's name."""
    return Root(seed(f"{person} root"))


def op(word: str, fields: Any, at: int = 0, *, critical: bool = True) -> bytes:
    """Return an operation."""
    return op_bytes(word, fields, salt=seed(f"{word} {at}", 16), clock=[CLOCK_MS, at], critical=critical)


def note(text: str, at: int = 0) -> bytes:
    """Return the operation that writes a note."""
    write = {"kind": "note", "schema": 1, "happened": [CLOCK_MS, 0, "instant"], "fields": {"text": text}}
    return op("write", write, at)


def found_fields(*founders: tuple[Root, Key]) -> dict[str, Any]:
    """Return the fields of a founding, rightly signed."""
    persons = [[own.root_keys, device.keys] for own, device in founders]
    return {"persons": persons, "signatures": [own.founding.sign(DH("found", persons)) for own, _ in founders]}


def header_bytes(head: Header, *, suite: int = 1, magic: bytes = b"CJS1") -> bytes:
    """Return the bytes of any header, also of one that nobody writes."""
    return struct.pack(HEADER, magic, suite, *head)


def signed(author: Key, header: bytes, body: bytes) -> bytes:
    """Return a file of any header and body, signed."""
    return header + body + author.sign(DH("segment", header, body))


def sealed(header: bytes, epoch_key: bytes, plain: bytes) -> bytes:
    """Return a body of any plaintext."""
    return Box(X(epoch_key, "body-key"), D("body") + H("head", header), plain, seed("salt", 24))


class Scribe:
    """One device as it writes into a book: a key stream and a word stream, and the epochs that it made."""

    def __init__(self, book: bytes, own: Key, name: str) -> None:
        self.book, self.own, self.name = book, own, name
        self.person = root("ben" if name.startswith("ben") else "ana").person
        self.epoch: tuple[bytes, bytes] | None = None
        self._ends: dict[tuple[int, int], tuple[int, bytes]] = {}
        self._count = 0

    def stream(self, type_: int, number: int = 0) -> bytes:
        """Return the id of a stream."""
        return seed(f"{self.name} stream {type_} {number}", 16)

    def head(self, type_: int = 1, number: int = 0) -> list[Any]:
        """Return [stream, number, link] of the last operation."""
        seq, link = self._ends.get((type_, number), (0, H("stream", self.own.id, self.stream(type_, number), type_)))
        return [self.stream(type_, number), seq, link]

    def back_to(self, head: Sequence[Any], type_: int = 1, number: int = 0) -> None:
        """Go on from an earlier place: what comes next is another history."""
        self._ends[type_, number] = (head[1], head[2])

    def keys(self, *ops: bytes, number: int = 0) -> bytes:
        """Return the next segment of a key stream."""
        return self._segment(1, ops, number)

    def words(self, *ops: bytes, number: int = 0) -> bytes:
        """Return the next segment of a word stream."""
        return self._segment(2, ops, number)

    def new_epoch(self, recipients: Iterable[Key], *, roots: Sequence[Sequence[Any]] = (), number: int = 0) -> bytes:
        """Return a segment with a new epoch, linked back to the one before."""
        self._count += 1
        k = seed(f"{self.name} epoch {self._count}")
        fields = epoch_fields(
            k, self.own.id, [one.keys for one in recipients], self.epoch, roots, seed(f"{self.name} back", 24)
        )
        data = self.keys(op("epoch", fields, self._count), number=number)
        self.epoch = (self.head(1, number)[2][:16], k)
        return data

    def admit(self, new: Key, *, number: int = 0, person: bytes = b"", **changes: Any) -> bytes:
        """Return a segment that admits a key, for the person of the pen's name where none is given."""
        return self.keys(op("admit", self.admission(new, person) | changes, self._next()), number=number)

    def admission(self, new: Key, person: bytes = b"") -> dict[str, Any]:
        """Return the fields of an admission. Nobody but the newcomer opens ``founding``: here it is noise."""
        person = person or self.person
        proof = new.sign(DH("admit", self.book, self.own.id, new.keys, person))
        return {"person": person, "keys": new.keys, "proof": proof, "founding": seed("founding", 1168)}

    def remove(self, *named: tuple[Key, Sequence[Sequence[Any]]], number: int = 0) -> bytes:
        """Return a segment that removes keys, each with its pins."""
        return self.keys(
            op("remove", {"keys": [[one.id, list(pins)] for one, pins in named]}, self._next()), number=number
        )

    def _next(self) -> int:
        self._count += 1
        return self._count

    def _segment(self, type_: int, ops: Sequence[bytes], number: int) -> bytes:
        stream, seq, prev = self.head(type_, number)
        self._ends[type_, number] = (seq + len(ops), links(prev, ops)[-1])
        if type_ == 1 or self.epoch is None:
            return segment(self.own, self.book, stream, ops, first=seq + 1, prev=prev)
        epoch, k = self.epoch
        salt = seed("salt", 24)
        return segment(self.own, self.book, stream, ops, first=seq + 1, prev=prev, epoch=epoch, key=k, salt=salt)


class World:
    """A book of Ana and Ben, founded by Ana's laptop, or of Ana alone."""

    def __init__(self, genesis: bytes = b"", *, persons: Sequence[str] = ("ana", "ben")) -> None:
        founders = [(root(person), key(f"{person} laptop")) for person in persons]
        ana = Scribe(bytes(32), founders[0][1], "ana laptop")
        k = seed("ana laptop epoch 0")
        if not genesis:
            everyone = [one.keys for pair in founders for one in pair]
            epoch = op("epoch", epoch_fields(k, ana.own.id, everyone), 1)
            genesis = ana.keys(op("found", found_fields(*founders)), epoch)
        self.genesis = genesis
        self.id = hashlib.sha256(genesis).digest()
        self.names = {f"{person} laptop": device for person, (_, device) in zip(persons, founders, strict=True)}
        self.names |= {f"{person} root": own for person, (own, _) in zip(persons, founders, strict=True)}
        self.everyone = [one for pair in founders for one in pair]
        self.ana = self.scribe("ana laptop")
        self.ana.back_to([b"", 2, genesis[182 - 32 : 182]])
        self.ana.epoch = (genesis[182 - 32 : 182][:16], k)

    def scribe(self, name: str) -> Scribe:
        """Return the pen of a device, or of a root ("ana root")."""
        own = self.names.get(name) or self.names.setdefault(name, key(name))
        return Scribe(self.id, own, name)


def listed(*ops: bytes) -> bytes:
    """Return the list of a segment."""
    return pack(list(ops))
