"""One membership, its streams and its replica behind one door: append operations, hand out verified ones."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from couplejournal.book import ending, intake, tending
from couplejournal.book.looking import OpenBook
from couplejournal.book.values import Taken
from couplejournal.book.writing import Draft
from couplejournal.ops.op import Op
from couplejournal.ops.words import Head
from couplejournal.seal.keys import Root


class Book(OpenBook):
    """A book on this device. Any thread may call; processes of one device wait for each other."""

    def append(self, drafts: Sequence[Draft]) -> list[Op]:
        """Write operations, durably and as one segment.

        Raises:
            InvalidEntryError: larger than an operation may be.
            StoreError: this device may not write, or its disk is full or failing; nothing was written.
        """
        with self._writer.turn():
            ending.require_open(self.enders(), self.own_key, [draft.word for draft in drafts])
            return self._writer.append(drafts)

    def take(self, files: Sequence[bytes]) -> list[Taken]:
        """Verify, store durably and apply files from outside; one verdict for each, in their order.

        Raises:
            StoreError: this device's own copy failed; what was taken before it stays taken.
        """
        return intake.take(self._writer, files, self._system)

    def tend(self) -> bool:
        """Ask for what does not open and grant what others asked for; return whether anything was written.

        Raises:
            StoreError: the disk is full or failing.
        """
        return tending.tend(self._writer)

    def acknowledge(self) -> bool:
        """Tell the others what is held here, if something new is; return whether anything was written.

        Raises:
            StoreError: the disk is full or failing.
        """
        with self._writer.turn():
            return not self.is_ended() and tending.acknowledge(self._writer)

    def admit(self, keys: bytes, proof: bytes, founding_seed: bytes) -> None:
        """Add a device of this device's own person.

        Raises:
            PairingError: there are as many as there may be.
            StoreError: this device may not write, or its disk is full or failing.
        """
        tending.admit(self._writer, keys, proof, founding_seed)

    def admit_by_root(self, keys: bytes, proof: bytes, root: Root) -> None:
        """Add a device of the root's person, a sixteenth too; ``proof`` is signed for the root's key id.

        Raises:
            RecoveryError: the root is that of nobody in this book.
            PairingError: the key is weak or did not sign, or can never belong to the journal (again).
            StoreError: the disk is full or failing.
        """
        from couplejournal.book import rooting  # start-up: an act of the root is seldom

        rooting.admit_by_root(self._writer, root, keys, proof)

    def open_with(self, root: Root) -> int:
        """Grant this device all that its person's root opens; return how many epochs that opens for it.

        Raises:
            RecoveryError: the root is not that of this device's person.
            StoreError: this device may not write, or its disk is full or failing.
        """
        from couplejournal.book import rooting  # start-up: as above

        return rooting.open_with(self._writer, root)

    def forget_root(self) -> None:
        """Open nothing more with the person's root, which this device no longer has."""
        self._shelf.epochs.keep_only(self.own_key)

    def remove(self, keys: Collection[bytes], root: Root, pins: Mapping[bytes, Sequence[Head]] | None = None) -> None:
        """End the membership of devices of the root's person; ``pins`` are what `rooting.remove_devices` says.

        Raises:
            RecoveryError: the root is that of nobody in this book.
            SetupError: a key is not to be removed: unknown, the other person's, this device's own, or the last.
            StoreError: the disk is full or failing; nobody was removed.
        """
        from couplejournal.book import rooting  # start-up: as above

        rooting.remove_devices(self._writer, root, keys, pins)
