"""Examine what lies on this device around the books: the program, rights, leftovers, settings, the keystore."""

from __future__ import annotations

from itertools import chain, count
from typing import TYPE_CHECKING, Final

from couplejournal.errors import CouplejournalError, SetupError, StoreError
from couplejournal.journal.health import Fault, Ground, fault
from couplejournal.store import upkeep

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator, Sequence
    from pathlib import Path

    from couplejournal.store.home import Home
    from couplejournal.store.upkeep import Seen

STAGING: Final = "staging"
BACKUP: Final = "put it back from a backup of this device; without one, `couplejournal recovery use` on a fresh home"
OPEN_RIGHTS: Final = "`chmod -R go=` on the home's folders; `doctor --repair` does it"


def check_program(ground: Ground) -> Iterator[Fault]:
    """Ask whether what is installed can do what sealing needs."""
    del ground
    try:
        from couplejournal.seal.keys import require_hybrid_kem

        require_hybrid_kem()
    except SetupError as error:
        yield fault("kem", str(error), error.hint)
    except ImportError:
        yield fault("cryptography", "the installed 'cryptography' is too old", "install cryptography 50 or newer")


def check_rights(ground: Ground) -> Iterator[Fault]:
    """Ask whether everything belongs to this user, and whether others can look into it or change it."""
    if not upkeep.can_tell_modes():
        return
    foreign, open_, writable = _by_rights(ground)
    if foreign:
        yield fault(
            "owner", f"{_counted(foreign)} of this home belong to another user of the machine",
            "run couplejournal as the user whose home it is, or `chown` the home", _names(ground, foreign),
        )  # fmt: skip
    if open_:
        yield fault(
            "rights", f"{_counted(open_)} of this home can be looked into by others on this machine", OPEN_RIGHTS,
            _names(ground, open_), repair=_closing(open_, upkeep.OTHERS),
        )  # fmt: skip
    if writable:
        yield fault(
            "rights-copy", f"{_counted(writable)} of this device's own copy can be changed by others", OPEN_RIGHTS,
            _names(ground, writable), repair=_closing(writable, upkeep.OTHERS_WRITE),
        )  # fmt: skip


def _by_rights(ground: Ground) -> tuple[list[Seen], list[Seen], list[Seen]]:
    """Return what is another user's, what others can look into, and what others can change of the sealed copy."""
    home, foreign, open_, writable = ground.home, [], [], []
    every = [(root, seen) for root in (home.config, home.data, home.state) for seen in upkeep.look(root)]
    for root, seen in every:
        if not seen.is_mine:
            foreign.append(seen)
        elif seen.is_link:
            continue
        elif not _is_sealed(home, root, seen):
            open_.extend([seen] if seen.mode & upkeep.OTHERS else [])
        elif seen.mode & upkeep.OTHERS_WRITE:  # what lies here is sealed, and its folder is closed
            writable.append(seen)
    return foreign, open_, writable


def _is_sealed(home: Home, root: Path, seen: Seen) -> bool:
    """Return whether a file belongs to the own copy, or was on its way from there into the shared folder."""
    return not seen.is_folder and (root == home.data or seen.path.parent == home.state / STAGING)


def check_leftovers(ground: Ground) -> Iterator[Fault]:
    """Look for files that a killed process was writing."""
    home, now_ms = ground.home, ground.system.now_ms()
    found = [
        seen
        for root in (home.config, home.data, home.state)
        for seen in upkeep.look(root)
        if upkeep.is_leftover(seen, now_ms=now_ms)
    ]
    if found:
        yield fault(
            "leftovers", f"{_counted(found)} of a process that was interrupted lie here; nothing needs them",
            "`doctor --repair` removes them", _names(ground, found),
            repair=_removing(ground, found),
        )  # fmt: skip


def check_settings(ground: Ground) -> Iterator[Fault]:
    """Ask whether the settings can be read."""
    try:
        ground.settings()
    except StoreError as error:
        yield fault(
            "settings", str(error),
            "`doctor --repair` puts the damaged file aside; then `couplejournal drive DIR` names the folder again",
            ["config/config.json"], repair=lambda: _begin_settings(ground),
        )  # fmt: skip


def check_state(ground: Ground) -> Iterator[Fault]:
    """Ask whether the notes of this device are files; what is wrong inside one heals itself, since it is made anew."""
    listed = ground.disk.list(ground.home.state)
    strange = [f"state/{one.name}" for one in listed if not one.is_file and one.name != STAGING]
    if strange:
        cause = f"{len(strange)} of this device's notes cannot be used: something else lies under the name"
        yield fault("state", cause, "move it away by hand; a note that is missing is made again", strange)


def check_keystore(ground: Ground) -> Iterator[Fault]:
    """Ask whether the keystore is there, whole, in a place of its own, and opens."""
    from couplejournal.store.header import HEADER_BYTES, Header
    from couplejournal.store.keystore import KEYSTORE_LIMIT_BYTES

    where = ["config/keystore.cj"]
    try:
        data = ground.disk.read(ground.home.keystore_path, limit_bytes=KEYSTORE_LIMIT_BYTES)
    except StoreError as error:
        yield fault("keystore-unreadable", f"the keystore cannot be read: {error}", error.hint or BACKUP, where)
        return
    if data is None:
        yield fault("keystore-missing", "the keystore is gone: nothing here can be opened without it", BACKUP, where)
        return
    if Header.of(data[:HEADER_BYTES]) is None:
        yield fault("keystore-damaged", "the keystore is damaged, or asks for more than it may", BACKUP, where)
        return
    yield from _misplaced(ground, where)
    why = ground.why_closed
    if why is None:
        yield from _without_private(ground, where)
    elif ground.is_locked:
        ground.notes.append("locked: what only the keys can tell was not looked at; `couplejournal unlock` first")
    else:
        yield fault("keystore-closed", str(why), why.hint or BACKUP, where)


def _misplaced(ground: Ground, where: Sequence[str]) -> Iterator[Fault]:
    """Ask whether the keystore lies where others get a copy of it."""
    from pathlib import Path

    from couplejournal.drive.filesystems import may_hang

    try:
        ground.home.require_keystore_apart(ground.disk)
        settings = ground.settings()
        drives = [Path(chosen) for chosen in (settings.drive, *settings.places.values()) if chosen]
        ground.home.require_keystore_outside([drive for drive in drives if not may_hang(drive)])
    except SetupError as error:
        remedy = "move the home elsewhere (COUPLEJOURNAL_HOME), and take the keystore out of the copies that were made"
        yield fault("keystore-place", str(error), remedy, where)
    except CouplejournalError:
        return  # settings that cannot be read are a finding of their own


def _without_private(ground: Ground, where: Sequence[str]) -> Iterator[Fault]:
    """Ask whether the keys name the books that every device has."""
    journal = ground.journal()
    if journal is not None and not any(secret.role == "private" for secret in journal.device.secrets.books):
        yield fault("keystore-books", "the keystore names no private book: it is not whole", BACKUP, where)


def _closing(found: Sequence[Seen], barred: int) -> Callable[[], object]:
    def close() -> None:
        for seen in found:
            upkeep.close_to_others(seen, barred=barred)

    return close


def _removing(ground: Ground, found: Sequence[Seen]) -> Callable[[], object]:
    def remove() -> None:
        for seen in found:
            ground.disk.remove(seen.path)

    return remove


def _begin_settings(ground: Ground) -> None:
    """Put damaged settings aside and begin with none; the damaged bytes stay, for whoever can read them."""
    from couplejournal.store import settings

    path = ground.home.config_path
    data = ground.disk.read(path, limit_bytes=settings.LIMIT_BYTES)
    if data is not None:
        taken = {one.name for one in ground.disk.list(path.parent)}
        ground.disk.replace(path.with_name(_free_name(path.name + ".damaged", taken)), data, private=True)
    settings.save(ground.disk, path, settings.Settings())


def _free_name(name: str, taken: Container[str]) -> str:
    """Return a name that nothing has yet, numbered where need be: what an earlier repair kept is kept on."""
    return next(one for one in chain([name], (f"{name}-{number}" for number in count(2))) if one not in taken)


def _names(ground: Ground, found: Sequence[Seen]) -> list[str]:
    return [ground.named(seen.path) for seen in found]


def _counted(found: Sequence[Seen]) -> str:
    return "1 file" if len(found) == 1 else f"{len(found)} files"
