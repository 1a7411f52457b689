"""Whoever leaves, rests and writes in whatever order: nothing is lost, nothing leaks, and the end is one for all."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TypeAlias

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import couplejournal as cj
from couplejournal.journal import Journal
from couplejournal.testing.clocks import FakeSystem
from couplejournal.testing.couples import pair
from couplejournal.testing.disks import MemoryDisk
from couplejournal.testing.drivesim import DriveSim

HOMES = ("ana", "ben", "phone")  # the telephone is Ben's
Acts: TypeAlias = "list[tuple[int, str]]"
ACTS = st.lists(
    st.tuples(
        st.sampled_from(range(len(HOMES))), st.sampled_from(["share", "keep", "leave", "sync", "pause", "resume"])
    ),
    max_size=16,
)
Beginning: TypeAlias = "tuple[Path, list[MemoryDisk], DriveSim]"


@pytest.fixture(scope="module")
def beginning(tmp_path_factory: pytest.TempPathFactory) -> Beginning:
    """Return the disks of three devices that share a journal, and the folder."""
    tmp_path, sim = tmp_path_factory.mktemp("beginning"), DriveSim(3)
    couple = pair(tmp_path, sim=sim, disk=lambda _: MemoryDisk())
    couple.pair(couple.journals[1], couple.start("Ben", home="phone"), is_device=True)
    couple.sync()
    couple.close()
    disks = [journal.device.disk for journal in couple]
    return tmp_path, [disk for disk in disks if isinstance(disk, MemoryDisk)], sim


class World:
    """Three devices that go on from the same beginning, and what each was told when it wrote."""

    def __init__(self, beginning: Beginning) -> None:
        tmp_path, disks, sim = beginning
        self.sim = DriveSim(3)
        self.sim.views = [dict(view) for view in sim.views]
        self.told: list[list[tuple[str, str]]] = [[], [], []]
        self.journals = []
        for number, (home, disk) in enumerate(zip(HOMES, disks, strict=True)):
            own = MemoryDisk()
            own.files, own.folders = dict(disk.files), set(disk.folders)
            journal = cj.open(home=tmp_path / home, system=FakeSystem(f"{home} later"), disk=own)
            journal.place.use(self.sim.face(number))
            self.journals.append(journal)

    def act(self, number: int, what: str, at: int) -> None:
        """Let one device do something."""
        journal = self.journals[number]
        if what in ("share", "keep"):
            text = f"{what} {at}"
            entry = journal.add(cj.Bid(text), audience="shared" if what == "share" else "private")
            self.told[number].append((text, entry.audience))
        elif what == "leave":
            if journal.is_shared or any(one.state == "syncing" for one in journal.status().parted):
                journal.parting.leave()  # once: a second time it would stop with words on their way
        elif what == "sync":
            journal.sync()
            self.sim.settle()
        else:
            getattr(journal.parting, what)()

    def end(self) -> None:
        """Let everything arrive everywhere."""
        for journal in self.journals:
            journal.parting.resume()
        for _ in range(6):
            for journal in self.journals:
                journal.sync()
                self.sim.settle()


def texts(journal: Journal, audience: str) -> Counter[str]:
    """Return what an audience reads, each text with how often it stands there."""
    return Counter(entry.text for entry in journal.entries(audience=audience))


def tell(beginning: Beginning, acts: Acts) -> None:
    """Go through the acts, and look at what came of them."""
    world = World(beginning)
    for at, (number, what) in enumerate(acts):
        world.act(number, what, at)
    world.end()
    has_ended = any(what == "leave" for _, what in acts)
    assert [journal.is_shared for journal in world.journals] == [not has_ended] * 3
    shared = [texts(journal, "shared") for journal in world.journals]
    for journal, told, seen in zip(world.journals, world.told, shared, strict=True):
        for audience in ("private", "waiting"):
            assert texts(journal, audience) == Counter(text for text, heard in told if heard == audience)
        assert Counter(text for text, heard in told if heard == "shared") <= seen
        assert set(seen.values()) <= {1}
        assert set(seen) <= {text for each in world.told for text, heard in each if heard == "shared"}
    syncing = [
        seen
        for journal, seen in zip(world.journals, shared, strict=True)
        if all(one.state == "syncing" for one in journal.status().parted)
    ]
    for seen in syncing:
        assert seen == syncing[0]
        assert all(other <= seen for other in shared)


@given(acts=ACTS)
@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_leaving_in_any_order(beginning: Beginning, acts: Acts) -> None:
    """M19, M22: some orders of leaving, resting and writing end with one state, and every word where it belongs."""
    tell(beginning, acts)


@pytest.mark.long
@given(acts=ACTS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_leaving_in_every_order(beginning: Beginning, acts: Acts) -> None:
    """M19, M22: many orders of leaving, resting and writing end with one state, and every word where it belongs."""
    tell(beginning, acts)
