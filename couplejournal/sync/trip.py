"""One sync under way: what its steps share, and what they count."""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import attrs

from couplejournal.drive.interface import DriveMissingError
from couplejournal.sync import names, schedule
from couplejournal.sync.memory import Mark, Trouble
from couplejournal.sync.port import Held, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from couplejournal.drive.interface import Drive, DriveFile, Listing, Place
    from couplejournal.sync.memory import Kept
    from couplejournal.sync.port import BookPort, Taken
    from couplejournal.system import System

STRANGERS_AT_ONCE: Final = 1000  # files without a segment's name that one sync reads, so that junk costs bounded time
FAILURES_AT_ONCE: Final = 4000  # files with one that a sync reads in vain
FAILED_BYTES_AT_ONCE: Final = 64 << 20
_CHEAP_FOR_ONE: Final = 8  # copies, and what is held back for want of a key, cost less, and there may honestly be many
DIGEST_BYTES: Final = 16  # docs/spec/format.md 2: the first 32 hex of the SHA-256 of a file


@attrs.define
class Tally:
    """What this sync did so far."""

    received_ops: int = 0
    received_files: int = 0
    published: int = 0
    restored: int = 0
    handed_over: int = 0
    junk: int = 0
    is_finished: bool = True


@attrs.define(kw_only=True, eq=False)
class Trip:
    """One sync under way. ``held`` is by digest, the genesis first, in publishing order; ``listing`` by path.

    ``root`` is where the drive stood at the beginning; ``strangers`` how many files of no known name may still be read;
    ``failures`` and ``failed_bytes`` add up what was read in vain.
    """

    book: BookPort
    drive: Drive
    kept: Kept
    system: System
    now_ms: int
    deadline: float | None
    root: Place | None = None
    strangers: int = STRANGERS_AT_ONCE
    failures: float = 0
    failed_bytes: float = 0
    tally: Tally = attrs.field(factory=Tally)
    held: dict[bytes, Held] = attrs.field(factory=dict)
    key_count: int = 0
    listing: dict[str, DriveFile] = attrs.field(factory=dict)
    stubs: frozenset[str] = frozenset()
    folder: str = attrs.field(init=False)
    genesis_path: str = attrs.field(init=False)
    genesis_digest: bytes = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        """Learn where the book's folder and its genesis lie on a drive, and by what the genesis is known."""
        self.folder = names.folder_of(self.book.id)
        self.genesis_path = names.genesis_of(self.folder)
        self.genesis_digest = self.book.id[:DIGEST_BYTES]

    def is_over(self) -> bool:
        """Say whether the time budget has ended; asked between files."""
        if self.deadline is None or self.system.monotonic() < self.deadline:
            return False
        self.tally.is_finished = False
        return True

    @property
    def has_read_enough(self) -> bool:
        """Say whether so much was read in vain that the rest waits for another sync."""
        return self.failures >= FAILURES_AT_ONCE or self.failed_bytes >= FAILED_BYTES_AT_ONCE

    @contextmanager
    def half_the_time(self) -> Iterator[None]:
        """Let the time budget, if there is one, end halfway for as long as the context lasts."""
        whole = self.deadline
        if whole is not None:
            now = self.system.monotonic()
            self.deadline = now + (whole - now) / 2
        try:
            yield
        finally:
            self.deadline = whole

    def require_same_root(self) -> None:
        """See that the drive still stands where it stood.

        Raises:
            DriveMissingError: it does not: it was unplugged, or its host is away.
            DriveError: it could not be looked at.
        """
        if self.root is not None and self.drive.probe().identity != self.root.identity:
            raise DriveMissingError("the shared folder went away while it was read; what is saved here is safe")

    def look_at_book(self) -> None:
        """See anew what the book holds."""
        genesis = self.book.genesis
        first = Held(
            path=self.genesis_path,
            size_bytes=len(genesis),
            digest=self.genesis_digest,
            stream=b"",
            first=0,
            last=0,
            is_key=True,
            is_mine=False,
        )
        self.held = {first.digest: first}
        for held in self.book.held():
            if held.path != first.path:
                self.held[held.digest] = held
        self.key_count = sum(held.is_key for held in self.held.values())

    def look_at_listing(self, listing: Listing) -> None:
        """Keep what lies in the book's folder, placeholders apart."""
        folder, stubs = self.folder, []
        self.listing = {}
        for file in listing:
            path = file.path
            if names.is_within(path, folder):
                stub = names.stubbed(path)
                if stub:
                    stubs.append(stub.casefold())
                else:
                    self.listing[path] = file
        self.stubs = frozenset(stubs)

    def gone(self) -> list[str]:
        """Return the names under which something was verified and that are not listed, not even as a placeholder."""
        return [path for path in self.kept.marks.keys() - self.listing.keys() if path.casefold() not in self.stubs]

    def mark_of(self, file: DriveFile) -> Mark | None:
        """Return what was verified under this name, size and time."""
        mark = self.kept.marks.get(file.path)
        if mark is None or mark.mtime_ns != file.mtime_ns or mark.size_bytes != file.size_bytes:
            return None
        return mark

    def is_waiting(self, file: DriveFile) -> bool:
        """Say whether this file was not taken before, is unchanged, and need not be looked at again yet."""
        trouble = self.kept.troubles.get(file.path)
        return (
            trouble is not None
            and (trouble.size_bytes, trouble.mtime_ns) == (file.size_bytes, file.mtime_ns)
            and not (trouble.verdict == Verdict.HELD.value and trouble.keys != self.key_count)
            and not schedule.is_due(trouble.next_ms, self.now_ms)
        )

    def mark(self, file: DriveFile, of: Held | Taken) -> None:
        """Remember what verified under this name, size and time."""
        self.kept.troubles.pop(file.path, None)
        digest = of.digest[:DIGEST_BYTES]
        self.kept.marks[file.path] = Mark(file.size_bytes, file.mtime_ns, digest, of.stream, of.first, of.last, of.end)

    def note(self, file: DriveFile, verdict: str, reason: str, digest: bytes) -> None:
        """Remember that a file was not taken, and when to look again; ``digest`` is empty if it could not be read."""
        self.kept.marks.pop(file.path, None)
        before = self.kept.troubles.get(file.path)
        trouble = Trouble(file.size_bytes, file.mtime_ns, digest, verdict, reason, self.now_ms, 0, keys=self.key_count)
        # A changed time over the same bytes says nothing (docs/spec/sync.md 8, row 28); a changed file starts anew.
        is_unread_still = not digest and before is not None and before.size_bytes == file.size_bytes
        if before is not None and (before.verdict, before.digest) == (verdict, digest) and (digest or is_unread_still):
            trouble.first_ms = min(before.first_ms, self.now_ms)
            trouble.tries, trouble.polls = before.tries + 1, before.polls
        trouble.next_ms = self.now_ms + schedule.reading_pause(verdict if digest else schedule.UNREAD, trouble.tries)
        self.kept.troubles[file.path] = trouble

    def note_read(self, file: DriveFile, verdict: str, reason: str, digest: bytes) -> None:
        """Do the same for a file that was read in vain, which counts against how many of those one sync reads."""
        self.count_in_vain(file, is_cheap=verdict == Verdict.HELD.value)
        self.note(file, verdict, reason, digest)

    def count_in_vain(self, file: DriveFile, *, is_cheap: bool) -> None:
        """Count a file against how many one sync reads in vain."""
        share = 1 / _CHEAP_FOR_ONE if is_cheap else 1
        self.failures += share
        self.failed_bytes += share * file.size_bytes

    @staticmethod
    def digest_of(data: bytes) -> bytes:
        """Return by what a file is known: the part of its hash that its name holds, too."""
        return hashlib.sha256(data).digest()[:DIGEST_BYTES]

    def held_as(self, data: bytes) -> Held | None:
        """Return the held file that these are the exact bytes of, if there is one."""
        return self.held.get(self.digest_of(data))

    def content_of(self, held: Held) -> bytes:
        """Return the exact bytes of a held file.

        Raises:
            StoreError: this device's own copy failed.
        """
        return self.book.genesis if held.digest == self.genesis_digest else self.book.read(held.path)
