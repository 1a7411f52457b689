"""A deterministic, lifelike correspondence of one couple, Ana and Ben: the project's own sample data.

The same arguments give the same drafts, on every version of Python (only `random.Random.random` is used). Bids with
their answers and second chances, appreciations, goals with steps and milestones, and private notes, in seven languages,
from no word at all to some 20 kB, over half a year that ends at a fixed moment.
"""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from itertools import count as counting
from typing import TYPE_CHECKING, Final, Literal, TypeVar

import attrs

from couplejournal.model.kinds import Appreciation, Bid, Goal, Milestone, Note, Response, Step
from couplejournal.testing.couple_plans import EVENINGS, MIDDAYS, MORNINGS, OPENINGS, PLANS, Plan
from couplejournal.testing.couple_texts import PHRASES, SCENES, Phrases, Scene

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from couplejournal.model.content import Content

Person = Literal["ana", "ben"]
T = TypeVar("T")

SEED: Final = "ana and ben"
END: Final = datetime(2026, 11, 1, 20, 0, tzinfo=UTC)
SPAN_DAYS: Final = 180
RECENT_DAYS: Final = 26
LONGEST_DAYS: Final = 63  # about 20 kB of diary

# how bids go, of a hundred: most are met, some get a second chance, a few stay open or are let go
_COURSES: Final = (
    ("toward", 62),
    ("away", 8),
    ("against", 4),
    ("away, again", 10),
    ("against, again", 5),
    ("open", 6),
    ("let go", 5),
)
_THREADS: Final = (("bid", 58), ("thanks", 19), ("note", 15), ("shared note", 2), ("goal", 3), ("long note", 3))
# every kind of thread once before chance decides, so that a small correspondence has them all
_FIRST: Final = (
    *("bid", "thanks", "note", "goal", "bid", "longest note"),
    *("private goal", "shared note", "private thanks"),
)
_TAGS: Final = ("home", "river", "kitchen", "family", "travel", "garden", "music", "money")


@attrs.frozen(kw_only=True)
class Draft:
    """One entry to be written: by whom, what, when, and to which earlier draft it refers.

    ``key`` is unique; ``refers_to`` is the key of an earlier draft: the bid of a response, the goal or milestone of a
    step, the goal of a milestone. ``happened_at`` is aware, in UTC, to the minute; ``audience`` None is the kind's own.
    """

    key: str
    author: Person
    content: Content
    happened_at: datetime
    refers_to: str | None = None
    audience: Literal["shared", "private"] | None = None

    @property
    def kind(self) -> str:
        """Return the name of the content's kind."""
        return self.content.kind


@attrs.frozen(kw_only=True)
class _Line:
    """A draft before it has a place in time: minutes after the line before, and the index of the line it refers to."""

    author: Person
    content: Content
    minutes: int = 0
    to: int | None = None
    audience: Literal["shared", "private"] | None = None


class _Dice:
    """Choices that are the same everywhere: built on `random.Random.random` alone."""

    def __init__(self, seed: str) -> None:
        self.roll = random.Random(seed).random  # noqa: S311 -- sample data, no secret

    def below(self, limit: int) -> int:
        return int(self.roll() * limit)

    def one(self, values: Sequence[T]) -> T:
        return values[self.below(len(values))]

    def weighted(self, pairs: Sequence[tuple[str, int]]) -> str:
        left = self.roll() * sum(weight for _, weight in pairs)
        for value, weight in pairs:
            left -= weight
            if left < 0:
                return value
        return pairs[-1][0]

    def chance(self, of_a_hundred: int) -> bool:
        return self.below(100) < of_a_hundred

    def person(self) -> Person:
        return "ana" if self.roll() < 0.5 else "ben"

    def scene(self) -> tuple[Scene, Phrases]:
        scene = self.one(SCENES)
        return scene, PHRASES[scene.language]

    def tags(self) -> tuple[str, ...]:
        return (self.one(_TAGS),) if self.chance(20) else ()


def correspondence(count: int = 300, *, seed: str = SEED, end: datetime = END) -> list[Draft]:
    """Return ``count`` drafts in the order of their times, each after the one that it refers to.

    All times lie before ``end`` (aware). From 150 drafts on, both answer enough bids in the last 28 days for the
    turning-toward share to speak.

    Raises:
        ValueError: ``count`` is negative, or ``end`` is naive.
    """
    if count < 0 or end.tzinfo is None:
        raise ValueError("needs a count of 0 or more and an aware end")
    drafts: list[Draft] = []
    for number in counting():
        if len(drafts) >= count:
            break
        dice = _Dice(f"{seed}:{number}")
        name = _FIRST[number] if number < len(_FIRST) else dice.weighted(_THREADS)
        drafts += _placed(number, list(_lines(name, dice)), _start_days(name, dice), end, dice)
    # only the end of the last thread is cut, and nothing refers forward
    return sorted(drafts[:count], key=lambda draft: (draft.happened_at, draft.key))


def everything_written(drafts: Sequence[Draft]) -> list[str]:
    """Return every text of the drafts that no file may show: texts, reasons, horizons and the like."""
    return [
        value
        for draft in drafts
        for name, value in attrs.asdict(draft.content).items()
        if isinstance(value, str) and value and name not in {"tender", "source", "owner", "turn", "name", "given_how"}
    ]


def _start_days(name: str, dice: _Dice) -> float:
    """Return how many days before the end a thread begins; the last weeks are the liveliest."""
    if "goal" in name:
        return 60 + dice.roll() * (SPAN_DAYS - 60)
    return dice.roll() * (RECENT_DAYS if dice.chance(45) else SPAN_DAYS)


def _placed(number: int, lines: Sequence[_Line], days: float, end: datetime, dice: _Dice) -> Iterator[Draft]:
    day = (end - timedelta(days=days)).replace(second=0, microsecond=0)
    start = day.replace(hour=6 + dice.below(17), minute=dice.below(60))
    latest = end.replace(second=0, microsecond=0) - timedelta(minutes=5 + sum(line.minutes for line in lines))
    at = min(start, latest)
    for index, line in enumerate(lines):
        at += timedelta(minutes=line.minutes)
        yield Draft(
            key=f"{number:04d}.{index:02d}",
            author=line.author,
            content=line.content,
            happened_at=at.astimezone(UTC),
            refers_to=None if line.to is None else f"{number:04d}.{line.to:02d}",
            audience=line.audience,
        )


def _lines(name: str, dice: _Dice) -> Iterator[_Line]:
    author = dice.person()
    if name == "bid":
        return _bid(author, dice)
    if name.endswith("goal"):
        return _goal(author, dice, "private" if name.startswith("private") else None)
    if name.endswith("thanks"):
        return _thanks(author, dice, "private" if name.startswith("private") else None)
    return _note(author, dice, name)


def _other(person: Person) -> Person:
    return "ben" if person == "ana" else "ana"


def _joined(*pieces: str) -> str:
    return " ".join(piece for piece in pieces if piece)


def _bid(author: Person, dice: _Dice) -> Iterator[_Line]:
    scene, phrases = dice.scene()
    course, _, again = dice.weighted(_COURSES).partition(", ")
    asked = dice.below(len(scene.bids))
    tail = dice.one(phrases.tails) if dice.chance(60) else ""
    yield _Line(author=author, content=Bid(_joined(scene.bids[asked], tail), tags=dice.tags()))
    if course == "open":
        return
    soon = 2 + dice.below(240)
    if course == "let go":
        yield _Line(author=author, content=Step("let-go", dice.one(phrases.let_go)), minutes=soon + 1440, to=0)
        return
    text = scene.toward[asked] if course == "toward" else dice.one(scene.away if course == "away" else scene.against)
    text = "" if dice.chance(12) else text
    yield _Line(author=_other(author), content=Response(course, text), minutes=soon, to=0)
    if again:
        asker = _other(author) if dice.chance(70) else author
        yield _Line(author=asker, content=Step("second-chance", dice.one(phrases.try_again)), minutes=soon + 60, to=0)
        yield _Line(author=_other(author), content=Response.toward(dice.one(phrases.this_time)), minutes=soon, to=0)


def _thanks(author: Person, dice: _Dice, audience: Literal["private"] | None) -> Iterator[_Line]:
    scene, phrases = dice.scene()
    content = Appreciation(
        dice.one(scene.thanks),
        why=dice.one(phrases.because) if dice.chance(60) else "",
        given_how=dice.one(("aloud", "written", "jar", "")),
        tender="tender" if dice.chance(8) else "none",
        tags=dice.tags(),
    )
    yield _Line(author=author, content=content, audience=audience)


def _note(author: Person, dice: _Dice, name: str) -> Iterator[_Line]:
    if name.startswith("long"):
        text = _diary(dice, LONGEST_DAYS if name == "longest note" else 5 + dice.below(8))
    else:
        scene, _ = dice.scene()
        text = dice.one(scene.notes)
        if dice.chance(40):
            text = _joined(text, dice.one((*MORNINGS, *EVENINGS)))
    audience: Literal["shared"] | None = "shared" if name.startswith("shared") else None
    yield _Line(author=author, content=Note(text, tags=dice.tags()), audience=audience)


def _diary(dice: _Dice, days: int) -> str:
    paragraphs = [dice.one(OPENINGS)]
    for day in range(1, days + 1):
        more = dice.one(MIDDAYS) if dice.chance(30) else ""
        told = _joined(dice.one(MORNINGS), dice.one(MIDDAYS), more, dice.one(EVENINGS))
        paragraphs.append(f"{day}. {told}")
    return "\n\n".join(paragraphs)


def _goal(author: Person, dice: _Dice, audience: Literal["private"] | None) -> Iterator[_Line]:
    plan = dice.one([plan for plan in PLANS if audience is None or plan.owner == "mine"])
    goal = Goal(plan.text, owner=plan.owner, why=plan.why, horizon=plan.horizon)
    lines = [_Line(author=author, content=goal), *_way(author, dice, plan)]
    for line in lines:
        yield attrs.evolve(line, audience=audience)


def _way(author: Person, dice: _Dice, plan: Plan) -> Iterator[_Line]:
    """Take a goal from a dream to its end: the owner alone, or both by turns. About one in four is let go."""
    partner = _other(author) if plan.owner == "ours" else author
    day = 1440
    if plan.owner == "ours":
        yield _Line(author=author, content=Step("propose", plan.propose), minutes=30, to=0)
        yield _Line(author=partner, content=Step("agree", plan.agree), minutes=200 + dice.below(day), to=0)
    yield _Line(author=author, content=Step("activate"), minutes=90, to=0)
    first = 4 if plan.owner == "ours" else 2
    for text in plan.milestones:
        yield _Line(author=dice.one((author, partner)), content=Milestone(text), minutes=10 + dice.below(60), to=0)
    yield _Line(author=partner, content=Step("done"), minutes=(3 + dice.below(5)) * day, to=first)
    yield _Line(author=author, content=Step("pause", plan.pause), minutes=(2 + dice.below(5)) * day, to=0)
    yield _Line(author=partner, content=Step("resume"), minutes=(3 + dice.below(9)) * day, to=0)
    if dice.chance(25):
        yield _Line(author=author, content=Step("drop"), minutes=day, to=first + 1)
        yield _Line(author=author, content=Step("let-go", plan.let_go), minutes=60, to=0)
    else:
        yield _Line(author=partner, content=Step("done"), minutes=(2 + dice.below(6)) * day, to=first + 1)
        yield _Line(author=partner, content=Step("done", plan.done), minutes=(1 + dice.below(6)) * day, to=0)
