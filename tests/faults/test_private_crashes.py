"""Crashes of the disk while a device comes into the private book: one book in the end, and nothing twice."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest

import couplejournal as cj
from couplejournal.disk import Disk
from couplejournal.errors import StoreError
from couplejournal.journal import Journal
from couplejournal.testing.clocks import FakeSystem
from couplejournal.testing.disks import CrashDisk, CrashError, Fault, MemoryDisk
from couplejournal.testing.drives import DriveSim

TEXTS = ["about that", "at home", "on the phone"]
ROUNDS = 12


class World:
    """Ana's two devices before a private folder: the laptop keeps its private book there, the telephone comes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.sim = DriveSim(1)
        self.disks = {"laptop": CrashDisk(MemoryDisk()), "phone": CrashDisk(MemoryDisk())}
        self.systems = {name: FakeSystem(name) for name in self.disks}
        self.journals: dict[str, Journal] = {}
        for name in self.disks:
            journal = cj.create(
                "Ana", passphrase=cj.NO_PASSPHRASE, home=folder / name, device_name=name, system=self.systems[name],
                disk=self.disks[name],
            )  # fmt: skip
            self.take(name, journal)
        laptop, phone = self.journals["laptop"], self.journals["phone"]
        private = laptop.device.private.folder
        laptop.device.change_settings(
            lambda now: type(now)(private_drive=str(folder / "own"), private_founding=private)
        )  # fmt: skip
        laptop.add(cj.Note("at home"))
        phone.add(cj.Note("about that"), refs={"about": phone.add(cj.Note("on the phone"))})
        laptop.sync()
        self.words = " ".join(laptop.pairing.invite(private=True).words)

    def take(self, name: str, journal: Journal) -> None:
        """Let a journal that was just opened meet on the simulated folder."""
        journal.place.use_private(self.sim.face(0))
        self.journals[name] = journal

    def copied(self) -> World:
        """Return the same world once more, to go its own way."""
        other = object.__new__(World)
        other.folder, other.words = self.folder, self.words
        other.sim = DriveSim(1)
        other.sim.views, other.sim.folders = [dict(view) for view in self.sim.views], [set(f) for f in self.sim.folders]
        other.disks = {}
        other.systems = copy.deepcopy(self.systems)
        other.journals = {}
        for name, disk in self.disks.items():
            inner = MemoryDisk()
            assert isinstance(disk.inner, MemoryDisk)
            inner.files, inner.folders = dict(disk.inner.files), set(disk.inner.folders)
            other.disks[name] = CrashDisk(inner)
            other.restart(name)
        return other

    def restart(self, name: str) -> None:
        """Open a journal anew after a crash."""
        disk: Disk = self.disks[name]
        self.take(name, cj.open(home=self.folder / name, system=self.systems[name], disk=disk))

    def go_on(self) -> None:
        """Do what is to be done next, on both devices, until the telephone is in and has brought along what it had."""
        for _ in range(ROUNDS):
            laptop, phone = self.journals["laptop"], self.journals["phone"]
            if phone.pairing.current is None and len(phone.device.secrets.books) == 1:
                phone.pairing.join(self.words, private_folder=str(self.folder / "own"))
            for journal in (phone, laptop):
                journal.sync()
            joining, invitation = phone.pairing.current, laptop.pairing.current
            if isinstance(joining, cj.Joining) and joining.check_words_known:
                joining.confirm()
                if isinstance(invitation, cj.Invitation) and invitation.is_answered:
                    invitation.accept()

    def require_one_book(self) -> None:
        """Both show all of it, once, under one root, with nothing left to do and no pairing file left."""
        laptop, phone = self.journals["laptop"], self.journals["phone"]
        assert phone.device.private.id == laptop.device.private.id
        for journal in (laptop, phone):
            assert sorted(entry.text for entry in journal.entries()) == TEXTS
            assert not journal.device.settings.gathers
            assert (journal.pairing.current, journal.pairing.leftovers()) == (None, None)
            about = next(journal.entries(text="about that"))
            assert journal.entry(about.refs[0].id).text == "on the phone"
        ops = [op for op in laptop.device.private.ops_after({}) if op.word == "write"]
        assert len(ops) == len(TEXTS)
        assert not [path for path in self.sim.views[0] if path.startswith("invites/")]


@pytest.fixture(scope="module")
def beginning(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Return a world in which the invite lies in the folder."""
    return World(tmp_path_factory.mktemp("private"))


def survive(world: World, name: str, fault: Fault, at: int) -> None:
    """Let one fault happen at a call to the disk of one device, start that one anew, and go on."""
    world.disks[name].plant(at, fault)
    try:
        world.go_on()
    except (CrashError, StoreError):
        world.disks[name].restart()
        world.restart(name)
    world.disks[name].restart(is_power_cut=False)
    world.go_on()
    try:
        world.require_one_book()
    except AssertionError as error:
        error.add_note(f"{fault} at call {at} of {name}")
        raise


def calls_of(beginning: World, name: str) -> int:
    """Return how many calls a device makes while nothing goes wrong."""
    world = beginning.copied()
    world.disks[name].plant(0, "fail")
    world.go_on()
    world.require_one_book()
    return len(world.disks[name].calls)


@pytest.mark.parametrize("name", ["laptop", "phone"])
def test_a_few_crashes_leave_one_private_book(beginning: World, name: str) -> None:
    """Crashes here and there while the telephone comes in."""
    last = calls_of(beginning, name)
    for at in range(3, last, last // 3):
        survive(beginning.copied(), name, "crash", at)


@pytest.mark.long
@pytest.mark.parametrize("fault", ["crash", "crash after", "fail"])
@pytest.mark.parametrize("name", ["laptop", "phone"])
def test_a_crash_anywhere_leaves_one_private_book(beginning: World, name: str, fault: Fault) -> None:
    """A crash at every fourth call that writes, of either device."""
    world = beginning.copied()
    world.disks[name].plant(0, "fail")
    world.go_on()
    writing = {"write_new", "replace", "append", "remove"}
    calls = [at for at, call in enumerate(world.disks[name].calls, 1) if call.split(" ")[0] in writing]
    assert calls
    for at in calls[::4]:
        survive(beginning.copied(), name, fault, at)
