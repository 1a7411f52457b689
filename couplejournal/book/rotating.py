"""Rotation: under which of its own epochs a device writes, and when it must make a new one.

One rule needs no agreement with anyone (docs/spec/format.md 4): before each operation the newest epoch must be open to
exactly those who belong now. Admission, removal and recovery rotate by this alone, each writer for itself.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from couplejournal.book.shelf import Shelf
from couplejournal.disk import Disk
from couplejournal.errors import StoreError
from couplejournal.ops import words
from couplejournal.ops.membership import EpochFact, Membership
from couplejournal.seal import epochs
from couplejournal.seal.segments import KEY_STREAM
from couplejournal.system import System

ADMISSIONS_LIMIT_BYTES: Final = 256 << 20


class Rotation:
    """The epochs of this device in one book."""

    def __init__(self, shelf: Shelf, disk: Disk, system: System, admissions: Path) -> None:
        """Take the path of the note that keeps the order in which admissions came."""
        self._shelf = shelf
        self._disk = disk
        self._system = system
        self._path = admissions

    def newest(self) -> EpochFact | None:
        """Return the latest epoch of this device's own that it can open and whose roots it holds.

        What stands in the present key stream comes first: no other device extends that one, whatever was copied.
        """
        usable = (fact for fact in self._own() if self._membership.holds_roots(fact))
        opened = [fact for fact in usable if self._shelf.epochs.key_of(fact.id) is not None]
        return max(opened, key=lambda fact: (self._is_present(fact), fact.seq, fact.id), default=None)

    def due(self) -> words.Epoch | None:
        """Return the epoch to announce before the next operation, or None where the newest is as it must be.

        Raises:
            StoreError: the disk fails.
        """
        recipients, newest = self.recipients(), self.newest()
        return None if newest is not None and self._is_right(newest, recipients) else self.fresh(recipients)

    def fresh(self, recipients: Mapping[bytes, bytes]) -> words.Epoch:
        """Return a new epoch for exactly these recipients ({key id: HPKE public key}), linked back to the newest.

        It names what is known of removals, so that whoever has not heard of them does not hand it on.
        """
        newest = self.newest()
        previous = None
        if newest is not None:
            key = self._shelf.epochs.key_of(newest.id)
            previous = (newest.id, key) if key is not None else None
        fresh = self._system.random_bytes(32)
        return epochs.new_epoch(fresh, self._shelf.own.id, recipients, previous, self._membership.root_heads)

    def unexplained(self) -> tuple[EpochFact, ...]:
        """Return epochs of this device's own that name removals which it does not hold.

        They are the sign that a removal is being withheld, or that this device's key was copied; they stop nothing.
        """
        return tuple(fact for fact in self._own() if not self._membership.holds_roots(fact))

    def recipients(self) -> dict[bytes, bytes]:
        """Return {key id: HPKE public key} of those who must be able to read what this device writes now.

        Raises:
            StoreError: the disk fails.
        """
        return self._membership.recipients_for(self._shelf.own.id, self._order())

    def note_admissions(self) -> None:
        """Remember newly admitted keys in the order of their coming; what came together is ordered by admission.

        It is a preference that any device may lose, and the operation that brought the keys is stored already: so a
        disk that fails here fails nothing, and the next note makes up for it.
        """
        own = self._membership.keys.get(self._shelf.own.id)
        if own is None:
            return  # what a newcomer fetched before its own admission came in no order that says anything
        with contextlib.suppress(StoreError):
            order = self._order()
            fresh = [key for key in self._membership.keys.values() if key.id not in order]
            # The genesis was held before all else; who comes back by its root knows no order at all.
            is_back = own.admitter in {person.root for person in self._membership.persons}
            fresh.sort(key=lambda key: (bool(key.admitter) and not is_back, key.admission))
            noted = b"".join([*order, *(key.id for key in fresh)])
            self._disk.replace(self._path, noted, private=True)

    @property
    def _membership(self) -> Membership:
        return self._shelf.membership

    def _own(self) -> list[EpochFact]:
        return [fact for fact in self._membership.epochs.values() if fact.key == self._shelf.own.id]

    def _is_present(self, fact: EpochFact) -> bool:
        present = self._shelf.own_stream(KEY_STREAM)
        return present is not None and fact.stream == present.origin

    def _is_right(self, newest: EpochFact, recipients: Mapping[bytes, bytes]) -> bool:
        """Return whether one may go on writing under an epoch of one's own.

        Beyond the recipients: it stands where only this device writes, it was made in knowledge of every removal held,
        and nobody who is not live was granted it since. So a removed device that was no recipient, and was granted the
        epoch when it asked, does not go on reading either.

        A live member may grant anything to a removed key, junk too, and no wrap for another shows what it is: so each
        such grant costs one more epoch. That is no endless rotation. An epoch is made only before a word of this
        device's own, one for each at most, and a grant names one epoch, which has to be there first; whoever waits for
        it pays a segment of its own for each. A key that nobody admitted counts for nothing: a member who hands an
        epoch to strangers does so by other ways too.
        """
        membership = self._membership
        is_spilled = any(
            membership.is_live(granter) and recipient in membership.keys and not membership.is_live(recipient)
            for granter, recipient, _ in membership.grants.get(newest.id, ())
        )
        return (
            self._is_present(newest)
            and newest.wraps.keys() == recipients.keys()
            and newest.roots == membership.root_heads
            and not is_spilled
        )

    def _order(self) -> dict[bytes, int]:
        """Return the order in which this device first held each key's admission.

        A newcomer begins with the order of the recipients in its admitter's epoch. One that its root admitted, after a
        recovery, begins with the order of the admissions' ids.
        """
        data = self._disk.read(self._path, limit_bytes=ADMISSIONS_LIMIT_BYTES) or b""
        noted = [data[at : at + 32] for at in range(0, len(data) - 31, 32)]
        order: dict[bytes, int] = {}
        for key in noted or self._taken_over():
            order.setdefault(key, len(order))
        return order

    def _taken_over(self) -> list[bytes]:
        own = self._membership.keys.get(self._shelf.own.id)
        if own is None or not own.admitter:
            return []
        listed = [
            fact for fact in self._membership.epochs.values() if fact.key == own.admitter and own.id in fact.wraps
        ]
        first = min(listed, key=lambda fact: (fact.seq, fact.id), default=None)
        return list(first.wraps) if first is not None else []
