"""Tending: what a device owes the others without being asked by its person — grants, requests, acknowledgements."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from couplejournal.book import telling
from couplejournal.book.shelf import Shelf
from couplejournal.book.writing import Draft, Writer
from couplejournal.errors import PairingError
from couplejournal.ops import words
from couplejournal.ops.membership import DEVICES_PER_PERSON, EpochFact, key_id
from couplejournal.seal import epochs, wraps
from couplejournal.seal.epochs import EpochKeys

WRAPS_PER_OP: Final = 500  # 500 wraps of 1,168 bytes stay well under the limit of an operation
LACKS_PER_TURN: Final = 4096  # what is left comes with the next turn: nobody makes this device work without end
GRANTS_PER_TURN: Final = 2000
GRANTS_PER_ASKER: Final = 10_000  # of one device to another, ever: 12 MB, and more epochs than a journal of years has

Granted = tuple[bytes, bytes, bytes]
"""One line of a grant: epoch id, recipient's key id, wrap."""


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
    """Write a lone acknowledgement if one is due, or one without heads; return whether it was.

    Without heads it is a weekly sign of life, or says that something is missing here.

    Raises:
        StoreError: the disk is full or failing.
    """
    with writer.turn() as marks:
        is_due = marks.due or writer.is_silent(marks) or writer.owes_reminder(marks)
        if not is_due or not writer.is_writable():
            return False
        before = marks.generation
        writer.append([])  # nothing, as long as all that came lies beyond a gap
        if marks.generation == before and writer.is_silent(marks):
            writer.append([Draft("seen", words.Seen([]))])
            telling.note_reminded(marks, marks.spoke_ms)  # it says the same
        return marks.generation != before


def admit(writer: Writer, keys: bytes, proof: bytes, founding_seed: bytes) -> None:
    """Add a device of this device's own person: admission, fresh epoch and grants in one durable file.

    It is granted every epoch that this device may hand on, of live and of removed keys alike.

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
        epoch = Draft("epoch", writer.rotation.fresh({**writer.rotation.recipients(), new: kem}))
        grantable = [fact for fact in shelf.membership.epochs.values() if shelf.membership.holds_roots(fact)]
        grants = grants_for(new, kem, grantable, shelf.epochs, but={_back_of(epoch)})
        admission = Draft("admit", words.Admit(person=person, keys=keys, proof=proof, founding=founding))
        writer.append_keys([admission, epoch, *grant_drafts(grants)])


def grants_for(
    recipient: bytes, kem: bytes, facts: Iterable[EpochFact], opener: EpochKeys, *, but: set[bytes] | None = None
) -> list[Granted]:
    """Return wraps, by epoch, of all that ``opener`` opens of some epochs for a key (id and HPKE public key).

    Left out are those in ``but`` and those to which a back link of one that is granted really leads.
    """
    opened = [
        (fact, key) for fact in sorted(facts, key=lambda fact: fact.id) if (key := opener.key_of(fact.id)) is not None
    ]
    reached = {*(but or ()), *(opener.led_back(fact) for fact, _ in opened)}
    return [epochs.grant_wrap(key, fact, recipient, kem) for fact, key in opened if fact.id not in reached]


def grant_drafts(given: Sequence[Granted]) -> list[Draft]:
    """Return the operations that hand out so many wraps."""
    return [Draft("grant", words.Grant([*given[at : at + WRAPS_PER_OP]])) for at in range(0, len(given), WRAPS_PER_OP)]


def _requests(shelf: Shelf) -> list[Draft]:
    """Return the request for every epoch of a known key that does not open and was not asked for.

    Of what does not count (behind a pin, or of a key that is not live) an epoch is asked for when words need it, so
    that a removed device does not make the others ask without end.
    """
    own, membership = shelf.own.id, shelf.membership
    missing = [
        epoch
        for epoch in membership.epochs
        if (own, epoch) not in membership.lacks
        and (epoch not in membership.apart or epoch in shelf.wanted)
        and shelf.epochs.key_of(epoch) is None
    ]
    return [Draft("lack", words.Lack(sorted(missing)[:LACKS_PER_TURN]))] if missing else []


def _grants(shelf: Shelf) -> list[Draft]:
    """Return the grants that answer requests of live devices, as far as this device knows of the removals.

    A request costs the asker 16 bytes and the granter 1.2 KB. So each epoch is granted to each asker once, however
    often it asks; nobody is granted an epoch of its own, which it made and can make without end; and what one device
    grants another in all has a limit. Other devices grant what is beyond it, within a limit of their own.
    """
    membership, own = shelf.membership, shelf.own.id
    done = {
        (recipient, epoch)
        for epoch, granted in membership.grants.items()
        for author, recipient, _ in granted
        if author == own
    }
    given = []
    served = Counter(recipient for recipient, _ in done)
    for asker, epoch in sorted(membership.lacks - done):
        fact = membership.epochs.get(epoch)
        if fact is None or asker in (own, fact.key) or served[asker] >= GRANTS_PER_ASKER:
            continue
        if not membership.is_live(asker) or not membership.holds_roots(fact):
            continue
        key = shelf.epochs.key_of(epoch)
        if key is not None:
            served[asker] += 1
            given.append(epochs.grant_wrap(key, fact, asker, membership.keys[asker].kem))
        if len(given) == GRANTS_PER_TURN:
            break
    return grant_drafts(given)


def _back_of(draft: Draft) -> bytes:
    epoch = draft.fields
    return epoch.back[0] if isinstance(epoch, words.Epoch) and epoch.back else b""
