"""Tending: what a device owes the others without being asked by its person — grants, requests, acknowledgements."""

from __future__ import annotations

from typing import Final

from couplejournal.book.shelf import Shelf
from couplejournal.book.writing import Draft, Writer
from couplejournal.errors import PairingError
from couplejournal.ops import words
from couplejournal.ops.membership import DEVICES_PER_PERSON, EpochFact, key_id
from couplejournal.seal import epochs, wraps

WRAPS_PER_OP: Final = 500  # 500 wraps of 1,168 bytes stay well under the limit of an operation
LACKS_PER_TURN: Final = 4096  # what is left comes with the next turn: nobody makes this device work without end
GRANTS_PER_TURN: Final = 2000


def tend(writer: Writer) -> bool:
    """Ask for epochs that do not open, and grant what others asked for; return whether anything was written.

    Each request is made once, each grant once for each epoch and asker (docs/spec/format.md 4), so that honest devices
    never keep each other awake.

    Raises:
        StoreError: the disk is full or failing.
    """
    shelf = writer.shelf
    with writer.turn():
        if not writer.is_writable():
            return False
        drafts = [*_requests(shelf), *_grants(shelf)]
        if drafts:
            writer.append_keys(drafts)
        return bool(drafts)


def acknowledge(writer: Writer) -> bool:
    """Write a lone acknowledgement if one is due, or an empty one as a weekly sign of life; return whether it was.

    Raises:
        StoreError: the disk is full or failing.
    """
    with writer.turn() as marks:
        if not (marks.due or writer.is_silent(marks)) or not writer.is_writable():
            return False
        before = marks.generation
        writer.append([])  # nothing, as long as all that came lies beyond a gap
        if marks.generation == before and writer.is_silent(marks):
            writer.append([Draft("seen", words.Seen([]))])
        return marks.generation != before


def admit(writer: Writer, keys: bytes, proof: bytes, founding_seed: bytes) -> None:
    """Add a device of this device's own person: admission, fresh epoch and grants in one durable file.

    Raises:
        PairingError: the person has as many devices as may be, or the key has its place in the book already.
        StoreError: this device may not write, or its disk is full or failing.
    """
    shelf = writer.shelf
    with writer.turn():
        writer.require_writable()
        person = shelf.membership.person_of(shelf.own.id)
        if person is None or len(shelf.membership.live_devices(person)) >= DEVICES_PER_PERSON:
            raise PairingError("fifteen devices of one person are as many as there may be")
        new, kem = key_id(keys), keys[32:]
        if new in shelf.membership.keys:
            raise PairingError("this key belongs to the journal already")
        founding = wraps.wrap(founding_seed, kem, wraps.founding_info(shelf.own.id, new))
        epoch = writer.epoch_draft({**writer.recipients(), new: kem})
        openable = _openable(shelf)
        reached = {_back_of(epoch), *(shelf.epochs.led_back(fact) for fact, _ in openable)}
        grants = [epochs.grant_wrap(key, fact, new, kem) for fact, key in openable if fact.id not in reached]
        admission = Draft("admit", words.Admit(keys=keys, proof=proof, founding=founding))
        writer.append_keys([admission, epoch, *_grant_drafts(grants)])


def _requests(shelf: Shelf) -> list[Draft]:
    """Return the request for every epoch of a known key that does not open and was not asked for."""
    own = shelf.own.id
    missing = [
        fact.id
        for fact in shelf.membership.epochs.values()
        if (own, fact.id) not in shelf.membership.lacks and shelf.epochs.key_of(fact.id) is None
    ]
    return [Draft("lack", words.Lack(sorted(missing)[:LACKS_PER_TURN]))] if missing else []


def _grants(shelf: Shelf) -> list[Draft]:
    """Return the grants that answer requests of live devices."""
    membership, own = shelf.membership, shelf.own.id
    given = []
    for asker, epoch in sorted(membership.lacks):
        fact = membership.epochs.get(epoch)
        if asker == own or fact is None or not membership.is_live(asker):
            continue
        if any(author == own and recipient == asker for author, recipient, _ in membership.grants.get(epoch, ())):
            continue
        key = shelf.epochs.key_of(epoch)
        if key is not None:
            given.append(epochs.grant_wrap(key, fact, asker, membership.keys[asker].kem))
        if len(given) == GRANTS_PER_TURN:
            break
    return _grant_drafts(given)


def _grant_drafts(given: list[tuple[bytes, bytes, bytes]]) -> list[Draft]:
    return [Draft("grant", words.Grant(given[at : at + WRAPS_PER_OP])) for at in range(0, len(given), WRAPS_PER_OP)]


def _openable(shelf: Shelf) -> list[tuple[EpochFact, bytes]]:
    """Return every epoch with its key that this device can open, by id."""
    found = []
    for fact in sorted(shelf.membership.epochs.values(), key=lambda fact: fact.id):
        key = shelf.epochs.key_of(fact.id)
        if key is not None:
            found.append((fact, key))
    return found


def _back_of(draft: Draft) -> bytes:
    epoch = draft.fields
    return epoch.back[0] if isinstance(epoch, words.Epoch) and epoch.back else b""
