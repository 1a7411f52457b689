"""What a drive must prove before anything is read from it for good or written to it (docs/spec/sync.md 1, rule 5).

The proof is the genesis of the book, byte for byte. It is opened again only when its name, size or time changed, or
when another folder may stand in the root's place; what is found is remembered. Whatever else is found is named, and
then nothing is copied, created or deleted: an unmounted folder looks just like an emptied one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs

from couplejournal.drive.interface import NotYetError, UnfitFileError
from couplejournal.seal.segments import SEGMENT_LIMIT_BYTES
from couplejournal.sync import names
from couplejournal.sync.port import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from couplejournal.drive.interface import DriveFile, Listing, Place
    from couplejournal.sync.port import Held
    from couplejournal.sync.report import DriveState
    from couplejournal.sync.trip import Trip

MESSAGES: Final[dict[DriveState, str]] = {
    "missing": "the shared folder is not there; what you write is kept on this device and waits",
    "empty": "the shared folder is empty or not mounted; nothing was copied, what you write waits on this device",
    "other": "the shared folder holds another journal; nothing was copied, nothing was deleted",
    "marker-missing": "the shared folder holds this journal's files, but its marker book.cj is missing or damaged; "
    "nothing was copied",
}
_WITNESSES: Final = 3  # files that are read, at most, to tell a lost marker from an empty folder
_CANDIDATES: Final = 64  # files that are read, at most, to find a marker that was renamed


@attrs.frozen
class Proof:
    """What a drive proved to be; ``message`` is one sentence, empty when all is well."""

    state: DriveState
    message: str = ""


def prove(trip: Trip, root: Place, listing: Listing, *, may_found: bool) -> Proof:
    """Find out whether this drive is the meeting place of the trip's book.

    With ``may_found`` a folder without this book's genesis becomes its meeting place, beside any other book. That goes
    on through later syncs of the same folder until all of the book was handed over.

    Raises:
        DriveError: the drive failed as a whole.
    """
    if not root.exists:
        return Proof("missing", MESSAGES["missing"])
    identity = ":".join(str(part) for part in root.identity or ())
    kept = trip.kept
    if kept.root != identity:
        # Another folder may stand here: what was known of the files beside the genesis is known no more.
        for path in [path for path in (*kept.marks, *kept.troubles) if not names.is_streams(path)]:
            kept.marks.pop(path, None)
            kept.troubles.pop(path, None)
        kept.root = identity
    state = _state(trip, listing)
    if state == "ok":
        return Proof("ok")
    if may_found or kept.founding == identity:
        kept.founding = identity
        return Proof("ok")
    return Proof(state, MESSAGES[state])


def _state(trip: Trip, listing: Listing) -> DriveState:
    if _has_genesis(trip):
        return "ok"
    if trip.genesis_path in trip.stubs:
        # Not downloaded. It was proved in this very folder, or else it must be downloaded first.
        known = trip.kept.marks.get(trip.genesis_path)
        return "ok" if known is not None and known.digest == trip.genesis_digest else "marker-missing"
    # The folder is named by the hash of our genesis: whatever else lies there under its name is ours, and spoiled.
    if trip.genesis_path in trip.listing or any(True for _ in _witnesses(trip)):
        return "marker-missing"
    is_other = any(names.is_genesis_of_any(file.path) for file in listing)
    return "other" if is_other else "empty"


def _candidates(trip: Trip) -> list[DriveFile]:
    """Return what may be the genesis, whatever it is called now, the right name first."""
    size = len(trip.book.genesis)
    fit = [file for file in trip.listing.values() if file.size_bytes == size or file.path == trip.genesis_path]
    beside = [file for file in fit if not names.is_streams(file.path)]
    return sorted(beside, key=lambda file: file.path != trip.genesis_path)


def _has_genesis(trip: Trip) -> bool:
    """Say whether the genesis lies here, whatever its name is by now."""
    reads = 0
    for file in _candidates(trip):
        mark = trip.mark_of(file)
        if mark is not None:
            if mark.digest == trip.genesis_digest:
                return True
        elif reads < _CANDIDATES and not trip.is_waiting(file):
            reads += 1
            held = _held_as(trip, file)
            if held is not None and held.digest == trip.genesis_digest:
                return True
    return False


def _held_as(trip: Trip, file: DriveFile) -> Held | None:
    """Read a file and return the held one that it is, byte for byte, if there is one; remember what it is."""
    try:
        data = trip.drive.read(file.path, limit_bytes=SEGMENT_LIMIT_BYTES)
    except (NotYetError, UnfitFileError) as error:
        trip.note(file, Verdict.PENDING.value, str(error), b"")
        return None
    held = trip.held_as(data)
    if held is not None:
        trip.mark(file, held)
    else:
        trip.note(file, Verdict.PENDING.value, "", trip.digest_of(data))
    return held


def _witnesses(trip: Trip) -> Iterator[DriveFile]:
    """Yield files of the drive that are held here, byte for byte; nearly always the first is enough."""
    sizes = {held.path: held.size_bytes for held in trip.held.values()}
    reads = 0
    for file in trip.listing.values():
        mark = trip.mark_of(file)
        if mark is not None:
            yield file
        elif reads < _WITNESSES and sizes.get(file.path) == file.size_bytes and not trip.is_waiting(file):
            reads += 1
            if _held_as(trip, file) is not None:
                yield file
