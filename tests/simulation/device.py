"""One device of the simulated world: the real library on a disk that can crash, and a folder that can do anything."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final
from unittest import mock

import attrs
from simulation.violation import Violation, require

from couplejournal.book import Acknowledged, merging
from couplejournal.errors import DriveError, UntrustedDataError
from couplejournal.seal import segments
from couplejournal.sync import Sync, SyncMemory, SyncReport
from couplejournal.sync import names as sync_names
from couplejournal.sync.trip import DIGEST_BYTES
from couplejournal.testing.disks import CrashDisk, MemoryDisk
from couplejournal.testing.drives import CountingDrive, FaultyDrive
from couplejournal.testing.pairs import Member, SetSystem

if TYPE_CHECKING:
    from couplejournal.drive.interface import Drive, Listing
    from couplejournal.ops.op import Op
    from couplejournal.seal.segments import Header
    from couplejournal.sync import Held

ROUNDS: Final = 3  # as `couplejournal.journal.exchange`
_CALLS_BEYOND: Final = 200


class WatchedDrive(CountingDrive):
    """A drive whose callers are watched: what they publish is what its name says, and they remove only their own.

    And only what a larger file there holds, of those that the device holds itself (``held``).
    """

    def __init__(self, inner: Drive, own: bytes, held: Callable[[], Iterable[Held]]) -> None:
        super().__init__(inner)
        self._face = inner  # what really lies there, whatever fails by then
        self._own = own
        self._held = held
        self.listed = 0

    def list(self) -> Listing:
        """Return the files, and remember how many there were."""
        listing = super().list()
        self.listed = len(listing)
        return listing

    def publish(self, path: str, data: bytes, *, direct: bool = False) -> None:
        """Publish a file that is what its name says."""
        digest = sync_names.hash_in(path)
        if digest and digest != hashlib.sha256(data).hexdigest()[:32]:
            raise Violation("I3 a file goes out under the name of another")
        super().publish(path, data, direct=direct)

    def remove(self, path: str) -> None:
        """Remove a file of one's own; what was spoiled, with its time kept, is nobody's any more."""
        data = self._face.read(path, limit_bytes=segments.SEGMENT_LIMIT_BYTES)
        claimed = sync_names.hash_in(path)
        is_spoiled = bool(claimed) and claimed != hashlib.sha256(data).hexdigest()[:32]
        with contextlib.suppress(UntrustedDataError):
            head = segments.parse(data).header
            if not (is_spoiled or sync_names.is_temporary(path)):
                if head.key != self._own:
                    raise Violation("I2 a file of another device is deleted on the drive")
                if not self._is_within_another(path, head):
                    raise Violation("I2 a file is deleted of which none on the drive holds all")
        super().remove(path)

    def _is_within_another(self, path: str, head: Header) -> bool:
        """Say whether a file of the stream with more operations, all of this one's among them, lies there whole."""
        count = head.last - head.first
        larger = {
            (one.size_bytes, one.digest)
            for one in self._held()
            if one.stream == head.stream and one.first <= head.first and head.last <= one.last
            if one.last - one.first > count
        }
        sizes = {size_bytes for size_bytes, _ in larger}
        there = [file for file in self._face.list() if file.path != path and file.size_bytes in sizes]
        return any((file.size_bytes, self._digest(file.path)) in larger for file in there)

    def _digest(self, path: str) -> bytes:
        try:
            data = self._face.read(path, limit_bytes=segments.SEGMENT_LIMIT_BYTES)
        except DriveError:
            return b""
        return hashlib.sha256(data).digest()[:DIGEST_BYTES]


@attrs.define(eq=False)
class Device:
    """A device, what it was told to be saved (``told``: by id, the word), and what it was seen to hold (``ids``)."""

    number: int
    member: Member
    drive: WatchedDrive
    engine: Sync
    told: dict[bytes, str] = attrs.field(factory=dict)
    ids: set[bytes] = attrs.field(factory=set)
    is_gone: bool = False
    backup: dict[Path, bytes] | None = None
    heard: set[bytes] = attrs.field(factory=set)

    @classmethod
    def around(cls, number: int, member: Member, face: Drive) -> Device:
        """Return a device of a member whose disk is a `CrashDisk`."""

        def held() -> Iterable[Held]:
            return member.book.held()  # of whichever book it has opened by then

        drive = WatchedDrive(face, member.own.id, held)
        return cls(number, member, drive, _engine(member, drive))

    @property
    def disk(self) -> CrashDisk:
        """Return its disk."""
        assert isinstance(self.member.disk, CrashDisk)
        return self.member.disk

    @property
    def files(self) -> dict[Path, bytes]:
        """Return what lies on its disk."""
        assert isinstance(self.disk.inner, MemoryDisk)
        return self.disk.inner.files

    @property
    def system(self) -> SetSystem:
        """Return its clock and chance."""
        return self.member.system

    def restart(self) -> None:
        """Start its program anew."""
        self.member.reopen()
        self.engine = _engine(self.member, self.drive)

    def sync(self, *, may_found: bool = False, acknowledges: bool = True, budget_s: float | None = None) -> SyncReport:
        """Do one exchange, as the journal does: sync, answer what is owed, and tell what is held."""
        book, report = self.member.book, SyncReport()
        for round_ in range(ROUNDS):
            self.drive.clear()
            report = self.engine.run(may_found=may_found, budget_s=budget_s)
            self._require_bounded()
            if report.drive == "ok" and report.finished:
                book.note_lacking(report.lacking)
            if report.drive != "ok" or budget_s is not None:
                break
            owed = (report.changed or round_ == 0) and book.tend()
            owed = (acknowledges and round_ == 0 and book.acknowledge()) or owed
            if not owed:
                break
        return report

    def sync_over(self, fault: FaultyDrive, *, acknowledges: bool) -> None:
        """Do one exchange over a drive that fails."""
        calm, self.drive.inner = self.drive.inner, fault
        try:
            self.sync(acknowledges=acknowledges)
        finally:
            self.drive.inner = calm

    def hear(self, ops: Iterable[Op]) -> None:
        """Take in what others acknowledged, as the journal does that shows it."""
        book = self.member.book
        if book.acknowledged is None:
            book.acknowledged = Acknowledged()
            self.heard.clear()
        for op in ops:
            if op.id not in self.heard:
                self.heard.add(op.id)
                book.acknowledged.feed(op)

    def hold(self) -> set[bytes]:
        """Return the ids of all operations of words that it holds."""
        return {op.id for op in self.member.ops()}

    def _require_bounded(self) -> None:
        """I7: a sync asks the drive a bounded number of times, whatever lies there."""
        limit = 4 * (self.drive.listed + len(self.member.book.held())) + _CALLS_BEYOND
        require(sum(self.drive.counts.values()) <= limit, "I7 a sync goes on without end")


def _engine(member: Member, drive: Drive) -> Sync:
    return Sync(member.book, drive, SyncMemory(member.disk, member.state / "sync.json"), member.system)


@contextlib.contextmanager
def tier(count: int) -> Iterator[None]:
    """Let files be merged sooner than they are, for as long as the context lasts."""
    with mock.patch.object(merging, "TIER", count):
        yield
