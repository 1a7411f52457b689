"""The two persons of the demo as processes of their own, and the conductor who tells them when to write what."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from couplejournal.testing.couple import Draft

PATIENCE_S = 60.0


class DemoError(Exception):
    """What the demo found wrong, in one sentence."""


class Saved(NamedTuple):
    """An entry that a person saved: its id, when (seconds of `time.perf_counter`), and in which act of the demo."""

    id: str
    at: float
    act: str


class Process:
    """A process of one person that is told lines and tells lines."""

    def __init__(self, environment: Mapping[str, str], *args: str) -> None:
        """Start it and wait until it is ready.

        Raises:
            DemoError: it does not start.
        """
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("person.py")), *args],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1, env=environment,
        )  # fmt: skip
        if self.hear() != ["ready"]:
            raise DemoError("a process of one of the two did not start")

    def tell(self, *words: str) -> None:
        """Hand it one line."""
        assert self._process.stdin is not None
        self._process.stdin.write(" ".join(words) + "\n")

    def hear(self) -> list[str]:
        """Wait for one line and return its words; nothing once it has ended."""
        assert self._process.stdout is not None
        return self._process.stdout.readline().split()

    def end(self) -> None:
        """Let it end: it does when its input is at an end."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()


class Watcher:
    """A running watcher of one person, and when it told of which entry."""

    def __init__(self, home: Path, environment: Mapping[str, str]) -> None:
        """Start the process."""
        self.seen: dict[str, float] = {}
        self._process = Process(environment, "watch", str(home))
        self._listening = threading.Thread(target=self._listen, daemon=True)
        self._listening.start()

    def wait_for(self, ids: Iterable[str]) -> None:
        """Wait until it told of all these entries.

        Raises:
            DemoError: it did not within a minute.
        """
        missing = set(ids)
        until = time.monotonic() + PATIENCE_S
        while missing:
            missing = {entry_id for entry_id in missing if entry_id not in self.seen}
            if missing and (time.monotonic() > until or not self._listening.is_alive()):
                raise DemoError(f"{len(missing)} entries did not reach the other within a minute")
            self._listening.join(0.02)

    def end(self) -> None:
        """Stop watching."""
        self._process.end()
        self._listening.join(PATIENCE_S)

    def _listen(self) -> None:
        while line := self._process.hear():
            self.seen.setdefault(line[0], float(line[1]))


class Conductor:
    """Hands the drafts of a correspondence to two writers, each of which writes its own, both at once."""

    def __init__(
        self, homes: Mapping[str, Path], drafts: Sequence[Draft], end: str, environment: Mapping[str, str]
    ) -> None:
        """Start a writer for each person."""
        self.saved: dict[str, Saved] = {}
        self._drafts = {draft.key: number for number, draft in enumerate(drafts)}
        sample = (str(len(drafts)), end)  # each makes the same drafts of it
        self._writers = {person: Process(environment, "write", str(home), *sample) for person, home in homes.items()}
        self._progress = threading.Condition()
        self._failures: list[str] = []

    def play(self, act: str, drafts: Sequence[Draft], *, pause_s: float = 0.0) -> None:
        """Let both write these drafts at the same time, each of them in order and with a pause after each entry.

        Raises:
            DemoError: one of them could not.
        """
        threads = [
            threading.Thread(target=self._write, args=(person, act, drafts, pause_s), daemon=True)
            for person in self._writers
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if self._failures:
            raise DemoError(self._failures[0])

    def end(self) -> None:
        """Let the writers end."""
        for writer in self._writers.values():
            writer.end()

    def _write(self, person: str, act: str, drafts: Sequence[Draft], pause_s: float) -> None:
        """Let one person write what is theirs of these drafts, each once its thread has come so far."""
        threads = earlier_of_thread(drafts)
        for draft in drafts:
            if draft.author != person:
                continue
            if not self._wait_for(threads[draft.key]) or not self._hand_over(person, draft, act):
                with self._progress:
                    self._failures.append(f"{person.title()} could not write what belonged to a thread")
                    self._progress.notify_all()
                return
            threading.Event().wait(pause_s)

    def _wait_for(self, keys: Sequence[str]) -> bool:
        """Wait until these drafts were saved; False if that fails."""
        with self._progress:
            self._progress.wait_for(lambda: self._failures or all(key in self.saved for key in keys), PATIENCE_S)
            return not self._failures and all(key in self.saved for key in keys)

    def _hand_over(self, person: str, draft: Draft, act: str) -> bool:
        target = [self.saved[draft.refers_to].id] if draft.refers_to else []
        self._writers[person].tell(str(self._drafts[draft.key]), *target)
        answer = self._writers[person].hear()
        if not answer:
            return False
        with self._progress:
            self.saved[draft.key] = Saved(answer[0], float(answer[1]), act)
            self._progress.notify_all()
        return True


def thread_of(draft: Draft) -> str:
    """Return what the drafts of one thread have in common."""
    return draft.key.partition(".")[0]


def earlier_of_thread(drafts: Sequence[Draft]) -> dict[str, list[str]]:
    """Return for each draft the keys of those that stand before it in its thread."""
    threads: dict[str, list[str]] = {}
    earlier = {}
    for draft in drafts:
        before = threads.setdefault(thread_of(draft), [])
        earlier[draft.key] = list(before)
        before.append(draft.key)
    return earlier


def apart(drafts: Sequence[Draft]) -> tuple[list[Draft], list[Draft]]:
    """Divide drafts into those that both can write without hearing of each other, and those that have to wait."""
    only_author: dict[str, str] = {}
    alone: list[Draft] = []
    later: list[Draft] = []
    for draft in drafts:
        thread = thread_of(draft)
        if only_author.setdefault(thread, draft.author) == draft.author:
            alone.append(draft)
        else:
            only_author[thread] = "both"
            later.append(draft)
    return alone, later


def clean_environment(temporary: Path) -> dict[str, str]:
    """Return the environment without any setting of a real journal, and with temporary files in a folder of ours."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("COUPLEJOURNAL_")}
    temporaries = dict.fromkeys(("TMPDIR", "TMP", "TEMP"), str(temporary))
    return {**kept, **temporaries, "NO_COLOR": "1", "COLUMNS": "100", "PYTHONUTF8": "1"}
