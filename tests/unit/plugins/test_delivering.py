"""What plugins are told of, on the device of one of two people: only what they may read, after it is safe, and once."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

import couplejournal as cj
from couplejournal.errors import StoreError
from couplejournal.journal import Journal
from couplejournal.plugins import EntryEvent, JournalPlugin, Permissions, PluginHost, SyncEvent, delivering
from couplejournal.plugins.calls import Failures
from couplejournal.plugins.events import EVENTS
from couplejournal.plugins.lock import LockedPlugin, write_lock
from couplejournal.plugins.workerdata import from_data, to_data
from couplejournal.testing.couples import Couple

READS = Permissions(read=("mine", "partner"), kinds=("bid", "note", "goal", "answer"))


class Listening(JournalPlugin):
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.heard: list[tuple[object, ...]] = []

    def _hear(self, what: str, event: EntryEvent) -> None:
        assert event.entries
        self.heard.append((what, *(entry.text for entry in event.entries)))

    def on_entry_added(self, event: EntryEvent) -> None:
        self._hear("added", event)

    def on_entry_revised(self, event: EntryEvent) -> None:
        self._hear("revised", event)

    def on_opened(self, event: EntryEvent) -> None:
        self._hear("opened", event)

    def on_conflict(self, event: EntryEvent) -> None:
        assert all(entry.conflict for entry in event.entries)
        self._hear("conflict", event)

    def on_synced(self, event: SyncEvent) -> None:
        self.heard.append(("synced", event.drive, event.is_finished))


class Failing(Listening):
    """Fails whenever it is told of something."""

    def _hear(self, what: str, event: EntryEvent) -> None:
        super()._hear(what, event)
        raise ValueError(event.entries[0].text)


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Couple]:
    """Return Ana and Ben, who share a journal."""
    couple = Couple(tmp_path)
    couple.pair(couple.start("Ana"), couple.start("Ben"))
    couple.sync()
    yield couple
    couple.close()


class Device:
    """The plugins of one device: turned on, and told."""

    def __init__(self, journal: Journal, **plugins: JournalPlugin) -> None:
        self.journal = journal
        self.plugins = plugins
        self.said: list[str] = []
        self.loaded: list[list[str]] = []
        locks = [
            LockedPlugin(
                id=name, distribution="x", version="", files={}, permissions=READS, tier="trusted", hooks=EVENTS
            )
            for name in plugins
        ]
        write_lock(journal.home.plugins_lock_path, locks, journal.device.disk)
        self.tell()

    def tell(self, *, sync: bool = False) -> None:
        """Tell what is new."""
        report = self.journal.sync() if sync else None
        delivering.tell_plugins(self.journal, report, self._host)

    def _host(self, ids: Sequence[str]) -> PluginHost:
        self.loaded.append(list(ids))
        return PluginHost(
            self.journal, {name: self.plugins[name] for name in ids}, permissions=dict.fromkeys(ids, READS),
            report=self.said.append, failures=Failures(),
        )  # fmt: skip


def test_only_what_may_be_read_is_told_and_sealed_answers_when_they_are_open(pair: Couple) -> None:
    """Of the other: what is shared and not intimate; an answer when both are open; of oneself private ones too."""
    ana, ben = pair
    ears = Listening()
    device = Device(ben, ears=ears)
    ana.add(cj.Bid("a song"))
    ana.add(cj.Note("hers alone"))
    ana.add(cj.Bid("a touch", tender="intimate"))
    ana.add(cj.Appreciation("a kind that it did not name"))
    ben.add(cj.Note("his own"))
    ana.answers.seal("winter", "The sea.")
    pair.sync()
    device.tell()
    assert sorted(ears.heard[0][1:], key=str) == ["a song", "his own"]
    assert [told[0] for told in ears.heard] == ["added"]
    ben.answers.seal("winter", "Mountains.")
    device.tell()
    assert len(ears.heard) == 1
    pair.sync()
    device.tell()
    assert [(told[0], sorted(told[1:], key=str)) for told in ears.heard[1:]] == [("opened", ["Mountains.", "The sea."])]
    device.tell()
    assert len(ears.heard) == 2


def test_a_conflict_is_told_with_both_versions(pair: Couple) -> None:
    """Two who revise a goal of both without knowing of each other."""
    ana, ben = pair
    ears = Listening()
    goal = ana.add(cj.Goal("a garden", owner="ours"))
    pair.sync()
    device = Device(ben, ears=ears)
    for journal, text in ((ana, "a large garden"), (ben, "a small garden")):
        journal.revise(journal.entry(goal.id), cj.Goal(text, owner="ours"))
    pair.sync()
    device.tell(sync=True)
    assert {told[0] for told in ears.heard} == {"revised", "conflict", "synced"}
    assert ears.heard[-1] == ("synced", "ok", True)


def test_whoever_fails_is_told_no_more_of_it_and_others_hear(pair: Couple) -> None:
    """The failing one is named without the entry's words, and its place moves on like everybody's."""
    ana, _ = pair
    ears, broken = Listening(), Failing()
    device = Device(ana, broken=broken, ears=ears)
    ana.add(cj.Bid("a song"))
    device.tell()
    device.tell()
    assert broken.heard == ears.heard == [("added", "a song")]
    assert len(device.said) == 1
    assert device.said[0].startswith("plugin broken failed in on_entry_added: ValueError at ")
    assert device.loaded == [["broken", "ears"]]  # the second time there was nothing to say


def test_whoever_is_cut_off_before_noting_it_tells_again(pair: Couple, monkeypatch: pytest.MonkeyPatch) -> None:
    """At least once: what was told and not noted is told at the next time, and then no more."""
    ana, _ = pair
    ears = Listening()
    device = Device(ana, ears=ears)
    ana.add(cj.Bid("a song"))

    def full(*_: object) -> None:
        raise StoreError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(delivering, "_write", full)
        with pytest.raises(StoreError):
            device.tell()
    device.tell()
    device.tell()
    assert ears.heard == [("added", "a song")] * 2


def test_a_cursor_of_another_time_begins_anew(pair: Couple) -> None:
    """Where the order of arrival was lost, a plugin hears of what comes from then on, and never of everything again."""
    ana, _ = pair
    ears = Listening()
    device = Device(ana, ears=ears)
    ana.add(cj.Bid("a song"))
    path = ana.home.state_file(delivering.TOLD_NAME)
    path.write_text(json.dumps({"cursors": {"ears": "0123456789abcdef-7"}}), "utf-8")
    device.tell()
    assert ears.heard == []
    ana.add(cj.Bid("another"))
    device.tell()
    assert ears.heard == [("added", "another")]


def test_many_entries_come_in_batches(pair: Couple, monkeypatch: pytest.MonkeyPatch) -> None:
    """At most so many at once, all of them, in their order."""
    ana, _ = pair
    monkeypatch.setattr("couplejournal.plugins.telling.EVENT_ENTRIES", 3)
    ears = Listening()
    device = Device(ana, ears=ears)
    for number in range(7):
        ana.add(cj.Bid(f"bid {number}"))
    device.tell()
    assert [len(told) - 1 for told in ears.heard] == [3, 3, 1]
    assert [text for told in ears.heard for text in told[1:]] == [f"bid {number}" for number in range(7)]


def test_events_are_the_same_in_a_worker(pair: Couple) -> None:
    """As JSON and back, both kinds of events are what they were."""
    ana, _ = pair
    entries = (ana.add(cj.Bid("a song", tags=("music",))), ana.add(cj.Note("alone")))
    now = datetime(2026, 11, 24, 3, tzinfo=UTC)
    made = partial(SyncEvent, is_finished=False, now=now, zone=UTC)
    for event in (EntryEvent(entries=entries, now=now, zone=UTC), made(drive="ok"), made(drive="trouble")):
        assert from_data(json.loads(json.dumps(to_data(event)))) == event
