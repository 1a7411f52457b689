"""Examine the shared folder: whether it is there and is the right one, every file in it, its rights and its clock."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Final

import attrs

from couplejournal.errors import CouplejournalError, DriveError, StoreError
from couplejournal.journal.health import Fault, Ground, fault
from couplejournal.store.condition import is_genesis_of
from couplejournal.store.replica import FILE_LIMIT_BYTES, GENESIS_NAME, Replica

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from couplejournal.book.values import Held
    from couplejournal.drive.interface import Drive, DriveFile
    from couplejournal.journal.journal import Journal

AHEAD_MS: Final = 600_000  # clocks that agree are not ten minutes apart
OLD_MS: Final = 86_400_000
_SEGMENT: Final = re.compile(r"[0-9a-f]{32}/streams/[0-9a-f]{32}/[0-9]{8,15}-[0-9]{8,15}-([0-9a-f]{32})\.seg")
_NOTED: Final = {
    "copy": "held here too, under another name; harmless",
    "unread": "not downloaded, or held by another program just now",
    "leftover": "left by a write that was interrupted; harmless",
    "other": "of another journal, or nothing of ours; left alone",
}
SYNC: Final = "`couplejournal sync`; `doctor --repair` does it"
NOWHERE: Final = Path()
FIND_IT: Final = "mount it, plug it in, or name the right one with `couplejournal drive DIR`"


def check_folders(ground: Ground) -> Iterator[Fault]:
    """Look at each folder where a book of this device meets the others."""
    try:
        settings = ground.settings()
    except StoreError:
        return  # a finding of its own
    if settings.is_paused:
        ground.notes.append("paused: the shared folder was not looked at; `couplejournal resume` goes on")
        return
    meeting, own = _books_by_place(ground)
    if settings.drive:
        meeting.setdefault(Path(settings.drive), set())  # nobody has joined yet, or the keys cannot be had
    if meeting.pop(NOWHERE, None):
        cause = "this device does not know the shared folder of a journal of both: nothing is exchanged"
        yield fault("folder-unset", cause, "name it again with `couplejournal drive DIR`")
    for path, books in sorted(meeting.items()):
        yield from _check_folder(ground, path, books)
    for path, books in sorted(own.items()):
        yield from map(_of_ones_own, _check_folder(ground, path, books))


def _of_ones_own(one: Fault) -> Fault:
    """Return a fault of the folder where the private book meets, in words that do not name the shared one."""
    cause = one.finding.cause.replace("shared folder", "private folder")
    remedy = one.finding.remedy.replace("`couplejournal drive DIR", "`couplejournal drive --private DIR")
    return attrs.evolve(one, finding=attrs.evolve(one.finding, cause=cause, remedy=remedy))


def _books_by_place(ground: Ground) -> tuple[dict[Path, set[str]], dict[Path, set[str]]]:
    """Return the names of the books that meet in each folder: those of both, and those of one person alone."""
    found: defaultdict[Path, set[str]] = defaultdict(set)
    own: defaultdict[Path, set[str]] = defaultdict(set)
    journal = ground.journal()
    if journal is None:
        return found, own
    stopped, founding = journal.device.settings.stopped, journal.device.settings.private_founding
    for secret in journal.device.secrets.books:
        try:
            book = journal.device.book(secret.book)
            path = journal.place.path_of(book)
        except CouplejournalError:
            continue  # a book that cannot be opened is a finding of its own
        if len(book.membership.persons) > 1 and book.folder not in stopped:
            found[path or NOWHERE].add(book.folder)
        elif path is not None and book.folder not in (*stopped, founding):
            own[path].add(book.folder)
    return found, own


def _check_folder(ground: Ground, path: Path, books: set[str]) -> Iterator[Fault]:
    from couplejournal.journal.place import open_folder
    from couplejournal.sync.place import MESSAGES

    where = [str(path)]
    try:
        drive = open_folder(path, ground.home, ground.disk, ground.system)
        place = drive.probe()
        if not place.exists:
            yield fault("folder-missing", MESSAGES["missing"], FIND_IT, where)
            return
        listing = drive.list()
    except DriveError as error:
        remedy = error.hint or "look at the folder with another program; what is saved here is safe"
        yield fault("folder", str(error), remedy, where)
        return
    missing = list(_missing_books(ground, drive, listing, books, where))
    yield from missing
    yield from _rights(path, where, can_block=place.can_block)
    yield from _dates(ground, listing)
    if books or ground.journal() is None:
        yield from _check_files(ground, drive, listing, books, is_found=bool(books) and not missing)


def _missing_books(
    ground: Ground, drive: Drive, listing: list[DriveFile], books: set[str], where: list[str]
) -> Iterator[Fault]:
    """Ask whether the folder proves to be the meeting place of each book."""
    from couplejournal.sync.place import MESSAGES

    lay_down = "`couplejournal drive DIR --yes` with the same folder lays everything down again"
    present = {file.path.split("/")[0] for file in listing if file.path.count("/") > 1}
    geneses = {file.path.split("/")[0] for file in listing if _is_genesis(file.path)}
    for folder in sorted(books):
        data = read_whole(drive, f"{folder}/{GENESIS_NAME}")
        if data is not None and is_genesis_of(data, folder):
            continue
        if folder in present or folder in geneses:
            yield fault(
                "marker", MESSAGES["marker-missing"], f"`doctor --repair` puts it back; or {lay_down}",
                [f"{folder}/{GENESIS_NAME}"], repair=_putting_marker(ground, drive, folder),
            )  # fmt: skip
        elif geneses:
            yield fault("folder-other", MESSAGES["other"], FIND_IT, where)
        else:
            yield fault(
                "folder-empty", MESSAGES["empty"], f"look whether it is mounted; if it was emptied, {lay_down}", where
            )


def _rights(path: Path, where: list[str], *, can_block: bool) -> Iterator[Fault]:
    """Ask whether files can be put there; a folder that may hang is asked nothing beyond the drive's own calls."""
    from couplejournal.drive.limits import may_write

    if not can_block and not may_write(path):
        cause = "the shared folder may be read and not written: nothing can be handed over"
        yield fault("folder-read-only", cause, "put its permissions right, or mount it for writing", where)


def _dates(ground: Ground, listing: list[DriveFile]) -> Iterator[Fault]:
    """Compare the dates of the files with this device's clock."""
    ahead_ms = max((file.mtime_ns // 1_000_000 for file in listing), default=0) - ground.system.now_ms()
    if ahead_ms > AHEAD_MS:
        yield fault(
            "clock-folder", f"files in the shared folder are dated {span(ahead_ms)} ahead of this device's clock",
            "set the clock of this device, or of the one that wrote them, right; nothing is lost by it",
        )  # fmt: skip


def _check_files(
    ground: Ground, drive: Drive, listing: list[DriveFile], books: set[str], *, is_found: bool
) -> Iterator[Fault]:
    """Read every file of our books and compare it with its name and with what is held here."""
    held = _held(ground.journal(), books)
    sorted_: defaultdict[str, list[str]] = defaultdict(list)
    known: set[bytes] = set()
    for file in listing:
        kind = _kind_by_name(file, books, now_ms=ground.system.now_ms())
        if kind is None:
            kind, digest = _kind_by_content(drive, file, held)
            known.add(digest)
            if kind == "new" and file.path.split("/")[0] in ground.spoiled:
                kind = "fine"  # held here too, or not known to be, as long as the copy is damaged
        sorted_[kind].append(file.path)
    repair = _syncing(ground)
    if sorted_["damaged"]:
        yield fault(
            "folder-damaged",
            f"the shared folder holds {counted(sorted_['damaged'])} that the name belies: damaged, and not used",
            "whoever wrote it puts it back with a sync, and so does this device where it holds it",
            sorted_["damaged"], repair=repair,
        )  # fmt: skip
    if sorted_["new"]:
        cause = f"the shared folder holds {counted(sorted_['new'])} that this device has not taken in yet"
        yield fault("folder-new", cause, SYNC, sorted_["new"], repair=repair)
    lost = _lost(held, known)
    own = [one.path for one in lost if one.is_mine or one.is_key]
    if own and is_found:  # into a folder that does not prove to be the right one nothing is handed over
        cause = f"the shared folder lacks {counted(own)} of this journal: not handed over yet, or lost there"
        yield fault("folder-lost", cause, SYNC, own, repair=repair)
    if len(lost) > len(own):
        others = counted(lost[len(own) :])
        ground.notes.append(f"shared folder: lacks {others} of others; put back from here when missing for a day")
    for kind, words in _NOTED.items():
        if sorted_[kind]:
            ground.notes.append(f"shared folder: {counted(sorted_[kind])} {words}")


def _kind_by_name(file: DriveFile, books: set[str], *, now_ms: int) -> str | None:
    """Return what a file of the folder is, where its name tells; None where it has to be read."""
    from couplejournal.seal.segments import SMALLEST_BYTES
    from couplejournal.sync import names

    if names.is_temporary(file.path):
        return "leftover" if now_ms - file.mtime_ns // 1_000_000 > OLD_MS else "fine"
    if file.path.startswith("invites/") or _is_genesis(file.path):
        return "fine"
    if names.stubbed(file.path):
        return "unread"
    if not SMALLEST_BYTES <= file.size_bytes <= FILE_LIMIT_BYTES:
        return "other" if _SEGMENT.fullmatch(file.path) is None else "damaged"
    is_ours = not books or file.path.split("/")[0] in books or names.is_segment_like(file.path)
    return None if is_ours else "other"


def _kind_by_content(drive: Drive, file: DriveFile, held: Mapping[bytes, Held]) -> tuple[str, bytes]:
    """Return what a file of the folder is, and the beginning of its hash (empty where it could not be read)."""
    from couplejournal.drive.interface import NotYetError

    try:
        data = drive.read(file.path, limit_bytes=FILE_LIMIT_BYTES)
    except DriveError as error:
        return ("unread" if isinstance(error, NotYetError) else "other"), b""
    digest, named = hashlib.sha256(data).digest()[:16], _SEGMENT.fullmatch(file.path)
    is_named = named is not None and named[1] == digest.hex()
    if digest in held:
        return ("fine" if is_named else "copy"), digest
    if is_named:
        return ("new" if held and not _is_within(data, held) else "fine"), digest
    return ("other" if named is None else "damaged"), b""


def _is_within(data: bytes, held: Mapping[bytes, Held]) -> bool:
    """Return whether a file that lies in the folder is one of those whose operations a larger one holds here."""
    from couplejournal.seal import segments

    try:
        head = segments.parse(data).header
    except CouplejournalError:
        return False
    return any(
        one.stream == head.stream and one.first <= head.first and head.last <= one.last and not one.is_forked
        for one in held.values()
    )


def _lost(held: Mapping[bytes, Held], known: set[bytes]) -> list[Held]:
    """Return what is held here and not in the folder, neither as it is nor in smaller or larger files."""
    from couplejournal.book.values import Run
    from couplejournal.sync.coverage import Coverage

    there = [one for digest, one in held.items() if digest in known and not one.is_forked]
    coverage = Coverage(there, lambda files: [[Run(one.stream, one.first, one.last)] for one in files])
    return [one for digest, one in held.items() if digest not in known and (one.is_forked or not coverage.has(one))]


def _held(journal: Journal | None, books: set[str]) -> dict[bytes, Held]:
    """Return the files of these books that are held here, by the beginning of their hash."""
    if journal is None:
        return {}
    found: dict[bytes, Held] = {}
    for secret in journal.device.secrets.books:
        if secret.book.hex()[:32] in books:
            found |= {one.digest: one for one in journal.device.book(secret.book).held()}
    return found


def _putting_marker(ground: Ground, drive: Drive, folder: str) -> Callable[[], object] | None:
    """Return what puts a book's first file back, where this device holds it whole."""
    data = Replica(ground.home.replica(folder), ground.disk).genesis()
    if data is None or not is_genesis_of(data, folder):
        return None
    return lambda: drive.publish(f"{folder}/{GENESIS_NAME}", data)


def _syncing(ground: Ground) -> Callable[[], object] | None:
    journal = ground.journal()
    return None if journal is None else journal.sync


def read_whole(drive: Drive, path: str) -> bytes | None:
    """Return a file of a drive, None where it cannot be had now."""
    try:
        return drive.read(path, limit_bytes=FILE_LIMIT_BYTES)
    except (DriveError, ValueError):
        return None


def _is_genesis(path: str) -> bool:
    from couplejournal.sync import names

    return names.is_genesis_of_any(path)


def counted(found: Sequence[object]) -> str:
    """Return a number of files in words."""
    return "1 file" if len(found) == 1 else f"{len(found)} files"


def span(ms: int) -> str:
    """Return a time in the unit that tells it best."""
    for unit_ms, word in ((86_400_000, "day"), (3_600_000, "hour"), (60_000, "minute")):
        if ms >= 2 * unit_ms or word == "minute":
            count = ms // unit_ms
            return f"{count} {word}{'' if count == 1 else 's'}"
    return ""
