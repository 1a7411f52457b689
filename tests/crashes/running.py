"""Strike a command at each of its points, look at what is left, and count."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from crashes.commands import Command
from crashes.forking import Done, Program
from crashes.places import Fragile, Place
from crashes.tracing import Point, Strace, off_by, points_of, recorder, striker
from crashes.worlds import Stages, World, WrongError, require

ERRNOS = ("EIO", "ENOSPC")
CUTS = {"cut-ext4": ("ext4", False), "cut-xfs": ("xfs", False), "torn-ext4": ("ext4", True), "torn-xfs": ("xfs", True)}
FAULTS = ("kill", *ERRNOS, *CUTS)
TRIES = 30  # how often a file is opened to be read depends on how busy the machine is
END = Point("end", 1, "after the command")


@dataclass
class Count:
    """What came of one command and one fault."""

    command: str
    fault: str
    points: int = 0
    runs: int = 0
    seconds: float = 0.0
    missed: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


class Bench:
    """The program, the stages and the places, for as long as it takes."""

    def __init__(self, base: Path, *, broken: str = "") -> None:
        """Make the stages; ``broken`` plants a fault in the commands that are struck."""
        self.program = Program(base / "said")
        self.world = base / "world"
        self.base = base
        self.broken = broken
        self.stages = Stages(self.program, self.world, base / "stages")
        self._places: dict[str, Place] = {}
        self._points: dict[str, list[Point]] = {}

    def points(self, command: Command) -> list[Point]:
        """Return the points of a command, learnt from a run in which nothing goes wrong."""
        if command.name not in self._points:
            trace = recorder(self.base / "trace")
            world = self._lay_out(command, self._place(""))
            done = self._run(command, world, trace)
            require(done.code in (0, 13), f"{command.name} fails without a fault ({done.code}): {done.err}")
            self._points[command.name] = points_of(trace.seen(), self.world)
            command.check(world, done)
        return self._points[command.name]

    def try_all(self, command: Command, fault: str, *, every: int = 1, shift: int = 0) -> Count:
        """Strike a command at every point, or at every so many-th."""
        began = time.monotonic()
        count = Count(command.name, fault)
        try:
            points = [point for point in self.points(command) if point.is_change or fault in ERRNOS]
        except AssertionError as error:
            count.failures.append(f"{command.name}, without a fault: {error}")
            return count
        count.points = len(points)
        struck = points[shift % every :: every] + ([END] if fault in CUTS else [])
        for point in struck:
            count.runs += 1
            try:
                if not self._strike(command, fault, point):
                    count.missed.append(str(point))
            except AssertionError as error:
                count.failures.append(f"{command.name}, {fault} at {point}: {error}")
        count.seconds = time.monotonic() - began
        return count

    def close(self) -> None:
        """Leave nothing behind."""
        for place in self._places.values():
            place.close()
        self.program.close()

    def _strike(self, command: Command, fault: str, point: Point) -> bool:
        """Let it happen once; return whether the point was hit."""
        place = self._place(fault)
        for _ in range(TRIES):
            world = self._lay_out(command, place)
            before = world.published()
            trace = striker(self.base / "trace", point, fault if fault in ERRNOS else "kill") if point != END else None
            done = self._run(command, world, trace)
            off = 0 if trace is None else off_by(trace.seen(), point, self.world)
            if off == 0:
                break
            point = replace(point, number=point.number + off)
        else:
            return False
        judge(command, fault, point, done, self.world)
        if place.can_cut:
            place.cut()
        after = world.published()
        changed = [name for name in before if name.endswith(".seg") and after.get(name) != before[name]]
        require(not changed, f"files in the shared folder changed: {changed}")
        command.check(world, done)
        now = world.published()
        twice = [name for name in after if name in now and now[name] != after[name]]
        require(not twice, f"published twice with other bytes: {twice}")
        return True

    def _run(self, command: Command, world: World, trace: Strace | None) -> Done:
        return self.program.run(
            command.argv(world), world.folder / command.who, said=command.said(world),
            watch=None if trace is None else trace.attach, broken=self.broken,
        )  # fmt: skip

    def _lay_out(self, command: Command, place: Place) -> World:
        place.lay_out(self.stages.folder(command.stage))
        return World(self.program, self.world, self.stages.facts[command.stage])

    def _place(self, fault: str) -> Place:
        """Return where a fault strikes; one file system at a time is mounted there."""
        kind = fault if fault in CUTS else ""
        for other, place in self._places.items():
            if other != kind:
                place.close()
        if kind not in self._places:
            self._places[kind] = (
                Fragile(self.world, self.base / "images", CUTS[kind][0], is_log_kept=CUTS[kind][1])
                if kind else Place(self.world)
            )  # fmt: skip
        return self._places[kind]


def judge(command: Command, fault: str, point: Point, done: Done, world: Path) -> None:
    """Fail where the end of a command is not one that people can live with: a code of ours, and words."""
    said = done.out + done.err
    require("Traceback" not in said, f"a traceback: {done.err}")
    require("went wrong inside" not in said, f"an error that nobody foresaw: {done.err}")
    if fault not in ERRNOS:
        require(done.code in ((0, 13) if point == END else (-9,)), f"it ended with {done.code}: {done.err}")
        return
    require(done.code in command.codes, f"it ended with {done.code}: {done.err}")
    require(done.code != 1 or done.err.startswith("error: ") or "\nerror: " in done.err, f"no reason: {done.err!r}")
    require(str(world / command.who) not in done.err, f"a path of the journal: {done.err}")


def counted(bench: Bench, commands: list[Command], faults: list[str], *, every: int) -> Iterator[Count]:
    """Yield what comes of each command and fault."""
    for fault in faults:
        for number, command in enumerate(commands):
            yield bench.try_all(command, fault, every=every, shift=number)


__all__ = ["FAULTS", "Bench", "Count", "WrongError", "counted"]
