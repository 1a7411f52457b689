"""Who belongs: a pure function of the key streams, whatever the order in which they arrived.

`Membership.of` takes every operation of every key stream held and answers who the persons are, which keys are known,
which are live, and which epochs, grants and requests there are (docs/spec/format.md 4 and 5). Whether a signature holds
is asked of `Proofs`, which `seal` answers: this module computes nothing secret and touches nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple, Protocol

import msgspec

from couplejournal.errors import UntrustedDataError
from couplejournal.ops import codec, domains, words

KEYS_BYTES: Final = 1248
ROOT_KEYS_BYTES: Final = 1280
DEVICES_PER_PERSON: Final = 15  # docs/spec/format.md 4


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


class KnownKey(msgspec.Struct, frozen=True):
    """A key that some valid admission (or the genesis) names. ``admission`` is that operation's id."""

    id: bytes
    keys: bytes
    person: bytes
    admission: bytes
    is_root: bool = False
    is_live: bool = True

    @property
    def sign(self) -> bytes:
        """Return the Ed25519 public key, 32 bytes."""
        return self.keys[:32]

    @property
    def kem(self) -> bytes:
        """Return the HPKE public key, 1,216 bytes."""
        return self.keys[32:]


class EpochFact(msgspec.Struct, frozen=True):
    """An epoch as its author announced it; ``id`` is the first 16 bytes of the operation's link."""

    id: bytes
    key: bytes
    stream: bytes
    seq: int
    commit: bytes
    wraps: Mapping[bytes, bytes]
    back: tuple[bytes, bytes] | None


class Membership(msgspec.Struct, frozen=True):
    """What the key streams say, all of them together."""

    persons: tuple[Person, ...]
    keys: Mapping[bytes, KnownKey]
    epochs: Mapping[bytes, EpochFact]
    grants: Mapping[bytes, tuple[tuple[bytes, bytes, bytes], ...]]
    """By epoch id: (granting key id, recipient key id, wrap)."""
    lacks: frozenset[tuple[bytes, bytes]]
    """(asking key id, epoch id)."""

    @classmethod
    def of(cls, book: bytes, genesis: KeyOp, ops: Iterable[KeyOp], proofs: Proofs) -> Membership:
        """Compute who belongs from the genesis and the operations held, in any order.

        A ``found`` that stands anywhere but in the genesis has no effect.

        Raises:
            UntrustedDataError: the genesis does not name one or two persons that signed it.
        """
        persons, founders = read_found(genesis, proofs)
        by_key: dict[bytes, list[KeyOp]] = {}
        for op in ops:
            by_key.setdefault(op.key, []).append(op)
        keys = {key.id: key for key in founders}
        keys |= _admitted(book, keys, by_key, proofs)
        return _with_epochs(persons, keys, by_key)

    def person_of(self, key: bytes) -> bytes | None:
        """Return the person to whom a key belongs, or None for a key that nobody admitted."""
        known = self.keys.get(key)
        return known.person if known else None

    def live_devices(self, person: bytes) -> tuple[KnownKey, ...]:
        """Return the live devices of a person, ordered by the id of their admission."""
        found = (key for key in self.keys.values() if key.person == person and key.is_live and not key.is_root)
        return tuple(sorted(found, key=lambda key: key.admission))

    def recipients_for(self, author: bytes, order: Mapping[bytes, int]) -> dict[bytes, bytes]:
        """Return {key id: HPKE public key} of exactly those who must be able to read what ``author`` writes now.

        The roots, the author, and of each person the first 15 live devices in the order in which this device first
        held their admissions; ``order`` gives that order by key id, ties and gaps fall back on the admission's id.
        """
        chosen = [self.keys[person.root] for person in self.persons]
        for person in self.persons:
            devices = sorted(
                self.live_devices(person.id), key=lambda key: (order.get(key.id, len(order)), key.admission)
            )
            chosen += devices[:DEVICES_PER_PERSON]
        if author in self.keys:
            chosen.append(self.keys[author])
        return {key.id: key.kem for key in chosen}

    def is_live(self, key: bytes) -> bool:
        """Return whether a key may write and be written to."""
        known = self.keys.get(key)
        return known is not None and known.is_live


def key_id(keys: bytes) -> bytes:
    """Return the id of 1,248 bytes of public keys."""
    return domains.digest("key", keys)


def person_id(root_keys: bytes) -> bytes:
    """Return the id of the person rooted in 1,280 bytes of root keys."""
    return domains.digest("person", root_keys)[:16]


def found_message(persons: list[tuple[bytes, bytes]]) -> bytes:
    """Return what each founding key signs: ``D("found") || H("found", the list)``."""
    return domains.domain("found") + domains.digest("found", [list(pair) for pair in persons])


def admit_message(book: bytes, author: bytes, keys: bytes) -> bytes:
    """Return what a new device's key signs: ``D("admit") || H("admit", book, author's key id, keys)``."""
    return domains.domain("admit") + domains.digest("admit", book, author, keys)


def read_found(genesis: KeyOp, proofs: Proofs) -> tuple[tuple[Person, ...], list[KnownKey]]:
    """Return the persons that a genesis names and the keys that it makes known.

    Raises:
        UntrustedDataError: not one or two persons, equal or weak keys, or a signature that does not hold.
    """
    found = words.decode_fields(words.Found, codec.peek(genesis.data).fields)
    if len(found.persons) not in (1, 2) or len(found.signatures) != len(found.persons):
        raise UntrustedDataError("a journal belongs to one or two persons")
    persons: list[Person] = []
    keys: list[KnownKey] = []
    message = found_message(found.persons)
    for (root_keys, device_keys), signature in zip(found.persons, found.signatures, strict=True):
        if len(root_keys) != ROOT_KEYS_BYTES or not all(map(proofs.is_strong, (root_keys[:KEYS_BYTES], device_keys))):
            raise UntrustedDataError("a journal's beginning names a key that is weak")
        if not proofs.is_signed(root_keys[KEYS_BYTES:], signature, message):
            raise UntrustedDataError("a journal's beginning is not signed by its persons")
        person = Person(person_id(root_keys), root_keys, key_id(root_keys[:KEYS_BYTES]))
        persons.append(person)
        keys.append(KnownKey(person.root, root_keys[:KEYS_BYTES], person.id, genesis.id, is_root=True))
        keys.append(KnownKey(key_id(device_keys), device_keys, person.id, genesis.id))
    if len({key.sign for key in keys}) != len(keys):
        raise UntrustedDataError("a journal's beginning names a key twice")
    return tuple(persons), keys


def _admitted(
    book: bytes, founders: Mapping[bytes, KnownKey], by_key: Mapping[bytes, list[KeyOp]], proofs: Proofs
) -> dict[bytes, KnownKey]:
    """Follow admissions from known key to known key until nothing new comes.

    What grows is the set of pairs (key, person for whom it was admitted), so the outcome knows no order; a key that
    was admitted for both persons is a device of neither, and so are the keys that it admitted in its turn.
    """
    persons: dict[bytes, set[bytes]] = {}
    admissions: dict[bytes, tuple[bytes, bytes]] = {}
    waiting = [(key.id, key.person) for key in founders.values()]
    while waiting:
        author, person = waiting.pop()
        for op in by_key.get(author, ()):
            peeked = codec.peek(op.data)
            if peeked.word != "admit":
                continue
            admit = words.decode_fields(words.Admit, peeked.fields)
            new = key_id(admit.keys)
            if new in founders or not _is_admitted(book, author, admit, proofs):
                continue
            admissions[new] = min(admissions.get(new, (op.id, admit.keys)), (op.id, admit.keys))
            if person not in persons.setdefault(new, set()):
                persons[new].add(person)
                waiting.append((new, person))
    return {
        new: KnownKey(new, keys, min(persons[new]), admission, is_live=len(persons[new]) == 1)
        for new, (admission, keys) in admissions.items()
    }


def _is_admitted(book: bytes, author: bytes, admit: words.Admit, proofs: Proofs) -> bool:
    """Return whether an admission's new key is strong and signed for itself."""
    return (
        len(admit.keys) == KEYS_BYTES
        and proofs.is_strong(admit.keys)
        and proofs.is_signed(admit.keys[:32], admit.proof, admit_message(book, author, admit.keys))
    )


def _with_epochs(
    persons: tuple[Person, ...], keys: dict[bytes, KnownKey], by_key: Mapping[bytes, list[KeyOp]]
) -> Membership:
    """Collect epochs, grants and requests of all known keys."""
    epochs: dict[bytes, EpochFact] = {}
    grants: dict[bytes, list[tuple[bytes, bytes, bytes]]] = {}
    lacks: set[tuple[bytes, bytes]] = set()
    for author in keys:
        for op in by_key.get(author, ()):
            peeked = codec.peek(op.data)
            if peeked.word == "epoch":
                epoch = words.decode_fields(words.Epoch, peeked.fields)
                back = (epoch.back[0], epoch.back[1]) if len(epoch.back) == 2 else None
                fact = EpochFact(op.id[:16], author, op.stream, op.seq, epoch.commit, dict(epoch.wraps), back)
                epochs[fact.id] = fact
            elif peeked.word == "grant":
                for epoch_id, recipient, wrap in words.decode_fields(words.Grant, peeked.fields).wraps:
                    grants.setdefault(epoch_id, []).append((author, recipient, wrap))
            elif peeked.word == "lack":
                lacks.update((author, epoch_id) for epoch_id in words.decode_fields(words.Lack, peeked.fields).epochs)
    ordered = {epoch_id: tuple(sorted(wraps)) for epoch_id, wraps in grants.items()}
    return Membership(persons, keys, epochs, ordered, frozenset(lacks))
