"""Two notes by which a copied device or a restored backup is told: what trips them, and what must not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from couplejournal.errors import StoreError
from couplejournal.store.incarnation import NAME, Incarnation
from couplejournal.system import RealSystem
from couplejournal.testing.disks import MemoryDisk
from couplejournal.testing.pairs import SetSystem

STATE, FOLDER = Path("/state/book.incarnation"), Path("/data/book")


def notes(disk: MemoryDisk, system: SetSystem) -> Incarnation:
    """Return the notes of a book."""
    return Incarnation(disk, system, state=STATE, folder=FOLDER)


@pytest.fixture
def disk() -> MemoryDisk:
    """Return a disk with the two folders."""
    made = MemoryDisk()
    made.make_folder(STATE.parent)
    made.make_folder(FOLDER)
    return made


def test_nothing_is_noted_at_first_and_then_all_is_the_same(disk: MemoryDisk) -> None:
    """Before the first note there is none; after it each start finds the same device."""
    system = SetSystem("a")
    assert notes(disk, system).standing() == "none"
    notes(disk, system).renew()
    for _ in range(2):
        assert notes(disk, system).standing() == "same"
    notes(disk, system).renew()
    assert notes(disk, system).standing() == "same"


@pytest.mark.parametrize("spoilt", [STATE, FOLDER / NAME])
@pytest.mark.parametrize(
    "data", [None, b"", b"{", b"null", b'{"id":1}', b'{"id":"AAAA"}', b"\0" * 40, b"[" * 100_000, b'{"id":"\xff"}']
)
def test_a_note_that_is_gone_or_spoilt_is_another_device(disk: MemoryDisk, spoilt: Path, data: bytes | None) -> None:
    """With one of the two missing, torn or foreign nobody can say what was written meanwhile; nothing is raised."""
    system = SetSystem("a")
    notes(disk, system).renew()
    disk.files.pop(spoilt)
    if data is not None:
        disk.files[spoilt] = data[:4096]
    assert notes(disk, system).standing() == "other"


def test_another_machine_or_another_pair_is_another_device(disk: MemoryDisk) -> None:
    """The notes of one machine on another, or of two times together, do not fit."""
    system, other = SetSystem("a"), SetSystem("a")
    notes(disk, system).renew()
    other.machine = "another"
    assert notes(disk, other).standing() == "other"
    old = disk.files[STATE]
    notes(disk, system).renew()
    disk.files[STATE] = old
    assert notes(disk, system).standing() == "other"


def test_the_machine_s_id_is_not_told(disk: MemoryDisk) -> None:
    """What lies on the disk gives the machine's id away to nobody, and links no two books of one machine."""
    system = SetSystem("a")
    system.machine = "0123456789abcdef0123456789abcdef"
    notes(disk, system).renew()
    Incarnation(disk, system, state=Path("/state/two"), folder=Path("/data")).renew()
    hashes = [json.loads(disk.files[path])["machine"] for path in (STATE, Path("/state/two"))]
    assert len(set(hashes)) == 2
    assert all(system.machine.encode() not in data for data in disk.files.values())
    assert not json.loads(disk.files[FOLDER / NAME])["machine"]


def test_a_disk_that_fails_is_no_other_device(disk: MemoryDisk) -> None:
    """What cannot be read for a moment is an error of the disk, and not taken for a copy."""
    system = SetSystem("a")
    notes(disk, system).renew()
    disk.files[STATE] = bytes(5000)  # larger than it may be
    with pytest.raises(StoreError):
        notes(disk, system).standing()


def test_the_machine_has_an_id_that_stays() -> None:
    """This machine gives the same id each time, or none at all; it never fails."""
    assert RealSystem().machine_id() == RealSystem().machine_id()


@pytest.mark.parametrize("platform", ["win32", "darwin", "linux", "amiga"])
def test_a_machine_that_tells_no_id_is_no_error(monkeypatch: pytest.MonkeyPatch, platform: str) -> None:
    """Where the system's own way to ask fails, or there is none, the id is empty."""
    monkeypatch.setattr("couplejournal.system.sys.platform", platform)
    assert isinstance(RealSystem().machine_id(), str)
