from __future__ import annotations

import hashlib
import re
from collections import Counter
from datetime import UTC, datetime, timedelta, timezone

import pytest

from couplejournal.model.kinds import core_kinds, require_valid
from couplejournal.testing.couple import END, SPAN_DAYS, Draft, correspondence, everything_written
from couplejournal.testing.couple_texts import PHRASES, SCENES

SIZES = (0, 1, 7, 60, 300, 1_000)


def states(drafts: list[Draft]) -> dict[str, tuple[str, int]]:
    """Fold each draft with a lifecycle over its steps; return its state and how many steps changed nothing."""
    found = {}
    for draft in drafts:
        lifecycle = core_kinds()[draft.kind].lifecycle
        if lifecycle is not None:
            steps = [
                (name, other.author.encode())
                for other in drafts
                if other.refers_to == draft.key and (name := other.content.step_name) is not None
            ]
            folded = lifecycle.fold(draft.author.encode(), draft.content.to_fields(), steps)
            found[draft.key] = (folded.state, len(folded.illegal))
    return found


def test_same_arguments_same_drafts() -> None:
    """Two calls give equal drafts, in UTC, and another seed gives others."""
    assert correspondence(120) == correspondence(120)
    assert correspondence(120) != correspondence(120, seed="another couple")
    assert correspondence(120)[0].happened_at.tzinfo is UTC


@pytest.mark.parametrize("count", SIZES)
def test_as_many_as_asked(count: int) -> None:
    """There are exactly so many, with unique keys, in the order of their times, all before the end."""
    drafts = correspondence(count)
    assert len(drafts) == count
    assert len({draft.key for draft in drafts}) == count
    times = [draft.happened_at for draft in drafts]
    assert times == sorted(times)
    assert all(END - timedelta(days=SPAN_DAYS + 1) < at < END for at in times)


@pytest.mark.parametrize("count", SIZES)
@pytest.mark.parametrize("seed", ["ana and ben", "x", "y"])
def test_everything_can_be_written_in_order(count: int, seed: str) -> None:
    """Every content is valid, and every reference leads to an earlier draft of a kind that may be referred to."""
    seen: dict[str, Draft] = {}
    for draft in correspondence(count, seed=seed):
        require_valid(draft.content)
        if draft.refers_to is not None:
            target = seen[draft.refers_to]
            rule = core_kinds()[draft.kind].refs
            assert rule is not None
            assert target.kind in rule.kinds or (not rule.kinds and core_kinds()[target.kind].lifecycle)
            assert draft.audience == target.audience, "a private goal has private steps"
        seen[draft.key] = draft


def test_every_step_is_legal_and_every_state_occurs() -> None:
    """No step or answer is late or illegal, and the lifecycles are walked to all their ends."""
    drafts = correspondence(1_000)
    found = states(drafts)
    assert not any(illegal for _, illegal in found.values())
    assert {"made", "toward", "away", "against", "let_go", "done", "dropped"} <= {state for state, _ in found.values()}


def test_like_a_couple() -> None:
    """Both write about as much, in all core kinds, with private and shared notes, long and short, and emoji."""
    drafts = correspondence(300)
    kinds = Counter(draft.kind for draft in drafts)
    assert set(kinds) == set(core_kinds()) - {"answer", "notice", "partner-words", "question"}  # no drafts
    assert kinds["bid"] >= 60
    authors = Counter(draft.author for draft in drafts)
    assert min(authors.values()) > 100
    assert {draft.audience for draft in drafts} == {None, "private", "shared"}
    sizes = sorted(len(draft.content.text.encode()) for draft in drafts)
    assert 17_000 < sizes[-1] < 24_000
    assert sum(size > 1_000 for size in sizes) >= 4
    texts = [draft.content.text for draft in drafts]
    assert any("🍅" in text or "🎶" in text or "🐟" in text for text in texts)
    assert len(set(texts)) > 150


def test_several_languages() -> None:
    """German, Spanish, French, Portuguese, Japanese and Arabic stand beside English."""
    texts = "\n".join(everything_written(correspondence(300)))
    found = {scene.language for scene in SCENES if any(text in texts for text in (*scene.bids, *scene.toward))}
    assert found == set(PHRASES)
    assert len(found) == 7


def test_answers_fit_their_bids() -> None:
    """Each bid of a scene has its own answer, and every scene's language has the phrases around it."""
    for scene in SCENES:
        assert len(scene.bids) == len(scene.toward)
        assert scene.away
        assert scene.against
        assert scene.language in PHRASES


@pytest.mark.parametrize("seed", ["ana and ben", "1", "2", "3"])
@pytest.mark.parametrize("count", [150, 300])
def test_last_weeks_are_enough_for_the_share(count: int, seed: str) -> None:
    """In the last 28 days at least twelve bids were answered, by both, with room to spare."""
    drafts = correspondence(count, seed=seed)
    bids = {draft.key for draft in drafts if draft.kind == "bid" and draft.happened_at >= END - timedelta(days=28)}
    answers = [draft for draft in drafts if draft.kind == "response" and draft.refers_to in bids]
    assert len({draft.refers_to for draft in answers}) >= 12
    assert {draft.author for draft in answers} == {"ana", "ben"}


def test_end_can_be_moved() -> None:
    """With another end, in another zone, the same things happen, as long before it."""
    end = datetime(2025, 3, 1, 23, 30, 15, tzinfo=timezone(timedelta(hours=2)))
    moved = correspondence(200, end=end)
    assert all(draft.happened_at < end for draft in moved)
    assert max(draft.happened_at for draft in moved) > end - timedelta(days=3)
    assert Counter(draft.content for draft in moved) == Counter(draft.content for draft in correspondence(200))


def test_arguments_without_meaning() -> None:
    """A negative count and a naive end are a programmer's mistakes."""
    with pytest.raises(ValueError, match="needs"):
        correspondence(-1)
    with pytest.raises(ValueError, match="needs"):
        correspondence(1, end=datetime(2026, 1, 1))  # noqa: DTZ001 -- the mistake


def test_everything_written_holds_all_words() -> None:
    """The list of what must not leak holds every text and every reason, and no terms of the program."""
    drafts = correspondence(300)
    written = everything_written(drafts)
    assert {draft.content.text for draft in drafts if draft.content.text} <= set(written)
    assert not {"toward", "ours", "manual", "tender", "propose"} & set(written)
    assert not any(re.fullmatch(r"[a-z-]{1,12}", text) for text in written)


def test_drafts_are_the_same_on_every_version() -> None:
    """The digest of the first drafts is fixed, so that figures in the docs can name them."""
    drafts = correspondence(300)
    told = "\n".join(f"{draft.key} {draft.author} {draft.happened_at.isoformat()} {draft.content}" for draft in drafts)
    assert hashlib.sha256(told.encode()).hexdigest()[:16] == "8b6122504f1ccb39"
