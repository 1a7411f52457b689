"""Who belongs: a pure function of the key streams, whatever the order in which they arrived.

`Membership.of` takes every operation of every key stream held and answers who the persons are, which keys are known,
how each of them stands, and which epochs, grants and requests there are (docs/spec/membership.md). Whether a signature
holds is asked of `Proofs`, which `seal` answers: this module computes nothing secret and touches nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, Literal

import msgspec

from couplejournal.ops import codec, words
from couplejournal.ops.keyops import (
    KEYS_BYTES,
    ROOT_KEYS_BYTES,
    EpochFact,
    KeyOp,
    Person,
    Proofs,
    Reader,
    admit_message,
    found_message,
    key_id,
    person_id,
    read_found,
)
from couplejournal.ops.standing import Graph, Pins, Standing
from couplejournal.ops.words import Head

__all__ = [
    "DEVICES_PER_PERSON",
    "KEYS_BYTES",
    "ROOTS_PER_PERSON",
    "ROOT_KEYS_BYTES",
    "EpochFact",
    "Head",
    "KeyOp",
    "KnownKey",
    "Membership",
    "Person",
    "Pins",
    "Proofs",
    "Reader",
    "Standing",
    "admit_message",
    "found_message",
    "key_id",
    "person_id",
    "read_found",
]

DEVICES_PER_PERSON: Final = 15  # docs/spec/format.md 4
ROOTS_PER_PERSON: Final = 64  # docs/spec/format.md 4: so many root streams of one person does an epoch name


class KnownKey(msgspec.Struct, frozen=True):
    """A key that some valid admission (or the genesis) names.

    ``admission`` is that operation's id, ``admitter`` the id of the key that signed it (empty: the genesis). ``person``
    is the one for whom it was admitted; of a key that both persons admitted, it is either, always the same one.
    ``standing``: "live", "removed" by the root of its person (of a key claimed by both: by either), "void" (it owes its
    admission to an operation that does not count, or is claimed by both), or "undecided" as long as the chains that
    decide are not held. ``is_fallen``: it owes its admission to an operation that does not count, or is claimed by
    both, whether it was removed itself or not.
    """

    id: bytes
    keys: bytes
    person: bytes
    admission: bytes
    is_root: bool = False
    standing: Standing = "live"
    admitter: bytes = b""
    is_fallen: bool = False

    @property
    def is_live(self) -> bool:
        """Return whether the key may write and be written to."""
        return self.standing == "live"

    @property
    def sign(self) -> bytes:
        """Return the Ed25519 public key, 32 bytes."""
        return self.keys[:32]

    @property
    def kem(self) -> bytes:
        """Return the HPKE public key, 1,216 bytes."""
        return self.keys[32:]


class Membership(msgspec.Struct, frozen=True, eq=False):
    """What the key streams say, all of them together. Equal are two that say the same, from whatever operations."""

    persons: tuple[Person, ...]
    keys: Mapping[bytes, KnownKey]
    epochs: Mapping[bytes, EpochFact]
    grants: Mapping[bytes, tuple[tuple[bytes, bytes, bytes], ...]]
    """By epoch id: (granting key id, recipient key id, wrap)."""
    lacks: frozenset[tuple[bytes, bytes]]
    """(asking key id, epoch id)."""
    removals: Mapping[bytes, tuple[Pins, ...]] = {}
    """By the id of each removed key: the pins of each of its removals, by whichever root."""
    root_heads: tuple[Head, ...] = ()
    """The ends, one for each branch, of the root streams held that hold a removal; sorted."""
    apart: frozenset[bytes] = frozenset()
    """The epochs that do not count for certain: behind a pin, or of a key that is neither live nor removed."""
    links: Mapping[bytes, tuple[bytes, int]] = {}
    """(stream, number) of each operation of a known key that is held, by its id."""
    graph: Graph = Graph({}, {}, {}, {}, {})

    @classmethod
    def of(
        cls, book: bytes, genesis: KeyOp, ops: Iterable[KeyOp], proofs: Proofs, reader: Reader | None = None
    ) -> Membership:
        """Compute who belongs from the genesis and the operations held, in any order.

        Of each stream those are given that are held without a gap, of a forked one each branch. A ``found`` that stands
        anywhere but in the genesis has no effect. ``reader`` remembers what was read before.

        Raises:
            UntrustedDataError: the genesis does not name one or two persons that signed it.
        """
        persons, founders = read_found(genesis, proofs)
        reader = Reader(book, proofs) if reader is None else reader
        graph = Graph.of(persons, founders, ops, reader)
        keys = _known(genesis, graph)
        epochs, grants, lacks = _handed(graph, reader)
        return cls(
            persons=persons,
            keys=keys,
            epochs=epochs,
            grants=grants,
            lacks=lacks,
            removals=_removals(graph),
            root_heads=_root_heads(persons, graph, reader),
            apart=_apart(epochs, keys, graph),
            links={op.id: (op.stream, op.seq) for found in graph.ops.values() for op in found.values()},
            graph=graph,
        )

    def __eq__(self, other: object) -> bool:
        """Return whether another says the same of persons, keys, epochs, grants, requests and removals."""
        return isinstance(other, Membership) and self._answers() == other._answers()

    def __hash__(self) -> int:
        """Return a hash that equal ones share."""
        return hash((self.persons, self.lacks, self.root_heads, self.apart))

    def _answers(self) -> tuple[object, ...]:
        return (
            self.persons, self.keys, self.epochs, self.grants, self.lacks, self.removals, self.root_heads, self.apart
        )  # fmt: skip

    def person_of(self, key: bytes) -> bytes | None:
        """Return the person to whom a key belongs, or None for a key that nobody admitted."""
        known = self.keys.get(key)
        return known.person if known else None

    def belongs_to(self, key: bytes, person: bytes) -> bool:
        """Return whether a key was admitted for a person, whether it counts or not, and whoever else claims it."""
        return person in self.graph.persons.get(key, ())

    def is_claimed_by_both(self, key: bytes) -> bool:
        """Return whether both persons claim a key, so that it is a device of neither (M6)."""
        return len(self.graph.persons.get(key, ())) > 1

    def standing_for(self, key: bytes, person: bytes) -> Standing | Literal["claimed"]:
        """Return how a known key stands in the eyes of a person: nobody's removal but that of their own root is one.

        A key that both claim is "claimed", until the person's own root removed it.
        """
        is_claimed = self.is_claimed_by_both(key) and (key, person) not in self.graph.removals
        return "claimed" if is_claimed else self.keys[key].standing

    def live_devices(self, person: bytes) -> tuple[KnownKey, ...]:
        """Return the live devices of a person, ordered by the id of their admission."""
        found = (key for key in self.keys.values() if key.person == person and key.is_live and not key.is_root)
        return tuple(sorted(found, key=lambda key: key.admission))

    def recipients_for(self, author: bytes, order: Mapping[bytes, int]) -> dict[bytes, bytes]:
        """Return {key id: HPKE public key} of exactly those who must be able to read what ``author`` writes now.

        The roots, then of each person the first 15 live devices in the order in which this device first held their
        admissions, and the author, who stands last when it is none of these. ``order`` gives that order by key id, ties
        and gaps fall back on the admission's id. Newcomers take over the order of what is returned here.
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

    def holds(self, head: Head) -> bool:
        """Return whether an operation of a key stream is held, and with it everything before it."""
        stream, seq, link = head
        return self.links.get(link) == (stream, seq)

    def holds_roots(self, epoch: EpochFact) -> bool:
        """Return whether all that an epoch's author knew of removals is held: before that, it is not handed on."""
        return all(map(self.holds, epoch.roots))

    def what_falls(self, pins: Mapping[bytes, Iterable[Head]], person: bytes) -> frozenset[bytes]:
        """Return the keys that would be live no more if a person's root removed others with these pins, by key id.

        The removed ones themselves are not among them.
        """
        after, _ = self.graph.judged({key: tuple(heads) for key, heads in pins.items()}, by=person)
        return frozenset(key.id for key in self.keys.values() if key.is_live and after[key.id] != "live") - pins.keys()


def _known(genesis: KeyOp, graph: Graph) -> dict[bytes, KnownKey]:
    """Return every known key and how it stands; of several admissions the one with the smallest id names a key."""
    standings, sound = graph.judged()
    found = {
        founder.id: KnownKey(
            founder.id, founder.keys, founder.person, genesis.id, is_root=founder.is_root,
            standing=standings[founder.id],
        )
        for founder in graph.founders.values()
    }  # fmt: skip
    for admissions in graph.admissions.values():
        for one in admissions:
            held = found.get(one.key)
            if held is None or one.id < held.admission:
                person, *others = sorted(graph.persons[one.key])
                found[one.key] = KnownKey(
                    one.key, one.keys, person, one.id, standing=standings[one.key], admitter=one.author,
                    is_fallen=bool(others) or (one.key, person) not in sound,
                )  # fmt: skip
    return found


def _removals(graph: Graph) -> dict[bytes, tuple[Pins, ...]]:
    """Return the pins of each removal by key; what counts for whom is told by the graph."""
    found: dict[bytes, set[Pins]] = {}
    for (key, _), lists in graph.removals.items():
        found.setdefault(key, set()).update(lists)
    return {key: tuple(sorted(lists)) for key, lists in found.items()}


def _handed(
    graph: Graph, reader: Reader
) -> tuple[dict[bytes, EpochFact], dict[bytes, tuple[tuple[bytes, bytes, bytes], ...]], frozenset[tuple[bytes, bytes]]]:
    """Collect the epochs, grants and requests of all known keys."""
    epochs: dict[bytes, tuple[bytes, EpochFact]] = {}
    grants: dict[bytes, list[tuple[bytes, bytes, bytes]]] = {}
    lacks: set[tuple[bytes, bytes]] = set()
    for author, ops in graph.ops.items():
        for op in ops.values():
            said = reader.read(op)
            if isinstance(said, EpochFact):
                held = epochs.get(said.id)
                if held is None or op.id < held[0]:  # an id is half of a link: should two ever share it, one counts
                    epochs[said.id] = (op.id, said)
            elif isinstance(said, words.Grant):
                for epoch_id, recipient, wrap in said.wraps:
                    grants.setdefault(epoch_id, []).append((author, recipient, wrap))
            elif isinstance(said, words.Lack):
                lacks.update((author, epoch_id) for epoch_id in said.epochs)
    ordered = {epoch_id: tuple(sorted(wraps)) for epoch_id, wraps in grants.items()}
    return {epoch_id: fact for epoch_id, (_, fact) in epochs.items()}, ordered, frozenset(lacks)


def _apart(epochs: Mapping[bytes, EpochFact], keys: Mapping[bytes, KnownKey], graph: Graph) -> frozenset[bytes]:
    """Return the epochs that do not count for certain."""
    doubtful = [fact for fact in epochs.values() if not keys[fact.key].is_live]
    surely: dict[bytes, frozenset[bytes]] = {}
    for key in {fact.key for fact in doubtful}:
        counts = (not keys[key].is_fallen and graph.counts(key, keys[key].person)) or {}
        surely[key] = frozenset(link[:16] for link, answer in counts.items() if answer == "yes")
    return frozenset(fact.id for fact in doubtful if fact.id not in surely[fact.key])


def _root_heads(persons: tuple[Person, ...], graph: Graph, reader: Reader) -> tuple[Head, ...]:
    """Return the ends of the root streams that hold a removal; of more than 64 of one root, the newest 64."""
    found: list[Head] = []
    for person in persons:
        ops = graph.ops.get(person.root, {})
        streams = {op.stream for op in ops.values() if isinstance(reader.read(op), words.Remove)}
        before = {op.prev for op in ops.values()}
        ends = [op for op in ops.values() if op.stream in streams and op.id not in before]
        ends.sort(key=lambda op: (codec.peek(op.data).clock, op.id), reverse=True)
        found += [(op.stream, op.seq, op.id) for op in ends[:ROOTS_PER_PERSON]]
    return tuple(sorted(found))
