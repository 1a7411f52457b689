"""Examine this device's own copies of the books: every file, its proof, what is missing, and what devices did."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Final

from couplejournal.book.shelf import ASK_DOCTOR
from couplejournal.errors import CouplejournalError, NewerFormatError, StoreError, UntrustedDataError
from couplejournal.journal.checkdrive import AHEAD_MS, SYNC, counted, read_whole, span
from couplejournal.journal.health import Fault, Ground, fault
from couplejournal.store.condition import condition_of, is_genesis_of
from couplejournal.store.replica import FILE_LIMIT_BYTES, GENESIS_NAME, Replica

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from couplejournal.book import Book
    from couplejournal.journal.journal import Journal
    from couplejournal.ops.op import Op
    from couplejournal.store.replica import Part

_FROM_DRIVE: Final = (
    "`doctor --repair` reads again what the folders still have; the rest only a backup of this device has"
)
_BOOK_FROM_DRIVE: Final = f"{_FROM_DRIVE}; without one, `couplejournal recovery use` on a fresh home"
STANDING: Final = frozenset(  # true now, and no longer once it is mended
    {"gap", "cut", "claimed", "shut-out", "withheld-removal"}
)
_ASK_ALONE: Final = "a file of this device's own copy is gone: put it back from a backup of this device, or sync"
ASIDE: Final = "aside"
_ASK: Final = "sync on both sides: `couplejournal sync`"


def check_copies(ground: Ground) -> Iterator[Fault]:
    """Read every file of every copy and compare it with its name, which needs no key."""
    for path in ground.replicas():
        replica = Replica(path, ground.disk)
        found = condition_of(replica)
        ground.books += 1
        ground.files += found.files
        if found.genesis != "whole" and (found.files or found.genesis == "damaged"):
            yield fault(
                "genesis", f"the first file of a book is {found.genesis}: that book cannot be opened", _BOOK_FROM_DRIVE,
                [ground.named(path / GENESIS_NAME)], repair=_restoring_genesis(ground, path),
            )  # fmt: skip
        if found.spoiled:
            ground.spoiled.add(path.name)
            names = [ground.named(path / part.path) for part in found.spoiled]
            paths = {part.path: part.digest for part in found.spoiled}
            yield fault(
                "spoiled", f"{counted(names)} of this device's own copy damaged: the disk gives back something else",
                _FROM_DRIVE, names, repair=_restoring(ground, path, paths),
            )  # fmt: skip


def check_books(ground: Ground) -> Iterator[Fault]:
    """Open every book and prove all of it: signatures, seals, chains; and tell what it knows of the devices."""
    journal = ground.journal()
    if journal is None:
        return
    device = journal.device
    for secret in device.secrets.books:
        path = ground.home.replica(secret.book.hex()[:32])
        if path.name not in {one.name for one in ground.replicas()}:
            yield fault(
                "book-missing", f"a {secret.role} book that this device has keys for is not here", _BOOK_FROM_DRIVE,
                [ground.named(path)], repair=_restoring_genesis(ground, path),
            )  # fmt: skip
            continue
        try:
            yield from _check_book(ground, journal, device.book(secret.book))
        except StoreError as error:
            remedy = _BOOK_FROM_DRIVE if error.hint in ("", ASK_DOCTOR) else error.hint
            yield fault("book", f"a {secret.role} book cannot be opened: {error}", remedy)
    strange = [
        path.name for path in ground.replicas() if path.name not in {s.book.hex()[:32] for s in device.secrets.books}
    ]
    if strange and not device.secrets.pairing:
        ground.notes.append("a book lies here that this device has no key for; it takes room and does nothing else")


def _check_book(ground: Ground, journal: Journal, book: Book) -> Iterator[Fault]:
    """Prove one book; whatever cannot be proved any more is left out by it, and missed here."""
    ops = book.ops_after({})
    is_spoiled = book.folder in ground.spoiled  # then files are missed, and what rests on them cannot be proved
    held = {one.path for one in book.held()}
    parts = Replica(ground.home.replica(book.folder), ground.disk).parts()
    unproved = [] if is_spoiled else [part for part in parts if f"{book.folder}/{part.path}" not in held]
    ends = {gap.stream: gap.last_missing for gap in book.gaps()}  # what lies behind a gap was not opened yet
    beyond = [part for part in parts if part.first > ends.get(part.stream, part.first)]
    strays = [part for part in dict.fromkeys([*unproved, *beyond]) if _is_stray(ground, book, part)]
    if strays:
        names = [f"data/{book.folder}/{part.path}" for part in strays]
        yield fault(
            "strays", f"{counted(names)} among this device's own copy were put there by another program; harmless",
            f"`doctor --repair` moves them to data/{ASIDE}, and deletes nothing", names,
            repair=_moving_aside(ground, journal, book.folder, strays),
        )  # fmt: skip
    unproved = [part for part in unproved if part not in strays]
    if unproved:
        cause = f"{counted(unproved)} of this device's own copy cannot be proved: damaged, or of an unknown device"
        places = [f"data/{book.folder}/{part.path}" for part in unproved]
        yield fault("unproved", cause, SYNC, places, repair=journal.sync)
    if book.closed():
        ground.notes.append("some entries of others cannot be opened yet; a device of theirs grants it after a sync")
    yield from _clocks(ground, book, ops, _device_names(journal))


def _is_stray(ground: Ground, book: Book, part: Part) -> bool:
    """Return whether a file can never be a segment of a book, whatever may still come.

    It is what its own name says, so no disk has damaged it; and this device stores nothing that it has not proved.
    What is signed by a device that is not known here, or written by a newer version, may become right.
    """
    from couplejournal.seal import segments

    data = Replica(ground.home.replica(book.folder), ground.disk).find(part.path)
    if data is None or hashlib.sha256(data).digest()[: len(part.digest)] != part.digest:
        return False
    try:
        sealed = segments.parse(data)
    except NewerFormatError:
        return False
    except UntrustedDataError:
        return True
    head = sealed.header
    if head.book != book.id or (head.first, head.last) != (part.first, part.last):
        return True
    known = book.membership.keys.get(head.key)
    return known is not None and not segments.is_signed_by(sealed, known.sign)


def _moving_aside(ground: Ground, journal: Journal, folder: str, strays: list[Part]) -> Callable[[], object]:
    """Return what moves files out of a copy: each is stored anew before its old name goes."""

    def move() -> None:
        aside, replica = ground.home.data / ASIDE / folder, ground.home.replica(folder)
        with journal.device.hold():
            ground.disk.make_folder(aside, private=True)
            for part in strays:
                data = ground.disk.read(replica / part.path, limit_bytes=FILE_LIMIT_BYTES)
                if data is not None:
                    ground.disk.replace(aside / Path(part.path).name, data, private=True)
                    ground.disk.remove(replica / part.path)

    return move


def _clocks(ground: Ground, book: Book, ops: list[Op], names: dict[str, str]) -> Iterator[Fault]:
    """Compare this device's clock with those by which entries were dated.

    Who reads of a later time goes on from there; so of all operations of one time, the first says whose clock it was.
    """
    now_ms = ground.system.now_ms()
    first = {op.clock[0]: op.key for op in sorted(ops, key=lambda one: (one.clock, one.id), reverse=True)}
    ahead = {key: ms - now_ms for ms, key in sorted(first.items())}
    for key, ahead_ms in sorted(ahead.items()):
        if ahead_ms > AHEAD_MS:
            yield _clock_fault(names.get(key.hex(), ""), ahead_ms, is_own=key == book.own_key)


def check_notices(ground: Ground) -> Iterator[Fault]:
    """Tell what the open books noticed about the devices; what happened once, or is mere silence, is a note."""
    journal = ground.journal()
    if journal is None:
        return
    from couplejournal.journal.notices import notices_of

    for notice in notices_of(journal.reader):
        if notice.since is not None or notice.code not in STANDING:
            ground.notes.append("; ".join(part for part in (notice.message, notice.hint) if part))
        elif not (notice.code in ("gap", "cut") and ground.spoiled):  # that is where the damaged files are missing
            private = journal.device.private_if_here
            is_alone = notice.code == "gap" and private is not None and notice.device == private.own_key.hex()
            yield fault(notice.code, notice.message, notice.hint or (_ASK_ALONE if is_alone else _ASK))


def _clock_fault(name: str, ahead_ms: int, *, is_own: bool) -> Fault:
    if is_own:
        return fault(
            "clock-back", f"this device's clock stands {span(ahead_ms)} before its own last entry: it was set back",
            "set the clock right; entries are ordered by the later time until then, and nothing is lost",
        )  # fmt: skip
    who = f'the device "{name}"' if name else "another device"
    return fault(
        "clock", f"entries of {who} are dated {span(ahead_ms)} ahead of this device's clock",
        "look at the clocks of both: one is wrong. Their order may surprise until then, and nothing is lost",
    )  # fmt: skip


def check_watching(ground: Ground) -> Iterator[Fault]:
    """Ask whether the system lets a watcher hear of changes in all the folders that there are."""
    from couplejournal.drive.limits import watches_allowed
    from couplejournal.store import upkeep

    allowed = watches_allowed()
    needed = sum(seen.is_folder for seen in upkeep.look(ground.home.data)) + 1
    if allowed is not None and allowed < 2 * needed:
        yield fault(
            "watches", f"this machine lets a user's programs watch {allowed} folders, and a watcher needs {needed}",
            "raise fs.inotify.max_user_watches; until then `sync --watch` looks at intervals, and misses nothing",
        )  # fmt: skip


def _device_names(journal: Journal) -> dict[str, str]:
    try:
        return {one.id: one.name for one in journal.devices}
    except CouplejournalError:
        return {}


def _restoring_genesis(ground: Ground, path: Path) -> Callable[[], object]:
    """Return what reads a book's first file again from its shared folder."""

    def restore() -> None:
        data = _from_drive(ground, path.name, GENESIS_NAME)
        if data is not None and is_genesis_of(data, path.name):
            ground.disk.make_folder(path / "streams", private=True)
            ground.disk.replace(path / GENESIS_NAME, data)
            _sync(ground)

    return restore


def _restoring(ground: Ground, path: Path, digests: dict[str, bytes]) -> Callable[[], object]:
    """Return what reads damaged files again from the shared folder: each is what its name says, or is left alone."""

    def restore() -> None:
        for below, digest in digests.items():
            data = _from_drive(ground, path.name, below)
            if data is not None and hashlib.sha256(data).digest()[: len(digest)] == digest:
                ground.disk.replace(path / below, data)

    return restore


def _from_drive(ground: Ground, book: str, below: str) -> bytes | None:
    from couplejournal.journal.place import open_folder

    settings, journal = ground.settings(), ground.journal()
    private = () if journal is None else [one.book for one in journal.device.secrets.books if one.role == "private"]
    is_private = book in {one.hex()[:32] for one in private}  # then nothing is looked for where others look
    chosen = settings.places.get(book, settings.private_drive if is_private else settings.drive)
    if not chosen or settings.is_paused:
        return None
    return read_whole(open_folder(Path(chosen), ground.home, ground.disk, ground.system), f"{book}/{below}")


def _sync(ground: Ground) -> None:
    journal = ground.journal()
    if journal is not None:
        journal.sync()
