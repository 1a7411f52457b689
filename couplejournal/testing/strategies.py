"""Strategies for hypothesis: what people write, what a simulated drive does, where a disk fails."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Final, NamedTuple

from hypothesis import strategies as st

from couplejournal.model.kinds import Appreciation, Bid, Note
from couplejournal.testing.disks import CrashDisk, Fault
from couplejournal.testing.drivesim import HOSTILE, DriveSim

if TYPE_CHECKING:
    from couplejournal.model.content import Content

NUMBERS: Final = (
    errno.EIO, errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EROFS, errno.ESTALE, errno.ETIMEDOUT, errno.ENOENT,
)  # fmt: skip


class DriveFault(NamedTuple):
    """One thing that a simulated drive does: what, to which view, and any number that chooses among what there is."""

    act: str
    device: int
    choice: int

    def befall(self, sim: DriveSim) -> None:
        """Let it happen."""
        sim.do(self.act, self.device % len(sim.views), self.choice)


class DiskFault(NamedTuple):
    """Where a disk fails or a process ends: at which call from now on, how, with which errno, once or from then on."""

    at: int
    fault: Fault
    number: int
    is_lasting: bool

    def plant(self, disk: CrashDisk) -> None:
        """Plant it."""
        disk.plant(self.at, self.fault, number=self.number, is_lasting=self.is_lasting)


def texts(*, max_size: int = 200) -> st.SearchStrategy[str]:
    """Return texts as people write them: any script, line breaks, emoji; not empty, and no lone surrogates."""
    return st.text(
        st.characters(exclude_categories=("Cs", "Cc"), include_characters="\n"), min_size=1, max_size=max_size
    )


def contents() -> st.SearchStrategy[Content]:
    """Return contents of the kinds that refer to nothing: a bid, a note, an appreciation."""
    words = texts().filter(lambda text: bool(text.strip()))
    return st.one_of(words.map(Bid), words.map(Note), words.map(Appreciation))


def drive_faults(*, acts: tuple[str, ...] = tuple(HOSTILE)) -> st.SearchStrategy[DriveFault]:
    """Return faults of a simulated drive, of those that are named; the first are the simplest."""
    return st.builds(DriveFault, st.sampled_from(acts), st.integers(0, 7), st.integers(0, 1 << 24))


def disk_faults(*, calls: int = 40) -> st.SearchStrategy[DiskFault]:
    """Return faults of a disk, or ends of a process, within so many calls of it."""
    fault: st.SearchStrategy[Fault] = st.sampled_from(("fail", "crash", "crash within", "crash after"))
    return st.builds(DiskFault, st.integers(1, calls), fault, st.sampled_from(NUMBERS), st.booleans())
