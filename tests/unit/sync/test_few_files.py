"""Few files: what entries that are written one by one, with a sync each, make of the folder (docs/spec/sync.md 1)."""

from __future__ import annotations

from collections import Counter

import pytest

from couplejournal.book.acks import Acknowledged
from couplejournal.sync import Sync, SyncMemory, SyncReport
from couplejournal.testing.drives import CountingDrive, DriveSim
from couplejournal.testing.pairs import Member, pair

MINUTE_MS = 60_000
FILES_PER_STREAM = 40
MADE_PER_ENTRY = 1.3
TRANSFERS = 60


class Syncing:
    """A device of real books in the folder, whose calls are counted."""

    def __init__(self, member: Member, sim: DriveSim, number: int) -> None:
        self.member = member
        self.drive = CountingDrive(sim.face(number))
        memory = SyncMemory(member.disk, member.state / "sync.json")
        self.engine = Sync(member.book, self.drive, memory, member.system)
        self.heard: dict[bytes, int] = {}
        member.book.acknowledged = self.acknowledged = Acknowledged()

    def sync(self, *, may_found: bool = False) -> SyncReport:
        """Sync once, after a look at what the others told."""
        for op in self.member.book.ops_after(self.heard):
            self.acknowledged.feed(op)
            self.heard[op.stream] = max(op.seq, self.heard.get(op.stream, 0))
        report = self.engine.run(may_found=may_found)
        assert report.drive == "ok"
        assert report.problems == ()
        return report

    def made(self) -> int:
        """Return how many files this device put into the folder."""
        return self.drive.counts["publish"]


def streams_in(sim: DriveSim) -> Counter[str]:
    """Return how many files of each stream lie in the folder."""
    return Counter(path.split("/")[2] for path in sim.views[0] if "/streams/" in path)


def write_one_by_one(count: int, *, between: int = 10) -> None:
    """Write so many entries with a sync each, one a minute, and look after each at what they make of the folder."""
    sim = DriveSim(3)
    ana, ben, newcomer = (Syncing(member, sim, number) for number, member in enumerate(pair("ana", "ben", "ben phone")))
    for may_found in (True, False, False):
        ana.sync(may_found=may_found)
    sim.settle()
    ben.sync()
    before, brought, seen = ana.made(), 0, 0
    for number in range(count):
        ana.member.write(f"entry {number}")
        ana.member.system.ms += MINUTE_MS
        ana.sync()
        if number % between == between - 1:
            while sim.pending:
                sim.deliver()
            ben.member.system.ms = ana.member.system.ms
            brought += ben.sync().changed
            seen += ben.member.book.acknowledge()
            ben.sync()
        waiting = 24 + 4 * between  # ten minutes, and for the other to tell that they came
        assert max(streams_in(sim).values()) <= FILES_PER_STREAM + waiting
    assert ana.made() - before <= MADE_PER_ENTRY * count
    assert seen <= brought
    for _ in range(5):
        for device in (ana, ben):
            device.member.system.ms += 11 * MINUTE_MS
            while sim.pending:
                sim.deliver()
            device.sync()
    assert max(streams_in(sim).values()) <= FILES_PER_STREAM
    for device in (ana, ben):
        device.drive.clear()
        writes = device.member.disk.writes  # type: ignore[attr-defined]
        device.sync()
        assert device.drive.counts == {"probe": 1, "list": 1}
        assert device.member.disk.writes == writes  # type: ignore[attr-defined]
    while sim.pending:
        sim.deliver()
    newcomer.drive.clear()
    assert newcomer.sync().received_ops >= count
    assert newcomer.drive.counts["read"] <= TRANSFERS
    assert newcomer.member.texts() == ben.member.texts() == [f"entry {number}" for number in range(count)]


def test_entries_written_one_by_one_stay_few_files() -> None:
    """Rule 8: at most 40 files of a stream at last and 1.3 made for an entry; an idle sync reads and writes nothing."""
    write_one_by_one(200)


@pytest.mark.long
def test_ten_thousand_entries_stay_few_files() -> None:
    """The same for 10,000 entries: at most 13,000 files made, 40 left of a stream, 60 read by a newcomer."""
    write_one_by_one(10_000, between=50)
