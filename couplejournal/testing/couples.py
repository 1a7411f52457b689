"""Two persons with whole journals that share a folder: made by the real pairing, with clocks and chance that repeat.

>>> ana, ben = couple = pair(tmp_path)
>>> bid = ana.add(cj.Bid("Walk?"))
>>> couple.sync()
>>> ben.reply(bid.id, cj.Response.toward("Yes"))
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import couplejournal
from couplejournal.disk import Disk
from couplejournal.errors import PairingError
from couplejournal.journal import Journal
from couplejournal.pairing import Invitation, Joining
from couplejournal.plugins.kinds import as_core_kind
from couplejournal.testing.clocks import FakeSystem
from couplejournal.testing.drivesim import DriveSim

if TYPE_CHECKING:
    from couplejournal.plugins.kinds import Kind

ROUNDS_LIMIT: Final = 20


class Couple:
    """Journals around one folder: those of two persons, and of further devices.

    Without ``sim`` they meet in ``folder / "drive"``. With it each journal has its own face of the simulated drive, in
    the order in which they come. ``disk`` makes the disk of a device, by its name; None is a real one. ``kinds`` are
    those of plugins, which every journal knows.
    """

    def __init__(
        self,
        folder: Path,
        *,
        sim: DriveSim | None = None,
        disk: Callable[[str], Disk] | None = None,
        kinds: Iterable[Kind] = (),
    ) -> None:
        """Begin with nobody."""
        self.folder = folder
        self.sim = sim
        self.journals: list[Journal] = []
        self.systems: list[FakeSystem] = []
        self._disk = disk
        self._kinds = tuple(kinds)
        (folder / "drive").mkdir(parents=True, exist_ok=True)

    def __iter__(self) -> Iterator[Journal]:
        """Iterate over the journals: Ana's and Ben's first."""
        return iter(self.journals)

    @property
    def drive(self) -> Path:
        """Return the folder where they meet, unless they meet on a simulated drive."""
        return self.folder / "drive"

    def start(self, name: str, *, home: str = "", device_name: str = "") -> Journal:
        """Start a journal of one, in open mode, in a home of its own; it knows the meeting place."""
        home = home or name.lower()
        system = FakeSystem(home)
        journal = couplejournal.create(
            name, passphrase=couplejournal.NO_PASSPHRASE, home=self.folder / home, device_name=device_name,
            system=system, disk=None if self._disk is None else self._disk(home),
        )  # fmt: skip
        self.systems.append(system)
        self.journals.append(journal)
        self.meet_in(journal, len(self.journals) - 1)
        # a journal knows the kinds of plugins from its opening on
        return self.restart(len(self.journals) - 1) if self._kinds else journal

    def restart(self, number: int) -> Journal:
        """Close one of the journals and open it anew, as another process would."""
        old = self.journals[number]
        old.close()
        fresh = couplejournal.open(
            home=old.home.config.parent, system=self.systems[number], disk=old.device.disk,
            kinds=[as_core_kind(kind) for kind in self._kinds],
        )  # fmt: skip
        self.journals[number] = fresh
        if self.sim is not None:
            fresh.place.use(self.sim.face(number))
        return fresh

    def meet_in(self, journal: Journal, number: int) -> None:
        """Give a journal its meeting place."""
        if self.sim is not None:
            journal.place.use(self.sim.face(number))
        else:
            journal.place.choose(str(self.drive), is_joining=True)

    def pair(
        self,
        inviter: Journal,
        joiner: Journal,
        *,
        is_device: bool = False,
        share_existing: bool = False,
        anew: bool = False,
    ) -> None:
        """Go through a whole pairing, as two persons do who compare six words and find them equal.

        ``anew``: what either shares already is ended with it.

        Raises:
            PairingError: the six words differ, or it does not come to its end.
        """
        invitation = inviter.pairing.invite(device=is_device, share_existing=share_existing, anew=anew)
        joiner.pairing.join(" ".join(invitation.words), share_existing=share_existing, anew=anew)
        for _ in range(ROUNDS_LIMIT):
            self.settle()
            for journal in (joiner, inviter):
                journal.sync()
                self.settle()
            if _confirm(inviter.pairing.current, joiner.pairing.current):
                break
        self.sync()
        if joiner.pairing.current is not None or joiner.device.shared is None:
            raise PairingError("the pairing did not come to its end")

    def sync(self) -> int:
        """Sync everybody until nothing moves any more; return how many rounds it took.

        Raises:
            AssertionError: it never ends.
        """
        for round_ in range(1, ROUNDS_LIMIT + 1):
            reports = []
            for journal in self.journals:
                reports.append(journal.sync())
                self.settle()
            is_quiet = not any(report.changed or report.published_files or report.outbox for report in reports)
            if is_quiet and round_ > 1:  # a pairing moves files that no report counts
                return round_
        raise AssertionError("syncing never comes to its end")

    def settle(self) -> None:
        """Let everything arrive that is under way on a simulated drive."""
        if self.sim is not None:
            self.sim.settle()

    def close(self) -> None:
        """Close the journals."""
        for journal in self.journals:
            journal.close()


def pair(
    tmp_path: Path,
    *,
    sim: DriveSim | None = None,
    disk: Callable[[str], Disk] | None = None,
    kinds: Iterable[Kind] = (),
    is_paired: bool = True,
) -> Couple:
    """Return Ana and Ben, who share a journal; with ``is_paired=False`` each still has one alone."""
    couple = Couple(tmp_path, sim=sim, disk=disk, kinds=kinds)
    ana, ben = couple.start("Ana"), couple.start("Ben")
    if is_paired:
        couple.pair(ana, ben)
    return couple


def _confirm(inviter: object, joiner: object) -> bool:
    """Let both say yes if both screens show the same six words; False while one shows none yet.

    Raises:
        PairingError: they differ.
    """
    if not isinstance(inviter, Invitation) or not isinstance(joiner, Joining):
        return False
    theirs, ours = inviter.check_words_known, joiner.check_words_known
    if theirs is None or ours is None:
        return False
    if theirs != ours:
        raise PairingError("the six words differ")
    joiner.confirm()
    inviter.accept()
    return True
