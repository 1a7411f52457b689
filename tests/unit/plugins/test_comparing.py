"""Results for both that compare the two are refused in every dress that a guard can see; what is none of it passes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from unit.plugins.written import NOW, Writing, view_of

from couplejournal.model.entry import Author
from couplejournal.model.kinds import Appreciation, Bid
from couplejournal.plugins import AnalysisResult, Band, Mark, Point, Series, Table
from couplejournal.plugins.comparing import ComparisonError, require_no_comparison
from couplejournal.plugins.guards import EVERYTHING, cut

if TYPE_CHECKING:
    from couplejournal.plugins.views import CutView

PEOPLE = (Author("a1b2c3d4" * 4, "Ana", is_me=True), Author("0f1e2d3c" * 4, "Will", is_me=False))


def written() -> CutView:
    """Return a view for both of 20 entries: 14 of one, 6 of the other; of the bids 10 and 5."""
    writing = Writing()
    for number in range(20):
        content = Appreciation("thanks") if number % 4 == 0 else Bid("a song")
        writing.add("ana" if number < 14 else "ben", content)
    return cut(view_of(writing.drafts), EVERYTHING, "couple")


def table(*rows: tuple[Any, ...], columns: tuple[str, ...] = ("what", "how much"), title: str = "t") -> AnalysisResult:
    """Return a result with one table."""
    return AnalysisResult(headline="Counted.", tables=(Table(title=title, columns=columns, rows=rows),))


def bands(*labels: str, values: tuple[float, ...] = (0.1, 0.2, 0.3)) -> AnalysisResult:
    """Return a result with a band of each label."""
    made = (
        Band(label=label, low=0, high=1, value=value, unit="share")
        for label, value in zip(labels, values, strict=False)
    )
    return AnalysisResult(headline="Counted.", bands=tuple(made))


def series(*titles: str, values: tuple[float, ...] = (1, 2)) -> AnalysisResult:
    """Return a result with a series of each title."""
    made = (
        Series(title=title, points=(Point(at=NOW, value=value),)) for title, value in zip(titles, values, strict=False)
    )
    return AnalysisResult(headline="Counted.", series=tuple(made))


COMPARING = {
    "columns you and partner": table((3, 9), columns=("You", "Partner")),
    "rows me and partner": table(("me", 3), ("partner", 9)),
    "a name in a cell": table(("thanks by Ana", 3)),
    "a name as a column": table((3, 9), columns=("Ana", "x")),
    "a name in a title": table(("thanks", 3), title="What Will wrote"),
    "bids of mine, of yours": table(("bids of mine", 3), ("bids of yours", 9)),
    "his and hers": bands("his bids", "her bids"),
    "they beside you": series("what you wrote", "what they wrote"),
    "person 1 and 2": bands("person 1", "person 2"),
    "the one, the other": bands("The one", "The other"),
    "partner a, partner b": table((3, 9), columns=("partner A", "partner B")),
    "A and B": table(("A", 3), ("B", 9)),
    "in German": table(("deine Bitten", 3), ("seine Bitten", 9)),
    "marks": AnalysisResult(
        headline="x", bands=(Band(label="x", low=0, high=1, marks=(Mark(0.1, "yours"), Mark(0.2, "average"))),)
    ),
    "a sentence": AnalysisResult(headline="You wrote 30, your partner 12."),
    "a name in a sentence": AnalysisResult(headline="Most came from Ana this time."),
    "a name in a note": AnalysisResult(headline="x", notes=("It was mostly Will.",)),
    "an id": AnalysisResult(headline="x", notes=("Mostly a1b2c3d4.",)),
    "split in rows": table(("sun", 70), ("moon", 30)),
    "split in a row": table((70.0, 30.0), columns=("sun", "moon")),
    "split in words": table(("sun", "70 %"), ("moon", "30%")),
    "split as shares": table(("sun", 0.7), ("moon", 0.3)),
    "split in bands": bands("sun", "moon", values=(0.3, 0.7)),
    "split in series": series("sun", "moon", values=(0.7, 0.3)),
    "split of one kind": table(("sun", "67 %"), ("moon", "33 %")),
}  # fmt: skip


@pytest.mark.parametrize("name", COMPARING)
def test_a_comparison_is_refused(name: str) -> None:
    """By a name, a word for a person, labels that differ in one, a number for each, or a split like the entries'."""
    with pytest.raises(ComparisonError):
        require_no_comparison(COMPARING[name], PEOPLE, written())


FAIR = {
    "turns": table(("toward", 12), ("away", 3)),
    "another split": table(("toward", "90 %"), ("away", "10 %")),
    "weeks": series("first week", "second week"),
    "low and high": table(("bids", 20, 80), columns=("what", "low", "high")),
    "what you two do": bands("bids that you met", "bids that were let go"),
    "many letters": table((1, 2, 3), columns=("a", "b", "c")),
    "a word that is a name too": AnalysisResult(headline="Will it rain? It was dry. Will you walk?"),
    "numbers for both": AnalysisResult(headline="Between 60 % and 80 % of your bids were met."),
    "half of the conflicts": bands("half of the conflicts", "all conflicts"),
    "nothing": AnalysisResult.not_enough("This needs 12 entries."),
}


@pytest.mark.parametrize("name", FAIR)
def test_what_compares_nobody_passes(name: str) -> None:
    """Turns, weeks, bands and sentences about both are results like any other."""
    require_no_comparison(FAIR[name], PEOPLE, written())


UNSEEN = {
    "counts under other words": table((14, 6), columns=("sun", "moon")),
    "the larger of two": AnalysisResult(headline="One of you wrote 14 of the 20."),
    "numbers in words": AnalysisResult(headline="Seventy of a hundred are yours."),
}


@pytest.mark.parametrize("name", UNSEEN)
def test_what_the_guard_cannot_see_is_said(name: str) -> None:
    """These pass; the module and the page for authors name each kind, and the contract of plugins is for them."""
    require_no_comparison(UNSEEN[name], PEOPLE, written())


def test_few_entries_make_no_split() -> None:
    """Of three entries nearly every split is that of the two: nothing is refused for it."""
    writing = Writing()
    for author in ("ana", "ana", "ben"):
        writing.add(author, Bid("a song"))
    view = cut(view_of(writing.drafts), EVERYTHING, "couple")
    require_no_comparison(table(("toward", "67 %"), ("away", "33 %")), PEOPLE, view)


def test_what_somebody_wrote_may_name_anybody() -> None:
    """A cell that quotes a whole entry is no label, unless its row gives it a number; a name alone is one."""
    writing = Writing()
    writing.add("ana", Bid("Will finds a job he likes"))
    writing.add("ben", Bid("Ana and the " + "long " * 40 + "way home"))
    view = cut(view_of(writing.drafts), EVERYTHING, "couple")
    quotes = table(("Will finds a job he likes", "a dream"), ("Ana and the long long…", "done"))
    require_no_comparison(quotes, PEOPLE, view)
    for compares in (
        table(("Will finds a job he likes", 3)), table(("Will finds a job", "a dream")), table(("Will", "a dream")),
        table(("me", "often"), ("partner", "seldom")), table(("Ana and the long…", "3 %")),
    ):  # fmt: skip
        with pytest.raises(ComparisonError):
            require_no_comparison(compares, PEOPLE, view)
    with pytest.raises(ComparisonError):
        require_no_comparison(quotes, PEOPLE)
