"""Whatever the drive does, books that go on syncing hold the same, and nothing else."""

from __future__ import annotations

import errno
from typing import Literal, NamedTuple

from hypothesis import given
from hypothesis import strategies as st
from unit.sync.couple import Couple, Device
from unit.sync.fake_book import FINE, NEWER, WRONG, FakeBook, Toy, opened

from couplejournal.sync.names import folder_of
from couplejournal.testing.drives import ROUGH, DriveSim, FaultyDrive

DEVICES = 3
ROUNDS = 8
Act = Literal["write", "sync", "drive", "fault", "time", "restart", "forget", "boot", "plant"]


class Step(NamedTuple):
    """One thing that happens: what, to which device, and any number."""

    act: Act
    device: int
    number: int


often: list[Act] = ["write", "sync", "drive"]
acts: list[Act] = [*often, *often, *often, "fault", "time", "restart", "forget", "boot", "plant"]
steps = st.lists(
    st.builds(Step, st.sampled_from(acts), st.integers(0, DEVICES - 1), st.integers(0, 1 << 16)), max_size=60
)


class World:
    """Three devices on a rough drive, and everything that was ever written."""

    def __init__(self, seed: int) -> None:
        self.couple = Couple(DEVICES, seed=seed)
        self.couple.sim = DriveSim(DEVICES, seed=seed, weights=ROUGH)
        for number, device in enumerate(self.devices):
            device.drive.inner = self.couple.sim.face(number)
        self.written: set[str] = set()
        self.couple.devices[0].sync(may_found=True)

    @property
    def devices(self) -> list[Device]:
        return self.couple.devices

    def do(self, step: Step) -> None:
        """Let one thing happen."""
        device = self.devices[step.device]
        match step.act:
            case "write":
                self.write(device)
            case "sync":
                self.sync(device)
            case "drive":
                for _ in range(step.number % 8):
                    self.couple.sim.step()
            case "fault":
                self.sync_with_fault(device, step.number)
            case "plant":
                self.plant(step)
            case _:
                self.disturb(step.act, device, step.number)

    def disturb(self, act: Act, device: Device, number: int) -> None:
        """Let time pass, or take from a device what it may lose."""
        if act == "time":
            self.couple.system.pass_by(hours=(number % 400) / 10)
        elif act == "boot":
            self.couple.system.boot = f"boot-{number}"
        else:
            if act == "forget":
                device.disk.files.clear()
            device.restart()

    def write(self, device: Device) -> None:
        """Save a word. Few enough that a look at the last twenty own segments sees all of them."""
        if sum(held.is_mine for held in device.book.held()) < 20:
            word = f"word {len(self.written)}"
            device.book.write(word)
            self.written.add(word)

    def plant(self, step: Step) -> None:
        """Leave a segment that must never be stored: wrong, too new, or of another book."""
        book = self.devices[0].book
        flaw = (WRONG, NEWER, FINE)[step.number % 3]
        owner = FakeBook(9, name="another").id if flaw == FINE else book.id
        toy = Toy(book=owner, author=0, stream=b"\6" * 16, first=1 + step.number, ops=(b"planted",), flaw=flaw)
        self.couple.sim.plant(step.device, f"{folder_of(book.id)}/streams/{step.number}.seg", toy.seal())

    def sync_with_fault(self, device: Device, number: int) -> None:
        """Sync once while one call of the drive, or all from then on, fail."""
        calm = device.drive.inner
        code = (errno.EIO, errno.ENOSPC, errno.EROFS, errno.ENOENT, errno.EACCES)[number % 5]
        device.drive.inner = FaultyDrive(
            calm, fail_at=1 + number // 5 % 9, number=code, is_lasting=bool(number % 2), is_done=number % 3 == 0
        )
        self.sync(device)
        device.drive.inner = calm

    def sync(self, device: Device, *, may_found: bool = False) -> str:
        """Sync once, and see that nothing went and nothing came that must not."""
        before = device.book.ops()
        report = device.sync(may_found=may_found)
        after = device.book.ops()
        assert before.items() <= after.items(), "what was held is held for ever"
        assert device.drive.counts["remove"] == 0
        for data in device.book.files.values():
            toy = opened(data)
            assert toy is not None
            assert (toy.book, toy.flaw) == (device.book.id, FINE)
        return report.drive

    def calm(self) -> None:
        """End all faults, and let all sync for some days; where the marker is gone, its repair is allowed."""
        for number in range(ROUNDS):
            self.couple.sim.settle()
            self.couple.system.boot = f"calm-{number}"
            for device in self.devices:
                if self.sync(device) != "ok":
                    assert self.sync(device, may_found=True) == "ok"
            self.couple.system.pass_by(hours=25)


@given(st.integers(0, 1 << 32), steps)
def test_books_converge_over_a_rough_drive(seed: int, steps: list[Step]) -> None:
    """I2, I5, I6: after the faults all hold all that was ever written, whatever came before; then all is quiet."""
    world = World(seed)
    for step in steps:
        world.do(step)
    world.calm()
    for device in world.devices:
        assert device.book.words() == world.written
        assert device.book.ops() == world.devices[0].book.ops()
        assert device.engine.run().outbox == 0
    for _ in range(4):
        for device in world.devices:
            device.sync()
        world.couple.sim.settle()
    for device in world.devices:
        written = device.disk.writes
        device.sync()
        assert (device.drive.counts["list"], device.reads, device.writes) == (1, 0, 0)
        assert device.disk.writes == written


@given(st.integers(0, 1 << 32), st.permutations(range(DEVICES)), st.integers(0, 20))
def test_order_of_syncs_and_arrivals(seed: int, order: list[int], words: int) -> None:
    """On a drive that only delays and reorders, a few rounds of syncs in any order make all books equal."""
    couple = Couple(DEVICES, seed=seed)
    couple.devices[0].sync(may_found=True)
    couple.carry()
    for number in range(words):
        couple.devices[couple.sim.draw(DEVICES)].book.write(f"word {number}")
    for _ in range(3):
        for number in order:
            couple.devices[number].sync()
            for _ in range(couple.sim.draw(9)):
                couple.sim.step()
        couple.system.pass_by(seconds=60)
    couple.carry()
    for device in couple.devices:
        device.sync()
    assert [len(device.book.words()) for device in couple.devices] == [words] * DEVICES
