"""One process of one person: a watcher that tells what came, or a writer that writes drafts of the sample couple.

    python person.py watch HOME             prints ``ENTRY_ID SEEN_AT`` for every entry that it is told of
    python person.py write HOME COUNT END   reads ``DRAFT_NUMBER [TARGET_ID]``, prints ``ENTRY_ID SAVED_AT``

Both end when their standard input does. Times are seconds of `time.perf_counter`, one clock for all processes of a
machine: when the entry was handed to the watcher's reader, and when saving it had returned.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from datetime import datetime

import couplejournal as cj
from couplejournal.testing.couple import Draft, correspondence

PATIENCE_S = 60.0


def main() -> None:
    """Be a watcher or a writer."""
    act, home, *rest = sys.argv[1:]
    with cj.open(home=home) as journal:
        if act == "watch":
            watch(journal)
        else:
            write(journal, correspondence(int(rest[0]), end=datetime.fromisoformat(rest[1])))


def watch(journal: cj.Journal) -> None:
    """Keep this person's home and the drive in step, and tell what came."""

    def tell(change: cj.Change) -> None:
        if isinstance(change, cj.Added):
            print(change.entry.id, time.perf_counter(), flush=True)

    with journal.watching(tell):
        print("ready", flush=True)
        sys.stdin.read()


def write(journal: cj.Journal, drafts: list[Draft]) -> None:
    """Write one draft after the other, as they are asked for."""
    print("ready", flush=True)
    for line in sys.stdin:
        number, *target = line.split()
        entry = write_one(journal, drafts[int(number)], *target)
        print(entry.id, time.perf_counter(), flush=True)


def write_one(journal: cj.Journal, draft: Draft, target: str = "") -> cj.Entry:
    """Write one draft; what it refers to may still be on its way here, so this waits for it."""
    content, when, audience = draft.content, draft.happened_at, draft.audience
    if not target:
        return journal.add(content, audience=audience, happened_at=when)
    if isinstance(content, cj.Response):
        return patiently(lambda: journal.reply(target, content, audience=audience, happened_at=when))
    if isinstance(content, cj.Step):
        step = content
        return patiently(
            lambda: journal.step(target, step.name, text=step.text, audience=audience, happened_at=when)
        )  # fmt: skip
    return patiently(lambda: journal.add(content, audience=audience, happened_at=when, refs={"part_of": target}))


def patiently(act: Callable[[], cj.Entry]) -> cj.Entry:
    """Try again until the other's words have come that make this possible."""
    pause = threading.Event()
    until = time.monotonic() + PATIENCE_S
    while True:
        try:
            return act()
        except cj.EntryError:
            if time.monotonic() > until:
                raise
        pause.wait(0.01)


if __name__ == "__main__":
    main()
