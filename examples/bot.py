"""A bot: when one of the two writes down a goal, it asks you for a first step, in a private note.

    python examples/bot.py          tries itself out on a temporary journal
    python examples/bot.py HOME     runs on the journal in this home until it is stopped, and goes on where it stopped

It misses nothing, since it stores the cursor of a change only after it has handled that change. It repeats nothing,
since what it writes refers to the goal, and it looks for that first: a crash between the two steps does no harm.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import couplejournal as cj

BOT = "prompt:first-step"


def run(journal: cj.Journal, cursor_file: Path, *, goals: int | None = None) -> None:
    """React to every goal from the cursor on; end after so many, or never."""
    cursor = cursor_file.read_text("utf-8") if cursor_file.exists() else cj.BEGINNING
    for change in journal.watch(after=cursor):
        if isinstance(change, cj.Added) and change.entry.kind == "goal":
            react(journal, change.entry)
            goals = None if goals is None else goals - 1
        store(cursor_file, change.cursor)
        if goals == 0:
            return


def react(journal: cj.Journal, goal: cj.Entry) -> None:
    """Write a note about a goal, once."""
    if any(isinstance(e.content, cj.Note) and e.content.source == BOT for e in journal.view().thread(goal.id)):
        return
    question = cj.Note(f"What could be the first small step? ({goal.text})", source=BOT)
    note = journal.reply(goal, question, audience="private")
    shown = "".join(letter if letter.isprintable() else " " for letter in goal.text)  # no terminal obeys an entry
    print(f"asked {note.id[:8]} about {goal.id[:8]}: {shown}", flush=True)


def store(cursor_file: Path, cursor: str) -> None:
    """Put the cursor in its place, whole or not at all."""
    fresh = cursor_file.with_suffix(".new")
    fresh.write_text(cursor, "utf-8")
    fresh.replace(cursor_file)


def try_out() -> None:
    """Let the bot find two goals, stop it, write a third, and let it go on."""
    with tempfile.TemporaryDirectory() as home, cj.create("Ana", home=home, passphrase=cj.NO_PASSPHRASE) as journal:
        cursor_file = Path(home, "bot.cursor")
        journal.add(cj.Goal("A week by the sea", owner="ours"))
        journal.add(cj.Goal("Swim a thousand metres", owner="mine"))
        run(journal, cursor_file, goals=2)
        journal.add(cj.Goal("Learn the cello", owner="mine"))
        run(journal, cursor_file, goals=1)


if __name__ == "__main__":
    if len(sys.argv) == 1:
        try_out()
    else:
        with cj.open(home=sys.argv[1]) as opened:
            run(opened, Path(sys.argv[1], "bot.cursor"))
