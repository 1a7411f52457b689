"""Machines that lose their power, folders that lose their minds, libraries that lack what is needed."""

from __future__ import annotations

import random
import subprocess
import sys
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from couplejournal.disk import Disk
from couplejournal.seal import segments
from couplejournal.sync import Sync, SyncMemory
from couplejournal.testing.disks import CrashDisk, CrashError, Fault, MemoryDisk
from couplejournal.testing.drives import DriveSim
from couplejournal.testing.pairs import Member, admit, meet, newcomer, pair

HOUR_MS = 3_600_000
FAULTY = {"deliver": 10, "duplicate": 4, "postpone": 4, "drop": 3, "tear": 2, "conflict": 2}


def with_crashes(member: Member) -> tuple[Member, CrashDisk]:
    """Return the device with a disk of its own that can lose its power."""
    disk = CrashDisk(MemoryDisk())

    def around(inner: Disk) -> Disk:
        disk.inner = inner
        return disk

    return member.copied(around), disk


def contents(disk: CrashDisk, held: dict[tuple[bytes, int], bytes]) -> None:
    """Note which link stands at the end of each file's range; one number never stands for two."""
    assert isinstance(disk.inner, MemoryDisk)
    for path, data in disk.inner.files.items():
        if path.suffix == ".seg":
            head = segments.parse(data).header
            for place, link in ((head.first - 1, head.prev), (head.last, head.end)):
                assert held.setdefault((head.stream, place), link) == link


@pytest.mark.parametrize("fault", ["crash", "crash after"])
def test_59_the_power_goes_while_a_device_rotates_and_writes(fault: Fault) -> None:
    """Attack 59: at each step the disk then holds the old state or the new one, and no number ever has two contents."""
    ana, ben = pair()
    ana.write("before")
    meet([ana, ben])
    admit(ben, newcomer("ben phone", ben))
    for at in count(1):
        device, disk = with_crashes(ana)
        held: dict[tuple[bytes, int], bytes] = {}
        disk.plant(at, fault)
        told = ["before"]
        try:
            device.take_from(ben)  # an admission: the next word needs a new epoch
            for text in ("first", "second"):
                device.write(text)
                told.append(text)
        except CrashError:
            contents(disk, held)
        is_over = not disk.hits
        disk.restart(is_power_cut=not is_over)
        device.reopen()
        shown = device.texts()
        assert told == shown[: len(told)]
        assert len(shown) <= len(told) + 1
        device.take_from(ben)
        device.write("afterwards")
        contents(disk, held)
        reader = ben.copied()
        reader.take_from(device)
        assert reader.texts() == [*shown, "afterwards"]
        assert reader.book.gaps() == []
        if is_over:
            assert at > 5
            return


class Place:
    """One device before the folder that misbehaves."""

    def __init__(self, member: Member, sim: DriveSim, number: int) -> None:
        self.member = member.copied()
        self.engine = Sync(
            self.member.book, sim.face(number), SyncMemory(self.member.disk, self.member.state / "sync.json"),
            self.member.system,
        )  # fmt: skip

    def sync(self, *, may_found: bool = False) -> None:
        """Sync once, and answer what is owed."""
        report = self.engine.run(may_found=may_found)
        assert report.drive == "ok"
        if self.member.book.membership.is_live(self.member.own.id):
            self.member.book.tend()

    def counted(self) -> list[bytes]:
        """Return the ids of all operations that count, sorted."""
        return sorted(op.id for op in self.member.ops() if self.member.book.counts(op))


def hostile_write(rng: random.Random, place: Place, known: list[bytes], text: str) -> bytes:
    """Write, revise or retract with references and predecessors of the author's choosing."""
    chosen = [rng.choice([*known, bytes(32), bytes([rng.randrange(256)]) * 32]) for _ in range(rng.randrange(4))]
    act = rng.randrange(4)
    if act == 0 and known:
        return place.member.revise(rng.choice(known), chosen, text).id
    if act == 1 and known:
        return place.member.retract(rng.choice(known), chosen).id
    return place.member.write(text, joint=bool(rng.randrange(2)), refs=[("about", one) for one in chosen]).id


def interleaved(seed: int) -> None:
    """Let two persons with two devices each act at random before a faulty folder, until one device is removed."""
    rng = random.Random(seed)
    sim = DriveSim(4, seed=seed, weights=FAULTY)
    places = [Place(member, sim, number) for number, member in enumerate(pair("ana", "ben", "ana phone", "ben phone"))]
    ana, ben, phone, bens_phone = places
    ana.sync(may_found=True)
    sim.settle()
    known: list[bytes] = []
    for number in range(40):
        place = rng.choice(places)
        place.member.system.ms += rng.randrange(-30, 30) * HOUR_MS
        if rng.random() < 0.5:
            known.append(hostile_write(rng, place, known, f"{seed} {number}"))
        else:
            place.sync()
        for _ in range(rng.randrange(5)):
            sim.step()
        if rng.random() < 0.05:
            view = sim.views[rng.randrange(4)]
            for path in rng.sample(sorted(view), k=len(view) // 3):  # an older state of the folder
                if path.endswith(".seg"):
                    del view[path]
    ana.sync()
    ana.member.remove(phone.member)
    late = {phone.member.write(f"late {number}").id for number in range(3)}
    honest = (ana, ben, bens_phone)
    for _ in range(6):
        for place in (phone, *honest):
            sim.settle()
            place.member.system.ms += 48 * HOUR_MS
            place.sync()
    counted = [place.counted() for place in honest]
    assert counted[0] == counted[1] == counted[2]
    assert not late & set(counted[0])
    ops = [[op for op in place.member.ops() if place.member.book.counts(op)] for place in honest]
    views = [
        place.member.view(me=ana.member.person, ops=rng.sample(said, len(said)))
        for place, said in zip(honest, ops, strict=True)
    ]
    entries = [[(entry.id, entry.text, entry.state, entry.conflict) for entry in view.entries()] for view in views]
    assert entries[0] == entries[1] == entries[2]
    assert all(place.member.book.gaps() == [] for place in honest)


@settings(max_examples=6)
@given(st.integers(0, 1 << 32))
def test_60_two_persons_two_devices_each_and_a_faulty_folder(seed: int) -> None:
    """Attack 60: drops, repeats, torn and older files: the honest agree; what a removed device says late is out."""
    interleaved(seed)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100))
def test_60_at_length(seed: int) -> None:
    """Attack 60: the same, many times."""
    interleaved(seed)


WITHOUT = """
import sys

class Lacking:
    def find_spec(self, name, path=None, target=None):
        if name == sys.argv[1]:
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Lacking())
from couplejournal.cli.main import run
sys.exit(run(["init", "--name", "Ana", "--no-passphrase"]))
"""


@pytest.mark.parametrize(
    "module",
    [
        "cryptography.cobblestone",
        "cryptography.hazmat.primitives.hpke",
        "cryptography.hazmat.primitives.asymmetric.mlkem",
        "cryptography.hazmat.primitives.kdf.argon2",
    ],
)
def test_62_a_library_of_another_time(module: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Attack 62: where ``cryptography`` lacks what is needed, the start fails with a sentence, and nothing is made."""
    monkeypatch.setenv("COUPLEJOURNAL_HOME", str(tmp_path / "ana"))
    done = subprocess.run([sys.executable, "-c", WITHOUT, module], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("error: the installed 'cryptography' has no ")
    assert len(done.stderr.splitlines()) == 2
    assert not (tmp_path / "ana").exists()


def test_62_a_library_whose_openssl_lacks_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Attack 62: the names are there and OpenSSL cannot do it (47, builds of distributions): the same sentence."""
    from cryptography.exceptions import UnsupportedAlgorithm

    import couplejournal as cj
    from couplejournal.seal import keys

    class Lacking:
        @staticmethod
        def from_seed_bytes(_seed: bytes) -> object:
            raise UnsupportedAlgorithm("not here")

    monkeypatch.setattr(keys, "MLKEM768PrivateKey", Lacking)
    with pytest.raises(cj.SetupError, match="no ML-KEM-768"):
        cj.create("Ana", passphrase=cj.NO_PASSPHRASE, home=tmp_path / "ana")
    assert not (tmp_path / "ana").exists()
