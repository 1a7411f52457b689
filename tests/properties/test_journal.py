"""Two journals used at random through the library: in the end both see the same, and what is private stays at home."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

import couplejournal as cj
from couplejournal.testing.couples import Couple
from couplejournal.testing.disks import MemoryDisk
from couplejournal.testing.drives import DriveSim

WHO = st.integers(0, 2)
TEXT = st.text("aé🫶\n\u202e", min_size=1, max_size=8).filter(str.strip)
CONTENTS = st.one_of(
    st.builds(cj.Bid, TEXT),
    st.builds(cj.Appreciation, TEXT),
    st.builds(cj.Goal, TEXT, owner=st.sampled_from(["ours", "mine"])),
    st.builds(cj.Milestone, TEXT),
    st.builds(cj.Note, TEXT),
)
AUDIENCE = st.sampled_from([None, "shared", "private"])
ANY = st.integers(0, 1 << 30)
STEPS = ("second-chance", "let-go", "propose", "agree", "activate", "pause", "resume", "done", "drop")


class Journals(RuleBasedStateMachine):
    """Ana, Ben and Ana's telephone. Only errors of the library may be raised."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.couple = Couple(self.folder, sim=DriveSim(3), disk=lambda _: MemoryDisk())

    def teardown(self) -> None:
        """Look at the end, and clean up."""
        self.couple.sync()
        self.require_equal()
        self.couple.close()
        shutil.rmtree(self.folder)

    @initialize(is_existing=st.booleans(), contents=st.lists(CONTENTS, max_size=3))
    def begin(self, *, is_existing: bool, contents: list[cj.Content]) -> None:
        """Pair, with entries from before."""
        ana, ben = self.couple.start("Ana"), self.couple.start("Ben")
        for content in contents:
            ana.add(content)
            ben.add(content)
        self.couple.pair(ana, ben, share_existing=is_existing)
        phone = self.couple.start("Ana", home="phone")
        self.couple.pair(ana, phone, is_device=True)

    def pick(self, who: int, which: int) -> tuple[cj.Journal, cj.Entry | None]:
        """Return a journal and one of the entries that it shows."""
        journal = self.couple.journals[who]
        entries = list(journal.entries())
        return journal, entries[which % len(entries)] if entries else None

    @rule(who=WHO, content=CONTENTS, audience=AUDIENCE)
    def add(self, who: int, content: cj.Content, audience: Any) -> None:
        """Write an entry; it is there at once."""
        journal = self.couple.journals[who]
        entry = journal.add(content, audience=audience)
        assert journal.entry(entry.id) == entry

    @rule(who=WHO, which=ANY, content=CONTENTS | st.builds(cj.Response, st.sampled_from(["toward", "away"]), TEXT))
    def reply(self, who: int, which: int, content: cj.Content) -> None:
        """Answer anything with anything."""
        journal, entry = self.pick(who, which)
        if entry is not None:
            with contextlib.suppress(cj.EntryError):
                answer = journal.reply(entry, content)
                assert journal.entry(answer.id).audience == answer.audience

    @rule(who=WHO, which=ANY, name=st.sampled_from(STEPS), text=st.just("") | TEXT)
    def step(self, who: int, which: int, name: str, text: str) -> None:
        """Take a step of anything."""
        journal, entry = self.pick(who, which)
        if entry is not None:
            with contextlib.suppress(cj.EntryError):
                journal.step(entry, name, text=text)

    @rule(who=WHO, which=ANY, text=TEXT)
    def revise(self, who: int, which: int, text: str) -> None:
        """Change anything."""
        journal, entry = self.pick(who, which)
        if entry is not None and entry.kind == "goal":
            with contextlib.suppress(cj.EntryError):
                assert journal.revise(entry, cj.Goal(text)).text == text

    @rule(who=WHO, which=ANY)
    def retract(self, who: int, which: int) -> None:
        """Take anything back."""
        journal, entry = self.pick(who, which)
        if entry is not None:
            with contextlib.suppress(cj.EntryError):
                journal.retract(entry)

    @rule(who=WHO, which=ANY)
    def share(self, who: int, which: int) -> None:
        """Share anything."""
        journal, entry = self.pick(who, which)
        if entry is not None:
            with contextlib.suppress(cj.EntryError):
                shared = journal.share(entry)
                assert journal.entry(entry.id) == shared

    @rule(who=WHO)
    def sync(self, who: int) -> None:
        """Sync one of them; the drive delivers something."""
        self.couple.journals[who].sync()
        sim = self.couple.sim
        assert sim is not None
        sim.deliver(sim.draw(1 << 20))

    @rule(who=WHO)
    def restart(self, who: int) -> None:
        """Start the program anew."""
        before = list(self.couple.journals[who].entries())
        assert list(self.couple.restart(who).entries()) == before

    @rule(seconds=st.integers(1, 100_000), who=WHO)
    def wait(self, seconds: int, who: int) -> None:
        """Let time pass on one machine."""
        self.couple.systems[who].advance(seconds)

    @invariant()
    def shows_each_once(self) -> None:
        """No view shows an entry twice, and each is found by its id."""
        for journal in self.couple:
            ids = [entry.id for entry in journal.entries()]
            assert len(set(ids)) == len(ids)

    def require_equal(self) -> None:
        """The shared entries of all are equal, and nothing private is anywhere but at home."""
        if len(self.couple.journals) < 3:
            return
        shared = [
            [
                (entry.id, entry.content, entry.state, entry.refs, entry.revised, entry.conflict, entry.note)
                for entry in journal.entries(audience="shared")
            ]
            for journal in self.couple
        ]
        assert shared[0] == shared[1] == shared[2]
        private = [{entry.id for entry in journal.entries() if entry.audience != "shared"} for journal in self.couple]
        assert len(set().union(*private)) == sum(map(len, private))


def test_journals_agree() -> None:
    """Whatever the two do in whatever order, in the end their shared entries are equal and the private ones at home."""
    run_state_machine_as_test(Journals, settings=settings(max_examples=8, stateful_step_count=25))


@pytest.mark.long
def test_journals_agree_in_many_cases() -> None:
    """The same, with many more and longer cases."""
    run_state_machine_as_test(Journals, settings=settings(max_examples=100, stateful_step_count=40))
