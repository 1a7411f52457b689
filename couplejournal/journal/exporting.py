"""Copy a journal out of our hands: data and text that anybody can read without us, in the open or as an age file.

What is written is docs/spec/export.md. A copy is whole or says that it is not: the first file to come and the last one
to go is `UNFINISHED`. An encrypted copy never touches the disk in the open.
"""

from __future__ import annotations

import hashlib
import json
import os
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypedDict

import attrs

from couplejournal.errors import ExportError, StoreError, UntrustedDataError
from couplejournal.journal import exportlines, exporttext, tar
from couplejournal.model.moment import as_utc

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from couplejournal.device import Device
    from couplejournal.disk import Disk
    from couplejournal.journal.journal import Journal
    from couplejournal.merge import OrderKey
    from couplejournal.model.entry import Entry
    from couplejournal.ops.op import Op
    from couplejournal.seal.age import Recipient
    from couplejournal.store.home import Home
    from couplejournal.view import JournalView

ENTRIES: Final = "entries.jsonl"
REST: Final = "rest.jsonl"
TEXT: Final = "journal.txt"
README: Final = "README.txt"
ABOUT: Final = "journal.json"
SEALED: Final = "journal.tar.age"
UNFINISHED: Final = "UNFINISHED.txt"
SEALED_LIMIT_BYTES: Final = 8 << 30
_IDENTITY: Final = "AGE-SECRET-KEY-"
NAMES: Final = (ENTRIES, REST, TEXT, README, ABOUT)
_UNFINISHED_TEXT: Final = b"This copy of the journal is not whole: making it was interrupted. Make it again.\n"


@attrs.frozen(kw_only=True)
class Exported:
    """What an export wrote: its folder, the names of its files, and how many entries they hold.

    ``left_out`` counts the entries that were left out since they are marked tender or intimate. ``lacking`` are the
    roles ("private", "earlier") of the books of which nothing is in it, since this device's copy cannot be opened.
    """

    folder: Path
    files: tuple[str, ...]
    entries: int
    left_out: int
    is_sealed: bool
    lacking: tuple[str, ...] = ()


@attrs.define
class _Told:
    """What one look at all entries gives: their lines, those that are shown, and which operations that tells.

    ``left_out`` are the ids of the entries that are left out; ``shown`` has the place of each in the order.
    """

    lines: list[bytes] = attrs.field(factory=list)
    shown: list[tuple[OrderKey, Entry]] = attrs.field(factory=list)
    op_ids: set[bytes] = attrs.field(factory=set)
    left_out: set[bytes] = attrs.field(factory=set)


class Choice(TypedDict, total=False):
    """What goes into an export, and for whom it is sealed; nothing chosen is all but tender entries, in the open.

    ``recipients`` (age1…, age1pq1…) or ``to_recovery``, for one's recovery words, make it one age file. With
    ``include_tender`` entries marked tender or intimate go in too; with ``shared_only`` nothing but what both can
    read. ``even_if_shared`` writes even into a folder that others can look into.
    """

    recipients: Sequence[str]
    to_recovery: bool
    include_tender: bool
    shared_only: bool
    even_if_shared: bool


def export(journal: Journal, folder: Path, choice: Choice) -> Exported:
    """Write a journal into a new or empty folder.

    Raises:
        ExportError: the folder or a recipient will not do, or it could not be written.
        StoreError: this device's own copy could not be read.
    """
    recipients = _recipients(journal.device, choice)
    _require_place(journal.device, folder, even_if_shared=choice.get("even_if_shared", False))
    files, entries, left_out, lacking = _documents(journal, choice)
    if recipients:
        files = _sealed(journal.device, files, recipients, to_recovery=choice.get("to_recovery", False))
    _write(journal.device.disk, folder, files)
    return Exported(
        folder=folder, files=tuple(files), entries=entries, left_out=left_out, is_sealed=bool(recipients),
        lacking=lacking,
    )  # fmt: skip


def _sealed(
    device: Device, files: dict[str, bytes], recipients: Sequence[Recipient], *, to_recovery: bool
) -> dict[str, bytes]:
    """Return the files as one age file, beside a word on how to open it."""
    from couplejournal.seal.age import sealed

    packed = tar.packed(files, made_ms=device.system.now_ms())
    try:
        data = b"".join(sealed(recipients, packed, device.system.random_bytes))
    except UntrustedDataError as error:
        raise ExportError(str(error)) from None
    is_hybrid = any(recipient.is_post_quantum for recipient in recipients)
    for_others = exporttext.FOR_HYBRID_RECIPIENTS if is_hybrid else exporttext.FOR_RECIPIENTS
    opener = exporttext.FOR_RECOVERY if to_recovery else for_others
    return {README: exporttext.SEALED_README.format(opener=opener).encode(), SEALED: data}


def _recipients(device: Device, choice: Choice) -> list[Recipient]:
    """Return for whom the export is sealed; nobody means in the open."""
    to_recovery = choice.get("to_recovery", False)
    texts = dict.fromkeys(text.strip() for text in choice.get("recipients", ()))
    if not (texts or to_recovery):
        return []
    from couplejournal.seal import age
    from couplejournal.seal.keys import RootKeys

    try:
        found: list[Recipient] = [age.recipient_of(text) for text in texts]
        if to_recovery:
            found.append(age.HybridRecipient(RootKeys.of(device.secrets.root_keys).keys.kem))
    except UntrustedDataError as error:
        raise ExportError(str(error), hint="age-keygen makes recipients: age1…, or age1pq1… with -pq") from None
    if len(found) > age.RECIPIENTS_LIMIT:
        raise ExportError(f"an export is sealed for at most {age.RECIPIENTS_LIMIT} recipients")
    if len({recipient.is_post_quantum for recipient in found}) > 1:
        raise ExportError(
            "a post-quantum recipient (age1pq1…, recovery words) is not mixed with others: the weaker would decide",
            hint="make two exports",
        )
    return found


def _require_place(device: Device, folder: Path, *, even_if_shared: bool) -> None:
    """Refuse a folder that holds something, is part of the journal, or is read by others."""
    require_unshared(device, folder, even_if_shared=even_if_shared)
    _require_empty(device.disk, folder)


def require_unshared(device: Device, folder: Path, *, even_if_shared: bool) -> None:
    """Refuse a folder that is part of the journal, or is read by others.

    Raises:
        ExportError: it is one of these.
    """
    _require_apart(device.home, folder)
    if not even_if_shared and (device.home.is_in_book(device.disk, folder) or _is_in_drive(device, folder)):
        raise _shared()


def _require_apart(home: Home | None, folder: Path) -> None:
    """Refuse a folder that is part of the journal."""
    if home is not None and home.holds(folder):
        raise ExportError("that folder belongs to the journal itself", hint="choose a folder elsewhere")


def _shared() -> ExportError:
    return ExportError(
        "that folder is shared: whoever can look into it gets the export",
        hint="choose a folder of your own, or say that it shall go there (--even-shared)",
    )


def _require_empty(disk: Disk, folder: Path) -> None:
    """Refuse a folder that holds something, or is none."""
    try:
        listed = {item.name: item for item in disk.list(folder.parent)}
        is_empty = not disk.list(folder)
    except StoreError:
        raise ExportError("that folder cannot be looked into", hint="choose another folder") from None
    found = listed.get(folder.name)
    if found is not None and found.is_file:
        raise ExportError("there is a file of that name already", hint="name a new or an empty folder")
    if not is_empty:
        raise ExportError("that folder is not empty", hint="name a new or an empty folder")


def _is_in_drive(device: Device, folder: Path) -> bool:
    """Return whether a folder is a meeting place of this device, or lies in one."""
    from couplejournal.drive.filesystems import may_hang

    settings = device.settings
    at = {one for path in (folder, Path(os.path.realpath(folder))) for one in (path, *path.parents)}
    chosen = (settings.drive, settings.private_drive, *settings.places.values())
    for drive in {Path(one) for one in chosen if one}:
        # One that may not answer is known by its name alone.
        if drive in at or (not may_hang(drive) and Path(os.path.realpath(drive)) in at):
            return True
    return False


def _documents(journal: Journal, choice: Choice) -> tuple[dict[str, bytes], int, int, tuple[str, ...]]:
    """Return the files of an export, how many entries are in it, how many were left out, and which books it lacks."""
    books = {book.id: book for book in journal.reader.books()}
    ops = {book_id: book.ops_after({}) for book_id, book in books.items()}  # before the view, which knows more then
    view = journal.view()
    shared_only = choice.get("shared_only", False)
    view = view.shared_only() if shared_only else view
    told = _told(view, include_tender=choice.get("include_tender", False))
    lacking = tuple(role for role in journal.device.lacking if not shared_only or role != "private")
    files = {
        ENTRIES: b"".join(told.lines),
        REST: b"".join(_rest(ops, view, told, shared_only=shared_only)),
        TEXT: "".join(line + "\n" for line in _text(view, told, lacking)).encode(),
        README: exporttext.readme(lacking).encode(),
    }
    about = _about(journal, view, files)
    about["entries"], about["left_out_as_tender"] = len(told.lines), len(told.left_out)
    about["only_what_both_can_read"], about["lacking"] = shared_only, list(lacking)
    files[ABOUT] = json.dumps(about, indent=1).encode("ascii") + b"\n"
    return files, len(told.lines), len(told.left_out), lacking


def _told(view: JournalView, *, include_tender: bool) -> _Told:
    """Go through all entries once, keeping of each as little as the rest of the export needs."""
    told = _Told()
    for whole in view.whole():
        told.op_ids.update(exportlines.told_by(whole))
        if not include_tender and exportlines.is_tender(whole, view.kinds):
            told.left_out.add(whole.record.op.id)
            continue
        told.lines.append(exportlines.as_line(exportlines.entry_line(whole)))
        if whole.is_shown:
            op = whole.record.op
            told.shown.append(((whole.record.write.happened[0], op.clock, op.id), whole.entry))
    return told


def _rest(ops: dict[bytes, list[Op]], view: JournalView, told: _Told, *, shared_only: bool) -> Iterable[bytes]:
    """Yield the lines of what was said beside the entries, and nothing about what was left out.

    No key to a list of the other's is in it of which only the overlap is shown; in a copy to show around none at all.
    """
    silent = told.left_out
    mine = set() if shared_only else {bytes.fromhex(one.person) for one in view.people if one.is_me}
    for book in view.books:
        said = [op for op in ops.get(book.frozen.book, ()) if not (silent and silent & exportlines.named(op))]
        keyless = exportlines.keyless_releases(said, book, mine=mine)
        lines = exportlines.rest_lines(said, book, told=told.op_ids, keyless=keyless)
        yield from map(exportlines.as_line, lines)


def _text(view: JournalView, told: _Told, lacking: Sequence[str]) -> Iterable[str]:
    """Return the lines of the copy to read."""
    told.shown.sort(key=itemgetter(0))
    silent = {entry.hex() for entry in told.left_out}
    apart = [entry for entry in view.apart() if not silent & {entry.id, *(ref.id for ref in entry.refs)}]
    title = exporttext.title_of(view.people)
    shown = [entry for _, entry in told.shown]
    return exporttext.reading_copy(title, shown, apart, left_out=len(told.left_out), lacking=lacking)


def _about(journal: Journal, view: JournalView, files: dict[str, bytes]) -> dict[str, Any]:
    """Return what the export is: whose, of which books and devices, and what its files are."""
    from couplejournal import __version__

    frozen = {book.frozen.book: book for book in view.books}
    books = [(book, frozen[book.id]) for book in journal.reader.books() if book.id in frozen]
    made_at = as_utc(journal.device.system.now_ms())
    return {
        "schema": exportlines.SCHEMA,
        "made_by": f"couplejournal {__version__}",
        "made_at": made_at.isoformat(),
        "persons": [{"person": one.person, "name": one.name, "is_me": one.is_me} for one in view.people],
        "books": [
            {
                "book": book.id.hex(),
                "role": state.role,
                "audience": state.audience,
                "persons": [person.id.hex() for person in book.membership.persons],
                "not_understood": state.frozen.malformed,
            }
            for book, state in books
        ],
        "devices": [
            {
                "key": key.id.hex(),
                "book": book.id.hex(),
                "person": key.person.hex(),
                "name": state.frozen.devices.get(key.id, ""),
                "is_this": key.id == book.own_key,
                "is_live": key.is_live,
            }
            for book, state in books
            for key in sorted(book.membership.keys.values(), key=lambda one: one.id)
            if not key.is_root
        ],
        "files": {
            name: {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()} for name, data in files.items()
        },
    }


def _write(disk: Disk, folder: Path, files: dict[str, bytes]) -> None:
    """Put the files down, for the owner's eyes alone; what could not be finished is taken away again."""
    try:
        disk.make_folder(folder, private=True)
        disk.replace(folder / UNFINISHED, _UNFINISHED_TEXT, private=True)
        for name, data in files.items():
            disk.replace(folder / name, data, private=True)
        disk.remove(folder / UNFINISHED)
    except BaseException as error:
        left = [name for name in files if not _is_taken_away(disk, folder / name)]
        if not left:  # or else the mark stays with it
            _is_taken_away(disk, folder / UNFINISHED)
        if isinstance(error, StoreError):
            raise ExportError(f"the export was not made: {error}", hint=error.hint) from None
        raise


def _is_taken_away(disk: Disk, path: Path) -> bool:
    try:
        disk.remove(path)
    except StoreError:
        return False
    return True


def open_export(
    disk: Disk, file: Path, folder: Path, opener: str, *, home: Home | None = None, even_if_shared: bool = False
) -> tuple[str, ...]:
    """Open an encrypted export into a new or empty folder and return the names of its files.

    ``opener`` are the twenty-four recovery words, or an age identity. Nothing goes into the folders of ``home``, if one
    is given, nor into a folder that looks like a shared one, unless ``even_if_shared``.

    Raises:
        ExportError: the file does not open with it, is no export, or the folder will not do.
        RecoveryError: these are no recovery words.
    """
    from couplejournal.seal.agereading import identity_of, opened

    text = opener.strip()
    identity = text if text.upper().startswith(_IDENTITY) else age_identity(text)
    try:
        data = disk.read(file, limit_bytes=SEALED_LIMIT_BYTES)
    except StoreError:
        raise ExportError("that file cannot be read, or is larger than an export may be") from None
    if data is None:
        raise ExportError("there is no such file")
    _require_apart(home, folder)
    if not even_if_shared and home is not None and home.is_in_book(disk, folder):
        raise _shared()
    _require_empty(disk, folder)
    try:
        files = tar.unpacked(opened([identity_of(identity)], data), names=NAMES)
    except UntrustedDataError as error:
        raise ExportError(str(error)) from None
    _write(disk, folder, files)
    return tuple(files)


def age_identity(words: str) -> str:
    """Return the age identity, AGE-SECRET-KEY-PQ-1…, that twenty-four recovery words are.

    Raises:
        RecoveryError: these are no recovery words.
    """
    from couplejournal.seal.age import identity_text
    from couplejournal.seal.recovery import seed_of

    return identity_text(seed_of(words))
