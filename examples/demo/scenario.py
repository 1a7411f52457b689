"""The story of the demo: meet, write together, lose sight of each other, meet again, and prove that all is well."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import proofs
from people import Conductor, DemoError, Saved, Watcher, apart, clean_environment
from report import block, fact, heading, row, shown, speed, words

import couplejournal as cj
from couplejournal.model.kinds import core_kinds
from couplejournal.testing.couple import Draft, correspondence, everything_written
from couplejournal.testing.leaks import Needles

PAUSE_S = 0.1  # between two entries of one person while both watchers run: lively, but no flood
MADE_BY_US = "made-by-the-demo"
NAMES = {"ana": "Ana", "ben": "Ben"}


class Demo:
    """One run of the demo in a folder of its own."""

    def __init__(self, folder: Path, count: int) -> None:
        """Make the folder anew, and the drafts of ``count`` entries that end now.

        Raises:
            DemoError: the folder holds something else.
        """
        self.folder = folder
        self.drive = folder / "drive"
        self.temporary = folder / "tmp"
        self.homes = {person: folder / person for person in NAMES}
        self.end = datetime.now(UTC).replace(second=0, microsecond=0)
        self.drafts = correspondence(count, end=self.end)
        _make_anew(folder)
        for made in (self.drive, self.temporary):
            made.mkdir()
        self.environment = clean_environment(self.temporary)

    def run(self) -> None:
        """Tell the whole story.

        Raises:
            DemoError: something is not as it must be.
        """
        self.meet()
        saved = self.write()
        self.look()
        self.prove(saved)
        self.leave()

    def meet(self) -> None:
        """Make two homes, and one journal of both with twelve words and six."""
        heading("Two homes, one folder")
        for person, home in self.homes.items():
            row(f"{NAMES[person]}'s home", shown(home))
        row("the folder", shown(self.drive), "in life a synced folder, a share or a stick")
        heading("Ana invites, Ben joins")
        self.type("ana", "init", "--name", "Ana", "--no-passphrase")
        invited = json.loads(self.type("ana", "invite", str(self.drive), "--json"))
        row("Ana types", "couplejournal invite DIR", "and tells Ben twelve words, by voice:")
        words(invited["words"], 4)
        joining = ("join", str(self.drive), "--name", "Ben", "--no-passphrase", "--json")
        joined = json.loads(self.type("ben", *joining, typing=" ".join(invited["words"]), code=13))
        answered = json.loads(self.type("ana", "accept", "--json", code=13))
        if joined["check_words"] != answered["check_words"]:
            raise DemoError("the two screens show different words")
        row("Ben types", "couplejournal join DIR", "and both screens show the same six:")
        words(joined["check_words"], 6)
        self.type("ben", "accept", "--yes")
        self.type("ana", "accept", "--yes")
        self.type("ben", "sync")
        row("both say yes", "couplejournal accept", "and share a journal")

    def write(self) -> dict[str, Saved]:
        """Let both write all entries, with both watchers running but for a while, and return what they saved."""
        heading(f"{len(self.drafts)} entries, written by both, each with a watcher running")
        half, most = len(self.drafts) // 2, len(self.drafts) * 4 // 5
        conductor = Conductor(self.homes, self.drafts, self.end.isoformat(), self.environment)
        watchers = {person: Watcher(home, self.environment) for person, home in self.homes.items()}
        conductor.play("together", self.drafts[:half], pause_s=PAUSE_S)
        waits_s = self.meet_again(conductor.saved, watchers)
        row("together", f"{half} entries", "each reads and answers what the other writes")
        row("", "", speed(waits_s))
        watchers["ben"].end()
        alone, later = apart(self.drafts[half:most])
        conductor.play("apart", alone)
        row("apart", f"{len(alone)} entries", "Ben is offline, and both go on writing")
        begun = time.monotonic()
        watchers["ben"] = Watcher(self.homes["ben"], self.environment)
        self.meet_again(conductor.saved, watchers, act="apart")
        row("", "", f"back online: both have everything after {time.monotonic() - begun:.1f} s")
        rest = sorted([*later, *self.drafts[most:]], key=lambda draft: (draft.happened_at, draft.key))
        conductor.play("at once", rest)
        waits_s = self.meet_again(conductor.saved, watchers, act="at once")
        row("at once", f"{len(rest)} entries", "both write without a pause")
        row("", "", speed(waits_s))
        conductor.end()
        for watcher in watchers.values():
            watcher.end()
        return conductor.saved

    def meet_again(
        self, saved: dict[str, Saved], watchers: dict[str, Watcher], *, act: str = "together"
    ) -> list[float]:
        """Wait until each watcher told of what the other wrote in an act, and return how long each entry took."""
        waits_s = []
        for person, watcher in watchers.items():
            theirs = [draft for draft in self.drafts if draft.author != person and is_shared(draft)]
            wanted = [saved[draft.key] for draft in theirs if draft.key in saved and saved[draft.key].act == act]
            watcher.wait_for(entry.id for entry in wanted)
            waits_s += [watcher.seen[entry.id] - entry.at for entry in wanted]
        return waits_s

    def look(self) -> None:
        """Show what each sees, a question, and what an analysis says."""
        for person, name in NAMES.items():
            heading(f"What {name} sees", "couplejournal log -n 4")
            block(self.type(person, "log", "-n", "4", "--no-sync"))
        heading("A plugin: questions, and how often the two turn toward each other")
        row("Ana types", "couplejournal plugins enable bids; couplejournal prompt; couplejournal analyze")
        self.type("ana", "plugins", "enable", "bids")
        print()
        block(self.type("ana", "prompt"))
        print()
        block(self.type("ana", "analyze", "--no-sync"))

    def prove(self, saved: dict[str, Saved]) -> None:
        """Prove that both have the same, that what is private is at home alone, and that nothing is in the clear."""
        heading("What must be true")
        with cj.open(home=self.homes["ana"]) as ana, cj.open(home=self.homes["ben"]) as ben:
            written = {saved[draft.key].id for draft in self.drafts if is_shared(draft)}
            count = proofs.require_equal(proofs.shared_rows(ana), proofs.shared_rows(ben), written)
            fact(f"the {count} shared entries are equal in both homes: ids, contents, order, states")
            for person, mine, other in (("ana", ana, ben), ("ben", ben, ana)):
                ids = [saved[draft.key].id for draft in self.drafts if draft.author == person and not is_shared(draft)]
                count = proofs.require_private(ids, mine, other, author=NAMES[person])
                fact(f"{count} private entries of {NAMES[person]} are in that home alone")
        texts = everything_written(self.drafts)
        needles = Needles.of(texts)
        places = {"shared folder": self.drive, "temporary files": self.temporary}
        places.update({f"home of {NAMES[person]}": home for person, home in self.homes.items()})
        files, size = proofs.require_sealed(needles, places)
        fact(f"no 12 bytes of any text in the folder, the homes and temporary files: {files} files, {size:,} bytes")
        with tempfile.TemporaryDirectory(dir=self.folder) as scratch:
            found = proofs.require_found(needles, self.drive, Path(scratch), texts[0])
        fact(f"the same search finds 12 bytes that were planted in a copy, as {', '.join(found)}")

    def leave(self) -> None:
        """Say what lies in the folder, and what to try next."""
        heading("What the folder holds")
        files, size = proofs.counted([self.drive])
        row(shown(self.drive), f"{files} sealed files, {size:,} bytes")
        heading("Try next")
        command = Path(sys.executable).with_name("couplejournal")
        program = shown(command) if command.exists() else f"{shown(Path(sys.executable))} -m couplejournal"
        for person, act in (
            ("ana", "log -n 10"),
            ("ben", "bid 'A walk along the river?'"),
            ("ana", "search river"),
        ):
            print(f"  COUPLEJOURNAL_HOME={shlex.quote(shown(self.homes[person]))} {program} {act}")

    def type(self, person: str, *args: str, typing: str = "", code: int = 0) -> str:
        """Run one command line as one of the two would, and return what it printed.

        Raises:
            DemoError: it ended with another code.
        """
        done = subprocess.run(
            [sys.executable, "-m", "couplejournal", *args],
            input=typing, capture_output=True, text=True, encoding="utf-8", check=False,
            env={**self.environment, "COUPLEJOURNAL_HOME": str(self.homes[person])},
        )  # fmt: skip
        if done.returncode != code:
            said = (done.stderr.strip() or f"exit code {done.returncode}").splitlines()[0]
            raise DemoError(f"`couplejournal {args[0]}` of {NAMES[person]} said: {said}")
        return done.stdout


def is_shared(draft: Draft) -> bool:
    """Return whether an entry is meant for both."""
    return (draft.audience or core_kinds()[draft.kind].default_audience) == "shared"


def _make_anew(folder: Path) -> None:
    """Empty the folder, if it is one of ours."""
    if folder.exists() and any(folder.iterdir()) and not (folder / MADE_BY_US).exists():
        raise DemoError(f"{shown(folder)} is there already and was not made by the demo; it is left alone")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / MADE_BY_US).touch()
