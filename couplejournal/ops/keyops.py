"""Operations of key streams: what they are, what new keys sign, and what each of them says.

Whether a signature holds is asked of `Proofs`, which `seal` answers: nothing here computes anything secret. A `Reader`
decodes and proves each operation once, since who belongs is computed anew with each key segment.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple, Protocol

import msgspec

from couplejournal.errors import UntrustedDataError
from couplejournal.ops import codec, domains, words
from couplejournal.ops.words import Head

KEYS_BYTES: Final = 1248
ROOT_KEYS_BYTES: Final = 1280


class KeyOp(NamedTuple):
    """One operation of a key stream: who signed it, where it stands, its link, its bytes, and the link before it."""

    key: bytes
    stream: bytes
    seq: int
    id: bytes
    data: bytes
    prev: bytes = b""


class Proofs(Protocol):
    """What membership has to ask of cryptography."""

    def is_signed(self, public: bytes, signature: bytes, message: bytes) -> bool:
        """Return whether an Ed25519 signature holds under a 32-byte public key."""

    def is_strong(self, keys: bytes) -> bool:
        """Return whether 1,248 bytes of public keys can prove and keep anything."""


class Person(msgspec.Struct, frozen=True):
    """One of the one or two persons of a book: id (16 bytes), root keys (1,280 bytes), the root's key id."""

    id: bytes
    root_keys: bytes
    root: bytes


class Founder(msgspec.Struct, frozen=True):
    """A key that the genesis names: its id, its 1,248 bytes, its person, and whether it is that person's root."""

    id: bytes
    keys: bytes
    person: bytes
    is_root: bool


class Admission(msgspec.Struct, frozen=True):
    """A valid `admit`: the operation's id, who admitted, for which person, and the new key's id and 1,248 bytes."""

    id: bytes
    author: bytes
    person: bytes
    key: bytes
    keys: bytes


class EpochFact(msgspec.Struct, frozen=True):
    """An epoch as its author announced it; ``id`` is the first 16 bytes of the operation's link.

    ``wraps`` maps key ids to wraps, in the order in which the author listed its recipients (one that it listed several
    times has several); ``roots`` are the places that one must hold before one hands the epoch on.
    """

    id: bytes
    key: bytes
    stream: bytes
    seq: int
    commit: bytes
    wraps: Mapping[bytes, tuple[bytes, ...]]
    back: tuple[bytes, bytes] | None
    roots: tuple[Head, ...] = ()


Said = Admission | EpochFact | words.Remove | words.Grant | words.Lack
"""What one operation of a key stream says, where it says anything."""


class Reader:
    """Tell what operations of a book's key streams say, each decoded and proved once."""

    def __init__(self, book: bytes, proofs: Proofs) -> None:
        """Take the book's id, 32 bytes, for which new keys sign."""
        self._book = book
        self._proofs = proofs
        self._said: dict[tuple[bytes, bytes], Said | None] = {}

    def read(self, op: KeyOp) -> Said | None:
        """Return what an operation says; None for an admission that is not valid and for words without a meaning here.

        Raises:
            UntrustedDataError: the operation is malformed.
        """
        place = (op.id, op.key)
        if place not in self._said:
            self._said[place] = self._read(op)
        return self._said[place]

    def _read(self, op: KeyOp) -> Said | None:
        peeked = codec.peek(op.data)
        match peeked.word:
            case "admit":
                return self._admission(op, words.decode_fields(words.Admit, peeked.fields))
            case "remove":
                return words.decode_fields(words.Remove, peeked.fields)
            case "epoch":
                return _epoch(op, words.decode_fields(words.Epoch, peeked.fields))
            case "grant":
                return words.decode_fields(words.Grant, peeked.fields)
            case "lack":
                return words.decode_fields(words.Lack, peeked.fields)
        return None

    def _admission(self, op: KeyOp, admit: words.Admit) -> Admission | None:
        """Return an admission whose new key is strong and signed for itself."""
        message = admit_message(self._book, op.key, admit.keys, admit.person)
        is_valid = (
            len(admit.keys) == KEYS_BYTES
            and self._proofs.is_strong(admit.keys)
            and self._proofs.is_signed(admit.keys[:32], admit.proof, message)
        )
        return Admission(op.id, op.key, admit.person, key_id(admit.keys), admit.keys) if is_valid else None


def _epoch(op: KeyOp, epoch: words.Epoch) -> EpochFact:
    back = (epoch.back[0], epoch.back[1]) if len(epoch.back) == 2 else None
    listed: dict[bytes, list[bytes]] = {}
    for recipient, wrap in epoch.wraps:
        listed.setdefault(recipient, []).append(wrap)
    wraps = {recipient: tuple(found) for recipient, found in listed.items()}
    return EpochFact(op.id[:16], op.key, op.stream, op.seq, epoch.commit, wraps, back, tuple(epoch.roots))


def key_id(keys: bytes) -> bytes:
    """Return the id of 1,248 bytes of public keys."""
    return domains.digest("key", keys)


def person_id(root_keys: bytes) -> bytes:
    """Return the id of the person rooted in 1,280 bytes of root keys."""
    return domains.digest("person", root_keys)[:16]


def found_message(persons: list[tuple[bytes, bytes]]) -> bytes:
    """Return what each founding key signs: ``D("found") || H("found", the list)``."""
    return domains.domain("found") + domains.digest("found", [list(pair) for pair in persons])


def admit_message(book: bytes, author: bytes, keys: bytes, person: bytes) -> bytes:
    """Return what a new device's key signs: ``D("admit") || H("admit", book, author's key id, keys, person id)``."""
    return domains.domain("admit") + domains.digest("admit", book, author, keys, person)


def read_found(genesis: KeyOp, proofs: Proofs) -> tuple[tuple[Person, ...], tuple[Founder, ...]]:
    """Return the persons that a genesis names and the keys that it makes known.

    Raises:
        UntrustedDataError: not one or two persons, equal or weak keys, or a signature that does not hold.
    """
    found = words.decode_fields(words.Found, codec.peek(genesis.data).fields)
    if len(found.persons) not in (1, 2) or len(found.signatures) != len(found.persons):
        raise UntrustedDataError("a journal belongs to one or two persons")
    persons: list[Person] = []
    keys: list[Founder] = []
    message = found_message(found.persons)
    for (root_keys, device_keys), signature in zip(found.persons, found.signatures, strict=True):
        if len(root_keys) != ROOT_KEYS_BYTES or not all(map(proofs.is_strong, (root_keys[:KEYS_BYTES], device_keys))):
            raise UntrustedDataError("a journal's beginning names a key that is weak")
        if not proofs.is_signed(root_keys[KEYS_BYTES:], signature, message):
            raise UntrustedDataError("a journal's beginning is not signed by its persons")
        person = Person(person_id(root_keys), root_keys, key_id(root_keys[:KEYS_BYTES]))
        persons.append(person)
        keys.append(Founder(person.root, root_keys[:KEYS_BYTES], person.id, is_root=True))
        keys.append(Founder(key_id(device_keys), device_keys, person.id, is_root=False))
    if len({key.keys[:32] for key in keys}) != len(keys):
        raise UntrustedDataError("a journal's beginning names a key twice")
    return tuple(persons), tuple(keys)
