"""Faults of names, clocks and history: twins, copied devices, what comes back, other versions (docs/spec/sync.md 8)."""

from __future__ import annotations

import hashlib
from types import SimpleNamespace

import msgspec
import pytest
from drive_faults.people import (
    ANA,
    BEN,
    DAY,
    Changed,
    Two,
    backup_of,
    is_well,
    restored,
    segments,
    texts,
)
from unit.book.forging import packed, words_segment

import couplejournal as cj
from couplejournal.book import Draft
from couplejournal.drive.interface import Listing
from couplejournal.ops import codec, words
from couplejournal.testing.couples import pair
from couplejournal.testing.disks import MemoryDisk
from couplejournal.testing.drives import CountingDrive, DriveSim, SimFile

YEAR = 365 * DAY
FILE = SimFile(b"", 0)


@pytest.mark.parametrize("years", [-30.0, -1 / 8760, 1 / 8760, 1 / 300, 10.0])
def test_fault_29_a_clock_that_is_wrong(two: Two, years: float) -> None:
    """A clock that is an hour, a day or ten years off orders its own entries alone: the other's stay at their time."""
    right = two.couple.systems[ANA].now_ms()
    two.couple.systems[BEN].advance(years * YEAR)
    two.ben.add(cj.Bid("his"))
    two.couple.sync()
    hers = two.ana.add(cj.Bid("hers"))
    assert abs(hers.recorded_at.timestamp() * 1000 - right) <= 2 * DAY * 1000
    two.couple.systems[BEN].advance(-years * YEAR)
    two.ben.add(cj.Bid("his again"))
    two.couple.sync()
    assert texts(two.ana) == texts(two.ben) >= {"his", "hers", "his again"}
    assert [entry.id for entry in two.ana.entries()] == [entry.id for entry in two.ben.entries()]


def test_fault_30_a_host_that_knows_no_case(two: Two) -> None:
    """Names in capitals, of files and of folders, are the same files: nothing is read as new, lost or written again."""
    two.ana_writes("Tea?")  # and nobody has seen it there yet
    for number in (ANA, BEN):
        view = two.views[number]
        for path in sorted(view):
            if path.endswith(".seg"):
                view[path.upper() if number == BEN else path.replace(".seg", ".SEG")] = view.pop(path)
    assert (two.ana.sync().handed_over, two.ana.status().outbox) == (1, 0)
    two.ben.sync()
    assert "Tea?" in texts(two.ben)
    for face in two.faces:
        face.clear()
    two.passes(2 * DAY)
    for number, journal in enumerate(two.couple):
        assert is_well(journal.sync())
        assert two.writes(number) == 0


def test_fault_31_one_name_twice_in_one_folder(two: Two) -> None:
    """A host that lists one name twice makes no entry twice, and no trouble."""
    for number, journal in enumerate(two.couple):
        inner = two.faces[number]

        def twice(inner: CountingDrive = inner) -> Listing:
            return sorted([*inner.list(), *inner.list()], key=lambda file: file.path)

        journal.place.use(Changed(inner, list=twice))  # type: ignore[arg-type]
    two.ana_writes("Tea?")
    for _ in range(3):
        for journal in two.couple:
            assert is_well(journal.sync())
        two.carry()
    assert [entry.text for entry in two.ben.entries()].count("Tea?") == 1


@pytest.mark.parametrize("is_noticed_first", [False, True])
def test_fault_32_a_device_that_is_restored_from_a_backup(two: Two, is_noticed_first: bool) -> None:
    """A device set back to a backup goes on in new streams: what it wrote before and after is kept, and it says so."""
    backup = backup_of(two.ana)
    two.ana_writes("after the backup")
    two.rest()
    ana = restored(two.couple, ANA, backup)
    assert "after the backup" not in texts(ana)
    if is_noticed_first:
        ana.sync()
    ana.add(cj.Bid("after the restore"))
    two.couple.sync()
    everything = {"after the backup", "after the restore"}
    assert texts(ana) == texts(two.couple.journals[BEN]) >= everything
    assert "restored-or-copied" in {notice.code for notice in ana.notices()}


def test_fault_32_a_device_that_is_copied(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Two copies of one device that both write lose nothing: everybody ends with the entries of both."""
    couple = pair(tmp_path_factory.mktemp("copied"), sim=(sim := DriveSim(3)), disk=lambda _: MemoryDisk())
    couple.sync()
    ana, ben = couple
    disk = MemoryDisk()
    assert isinstance(ana.device.disk, MemoryDisk)
    disk.files.update(ana.device.disk.files)
    disk.folders.update(ana.device.disk.folders)
    machine = type(couple.systems[ANA])("another machine", start_ms=couple.systems[ANA].now_ms())
    clone = cj.open(home=ana.home.config.parent, system=machine, disk=disk)
    clone.place.use(sim.face(2))
    couple.journals.append(clone)
    couple.systems.append(machine)
    ana.add(cj.Bid("by the one"))
    clone.add(cj.Bid("by the other"))
    couple.sync()
    for journal in (ana, ben, clone):
        assert texts(journal) >= {"by the one", "by the other"}
    couple.close()


def test_fault_33_a_device_that_returns_after_years(two: Two) -> None:
    """A device that was away for three years brings nothing back that was retracted, and its own words arrive."""
    entry = two.ana.add(cj.Bid("taken back"))
    two.couple.sync()
    two.ben.add(cj.Bid("his, unsent"))
    two.ana.retract(entry.id)
    for _ in range(36):
        two.passes(YEAR / 12)
        two.ana.sync()
    two.couple.sync()
    for journal in two.couple:
        assert "taken back" not in texts(journal)
        assert "his, unsent" in texts(journal)


def test_fault_34_a_host_brings_deleted_files_back(two: Two) -> None:
    """Whatever the host ever deleted comes back months later: it is known by its content, and nothing happens twice."""
    ever: dict[str, bytes] = {}
    for number in range(26):  # enough that small files are merged and deleted
        if number < 20:
            two.ana_writes(f"bid {number}")
        ever |= {path: file.data for view in two.views for path, file in view.items()}
        two.passes(900)
        two.couple.sync()
    two.rest()
    before, present = texts(two.ana), segments(two.views[ANA])
    two.passes(200 * DAY)
    for path, data in ever.items():
        for number in (ANA, BEN):
            two.sim.plant(number, path, data)
    for journal in two.couple:
        report = journal.sync()
        assert (is_well(report), report.received_ops, report.restored) == (True, 0, 0)
        assert texts(journal) == before
    for _ in range(4):
        two.passes(DAY)
        two.couple.sync()
    left = set(segments(two.views[ANA])) - set(present)
    assert not left & ever.keys()  # what was superseded is gone again
    assert not any("-r1" in path for path in left)
    assert texts(two.ana) == texts(two.ben) == before


def test_fault_35_two_processes_merge_at_once(two: Two) -> None:
    """Two processes of one device that both merge strand nothing: each entry stays readable, and the files get few."""
    first = two.ana
    second = cj.open(home=first.home.config.parent, system=two.couple.systems[ANA], disk=first.device.disk)
    second.place.use(two.faces[ANA])
    written = set()
    for number in range(40):
        written.add(f"bid {number}")
        (first, second)[number % 2].add(cj.Bid(f"bid {number}"))
        (second, first)[number // 3 % 2].sync()
        two.passes(30)
    for number in range(16):
        two.passes(400)
        for journal in (first, second)[:: 1 if number % 2 else -1]:
            assert is_well(journal.sync())
        two.carry()
        two.ben.sync()
        assert written <= texts(first) == texts(second)
    two.rest()
    second.close()
    assert texts(two.ben) == texts(two.ana) >= written
    assert len(segments(two.views[ANA])) < 40
    assert texts(two.couple.restart(ANA)) >= written


def test_fault_38_a_newcomer_pushes_nothing(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Whoever joins with an empty copy writes its answer alone before the book is proved, and removes nothing."""
    couple = pair(
        tmp_path_factory.mktemp("joining"), sim=(sim := DriveSim(3)), disk=lambda _: MemoryDisk(), is_paired=True
    )
    ana, _ = couple
    ana.add(cj.Bid("here already"))
    couple.sync()
    before = dict(sim.views[ANA])
    phone = couple.start("Ana", home="phone")
    face = CountingDrive(sim.face(2))
    phone.place.use(face)
    invitation = ana.pairing.invite(device=True)
    phone.pairing.join(" ".join(invitation.words))
    for _ in range(4):
        ana.sync()
        couple.settle()
        phone.sync()
        couple.settle()
    calls = [(call, path) for call, path in face.calls if call in ("publish", "remove")]
    assert {path.split("/")[0] for _, path in calls} == {"invites"}
    assert before.items() <= {path: file for path, file in sim.views[ANA].items() if path in before}.items()
    assert "here already" in texts(ana)
    couple.close()


def test_fault_39_a_retraction_that_is_older_than_what_it_meets(two: Two) -> None:
    """A retraction names what it knew: a revision that it did not know stays, however often it comes back."""
    goal = two.ana.add(cj.Goal("Learn to sail", owner="ours"))
    two.couple.sync()
    two.ben.revise(goal.id, cj.Goal("Learn to sail, in May", owner="ours"))
    before = set(two.views[ANA])
    two.ana.retract(goal.id)
    backup = backup_of(two.ana)
    two.ana.sync()
    old = {path: two.views[ANA][path].data for path in set(two.views[ANA]) - before}
    two.couple.sync()
    for number in (ANA, BEN):  # the host brings it back, and Ana's device is the one of that day again
        for path, data in old.items():
            two.sim.plant(number, path.replace(".seg", " (1).seg"), data)
    two.ana = restored(two.couple, ANA, backup)
    two.rest()
    assert texts(two.ana) == texts(two.ben) == {"Learn to sail, in May"}


def test_fault_40_an_unknown_kind_goes_through_an_older_program(two: Two) -> None:
    """What a newer program wrote is kept byte for byte and put back when it is lost; nothing of it is dropped."""
    write = words.Write(
        kind="ritual", schema=7, happened=(0, 0, "instant"), fields=msgspec.Raw(codec.encode({"steps": [1, 2]}))
    )
    shared = two.ana.device.shared
    assert shared is not None
    before = set(two.views[ANA])
    entry = shared.append([Draft("write", write)])[0].id.hex()
    two.ana.sync()
    two.carry()
    [path] = set(two.views[ANA]) - before
    data = two.views[ANA][path].data
    two.ben.sync()
    assert two.ben.entry(entry).content.to_fields()["steps"] == [1, 2]
    two.ben.add(cj.Bid("by the older one"))
    two.rest()
    for view in two.views:
        view.pop(path, None)
    for _ in range(3):
        two.passes(1.1 * DAY)
        two.ben.sync()
    assert two.views[BEN][path].data == data


@pytest.mark.parametrize("is_critical", [True, False])
def test_fault_40_an_operation_of_a_newer_version(two: Two, is_critical: bool) -> None:
    """An unknown operation is kept; one that may not be passed over is refused, and harms nothing else."""
    book = two.ana.device.shared
    assert book is not None
    author = SimpleNamespace(book=book, own=book._shelf.own)
    newer = words_segment(author, packed(("mood", {"text": "blue"}), critical=is_critical))  # type: ignore[arg-type]
    data = newer.sealed.data
    name = f"00000001-00000001-{hashlib.sha256(data).hexdigest()[:32]}.seg"
    path = f"{book.folder}/streams/{(b'W' * 16).hex()}/{name}"
    two.sim.plant(BEN, path, data)
    two.ana_writes("Tea?")
    report = two.ben.sync()
    assert is_well(report) is not is_critical
    assert [refusal.count for refusal in report.refused] == [1] * is_critical
    assert all("written by a newer couplejournal" in line for line in report.problems)
    assert "Tea?" in texts(two.ben)
    assert two.views[BEN][path].data == data
    if not is_critical:
        del two.views[BEN][path]
        for _ in range(3):
            two.passes(1.1 * DAY)
            two.ben.sync()
        assert two.views[BEN][path].data == data
