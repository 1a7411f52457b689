"""A year of a made-up couple in entries of every bundled kind, each with the steps that it takes in a good life."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
from unit.bundled.writing import Written

from couplejournal.model.kinds import Appreciation, Bid, Goal, Response

if TYPE_CHECKING:
    from couplejournal.plugins import JournalPlugin
    from couplejournal.testing.couple import Draft

OTHER = {"ana": "ben", "ben": "ana"}


def life(*plugins: JournalPlugin) -> list[Draft]:
    """Return the drafts, oldest first; kinds that none of these plugins declares are not written."""
    written = Written(*plugins)
    for number in range(30):
        who = "ana" if number % 2 else "ben"
        _fortnight(written, who, number, ago=360 - 12 * number)
    for number in range(14):
        _lately(written, "ana" if number % 2 else "ben", ago=14 - number)
    drafts = [attrs.evolve(one, key=f"life {one.key}", refers_to=_named(one.refers_to)) for one in written.drafts]
    return sorted(drafts, key=lambda one: one.happened_at)


def _named(key: str | None) -> str | None:
    return None if key is None else f"life {key}"


def _fortnight(written: Written, who: str, number: int, *, ago: float) -> None:
    """Write what happens now and then: a quarrel with its repair, a talk, a date, a thanks, a goal."""
    other, kinds = OTHER[who], written.kinds
    written.add(who, Appreciation(f"Supper in the garden, for the time {number}"), ago=ago)
    if "conflict" in kinds:
        conflict = written.add(who, "conflict", ago=ago, text="The dishes")
        pause = written.add(other, "timeout", ago=ago - 0.01, to=conflict, minutes=30, text="Back soon, I like you")
        written.step(other, "return", pause, ago=ago - 0.04)
        offer = written.add(who, "repair", ago=ago - 0.1, to=conflict, form="humour", text="The soup remembers")
        written.step(other, "received" if number % 4 else "not-yet", offer, ago=ago - 0.2)
        written.step(who, "repaired", conflict, ago=ago - 1)
        written.step(other, "repaired", conflict, ago=ago - 1 - number % 5)
    if "talk" in kinds and number % 5 == 0:
        written.step(other, "held", written.add(who, "talk", ago=ago, text="The year"), ago=ago)
        written.step(other, "agree", written.add(who, "decision", ago=ago, text="A dog, in spring"), ago=ago - 1)
    if "date" in kinds:
        date = written.add(who, "date", ago=ago, text="The lake", on="2026-12-05", at="19:30")
        written.step(other, "agree", date, ago=ago - 1)
    if number % 6 == 0:
        written.step(other, "let-go", written.add(who, Goal(f"A boat, number {number}"), ago=ago), ago=ago - 2)
    if "guess" in kinds:
        guess = written.add(who, "guess", ago=ago, text="I guess you are cross")
        written.step(other, "nearly", guess, ago=ago - 0.1, text="Hungry")


def _lately(written: Written, who: str, *, ago: float) -> None:
    """Write a day of the last two weeks: a check-in, a bid, a need with care, a moment."""
    other, kinds = OTHER[who], written.kinds
    if "checkin" in kinds:
        for day in (ago, ago + 14):
            written.add("ana", "checkin", ago=day, close=2 + round(ago) % 2, honest=3, energy=2)
    bid = written.add(who, Bid("The moon"), ago=ago)
    written.add(other, Response("toward"), ago=ago - 0.01, to=bid)
    written.add("ana", Response("toward"), ago=ago - 0.02, to=written.add("ben", Bid("A song"), ago=ago - 0.01))
    if "need" in kinds:
        for person in (who, other):
            need = written.add(person, "need", ago=ago, want="comfort", text="A bad day")
            written.add(OTHER[person], "care", ago=ago - 0.1, to=need, way="listening", text="Tell me")
            written.step(person, "eased", need, ago=ago - 0.2)
    if "presence" in kinds:
        written.add(who, "presence", ago=ago, minutes=10)
