"""One membership, its streams and its replica behind one door: append operations, hand out verified ones."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from couplejournal.book import ending, intake, tending
from couplejournal.book.looking import OpenBook
from couplejournal.book.values import File, Held, Taken
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

    def note_lacking(self, count: int) -> None:
        """Note how much this device lacks of what a sync found; what lasts for a day the others hear of.

        Raises:
            StoreError: the disk fails.
        """
        self._writer.note_lacking(count)

    def is_elsewhere(self, held: Held) -> bool | None:
        """Return whether another device that belongs told that it holds all of a file; None where there is none.

        Nothing is read for it. Of acknowledgements nobody tells, and what holds nothing else costs nobody a word.
        """
        live = {key.id for key in self.membership.keys.values() if key.is_live and not key.is_root} - {self.own_key}
        stream, acknowledged = self._shelf.streams.get(held.stream), self.acknowledged
        if not live or stream is None or acknowledged is None:
            return None if not live else False
        if stream.tree is not None:
            return False
        last = acknowledged.last_told_of(stream.id, held.first, held.last)
        return not last or not live.isdisjoint(acknowledged.holders(stream.origin, last))

    def merge(self) -> bool:
        """Make one larger file of small ones of this device's own words, if some are to be merged; say whether it did.

        Raises:
            StoreError: the disk is full or failing; all that was held still is.
        """
        from couplejournal.book import merging  # start-up: who only writes merges nothing

        return not self.is_ended() and merging.merge(self._writer)

    def covers(self, larger: File, files: Sequence[File]) -> list[bool]:
        """Return which of some files a larger one of this replica holds, operation for operation, and more beside.

        Raises:
            StoreError: the disk fails.
        """
        from couplejournal.book import merging  # start-up: as above

        with self._writer.turn():
            whole = merging.part_of(larger)
            return [merging.is_within(self._shelf, whole, merging.part_of(file), file.end) for file in files]

    def let_go(self, larger: File, files: Sequence[File]) -> int:
        """Let go of files of this replica that a larger one of it holds; return how many went.

        Raises:
            StoreError: the disk fails; what did not go is found again.
        """
        from couplejournal.book import merging  # start-up: as above

        return merging.let_go(self._writer, merging.part_of(larger), [merging.part_of(file) for file in files])

    def admit(self, keys: bytes, proof: bytes, founding_seed: bytes) -> None:
        """Add a device of this device's own person.

        Raises:
            PairingError: there are as many as there may be.
            StoreError: this device may not write, or its disk is full or failing.
        """
        tending.admit(self._writer, keys, proof, founding_seed)

    def open_with(self, root: Root) -> int:
        """Grant this device all that its person's root opens; return how many epochs that opens for it.

        Raises:
            RecoveryError: the root is not that of this device's person.
            StoreError: this device may not write, or its disk is full or failing.
        """
        from couplejournal.book import rooting  # start-up: an act of the root is seldom

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
