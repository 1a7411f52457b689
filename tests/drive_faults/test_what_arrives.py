"""Faults of the files themselves: copies, halves, zeros, strange names (docs/spec/sync.md 8)."""

from __future__ import annotations

import errno
import re

import pytest
from drive_faults.people import ANA, BEN, DAY, HOUR, Changed, Two, faulty, files_below, healthy, is_well, texts

import couplejournal as cj
from couplejournal.drive.interface import NotYetError
from couplejournal.sync import SyncReport
from couplejournal.testing.couples import Couple
from couplejournal.testing.drives import FaultyCalls, FaultyDrive, SimFile

COPIES = (
    "{} (Ann's conflicted copy 2026-01-02){}", "{}-DESKTOP-ABC{}", "{} (1){}", "{} 2{}", "{}_conflict-20260102{}",
    "{}.sync-conflict-20260102-030405-ABCDEFG{}", "{}{}..path1", "{} (conflict_on_2026-01-02){}",
)  # fmt: skip
# What clients leave alone: temporary, hidden, locked, reserved, or names of their own (rows 16 and 17).
NEVER_SYNCED = re.compile(
    r"\.|~\$|.*(\.tmp|\.part|\.partial|~|\.lock|\.nosync|\.sw.|\.crdownload|\.bak|\.icloud|_conflict-.*)$|"
    r"_vti_|desktop\.ini$|icon\r?$|thumbs\.db$|tmp$|temp$|dropbox|con$|prn$|aux$|nul$|com[0-9]$|lpt[0-9]$",
    re.IGNORECASE,
)
KNOWN_TO_HOSTS = (b"PK\x03\x04", b"%PDF", b"<!DO", b"<htm", b"\xff\xd8\xff", b"\xd0\xcf\x11\xe0", b"\x89PNG")


def named(path: str, form: str) -> str:
    """Return the name that a client gives a copy of a file."""
    stem, dot, kind = path.rpartition(".")
    return form.format(stem, dot + kind)


@pytest.mark.parametrize("form", COPIES)
def test_fault_01_copies_under_a_conflict_s_name(two: Two, form: str) -> None:
    """Copies of every file cost nothing and are told to nobody; where only the copy is left, the entry is read."""
    for path in sorted(two.views[BEN]):
        two.sim.plant(BEN, named(path, form), two.views[BEN][path].data)
    before = texts(two.ben)
    for _ in range(2):
        assert is_well(two.ben.sync())
    assert (texts(two.ben), two.writes(BEN)) == (before, 0)
    path = two.ana_writes("Tea?")
    two.sim.plant(BEN, named(path, form), two.views[BEN].pop(path).data)
    assert is_well(two.ben.sync())
    assert texts(two.ben) == before | {"Tea?"}


def test_fault_02_no_file_ever_changes(two: Two) -> None:
    """Nothing is ever written under a name twice with other bytes; where one file is cut, all other writing goes on."""
    seen: dict[str, set[bytes]] = {}

    def publish(path: str, data: bytes, *, direct: bool = False) -> None:
        seen.setdefault(path, set()).add(data)
        two.faces[ANA].publish(path, data, direct=direct)

    two.ana.place.use(Changed(two.faces[ANA], publish=publish))  # type: ignore[arg-type]
    cut = ""
    for number in range(12):
        path = two.ana_writes(f"bid {number}", is_carried=number != 3)
        if number == 3:
            two.sim.pending.clear()
            two.sim.plant(BEN, path, two.views[ANA][path].data[:200])
            cut = path
        two.ben.add(cj.Bid(f"his {number}"))
        two.ben.sync()
        two.carry()
        two.ana.sync()
    assert {len(contents) for contents in seen.values()} == {1}
    assert {f"his {number}" for number in range(12)} <= texts(two.ana)
    two.whole(cut)
    two.passes(60)
    two.ben.sync()
    assert {f"bid {number}" for number in range(12)} <= texts(two.ben)


@pytest.mark.parametrize("share", [0.1, 0.99])
def test_fault_03_half_a_file_is_not_yet(two: Two, share: float) -> None:
    """Half a file is called pending and stays as it is; a moment later it is whole, and the entry is there."""
    path = two.ana_writes("Tea?", is_carried=False)
    data = two.views[ANA][path].data
    half = data[: int(len(data) * share)]
    two.sim.plant(BEN, path, half)
    report = two.ben.sync()
    assert (report.pending, report.damaged, report.problems) == (1, 0, ())
    assert two.views[BEN][path].data == half
    assert "Tea?" not in texts(two.ben)
    two.whole(path)
    assert is_well(two.ben.sync())
    assert "Tea?" in texts(two.ben)
    assert two.faces[BEN].counts["remove"] == 0


@pytest.mark.parametrize("left", ["nothing", "zeros"])
def test_fault_04_05_a_power_cut_leaves_a_right_name_with_wrong_bytes(two: Two, left: str) -> None:
    """A file with its name and time and none of its bytes is no edit: its author puts it back after the next boot."""
    path = two.ana_writes("Tea?", is_carried=False)
    two.sim.pending.clear()
    two.ana.sync()  # it was seen whole
    file = two.views[ANA][path]
    spoiled = b"" if left == "nothing" else bytes(len(file.data))
    for view in two.views:  # the client takes it for a new version, and spreads it
        view[path] = SimFile(spoiled, file.mtime_ns)
    report = SyncReport()
    for _ in range(4):
        report = two.ben.sync()
        two.passes(300)
    assert "Tea?" not in texts(two.ben)
    assert (report.damaged, report.problems) == (1, ("files not taken from the shared folder: 1 damaged",))
    two.couple.systems[ANA].boot()
    report = two.ana.sync()
    assert (report.restored, "the drive lost 1 file; restored from this device" in report.problems) == (1, True)
    two.carry()
    two.whole(path)
    assert is_well(two.ben.sync())
    assert texts(two.ana) == texts(two.ben) >= {"Tea?"}


@pytest.mark.parametrize("where", ["his view alone", "everywhere, under the old time"])
def test_fault_05_what_only_the_one_notices_who_misses_it(two: Two, where: str) -> None:
    """A day later Ben's sync says by itself that something is missing, and Ana's puts it out under another name."""
    path = two.ana_writes("Tea?", is_carried=False)
    two.sim.pending.clear()
    for _ in range(3):
        two.passes(700)
        two.ana.sync()  # it was seen whole, three times
    file = two.views[ANA][path]
    for view in two.views[BEN:] if where == "his view alone" else two.views:
        view[path] = SimFile(bytes(len(file.data)), file.mtime_ns)
    two.faces[ANA].clear()
    written = []
    for _ in range(12):
        two.passes(4 * HOUR)
        written.append(two.writes(BEN))
        for journal in (two.ben, two.ana):
            journal.sync()
            two.carry()
    assert "Tea?" in texts(two.ben)
    assert is_well(two.ana.sync())
    assert [name for call, name in two.faces[ANA].calls if call == "publish"] == [path.replace(".seg", "-r1.seg")]
    assert written[-1] == 2  # that something is missing, and, when it had come, that it did


def test_fault_04_bytes_reach_the_disk_before_the_name(real: Couple) -> None:
    """A file is synced before it gets its name, and its folder after it: a power cut leaves no empty one behind."""
    calls = FaultyCalls()
    faulty(real, ANA, calls)
    real.journals[ANA].add(cj.Bid("Tea?"))
    calls.log.clear()
    real.journals[ANA].sync()
    steps = [name for name in calls.log if name in ("write", "sync", "close", "rename", "sync_folder")]
    written = steps[steps.index("write") : steps.index("rename") + 2]
    assert written == ["write", "sync", "close", "rename", "sync_folder"]


def test_fault_06_a_write_that_succeeds_and_stores_nothing(two: Two) -> None:
    """What a drive accepts and empties is never called handed over; it goes again, and arrives in the end."""
    inner = two.faces[ANA]

    def publish(path: str, data: bytes, *, direct: bool = False) -> None:
        inner.publish(path, b"", direct=direct)

    two.ana.place.use(Changed(inner, publish=publish))  # type: ignore[arg-type]
    two.ana.add(cj.Bid("Tea?"))
    for _ in range(4):
        report = two.ana.sync()
        assert (report.handed_over, two.ana.status().outbox) == (0, 1)
        two.passes(60)
    two.ana.place.use(inner)
    two.passes(600)
    two.couple.sync()
    assert two.ana.status().outbox == 0
    assert "Tea?" in texts(two.ben)


def test_fault_11_placeholders_of_files_that_are_not_downloaded(two: Two) -> None:
    """`.NAME.icloud` counts as a file that is pending, nobody writes it again, and it is read when it is there."""
    path = two.ana_writes("Tea?")
    folder, _, name = path.rpartition("/")
    stub = f"{folder}/.{name}.icloud"
    two.ana.sync()
    for number, journal in enumerate(two.couple):
        file = two.views[number].pop(path)
        two.sim.plant(number, stub, b"bplist00")
        for face in two.faces:
            face.clear()
        report = journal.sync()
        assert (report.pending, report.damaged, report.restored, two.writes(number)) == (1, 0, 0, 0)
        two.passes(2 * DAY)
        report = journal.sync()  # of what Ben never had he says after a day that it is missing
        assert (report.restored, two.writes(number)) == (0, int(number == BEN))
        del two.views[number][stub]
        two.views[number][path] = file
    two.couple.sync()
    assert texts(two.ana) == texts(two.ben) >= {"Tea?"}


def test_fault_12_listed_files_that_cannot_be_read_now(two: Two) -> None:
    """Files that answer "not now" are told in one line, asked for ever more rarely, and taken when they can be read."""
    count = len(two.views[BEN])
    for number in range(20):
        two.ana_writes(f"bid {number}")
    count = len(two.views[BEN]) - count
    evicted = FaultyDrive(
        two.sim.face(BEN), fail_at=1, number=errno.EDEADLK, calls=frozenset({"read"}), is_lasting=True
    )
    two.ben.place.use(evicted)
    report = two.ben.sync()
    assert (report.drive, report.pending, report.damaged, report.problems) == ("ok", count, 0, ())
    assert report.skipped == f"files not taken from the shared folder: {count} not whole yet"
    hits = []
    for _ in range(6):
        before = evicted.hits
        for _ in range(12):
            two.passes(50)
            report = two.ben.sync()
        hits.append(evicted.hits - before)
    assert hits[0] >= hits[-1] > 0
    assert hits[-1] <= count
    assert report.damaged == 0
    evicted.lift()
    two.passes(DAY)
    assert is_well(two.ben.sync())
    assert {f"bid {number}" for number in range(20)} <= texts(two.ben)


def test_fault_13_each_file_is_read_once(two: Two) -> None:
    """Reading makes a host download: each file is read once, and looking again reads nothing."""
    count = len(two.views[BEN])
    for number in range(10):
        two.ana_writes(f"bid {number}")
    two.ben.sync()
    assert two.reads(BEN) == len(two.views[BEN]) - count - 1  # all that is Ana's; one is his acknowledgement
    two.passes(3600)
    two.ben.sync()
    assert two.reads(BEN) <= 1  # his own acknowledgement, whether it lies there whole
    for _ in range(5):
        two.passes(3600)
        two.ben.sync()
    assert two.reads(BEN) <= 2  # the same, a minute and ten minutes later


def test_fault_14_thirty_entries_a_day_are_few_files(two: Two) -> None:
    """A day of thirty entries makes about as many files, overwrites none and rewrites nothing in bulk."""
    published: list[str] = []
    removed: list[str] = []
    most_at_once = 0
    for number in range(30):
        two.ana_writes(f"bid {number}")
        two.passes(DAY / 30)
        two.ana.sync()
        calls = [(call, path) for call, path in two.faces[ANA].calls if call in ("publish", "remove")]
        most_at_once = max(most_at_once, len(calls))
        published += [path for call, path in calls if call == "publish"]
        removed += [path for call, path in calls if call == "remove"]
        two.faces[ANA].clear()
    assert len(published) == len(set(published)) <= 30 * 1.3
    assert len(removed) <= len(published)
    assert most_at_once <= 12


def test_fault_15_a_host_rewrites_files_after_the_upload(two: Two) -> None:
    """A file that a host added to is found out by its bytes, put back by its author, and never read as ours."""
    path = two.ana_writes("Tea?", is_carried=False)
    two.sim.pending.clear()
    two.ana.sync()
    assert not any(two.views[ANA][path].data.startswith(magic) for magic in KNOWN_TO_HOSTS)
    assert path.rpartition(".")[2] == "seg"
    rewritten = two.views[ANA][path].data + b"<office:meta/>"
    for number in (ANA, BEN):
        two.sim.plant(number, path, rewritten)
    report = two.ben.sync()
    assert (report.pending + report.damaged, "Tea?" in texts(two.ben)) == (1, False)
    assert two.ana.sync().restored == 1
    two.carry()
    two.whole(path)
    two.passes(60)
    assert is_well(two.ben.sync())
    assert "Tea?" in texts(two.ben)


def test_fault_16_17_30_names_that_every_host_carries(real: Couple, monkeypatch: pytest.MonkeyPatch) -> None:
    """No final name is one that clients leave out or that begins with a dot; the temporary one is, on purpose."""
    temporary: list[str] = []
    made = FaultyCalls.open_new

    def open_new(self: FaultyCalls, folder: object, name: str) -> int:
        temporary.append(name)
        return made(self, folder, name)  # type: ignore[arg-type]

    monkeypatch.setattr(FaultyCalls, "open_new", open_new)
    faulty(real, ANA, FaultyCalls())
    ana, ben = real
    ana.pairing.invite(device=True)
    for number in range(3):
        ana.add(cj.Bid(f"bid {number}"))
        real.sync()
    ben.sync()
    parts = {part for path in files_below(real.drive) for part in path.split("/")}
    assert [part for part in parts if NEVER_SYNCED.match(part)] == []
    assert [part for part in parts if not re.fullmatch(r"[0-9a-z_-][0-9a-z._-]{0,99}", part)] == []
    assert temporary
    assert all(NEVER_SYNCED.match(name) and name.startswith("~$cj") for name in temporary)


def test_fault_17_what_begins_with_a_dot_is_left_out(two: Two) -> None:
    """Where a host carries no name that begins with a dot, everything arrives all the same."""
    two.ana_writes("Tea?")
    for view in two.views:
        for path in [path for path in view if any(part.startswith(".") for part in path.split("/"))]:
            del view[path]
    two.couple.sync()
    assert texts(two.ana) == texts(two.ben) >= {"Tea?"}


def test_fault_18_twins_beside_every_file(two: Two) -> None:
    """`._NAME` beside every file, as one system leaves it, is passed over without a word."""
    twin = b"\x00\x05\x16\x07" + bytes(4092)
    for number in (ANA, BEN):
        for path in sorted(two.views[number]):
            folder, _, name = path.rpartition("/")
            two.sim.plant(number, f"{folder}/._{name}", twin)
    two.ana_writes("Tea?")
    report = SyncReport()
    for journal in two.couple:
        for _ in range(4):
            two.passes(400)
            report = journal.sync()
    assert is_well(report)
    assert report.skipped_junk > 0
    assert "Tea?" in texts(two.ben)


def test_fault_19_foreign_folders_are_not_entered(real: Couple) -> None:
    """Old versions and bins of other programs in the folder are neither opened nor believed nor touched."""
    ana, ben = real
    folder = real.drive
    ana.add(cj.Bid("Tea?"))
    before = files_below(folder)
    ana.sync()
    [path] = set(files_below(folder)) - set(before)
    data = (folder / path).read_bytes()
    (folder / path).unlink()
    litter = [f".stversions/{path}", f"@eaDir/{path}", f".Trash-1000/files/{path}", f"photos/{path}"]
    for name in litter:
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_bytes(data)
    (folder / ".DS_Store").write_bytes(b"\x00" * 6148)
    (folder / "Icon\r").write_bytes(b"")
    calls = FaultyCalls()
    drive = faulty(real, BEN, calls)
    assert [file.path for file in drive.list() if not file.path.startswith(path.split("/")[0])] == [".DS_Store"]
    assert is_well(ben.sync())
    assert "Tea?" not in texts(ben)
    healthy(real, BEN)
    real.sync()
    assert "Tea?" in texts(ben)
    assert {name: (folder / name).read_bytes() for name in litter} == dict.fromkeys(litter, data)


def test_fault_12_a_read_that_says_not_yet_is_no_damage(two: Two) -> None:
    """However long a file cannot be read, it is never called damaged: there is nothing to be said of its bytes."""
    path = two.ana_writes("Tea?")

    def read(name: str, *, limit_bytes: int) -> bytes:
        if name == path:
            raise NotYetError("a file in the shared folder cannot be read yet")
        return two.faces[BEN].read(name, limit_bytes=limit_bytes)

    two.ben.place.use(Changed(two.faces[BEN], read=read))  # type: ignore[arg-type]
    report = SyncReport()
    for _ in range(30):
        report = two.ben.sync()
        two.passes(DAY)
    assert (report.pending, report.damaged, report.problems) == (1, 0, ())
