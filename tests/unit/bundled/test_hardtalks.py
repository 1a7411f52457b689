"""Hard talks and the six principles: what opens, what stays closed, and what is said first."""

from __future__ import annotations

from collections import Counter
from datetime import UTC
from pathlib import Path

import pytest
from couplejournal_plugins.hardtalks import HardTalks
from couplejournal_plugins.hardtalks.ready import DECK, SUBJECTS, ready
from couplejournal_plugins.sixprinciples import SixPrinciples
from unit.bundled.writing import NOW, Written

from couplejournal.plugins import PromptRequest, available
from couplejournal.plugins.beginning import turn_on_bundled

PRINCIPLES = {"consent", "non-exploitation", "protection", "honesty", "shared-values", "mutual-pleasure"}


@pytest.fixture
def written() -> Written:
    """Return a couple with hard talks."""
    return Written(HardTalks())


def test_each_subject_has_six_questions_in_both_languages() -> None:
    """At least six questions for each subject, each with an English and a German text of its own."""
    cards = tuple(DECK.prompts(PromptRequest(now=NOW, zone=UTC, language="en")))
    counted = Counter(card.id.partition("-")[0] for card in cards)
    assert set(counted) == set(SUBJECTS)
    assert min(counted.values()) >= 6
    assert all(set(card.texts) == {"en", "de"} and len({*card.texts.values()}) == 2 for card in cards)


def test_a_subject_opens_when_it_is_on_both_lists(written: Written) -> None:
    """What both listed has its questions, in the reader's language; no other subject's question is shown."""
    for author in ("ana", "ben"):
        written.answer(author, "overlap:ready", "Geld\nthe garden")
    result = written.says(ready, language="de")
    assert result.headline == "On both lists: Geld, the garden."
    [table] = result.tables
    assert (table.title, len(table.rows)) == ("Geld", 6)
    german = {card.text for card in DECK.prompts(PromptRequest(now=NOW, zone=UTC, language="de"))}
    assert {text for (text,) in table.rows} <= german


def test_nothing_opens_for_one(written: Written) -> None:
    """One list, one that was taken back, and two without a common line look the same."""
    nothing = written.says(ready)
    written.answer("ana", "overlap:ready", "money")
    assert written.says(ready) == nothing
    for author in ("ana", "ben"):
        written.answer(author, "overlap:ready 2027", "", ago=0.5)
    assert written.says(ready) == nothing
    assert not nothing.is_enough


def test_six_principles_are_off_until_somebody_turns_them_on(tmp_path: Path) -> None:
    """A new journal turns the others on and leaves this one off; every principle has five cards, for oneself alone."""
    assert [one.id for one in available() if not one.by_default] == ["sixprinciples"]
    assert "sixprinciples" not in turn_on_bundled(home=tmp_path)
    cards = tuple(SixPrinciples().prompts(PromptRequest(now=NOW, zone=UTC, language="en")))
    counted = Counter(card.id.rpartition("-")[0] for card in cards)
    assert set(counted) == PRINCIPLES
    assert min(counted.values()) >= 5
    [kind] = SixPrinciples().kinds()
    assert {card.kind for card in cards} == {kind.name}
    assert (kind.default_audience, kind.tender, kind.fields) == ("private", "intimate", ())


def test_the_limits_are_said_before_the_first_wish() -> None:
    """The first step says what another program could read; only the last says how to seal, and that a no is as good."""
    exercise = next(one for one in SixPrinciples().exercises() if one.title == "Two lists")
    first, *_, last = exercise.steps
    assert "another program could read your whole list" in str(first)
    assert "seal" not in str(first).replace("sealed", "")
    assert "overlap:wishes" in str(last)
