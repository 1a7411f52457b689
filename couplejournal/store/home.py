"""Where this device keeps what: configuration and keystore, replicas, state, and the folder of the running session."""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from couplejournal.errors import SetupError, StoreError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from couplejournal.disk import Disk

HOME_VARIABLE: Final = "COUPLEJOURNAL_HOME"
RUNTIME_VARIABLE: Final = "XDG_RUNTIME_DIR"
APPLICATION: Final = "couplejournal"
GENESIS_NAME: Final = "book.cj"  # docs/spec/format.md 2
_BOOK_NAME: Final = re.compile(r"[0-9a-f]{32}")
_PLAIN_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")


class Home(msgspec.Struct, frozen=True):
    """The folders of one device of one person.

    ``runtime`` is a folder that ends with the login session, or None where the system has none; it is the same for
    every home of a user, so what lies there is named after the home.
    """

    config: Path
    data: Path
    state: Path
    runtime: Path | None

    @classmethod
    def locate(cls, home: str | os.PathLike[str] | None, environ: Mapping[str, str]) -> Home:
        """Return the folders below ``home``, else below COUPLEJOURNAL_HOME, else where the system wants them.

        Nothing is looked up on disk and nothing is made. ``environ`` is asked for COUPLEJOURNAL_HOME and
        XDG_RUNTIME_DIR; the system's own folders follow the environment of the process.

        Raises:
            SetupError: the path begins with the ``~`` of a user that is not known.
        """
        runtime = _runtime(environ)
        chosen = os.fspath(home) if home is not None else environ.get(HOME_VARIABLE, "")
        if chosen:
            root = _absolute(chosen)
            return cls(root / "config", root / "data", root / "state", runtime)
        import platformdirs  # 30 ms that a chosen home need not pay

        config = platformdirs.user_config_path(APPLICATION, appauthor=False)
        data = platformdirs.user_data_path(APPLICATION, appauthor=False)
        state = platformdirs.user_state_path(APPLICATION, appauthor=False)
        if data == config:  # macOS and Windows have one folder for all: keys and books never lie side by side
            data = data / "books"
        if state == config:
            state = state / "state"
        return cls(config, data, state, runtime)

    @property
    def keystore_path(self) -> Path:
        """Return where the keystore lies."""
        return self.config / "keystore.cj"

    @property
    def config_path(self) -> Path:
        """Return where the settings lie."""
        return self.config / "config.json"

    @property
    def plugins_lock_path(self) -> Path:
        """Return where the list of enabled plugins lies."""
        return self.config / "plugins.lock"

    @property
    def reminders_path(self) -> Path:
        """Return where stands who may remind this person on this device, and of what no more."""
        return self.config / "reminders.json"

    def replica(self, book_hex: str) -> Path:
        """Return the folder of this device's copy of a book, named by 32 hex digits.

        Raises:
            ValueError: this is no name of a book.
        """
        if not _BOOK_NAME.fullmatch(book_hex):
            raise ValueError("a book is named by 32 hex digits")
        return self.data / book_hex

    def state_file(self, name: str) -> Path:
        """Return where a file of this device's state lies.

        Raises:
            ValueError: the name would lead out of the folder.
        """
        if not _PLAIN_NAME.fullmatch(name):
            raise ValueError("a file of the state has a plain name")
        return self.state / name

    def prepare(self, disk: Disk) -> None:
        """Make the folders that are missing, for the owner alone (0700).

        Raises:
            StoreError: one cannot be made.
        """
        for folder in (self.config, self.data, self.state):
            disk.make_folder(folder, private=True)

    def require_keystore_outside(self, folders: Iterable[Path]) -> None:
        """Refuse folders that hold the keystore: what lies in a replica or a drive is copied to others.

        Symbolic links, other spellings and second mounts of the same folder are seen through. This looks at each
        folder, so it is not for one that may not answer.

        Raises:
            SetupError: the keystore lies inside one of ``folders``.
        """
        above = Path(os.path.realpath(self.keystore_path)).parents
        for folder in folders:
            real = Path(os.path.realpath(folder))
            if any(is_same_folder(real, ancestor) for ancestor in above):
                raise _inside()

    def holds(self, folder: Path) -> bool:
        """Return whether a folder, which need not exist, is one of ours or lies inside one."""
        real = Path(os.path.realpath(folder))
        own = [Path(os.path.realpath(one)) for one in (self.config, self.data, self.state)]
        return any(is_same_folder(one, at) for one in own for at in (real, *real.parents))

    def is_in_book(self, disk: Disk, folder: Path) -> bool:
        """Return whether a folder, or any folder above it, looks like a replica or a drive of any journal."""
        real = Path(os.path.realpath(folder))
        for at in (real, *real.parents):
            with contextlib.suppress(StoreError):  # a folder above that may not be listed is not one of ours
                if _holds_book(disk, at):
                    return True
        return False

    def require_keystore_apart(self, disk: Disk) -> None:
        """Refuse a keystore whose folder, or any folder above it, looks like a replica or a drive of any journal.

        Raises:
            SetupError: one of them holds a book.
        """
        for folder in Path(os.path.realpath(self.keystore_path)).parents:
            with contextlib.suppress(StoreError):  # a folder above that may not be listed is not one of ours
                if _holds_book(disk, folder):
                    raise _inside()


def is_book_name(name: str) -> bool:
    """Return whether a folder of this name is that of a book: 32 hex digits."""
    return _BOOK_NAME.fullmatch(name) is not None


def _absolute(chosen: str) -> Path:
    """Return a path that no change of the working directory moves."""
    try:
        return Path(chosen).expanduser().absolute()
    except RuntimeError:
        raise SetupError("the user named in the home's path is not known", hint=f"check {HOME_VARIABLE}") from None


def _runtime(environ: Mapping[str, str]) -> Path | None:
    """Return our folder in the session's own, which counts only as an absolute path (the XDG base directory rules)."""
    value = environ.get(RUNTIME_VARIABLE, "")
    return Path(value) / APPLICATION if os.name == "posix" and Path(value).is_absolute() else None


def is_same_folder(one: Path, other: Path) -> bool:
    """Return whether two resolved paths are one folder; by what they are where both exist, else by name."""
    if one == other:
        return True
    try:
        return one.samefile(other)
    except OSError:
        return False


def _holds_book(disk: Disk, folder: Path) -> bool:
    """Return whether a folder is a book, or holds one."""
    listed = disk.list(folder)
    names = {item.name for item in listed}
    if GENESIS_NAME in names and "streams" in names:
        return True
    books = [item.name for item in listed if not item.is_file and _BOOK_NAME.fullmatch(item.name)]
    return any(inner.name == GENESIS_NAME for book in books for inner in disk.list(folder / book))


def _inside() -> SetupError:
    """Return the refusal."""
    return SetupError(
        "the keystore may not lie inside a shared folder or a copy of a journal: it would be shared along with it",
        hint="choose another folder, or another COUPLEJOURNAL_HOME",
    )
