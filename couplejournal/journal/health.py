"""What an examination finds, as values, and the ground that it stands on: a home that may be damaged anywhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeAlias

import attrs

from couplejournal.errors import CouplejournalError, LockedError, NoJournalError

if TYPE_CHECKING:
    from pathlib import Path

    from couplejournal.disk import Disk
    from couplejournal.journal.journal import Journal
    from couplejournal.store.home import Home
    from couplejournal.store.settings import Settings
    from couplejournal.system import System

PLACES_SHOWN = 3


@attrs.frozen(kw_only=True)
class Finding:
    """Something that is not as it should be: what (``code``, for programs), the cause and the remedy, a sentence each.

    ``places`` are names below the home or the shared folder, a few at most. They may be names that somebody else chose.
    """

    code: str
    cause: str
    remedy: str
    places: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class Examined:
    """What was found: ``findings`` still stand, ``repaired`` no longer do.

    ``checks`` are the names of what was looked at, ``notes`` sentences that need no remedy, such as what could not be
    looked at and why; ``books`` and ``files`` count what lies on this device.
    """

    findings: tuple[Finding, ...]
    repaired: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    books: int = 0
    files: int = 0

    @property
    def is_well(self) -> bool:
        """Return whether nothing is left to do."""
        return not self.findings


@attrs.frozen
class Fault:
    """A finding, and what would put it right: None where only a person can."""

    finding: Finding
    repair: Callable[[], object] | None = None


Check: TypeAlias = "Callable[[Ground], Iterator[Fault]]"


class Ground:
    """A home under examination: whatever of it can be opened is opened once, and what cannot says why."""

    def __init__(self, home: Home, disk: Disk, system: System, passphrase: str | Callable[[], str] | None) -> None:
        """Open nothing yet."""
        self.home = home
        self.disk = disk
        self.system = system
        self.notes: list[str] = []
        self.books = 0
        self.files = 0
        self.spoiled: set[str] = set()  # the books of whose copies here some files are damaged
        self._passphrase = passphrase
        self._journal: Journal | None = None
        self._why: CouplejournalError | None = None
        self._asked = False

    def journal(self) -> Journal | None:
        """Return the journal, None where its keys cannot be had; a pairing that stands open is left as it is."""
        if not self._asked:
            self._asked = True
            from couplejournal.device import Device
            from couplejournal.journal.journal import Journal

            try:
                self._journal = Journal(
                    Device.open(self.home, self.disk, self.system, passphrase=self._passphrase)
                )  # fmt: skip
            except CouplejournalError as error:
                self._why = error
        return self._journal

    @property
    def why_closed(self) -> CouplejournalError | None:
        """Return why the journal could not be opened, None where it was."""
        self.journal()
        return self._why

    @property
    def is_locked(self) -> bool:
        """Return whether a passphrase is all that is missing."""
        return isinstance(self.why_closed, LockedError)

    @property
    def has_none(self) -> bool:
        """Return whether there is no keystore at all."""
        return isinstance(self.why_closed, NoJournalError)

    def settings(self) -> Settings:
        """Return what is not secret.

        Raises:
            StoreError: the file cannot be read or is damaged.
        """
        from couplejournal.store import settings

        return settings.load(self.disk, self.home.config_path)

    def replicas(self) -> list[Path]:
        """Return the folders of the books that lie here, by name.

        Raises:
            StoreError: the folder cannot be listed.
        """
        from couplejournal.store.home import is_book_name

        listed = self.disk.list(self.home.data)
        return [self.home.data / name for name in sorted(one.name for one in listed if is_book_name(one.name))]

    def named(self, path: Path) -> str:
        """Return a path of this home as a person finds it: ``config/keystore.cj``."""
        for name, root in (("config", self.home.config), ("data", self.home.data), ("state", self.home.state)):
            if path == root or root in path.parents:
                return "/".join((name, *path.relative_to(root).parts))
        return path.name


def fault(code: str, cause: str, remedy: str, places: Any = (), *, repair: Callable[[], object] | None = None) -> Fault:
    """Return a fault; of its places only the first few are named."""
    return Fault(Finding(code=code, cause=cause, remedy=remedy, places=tuple(places)[:PLACES_SHOWN]), repair)
