"""What two partners live through over one real drive, the same for every drive, and what must be true afterwards.

They pair, write together, go on while one of them cannot reach the drive, and write at the same time while the drive's
program is killed under them and one of their own processes is, too. Then everything has to arrive.
"""

from __future__ import annotations

import hashlib
import json
import os
import queue
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol

from drives.people import Person, until

PARTNER = Path(__file__).with_name("partner.py")
SECONDS = float(os.environ.get("DRIVE_SECONDS") or "3")
"""How long the two write in all, in three stretches of equal length; `make drives` says more."""

ENTRIES_A_SECOND = 4.0
ARRIVES_WITHIN_S = 60.0
LOOKED_AGAIN_AFTER_S = 1.5  # as people do; a mount that waits with its upload until nobody reads would wait for ever
OF_A_BOOK = re.compile(r"[0-9a-f]{32}/(book\.cj|streams/[0-9a-f]{32}/[0-9]{8}-[0-9]{8}-[0-9a-f]{32}(-r[1-8])?\.seg)")
TEMPORARY = re.compile(r"(.*/)?~\$cj[0-9a-f]{16}\.tmp")


class Meeting(Protocol):
    """A real drive, as two partners reach it."""

    ana: Path
    ben: Path
    prefix: Sequence[str]
    sends_again_s: float
    """How long after a cut a file that lay there may lie there in part, since it is sent once more."""

    def away(self) -> AbstractContextManager[object]:
        """Ben cannot reach it for as long as the context lasts."""

    def cut(self) -> AbstractContextManager[object]:
        """Something breaks, and is as before when the context ends."""

    def listed(self) -> list[dict[str, str]]:
        """Return what really lies there, as digests by path, once for each place where it lies."""


class Partner:
    """A process with a home, and what it said that it saved; see `partner.py`."""

    def __init__(self, name: str, home: Path, prefix: Sequence[str]) -> None:
        self.name, self.home = name, home
        self.saved: list[str] = []
        self._prefix = list(prefix)
        self._start()

    def _start(self) -> None:
        self._process = subprocess.Popen(
            [*self._prefix, sys.executable, str(PARTNER), str(self.home)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self._answers: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._listener = threading.Thread(target=self._listen, args=(self._process, self._answers), daemon=True)
        self._listener.start()

    def _listen(self, process: subprocess.Popen[str], answers: queue.SimpleQueue[Any]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            answer = json.loads(line)
            if "saved" in answer:
                self.saved.append(answer["saved"])
            else:
                answers.put(answer)
        answers.put({"ended": True})

    def begin(self, act: str, **told: Any) -> None:
        """Tell it to do something."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"act": act, **told}) + "\n")
        self._process.stdin.flush()

    def answer(self) -> Any:
        """Wait for what came of it."""
        return self._answers.get(timeout=2 * ARRIVES_WITHIN_S + SECONDS)

    def tell(self, act: str, **told: Any) -> Any:
        """Tell it to do something, and wait for what comes of it."""
        self.begin(act, **told)
        return self.answer()

    def do(self, act: str, **told: Any) -> bool:
        """Tell it to do something, and say whether it could."""
        return "error" not in self.tell(act, **told)

    def write(self, what: str, seconds: float) -> None:
        """Begin to write for some time."""
        count = max(3, round(seconds * ENTRIES_A_SECOND))
        self.begin("write", prefix=f"{self.name} {what}", count=count, seconds=seconds, syncs=True)

    def texts(self) -> list[str]:
        """Return what its journal shows."""
        return list(self.tell("texts")["texts"])

    def kill(self) -> None:
        """Kill it, and start another in the same home; what it said to have saved by then is known."""
        self._process.send_signal(signal.SIGKILL)
        self.end()
        self._start()

    def end(self) -> None:
        """Let it end."""
        with suppress(BrokenPipeError):
            assert self._process.stdin is not None
            self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._listener.join(10)
        assert self._process.stdout is not None
        self._process.stdout.close()


class Story:
    """One life of two partners over one drive."""

    def __init__(self, meeting: Meeting, ana: Partner, ben: Partner) -> None:
        self.meeting, self.ana, self.ben = meeting, ana, ben
        self.began = time.monotonic()
        self.known: dict[str, str] = {}
        self.temporary = 0
        self.reports: list[Any] = []
        self.waits: dict[str, float] = {}

    def pair(self) -> None:
        """Let the two pair, with as many looks as the drive needs to carry it."""
        invite = self.ana.tell("invite", name="Ana", folder=str(self.meeting.ana))
        assert "words" in invite, invite
        told = {"name": "Ben", "folder": str(self.meeting.ben), "words": invite["words"]}
        until(lambda: self.ben.do("join", **told))
        both = (self.ben, self.ana)
        until(
            lambda: [one.do("sync") for one in both] and all(one.tell("look").get("check_words") for one in both),
            pause_s=LOOKED_AGAIN_AFTER_S,
        )
        assert self.ana.tell("look") == self.ben.tell("look")
        until(lambda: self.ben.do("agree"))
        until(lambda: self.ana.do("agree"))
        until(lambda: [one.do("sync") for one in both] and all(one.tell("paired").get("partner") for one in both))

    def settle(self, what: str) -> None:
        """Wait until each has all that either saved and all of it lies on the drive; then look at the drive."""
        begun = time.monotonic()
        try:
            until(self._is_settled, patience_s=ARRIVES_WITHIN_S)
        except AssertionError:
            raise AssertionError(f"{what}: not everything arrived: {self.reports}") from None
        self.waits[what] = time.monotonic() - begun
        self.look()

    def _is_settled(self) -> bool:
        self.reports = [one.tell("sync") for one in (self.ana, self.ben, self.ana)]
        if any(report.get("drive") != "ok" or report.get("outbox") for report in self.reports[1:]):
            return False
        hers, his = (sorted(one.texts()) for one in (self.ana, self.ben))
        return hers == his and {*self.ana.saved, *self.ben.saved} <= set(hers)

    def look(self) -> None:
        """Hold what lies on the drive against what lay there: nothing of ours changed, nothing has a strange name."""
        end = time.monotonic() + self.meeting.sends_again_s
        while changed := self._changed():
            assert time.monotonic() < end, f"files of ours changed: {changed}"
            time.sleep(0.1)

    def _changed(self) -> list[str]:
        """Return which of the files that lay there are others now; where none is, what lies there is what is known."""
        changed: list[str] = []
        known = self.known
        for listing in self.meeting.listed():
            ours = {path: digest for path, digest in listing.items() if OF_A_BOOK.fullmatch(path)}
            strange = listing.keys() - ours.keys()
            left = {path for path in strange if TEMPORARY.fullmatch(path)}
            self.temporary = max(self.temporary, len(left))
            assert {path for path in strange - left if not path.startswith("invites/")} == set()
            changed += [path for path, digest in self.known.items() if ours.get(path, digest) != digest]
            assert [path for path in self.known.keys() - ours.keys() if not is_merged(path, ours)] == []
            known = ours
        if not changed:
            self.known = known
        return changed

    def verify(self) -> None:
        """Nothing is lost, nothing is there twice, and both export the same."""
        wanted = sorted({*self.ana.saved, *self.ben.saved})
        for one in (self.ana, self.ben):
            shown = one.texts()
            assert len(shown) == len(set(shown)), "an entry is there twice"
            assert set(wanted) <= set(shown), "an entry is lost"
        assert sorted(self.ana.texts()) == sorted(self.ben.texts())

    def said(self) -> str:
        """Return one line of figures."""
        waits = ", ".join(f"{what} {wait:.1f}" for what, wait in self.waits.items())
        count, files = len({*self.ana.saved, *self.ben.saved}), len(self.known)
        return (
            f"{count} entries, {files} files, {self.temporary} temporary left; lost 0, doubled 0; "
            f"arrived after (s): {waits}; {time.monotonic() - self.began:.1f} s in all"
        )


def live(name: str, meeting: Meeting, work: Path, *, seconds: float = SECONDS) -> None:
    """Let the two live through all of it; they write for ``seconds``, in three stretches."""
    with partner("Ana", work / "ana", meeting.prefix) as ana, partner("Ben", work / "ben", meeting.prefix) as ben:
        story = Story(meeting, ana, ben)
        story.pair()
        story.settle("pairing")
        together(ana, ben, "together", seconds / 3)
        story.settle("together")
        with meeting.away():
            together(ana, ben, "apart", seconds / 3)
        story.settle("apart")
        cut(meeting, ana, ben, seconds / 3)
        story.settle("cut")
        story.verify()
        print(f"{name}: {story.said()}")
    exports = [exported(Person(one.home, prefix=meeting.prefix), work / f"out-{one.name}") for one in (ana, ben)]
    assert exports[0] == exports[1]
    assert {*ana.saved, *ben.saved} <= {one["fields"]["text"] for one in exports[0]}


def together(ana: Partner, ben: Partner, what: str, seconds: float) -> None:
    """Let both write at the same time."""
    for one in (ana, ben):
        one.write(what, seconds)
    for one in (ana, ben):
        done = one.answer()
        assert "drive" in done, done


def cut(meeting: Meeting, ana: Partner, ben: Partner, seconds: float) -> None:
    """Let both write, break the drive under them again and again, and kill one of them."""
    cuts = max(2, round(seconds / 4))
    pause = threading.Event()
    for one in (ana, ben):
        one.write("before and after the cut", seconds)
    for number in range(cuts):
        pause.wait(seconds / 2 / cuts)
        with meeting.cut():
            pause.wait(seconds / 4 / cuts)
            if number == 0:
                ben.kill()
                ben.write("after the kill", seconds / 2)
            pause.wait(seconds / 4 / cuts)
    for one in (ana, ben):
        done = one.answer()
        assert "drive" in done, done


@contextmanager
def partner(name: str, home: Path, prefix: Sequence[str]) -> Iterator[Partner]:
    """Give a partner who is gone afterwards."""
    one = Partner(name, home, prefix)
    try:
        yield one
    finally:
        one.end()


def exported(person: Person, folder: Path) -> list[Mapping[str, Any]]:
    """Return the entries of a readable export, without the one thing that depends on who reads."""
    done = person("export", str(folder))
    assert done.code == 0, done.err
    lines = [json.loads(line) for line in (folder / "entries.jsonl").read_text("utf-8").splitlines()]
    for line in lines:
        del line["author"]["is_me"]
    return lines


def is_merged(path: str, present: Iterable[str]) -> bool:
    """Say whether a file that is gone lies within a larger one of its stream, by their names."""
    stream, _, name = path.rpartition("/")
    if not name.endswith(".seg"):
        return False
    first, last = name.split("-")[:2]
    names = [there.rpartition("/")[2] for there in present if there.startswith(f"{stream}/")]
    return any(one.split("-")[0] <= first and last <= one.split("-")[1] for one in names)


def digests(folder: Path, *, beside: Sequence[str] = ()) -> dict[str, str]:
    """Return the digest of every file below a folder by its path; names of the drive's own are left out."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and path.relative_to(folder).parts[0] not in beside
    }
