"""Acts of a person's root, typed as 24 words or taken from the keystore: remove devices, open everything.

Each act stands in a key stream of its own, begun for it: no device can know that it holds all that the root signed on
other devices, and a fresh stream never contradicts another (docs/spec/membership.md 5.3).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

from couplejournal.book import holding, tending
from couplejournal.book.branches import Place
from couplejournal.book.shelf import Shelf
from couplejournal.book.streams import Stream
from couplejournal.book.values import Later
from couplejournal.book.writing import Draft, Writer
from couplejournal.errors import RecoveryError, SetupError
from couplejournal.ops import words
from couplejournal.ops.membership import Membership
from couplejournal.ops.words import Head
from couplejournal.seal.epochs import EpochKeys
from couplejournal.seal.keys import Root

PINS_PER_KEY: Final = 10_000  # a key that opened more streams than fit into an operation can be removed all the same


def remove_devices(
    writer: Writer, root: Root, keys: Collection[bytes], pins: Mapping[bytes, Sequence[Head]] | None = None
) -> None:
    """End the membership of devices (by key id) of the root's person, durably.

    ``pins`` gives by key id the last accepted place of each of its streams, one for each branch; for a key that it does
    not name, all counts that this device holds.

    Raises:
        RecoveryError: the root is that of nobody in this book.
        SetupError: a key is unknown, another person's, this device's own or removed already, or none would be left.
        StoreError: the disk is full or failing; nobody was removed.
    """
    shelf, given = writer.shelf, pins or {}
    with writer.turn():
        _require_removable(shelf, root, keys, given)
        chosen = pins_for(shelf, keys, given)
        listed = [(key, list(chosen[key])) for key in sorted(chosen)]
        if sum(len(heads) for _, heads in listed) <= PINS_PER_KEY:
            drafts = [Draft("remove", words.Remove(listed))]
        else:
            drafts = [Draft("remove", words.Remove([one])) for one in listed]
        writer.append_as(root, drafts)


def open_with(writer: Writer, root: Root) -> int:
    """Grant this device, for good, all that the root opens and it does not; return how many epochs that opens.

    It does not wait for the removals that those epochs name: whoever has the root may read everything anyway.

    Raises:
        RecoveryError: the root is not that of this device's person.
        StoreError: this device may not write, or its disk is full or failing.
    """
    shelf = writer.shelf
    with writer.turn():
        own, membership = shelf.own, shelf.membership
        if not membership.belongs_to(own.id, _person_of(membership, root)):
            raise RecoveryError("these recovery words are not those of this device's person")
        writer.require_writable()
        alone, together = EpochKeys((own,)), EpochKeys((own, root))
        for opener in (alone, together):
            opener.learn(membership)
        closed = [fact for fact in membership.epochs.values() if alone.key_of(fact.id) is None]
        opened = [fact for fact in closed if together.key_of(fact.id) is not None]
        given = tending.grants_for(own.id, own.public.kem, opened, together)
        if given:
            writer.append_keys(tending.grant_drafts(given))
        return len(opened)


def would_fall(
    writer: Writer, person: bytes, keys: Collection[bytes], pins: Mapping[bytes, Sequence[Head]] | None = None
) -> frozenset[bytes]:
    """Return the ids of the keys that would fall with a removal by a person's root, before anything is signed.

    Raises:
        StoreError: the disk fails.
    """
    with writer.turn():
        shelf = writer.shelf
        return shelf.membership.what_falls(pins_for(shelf, keys, pins or {}), person)


def later_words(
    writer: Writer, keys: Collection[bytes], pins: Mapping[bytes, Sequence[Head]] | None = None
) -> tuple[Later, ...]:
    """Return what a removal of keys would put apart: words behind its pins, held here or told of by others.

    Raises:
        StoreError: the disk fails.
    """
    with writer.turn():
        shelf, found = writer.shelf, []
        chosen, told = pins_for(shelf, keys, pins or {}), _told(writer.shelf)
        for stream in list(shelf.streams.values()):
            if stream.key in chosen:
                pinned = [(number, link) for origin, number, link in chosen[stream.key] if origin == stream.origin]
                found += _later(shelf, stream, pinned, told.get(stream.origin, {}))
        return tuple(sorted(found, key=lambda later: (later.key, later.stream, later.last, later.accepted)))


def pins_for(
    shelf: Shelf, keys: Iterable[bytes], given: Mapping[bytes, Sequence[Head]]
) -> dict[bytes, tuple[Head, ...]]:
    """Return by key id the places that a removal pins: what was given, else the ends of all that is held.

    Raises:
        StoreError: the disk fails.
    """
    return {key: tuple(sorted(given[key] if key in given else ends_of(shelf, key))) for key in keys}


def ends_of(shelf: Shelf, key: bytes) -> list[Head]:
    """Return the last place held of each stream of a key, one for each branch; of very many the longest ones.

    Raises:
        StoreError: the disk fails.
    """
    found = [
        (stream.origin, number, link)
        for stream in list(shelf.streams.values())
        if stream.key == key
        for number, link in holding.ends(shelf, stream)
    ]
    found.sort(key=lambda head: (-head[1], head[0], head[2]))
    return found[:PINS_PER_KEY]


def _later(shelf: Shelf, stream: Stream, pinned: Sequence[Place], told: Mapping[bytes, Place]) -> list[Later]:
    """Return what of one stream would stand apart: of each branch that is held, and of what others told to hold."""
    found, highest = [], 0
    for number, link in holding.ends(shelf, stream):
        accepted = max((_shared(shelf, stream, place, (number, link)) for place in pinned), default=0)
        highest = max(highest, accepted)
        if number > accepted:
            found.append(Later(stream.key, stream.origin, accepted, number, ()))
    missing = {by: place for by, place in told.items() if not holding.holds(shelf, stream, *place)}
    if missing:
        last = max(number for number, _ in missing.values())
        found.append(Later(stream.key, stream.origin, min(highest, last - 1), last, tuple(sorted(missing))))
    return found


def _shared(shelf: Shelf, stream: Stream, pinned: Place, head: Place) -> int:
    """Return up to which number of a branch that is held a pin accepts it."""
    if not holding.holds(shelf, stream, *pinned):
        return 0
    tree = shelf.tree_of(stream)
    if tree is None:
        return min(pinned[0], head[0])
    upto = {chain.id: number for chain, number in tree.path(*pinned)}
    return next((min(number, upto[chain.id]) for chain, number in tree.path(*head) if chain.id in upto), 0)


def _told(shelf: Shelf) -> dict[bytes, dict[bytes, Place]]:
    """Return by the id in a stream's headers the furthest place that each key told to hold of it."""
    told: dict[bytes, dict[bytes, Place]] = {}
    for op in holding.ops_after(shelf, {}):
        if op.word == "seen":
            for stream, number, link in words.decode_fields(words.Seen, op.fields).heads:
                by = told.setdefault(stream, {})
                by[op.key] = max((number, link), by.get(op.key, (0, b"")))
    return told


def _person_of(membership: Membership, root: Root) -> bytes:
    """Return the person whose root this is.

    Raises:
        RecoveryError: it is nobody's in this book.
    """
    known = membership.keys.get(root.id)
    if known is None or not known.is_root:
        raise RecoveryError("these recovery words belong to another journal")
    return known.person


def _require_removable(
    shelf: Shelf, root: Root, keys: Collection[bytes], given: Mapping[bytes, Sequence[Head]]
) -> None:
    """Refuse a removal that would have no effect, or one that nobody can mean."""
    membership = shelf.membership
    person = _person_of(membership, root)
    if not keys:
        raise SetupError("no device was named, so none was removed")
    for key in keys:
        known = membership.keys.get(key)
        if known is None:
            raise SetupError("this device is not known in the journal")
        if known.is_root:
            raise SetupError("recovery words cannot be removed", hint="'couplejournal recovery renew' makes new ones")
        if not membership.belongs_to(key, person):
            raise SetupError("this device belongs to the other person, who alone can remove it")
        if key == shelf.own.id:
            raise SetupError("this device cannot remove itself", hint="remove it from another device of yours")
        if membership.standing_for(key, person) == "removed" and key not in given:
            raise SetupError("this device was removed already")
    fallen = membership.what_falls(pins_for(shelf, keys, given), person)
    left = {device.id for device in membership.live_devices(person)} - {*keys} - fallen
    if not left:
        raise SetupError("none of your devices would be left", hint="add one with your recovery words first")
    if shelf.own.id in fallen:
        raise SetupError("this device would fall with them", hint="add it with your recovery words first")
