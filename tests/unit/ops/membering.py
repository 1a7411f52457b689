"""Membership with toy cryptography: keys are numbers, and a signature is a hash that anybody could make."""

from __future__ import annotations

import hashlib

from couplejournal.ops import codec, domains, words
from couplejournal.ops.membership import (
    KEYS_BYTES,
    ROOT_KEYS_BYTES,
    KeyOp,
    Membership,
    admit_message,
    found_message,
    key_id,
    person_id,
)

BOOK = b"B" * 32
FOUNDERS = {"ana": (1, 2), "ben": (3, 4)}  # root, first device


class ToyProofs:
    """Keys above 1,000 are weak; a signature is the hash of key and message."""

    def __init__(self) -> None:
        self.asked = 0

    def is_signed(self, public: bytes, signature: bytes, message: bytes) -> bool:
        self.asked += 1
        return signature == toy_signature(public, message)

    def is_strong(self, keys: bytes) -> bool:
        return len(keys) == KEYS_BYTES and int.from_bytes(keys[:4]) <= 1000


def toy_signature(public: bytes, message: bytes) -> bytes:
    """Sign as a toy."""
    return hashlib.sha256(public + message).digest()


def keys(number: int) -> bytes:
    """Return the public keys of a number."""
    return number.to_bytes(4) + hashlib.shake_256(b"%d" % number).digest(KEYS_BYTES - 4)


def root_keys(number: int) -> bytes:
    """Return root keys of a number."""
    return keys(number) + hashlib.sha256(b"founding %d" % number).digest()


def named(number: int) -> bytes:
    """Return the key id of a number."""
    return key_id(keys(number))


def person_of(name: str) -> bytes:
    """Return the id of Ana or of Ben; of any other name one that is nobody's."""
    return person_id(root_keys(FOUNDERS[name][0])) if name in FOUNDERS else name.encode().ljust(16)[:16]


def op_of(author: int, seq: int, word: str, fields: object, *, salt: int = 0) -> KeyOp:
    """Return an operation of a key stream; its link is a hash of it."""
    data = codec.encode_op(word, fields, salt=salt.to_bytes(16), clock=(1, 1))
    stream = author.to_bytes(16)
    return KeyOp(named(author), stream, seq, hashlib.sha256(data + stream + seq.to_bytes(8)).digest(), data)


def genesis(*, persons: int = 2, found: words.Found | None = None) -> KeyOp:
    """Return a genesis of the founders, or any other."""
    listed = [(root_keys(root), keys(device)) for root, device in list(FOUNDERS.values())[:persons]]
    message = found_message(listed)
    signatures = [toy_signature(roots[-32:], message) for roots, _ in listed]
    assert len(listed[0][0]) == ROOT_KEYS_BYTES
    return op_of(2, 1, "found", found or words.Found(listed, signatures))


def admit(
    author: int, new: int, *, seq: int = 2, book: bytes = BOOK, proof: bytes | None = None, salt: int = 0,
    person: str = "",
) -> KeyOp:  # fmt: skip
    """Return the admission of a key by another: for Ben where none is named and his root or first device admits."""
    named_one = person_of(person or ("ben" if author in FOUNDERS["ben"] else "ana"))
    message = admit_message(book, named(author), keys(new), named_one)
    proof = toy_signature(keys(new)[:32], message) if proof is None else proof
    return op_of(author, seq, "admit", words.Admit(named_one, keys(new), proof, founding=b""), salt=salt)


class Streams:
    """Key streams as their keys write them: each operation stands on the link before it, and a stream may branch."""

    def __init__(self) -> None:
        self.ops: list[KeyOp] = []

    def say(self, author: int, word: str, fields: object, *, stream: int = 0, after: KeyOp | None = None) -> KeyOp:
        """Add an operation to a key's stream: after its newest one, or after any other, which makes a fork."""
        key, name = named(author), after.stream if after else bytes([author, stream]) * 8
        own = [op for op in self.ops if (op.key, op.stream) == (key, name)]
        last = after or (own[-1] if own else None)
        seq, prev = (last.seq + 1, last.id) if last else (1, domains.first_link(key, name, 1))
        data = codec.encode_op(word, fields, salt=len(self.ops).to_bytes(16), clock=(len(self.ops), 0))
        self.ops.append(KeyOp(key, name, seq, domains.next_link(prev, data), data, prev))
        return self.ops[-1]

    def admit(
        self, author: int, new: int, *, stream: int = 0, after: KeyOp | None = None, person: str = ""
    ) -> KeyOp:  # fmt: skip
        """Admit a key that signed for it, for Ben where none is named and his root or first device admits."""
        admission = admit(author, new, person=person)
        fields = words.decode_fields(words.Admit, codec.peek(admission.data).fields)
        return self.say(author, "admit", fields, stream=stream, after=after)

    def remove(self, author: int, *removed: tuple[int, list[words.Head]], stream: int = 0) -> KeyOp:
        """Remove keys, each with its pins."""
        listed = [(named(number), pins) for number, pins in removed]
        return self.say(author, "remove", words.Remove(listed), stream=stream)

    def epoch(self, author: int, *, roots: list[words.Head] | None = None, stream: int = 0) -> KeyOp:
        """Announce an epoch that nobody can open."""
        return self.say(author, "epoch", words.Epoch(b"", [], [], roots or []), stream=stream)

    def membership(self) -> Membership:
        """Return who belongs, as all of it says."""
        return membership(self.ops)


def pin(op: KeyOp) -> words.Head:
    """Return the place of an operation."""
    return op.stream, op.seq, op.id


def membership(ops: list[KeyOp]) -> Membership:
    """Return who belongs."""
    return Membership.of(BOOK, genesis(), ops, ToyProofs())
