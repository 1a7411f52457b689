"""What goes: publish the outbox in its order, confirm it, and put back what the drive lost (docs/spec/sync.md 1 and 2).

A file is handed over when a later listing shows its final name and a read gave its exact bytes; that read is the one
by which `taking` verifies any file. Until then it stays in the outbox, and from the second try on it is written
directly, since some mounts undo a rename. Rewriting equal bytes under the same name is always safe.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import attrs

from couplejournal.drive.interface import DriveReadOnlyError, UnfitFileError
from couplejournal.errors import DriveError, StoreError
from couplejournal.sync import asking, folding, names, schedule, taking
from couplejournal.sync.coverage import Coverage
from couplejournal.sync.memory import Sent

if TYPE_CHECKING:
    from couplejournal.drive.interface import DriveFile
    from couplejournal.sync.port import Held
    from couplejournal.sync.trip import Trip

_FRESH_NAMES: Final = 8  # tried one after the other, before the trouble is taken to be elsewhere
_FAILURES_OF_A_DRIVE: Final = 3  # so many files in a row that cannot be written are no fault of the files


def hand_over(trip: Trip) -> None:
    """Publish what the drive lacks and should have, in order; a stream waits behind a file of it that failed.

    Raises:
        DriveError: the drive failed as a whole, or some files could not be written; the others were.
        StoreError: this device's own copy failed.
    """
    _Handing(trip).run()


def outbox(trip: Trip) -> int:
    """Return how many own files are not known to be on the drive."""
    sent = trip.kept.sent

    def is_handed(digest: bytes) -> bool:
        known = sent.get(digest.hex())
        return known is not None and known.handed_ms > 0

    return len(folding.unconfirmed(trip.held.values(), is_handed))


@attrs.define(eq=False)
class _Handing:
    """One round of handing over. ``here`` holds what lies on the drive, under temporary names apart, by digest.

    ``superseded`` are own files that a larger one holds: they go out no more, since that one (``merged``) does. It goes
    ``later`` than all else where the drive holds its operations: a large file may find no room where small ones do.
    """

    trip: Trip
    here: set[bytes] = attrs.field(factory=set)
    _folded: dict[str, DriveFile] | None = None
    covered: Coverage | None = None
    merged: set[bytes] = attrs.field(factory=set)
    superseded: set[bytes] = attrs.field(factory=set)
    later: list[Held] = attrs.field(factory=list)
    failed: set[bytes] = attrs.field(factory=set)
    errors: list[DriveError] = attrs.field(factory=list)

    def run(self) -> None:
        trip = self.trip
        for file in trip.listing.values():
            mark = trip.mark_of(file)
            if mark is not None and not names.is_temporary(file.path):
                self.here.add(mark.digest)
        self.merged, self.superseded = folding.outline(trip.held.values())
        written = trip.tally.published + trip.tally.restored
        for held in trip.held.values():
            if trip.is_over():
                break
            self._settle(held)
        for held in self.later:
            if trip.is_over():
                break
            self._publish(held, trip.kept.sent.get(held.digest.hex()))
        asking.note(trip, lambda held: held.digest in self.here and held.digest not in self.superseded)
        asking.answer(trip, self._put_out_again)
        if trip.kept.founding and not any(self._is_absent(held) for held in trip.held.values()):
            trip.kept.founding = ""
        _forget_merged(trip, trip.kept.sent)
        _forget_merged(trip, trip.kept.missing)
        if self.errors:
            is_partial = trip.tally.published + trip.tally.restored > written
            raise DriveError(str(self.errors[-1])) if is_partial else self.errors[-1]

    def _settle(self, held: Held) -> None:
        """Find out whether the drive has a file, and write it if it is due."""
        key = held.digest.hex()
        sent = self.trip.kept.sent.get(key)
        # Newcomers look for the marker by its name; everything else will do under any.
        if held.digest in self.here and (held.path != self.trip.genesis_path or self._has_final_name(held, sent)):
            self._settle_present(held, key, sent)
        elif not self._is_unsure(held, sent):
            self._settle_absent(held, key, sent)

    def _settle_present(self, held: Held, key: str, sent: Sent | None) -> None:
        kept, now_ms = self.trip.kept, self.trip.now_ms
        kept.missing.pop(key, None)
        if not held.is_mine:
            if sent is not None and schedule.is_past(sent.tried_ms, schedule.STAYED_MS, now_ms):
                del kept.sent[key]
        elif sent is not None and sent.handed_ms:
            return  # a sync client may have renamed it since: the same bytes
        elif self._has_final_name(held, sent):
            self._note_handed_over(held)
            self.trip.tally.handed_over += 1
        else:
            self._publish(held, sent)  # only a sync client's name for it is there, and it never had the final one

    def _settle_absent(self, held: Held, key: str, sent: Sent | None) -> None:
        if self._is_covered(held) and not self._is_merged(held):
            self.trip.kept.missing.pop(key, None)
            if held.is_mine:
                self._note_handed_over(held)
        elif held.digest in self.superseded:
            return  # the larger file goes out
        elif held.is_mine or self._is_lost(held, key):
            if sent is not None and sent.handed_ms:
                sent.was_there = True
                if schedule.is_past(sent.handed_ms, schedule.STAYED_MS, self.trip.now_ms):
                    sent.tries = 0  # or else something takes it away again and again: no race with that
                sent.handed_ms = 0
            if self._is_covered(held):
                self.later.append(held)
            else:
                self._publish(held, sent)

    def _has_final_name(self, held: Held, sent: Sent | None) -> bool:
        """Say whether a file lies on the drive under a name that it was given."""
        for number in range((sent.name if sent else 0) + 1):
            file = self._listed(names.fresh(held.path, number))
            mark = self.trip.mark_of(file) if file is not None else None
            if mark is not None and mark.digest == held.digest:
                return True
        return False

    def _note_handed_over(self, held: Held) -> None:
        """Remember since when an own file, or all of it in others, lies on the drive."""
        sent = self.trip.kept.sent.setdefault(held.digest.hex(), Sent())
        if not sent.handed_ms:
            sent.handed_ms, sent.looks = self.trip.now_ms, 0
            sent.tried_ms = sent.tried_ms or self.trip.now_ms

    def _put_out_again(self, held: Held, number: int) -> bool:
        """Put a file out under a fresh name, its ``number``-th one or a later; say whether that worked."""
        sent = self.trip.kept.sent.setdefault(held.digest.hex(), Sent())
        sent.name = max(sent.name + 1, number)
        return self._write(held, sent)

    def _is_unsure(self, held: Held, sent: Sent | None) -> bool:
        """Say whether the file lies there but could not be read: evicted, locked, or the time was over."""
        for number in range((sent.name if sent else 0) + 1):
            path = names.fresh(held.path, number)
            if path in self.trip.stubs:
                return True
            file = self._listed(path)
            if file is not None and file.size_bytes == held.size_bytes and self.trip.mark_of(file) is None:
                trouble = self.trip.kept.troubles.get(file.path)
                if trouble is None or not trouble.digest:
                    return True
        return False

    def _listed(self, path: str) -> DriveFile | None:
        """Return what is listed under a name, whatever its case is by now."""
        file = self.trip.listing.get(path)
        if file is None:
            if self._folded is None:
                self._folded = {path.casefold(): file for path, file in self.trip.listing.items()}
            file = self._folded.get(path)
        return file

    def _is_absent(self, held: Held) -> bool:
        return held.digest not in self.here and not self._is_covered(held)

    def _is_covered(self, held: Held) -> bool:
        """Say whether other verified files of the stream hold every operation of this one."""
        if self.covered is None:
            there = (mark for mark in self.trip.kept.marks.values() if mark.digest in self.here)
            self.covered = Coverage(there, self.trip.book.runs)
        return self.covered.has(held)

    def _is_merged(self, held: Held) -> bool:
        """Say whether it is one's own, larger than others that are held, and no file of the drive holds all of it."""
        return held.digest in self.merged and not any(
            mark.stream == held.stream and mark.first <= held.first and held.last <= mark.last
            for mark in self.trip.kept.marks.values()
            if mark.digest in self.here
        )

    def _is_lost(self, held: Held, key: str) -> bool:
        """Say whether it is on this device to put back another's file now (docs/spec/sync.md 1, rule 4)."""
        if self.trip.kept.founding or held.is_key:
            return True
        since = self.trip.kept.missing.setdefault(key, self.trip.now_ms)
        if since > self.trip.now_ms:
            self.trip.kept.missing[key] = since = self.trip.now_ms
        return schedule.is_past(since, schedule.LOST_AFTER_MS, self.trip.now_ms)

    def _publish(self, held: Held, sent: Sent | None) -> None:
        """Write a file, unless it was just written, and count it; one that was never seen there is no loss."""
        trip = self.trip
        sent = trip.kept.sent.setdefault(held.digest.hex(), Sent()) if sent is None else sent
        is_first = not sent.tried_ms and (held.is_mine or bool(trip.kept.founding))
        if not schedule.is_past(sent.tried_ms, schedule.writing_pause(sent.tries), trip.now_ms):
            return
        if not self._write(held, sent):
            return
        if is_first:
            trip.tally.published += 1
        elif sent.was_there or not held.is_mine:
            trip.tally.restored += 1
            sent.was_there = False

    def _write(self, held: Held, sent: Sent) -> bool:
        """Write a file; False where it, or one before it in its stream, could not be written.

        Raises:
            DriveError: the drive failed as a whole.
            StoreError: this device's own copy failed.
        """
        if held.stream in self.failed:
            return False
        try:
            data = self.trip.content_of(held)
        except StoreError:
            if self._was_let_go(held):  # or damaged: then the smaller ones, if they are held still, go out themselves
                self.merged, self.superseded = folding.outline(self.trip.held.values())
                return False
            raise
        try:
            try:
                self._put(names.fresh(held.path, sent.name), data, sent)
            except UnfitFileError:  # a folder or a link has our name, put there by chance or to stop us
                sent.name = min(sent.name + 1, _FRESH_NAMES)
                self._put(names.fresh(held.path, sent.name), data, sent)
        except taking.WHOLE_DRIVE:
            raise
        except DriveError as error:
            self.failed.add(held.stream)
            self.errors.append(error)
            sent.tries += not isinstance(error, DriveReadOnlyError)
            if len(self.errors) >= _FAILURES_OF_A_DRIVE:
                raise
            return False
        sent.tries += 1
        sent.tried_ms = self.trip.now_ms
        return True

    def _was_let_go(self, held: Held) -> bool:
        """Say whether a file is not held any more: a larger one does for it, or it turned out to be damaged."""
        self.trip.book.refresh()
        self.trip.look_at_book()
        return held.digest not in self.trip.held

    def _put(self, path: str, data: bytes, sent: Sent) -> None:
        """Write under this name, and forget what lay there: the next listing is to be read."""
        self.trip.drive.publish(path, data, direct=sent.tries > 0)
        self.trip.kept.marks.pop(path, None)
        self.trip.kept.troubles.pop(path, None)


def _forget_merged(trip: Trip, remembered: dict[str, Any]) -> None:
    """Forget what was remembered, by digest, of files that are held no more since larger ones hold their content."""
    if len(remembered) > len(trip.held):
        for key in [key for key in remembered if bytes.fromhex(key) not in trip.held]:
            del remembered[key]
