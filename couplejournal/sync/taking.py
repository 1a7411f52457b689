"""What came: read what is not verified yet, and offer it to the book (docs/spec/sync.md 1, rules 2, 3 and 9, and 3).

Partial and damaged look alike, so a file that does not authenticate is pending, and damaged only when it stayed as it
is. Nothing on the drive is moved, renamed or deleted for it. One bad file delays no other.
"""

from __future__ import annotations

import hashlib
import heapq
from collections import Counter
from typing import TYPE_CHECKING, Final

import attrs

from couplejournal.drive.interface import DriveFullError, DriveLateError, DriveMissingError, UnfitFileError
from couplejournal.errors import DriveError
from couplejournal.seal.segments import MAGIC, SEGMENT_LIMIT_BYTES, SMALLEST_BYTES
from couplejournal.sync import names, schedule
from couplejournal.sync.coverage import Coverage
from couplejournal.sync.port import Verdict
from couplejournal.sync.report import Refusal
from couplejournal.sync.trip import DIGEST_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from couplejournal.drive.interface import DriveFile
    from couplejournal.sync.memory import Trouble
    from couplejournal.sync.trip import Trip

WHOLE_DRIVE: Final = (DriveMissingError, DriveFullError, DriveLateError)
_BATCH_FILES: Final = 64
_BATCH_FILES_IN_A_HURRY: Final = 8  # each is stored durably before the time budget is looked at again
_BATCH_BYTES: Final = 16 << 20
_JUNK: Final = "junk"
_SHORT: Final = hashlib.sha256(b"").digest()[:DIGEST_BYTES]  # stands for all that is too short to be read for
_REASONS: Final = {
    Verdict.REFUSED.value: "not what its signature promises",
    Verdict.NEWER.value: "written by a newer version: update couplejournal",
}


@attrs.frozen
class _Offer:
    """A file with the bytes that were read from it."""

    file: DriveFile
    data: bytes


def forget_gone(trip: Trip) -> None:
    """Forget what was known of files that are not listed any more; what was taken from them stays taken.

    The same for files that are listed, and whose content this device has lost since (a worn disk): they are read again.
    """
    kept = trip.kept
    for path in (*trip.gone(), *_lost_here(trip)):
        del kept.marks[path]
    for path in [path for path in kept.troubles if path not in trip.listing]:
        del kept.troubles[path]


def _lost_here(trip: Trip) -> list[str]:
    """Return the listed names under which something was verified that is not held any more, whole or in other files."""
    listed = ((path, mark) for path, mark in trip.kept.marks.items() if path in trip.listing)
    missing = [(path, mark) for path, mark in listed if mark.digest not in trip.held]
    if not missing:
        return []
    held = Coverage(trip.held.values(), trip.book.runs)
    return [path for path, mark in missing if not held.has(mark)]


def look_again_at_own(trip: Trip, *, has_booted: bool) -> None:
    """Let the last own files be read once more: after a boot, and twice in the 10 minutes after the handing over.

    A power cut leaves right names with wrong bytes (docs/spec/sync.md 2, and 8, rows 4 and 5).
    """
    own = ((sent.handed_ms, key) for key, sent in trip.kept.sent.items() if sent.handed_ms)
    due = set()
    for handed_ms, key in heapq.nlargest(schedule.LOOKED_AT_AGAIN, own):
        past = sum(schedule.is_past(handed_ms, span, trip.now_ms) for span in schedule.LATER_LOOKS_MS)
        sent = trip.kept.sent[key]
        if has_booted or past > sent.looks:
            sent.looks = max(past, sent.looks)
            due.add(bytes.fromhex(key))
    if due:
        for path in [path for path, mark in trip.kept.marks.items() if mark.digest in due]:
            del trip.kept.marks[path]


def take_all(trip: Trip) -> None:
    """Read and offer everything that is due; what was held back is offered again as long as keys come.

    Raises:
        DriveError: the drive failed as a whole.
        StoreError: this device's own copy failed.
    """
    for trouble in trip.kept.troubles.values():
        trouble.polls = min(trouble.polls + 1, schedule.DAMAGED_AFTER_POLLS)
    due = _due(trip)
    while due and not trip.is_over() and not trip.has_read_enough:
        for batch in _batches(trip, due):
            _offer(trip, batch)
        trip.look_at_book()
        due = _due(trip)


def _due(trip: Trip) -> list[DriveFile]:
    """Return what to read now: what looks like a segment first, so that no junk can stand in its way.

    What goes on where a stream ends here comes before all else; what was read in vain before comes after what was not,
    so that each file has its turn.
    """
    due: list[DriveFile] = []
    strangers: list[DriveFile] = []
    troubles = trip.kept.troubles
    for file in trip.listing.values():
        if trip.mark_of(file) is not None or trip.is_waiting(file):
            continue
        if SMALLEST_BYTES <= file.size_bytes <= SEGMENT_LIMIT_BYTES:
            (due if names.is_segment_like(file.path) else strangers).append(file)
        elif file.size_bytes < SMALLEST_BYTES and names.is_segment_like(file.path):
            trip.note(file, Verdict.PENDING.value, "", _SHORT)
        else:
            trip.kept.marks.pop(file.path, None)
            trip.kept.troubles.pop(file.path, None)
    strangers = strangers[: trip.strangers]
    trip.strangers -= len(strangers)
    if len(due) > _BATCH_FILES:
        next_ones = {names.place_in(held.path)[0]: held.last + 1 for held in trip.held.values()}  # each in its order

        def turn(file: DriveFile) -> tuple[bool, int]:
            folder, first = names.place_in(file.path)
            return next_ones.get(folder) != first, troubles[file.path].tries if file.path in troubles else 0

        due.sort(key=turn)
    return due + strangers  # among equals both are sorted, as the listing is


def _batches(trip: Trip, due: list[DriveFile]) -> Iterator[list[_Offer]]:
    """Read file by file, and yield what the book must look at in bounded batches.

    The key count at the start of the round stands in every note of it, so that a file that was held back in the same
    batch in which its key came is offered again.
    """
    most = _BATCH_FILES if trip.deadline is None else _BATCH_FILES_IN_A_HURRY
    batch: list[_Offer] = []
    size_bytes = 0
    for file in due:
        if trip.is_over() or trip.has_read_enough:
            break
        data = _read(trip, file)
        if data is None:
            continue
        batch.append(_Offer(file, data))
        size_bytes += len(data)
        if len(batch) == most or size_bytes >= _BATCH_BYTES:
            yield batch
            batch, size_bytes = [], 0
    if batch:
        yield batch


def _read(trip: Trip, file: DriveFile) -> bytes | None:
    """Return the bytes of a file if the book must look at them.

    Raises:
        DriveError: the drive failed as a whole. The file that made it hang waits, so that others come before it.
    """
    try:
        data = trip.drive.read(file.path, limit_bytes=SEGMENT_LIMIT_BYTES)
    except WHOLE_DRIVE as error:
        if isinstance(error, DriveLateError):
            trip.note_read(file, Verdict.PENDING.value, str(error), b"")
        raise
    except UnfitFileError as error:
        trip.note_read(file, _JUNK, str(error), b"")
        return None
    except DriveError as error:
        trip.require_same_root()
        trip.note_read(file, Verdict.PENDING.value, str(error), b"")
        return None
    held = trip.held_as(data)
    if held is not None:
        trip.mark(file, held)
        if file.path != held.path:  # one more copy of what is held: anybody can lay down any number of them
            trip.count_in_vain(file, is_cheap=True)
        return None
    if not (data.startswith(MAGIC) or names.is_segment_like(file.path)):
        trip.note_read(file, _JUNK, "", trip.digest_of(data))
        return None
    return data


def _offer(trip: Trip, batch: list[_Offer]) -> None:
    """Let the book verify and store a batch, and remember each verdict."""
    for offer, taken in zip(batch, trip.book.take([offer.data for offer in batch]), strict=True):
        if taken.verdict in (Verdict.STORED, Verdict.KNOWN):
            trip.mark(offer.file, taken)
            if taken.verdict is Verdict.STORED:
                trip.tally.received_files += 1
                trip.tally.received_ops += taken.ops
        else:
            trip.note_read(offer.file, taken.verdict.value, taken.reason, trip.digest_of(offer.data))


@attrs.define
class Standing:
    """How the files of the drive stand that were not taken."""

    held: int = 0
    pending: int = 0
    damaged: int = 0
    foreign: int = 0
    junk: int = 0
    refused: tuple[Refusal, ...] = ()


def standing(trip: Trip) -> Standing:
    """Count what was not taken, by what it is."""
    counts: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    hashes = {digest.hex() for digest in trip.held} if trip.kept.troubles else set()
    marks, troubles = trip.kept.marks, trip.kept.troubles
    for path, file in trip.listing.items():
        if path in marks:
            continue
        trouble = troubles.get(path)
        if trouble is None:
            is_unread = SMALLEST_BYTES <= file.size_bytes <= SEGMENT_LIMIT_BYTES
            if is_unread and trip.has_read_enough:
                counts[Verdict.PENDING.value if names.is_segment_like(path) else _JUNK] += 1
            counts[_JUNK] += not is_unread
        elif trouble.verdict in _REASONS:
            reasons[trouble.reason or _REASONS[trouble.verdict]] += 1
        elif trouble.verdict == Verdict.PENDING.value:
            counts[_pending_as(trip, file, trouble, hashes)] += 1
        else:
            counts[trouble.verdict] += 1
    return Standing(
        held=counts["held"],
        pending=counts["pending"] + len(trip.stubs),
        damaged=counts["damaged"],
        foreign=counts["foreign"],
        junk=counts[_JUNK],
        refused=tuple(Refusal(reason, count) for reason, count in sorted(reasons.items())),
    )


def lacking(trip: Trip) -> int:
    """Count what the names on the drive promise and this device does not hold, for want of the bytes or of a key.

    What is exactly what its name says, and is not taken, is a forgery, or needs a newer program: no other copy helps.
    """
    if not (trip.stubs or trip.kept.troubles):
        return 0
    promised = {names.hash_in(path) for path in trip.stubs if names.is_segment_like(path)}
    for path, trouble in trip.kept.troubles.items():
        found = trouble.digest.hex()
        if trouble.verdict == Verdict.HELD.value:
            promised.add(found)
        elif names.is_segment_like(path) and names.hash_in(path) != found:
            promised.add(names.hash_in(path))
    return len(promised - {digest.hex() for digest in trip.held} - {""})


def _pending_as(trip: Trip, file: DriveFile, trouble: Trouble, hashes: set[str]) -> str:
    """Return what a file that does not authenticate is to be called by now."""
    if trouble.digest and names.hash_in(file.path) in hashes:
        return _JUNK  # half a copy of what is held here whole: nobody misses it, and what was lost is put back
    is_old = trouble.polls >= schedule.DAMAGED_AFTER_POLLS and schedule.is_past(
        trouble.first_ms, schedule.DAMAGED_AFTER_MS, trip.now_ms
    )
    if not (is_old and trouble.digest):  # what cannot be read is not damaged: not downloaded, or not permitted
        return "pending"
    return "damaged" if names.is_segment_like(file.path) else _JUNK
