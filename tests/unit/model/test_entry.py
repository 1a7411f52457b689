"""Entries and changes as values."""

from __future__ import annotations

from datetime import UTC, datetime

import attrs
import pytest

from couplejournal.model.change import Added, Retracted
from couplejournal.model.entry import Author, Entry, Ref
from couplejournal.model.kinds import Content, Note, RawContent


def entry_of(content: Content | RawContent, *, is_me: bool = True) -> Entry:
    """Return an entry with this content."""
    moment = datetime(2026, 1, 31, 18, 30, tzinfo=UTC)
    return Entry(
        id="3f" * 32,
        kind=content.kind,
        content=content,
        author=Author("aa" * 16, "Ana", is_me),
        audience="private",
        happened_at=moment,
        precision="minute",
        recorded_at=moment,
        refs=(Ref("about", "4f" * 32),),
    )


def test_an_entry_answers_for_its_content_and_author() -> None:
    """The text and whose it is are asked often, and for raw contents too."""
    assert entry_of(Note("tea")).text == "tea"
    assert entry_of(RawContent("x", 1, {"text": "tea"})).text == "tea"
    assert entry_of(Note("tea")).is_mine
    assert not entry_of(Note("tea"), is_me=False).is_mine


def test_entries_and_changes_are_immutable_values() -> None:
    """Equal entries are equal, can be put into a set, and cannot be changed."""
    entry = entry_of(Note("tea", extra={"new": []}))
    assert len({entry, entry_of(Note("tea", extra={"new": []}))}) == 1
    assert Added(entry, "7") == Added(entry, "7")
    assert Retracted("3f" * 32, None, "8").kind is None
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        entry.state = "done"  # type: ignore[misc]
    assert "\u202e" not in repr(entry_of(Note("\u202e\x1b")))
