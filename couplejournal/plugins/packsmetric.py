"""Simple numbers of a pack: ``count(kind=bid, state=toward) / count(kind=bid)``, read by a small parser, never run.

A metric for both is a band, never a count; it says "not enough" where few entries stand behind it, or where only one
of the two wrote them; and it cannot ask who wrote an entry, since in a pair every such number is about one person.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Final, NoReturn, TypeAlias

import attrs

from couplejournal.plugins.result import AnalysisResult, Band

if TYPE_CHECKING:
    from couplejournal.model.entry import Entry
    from couplejournal.plugins.values import AnalysisRequest

EXPRESSION_LIMIT: Final = 500
COUNTS_LIMIT: Final = 20
LEAST_FOR_BOTH: Final = 12
_DEPTH_LIMIT: Final = 20
_CONFIDENCE: Final = 0.90
_SPREAD: Final = 1.645  # standard deviations to each side, for 90 %
_TOKEN: Final = re.compile(r"\s*(?:(\d+(?:\.\d+)?)|([^\W\d][\w-]*)|\"([^\"]*)\"|'([^']*)'|([-+*/(),=]))")
_NOT_ASKED: Final = frozenset({"author", "person", "device", "me", "is_me", "name", "text", "audience"})
_OWN_WORDS: Final = frozenset({"kind", "state"})

Counts: TypeAlias = "tuple[float, ...]"
Sum: TypeAlias = "Callable[[Counts], float]"


class ExpressionError(Exception):
    """An expression does not fit; ``offset`` is the character, from 0."""

    def __init__(self, message: str, offset: int) -> None:
        """Say what is wrong, and where."""
        super().__init__(message)
        self.offset: Final = offset


@attrs.frozen
class Count:
    """Count entries that have these values: ``kind``, ``state``, ``tag``, or a field of the kind."""

    where: Mapping[str, str]

    def holds(self, entry: Entry) -> bool:
        """Return whether an entry is counted."""
        return all(_value_of(entry, name, value) for name, value in self.where.items())


def _value_of(entry: Entry, name: str, value: str) -> bool:
    if name == "kind":
        return entry.kind == value
    if name == "state":
        return entry.state == value
    if name == "tag":
        return value.casefold() in {tag.casefold() for tag in entry.content.tags}
    held = entry.content.to_fields().get(name)
    several = held if isinstance(held, (list, tuple)) else (held,)
    return any(value == ("yes" if one is True else "no" if one is False else str(one)) for one in several)


@attrs.frozen
class Expression:
    """A sum of counts that was read; `value` works it out from how many each count found."""

    counts: tuple[Count, ...]
    value: Sum = attrs.field(eq=False)

    @property
    def kinds(self) -> tuple[str, ...]:
        """Return the kinds that it counts, in their order."""
        return tuple(dict.fromkeys(count.where["kind"] for count in self.counts))

    @property
    def needs_words(self) -> bool:
        """Return whether it looks into entries; kind and state can be told without."""
        return any(set(count.where) - _OWN_WORDS for count in self.counts)


class _Parser:
    """Reads one expression from left to right."""

    def __init__(self, text: str) -> None:
        self.tokens: list[tuple[str, str, int]] = []
        self.counts: list[Count] = []
        self._at = self._depth = 0
        at = 0
        while text[at:].strip():
            match = _TOKEN.match(text, at)
            if match is None:
                raise ExpressionError(
                    "this character has no meaning here", at + len(text[at:]) - len(text[at:].lstrip())
                )
            kind = ("number", "word", "text", "text", "sign")[(match.lastindex or 1) - 1]
            self.tokens.append((kind, match[match.lastindex or 1], match.start(match.lastindex or 1)))
            at = match.end()
        self.tokens.append(("end", "", len(text)))

    def whole(self) -> Sum:
        found = self._sum()
        if self._next[0] != "end":
            self._fail("this is more than one expression")
        return found

    @property
    def _next(self) -> tuple[str, str, int]:
        return self.tokens[self._at]

    def _fail(self, message: str) -> NoReturn:
        raise ExpressionError(message, self._next[2])

    def _is_sign(self, *signs: str) -> bool:
        return self._next[0] == "sign" and self._next[1] in signs

    def _take(self, sign: str) -> None:
        if not self._is_sign(sign):
            self._fail(f"here a {sign} is missing")
        self._at += 1

    def _sum(self) -> Sum:
        found = self._product()
        while self._is_sign("+", "-"):
            is_plus = self._next[1] == "+"
            self._at += 1
            found = _joined(found, self._product(), lambda a, b: a + b, lambda a, b: a - b, is_first=is_plus)
        return found

    def _product(self) -> Sum:
        found = self._part()
        while self._is_sign("*", "/"):
            is_times = self._next[1] == "*"
            self._at += 1
            found = _joined(found, self._part(), lambda a, b: a * b, _over, is_first=is_times)
        return found

    def _part(self) -> Sum:
        kind, word, _ = self._next
        if kind == "number":
            self._at += 1
            return _always(float(word))
        if self._is_sign("("):
            self._depth += 1
            if self._depth > _DEPTH_LIMIT:
                self._fail("too many brackets inside one another")
            self._at += 1
            found = self._sum()
            self._take(")")
            self._depth -= 1
            return found
        if (kind, word) == ("word", "count"):
            self._at += 1
            return self._count()
        raise ExpressionError("here a number, count(...) or a bracket is needed", self._next[2])

    def _count(self) -> Sum:
        self._take("(")
        where: dict[str, str] = {}
        start = self._next
        while not where or self._is_sign(","):
            if where:
                self._at += 1
            name, value = self._filter(where)
            where[name] = value
        self._take(")")
        if "kind" not in where:
            raise ExpressionError("a count names its kind: count(kind=...)", start[2])
        if len(self.counts) >= COUNTS_LIMIT:
            raise ExpressionError(f"at most {COUNTS_LIMIT} counts in one expression", start[2])
        self.counts.append(Count(where))
        index = len(self.counts) - 1
        return lambda found: found[index]

    def _filter(self, where: Mapping[str, str]) -> tuple[str, str]:
        kind, name, _ = self._next
        if kind != "word":
            self._fail("here a name is needed: count(kind=bid, state=toward)")
        if name in _NOT_ASKED:
            self._fail(f"a pack cannot ask for {name}: no number is about one of the two")
        if name in where:
            self._fail(f"{name} stands here twice")
        self._at += 1
        self._take("=")
        kind, value, _ = self._next
        if kind not in ("word", "text", "number"):
            self._fail("here a value is needed; put it in quotes where it is no single word")
        self._at += 1
        return name, value


def _always(value: float) -> Sum:
    return lambda _: value


def _over(a: float, b: float) -> float:
    return a / b if b else math.nan


def _joined(
    left: Sum, right: Sum, first: Callable[[float, float], float], second: Callable[[float, float], float], *,
    is_first: bool,
) -> Sum:  # fmt: skip
    act = first if is_first else second
    return lambda found: act(left(found), right(found))


def parse(text: str) -> Expression:
    """Return what an expression means.

    Raises:
        ExpressionError: it does not fit; it says where.
    """
    if len(text) > EXPRESSION_LIMIT:
        raise ExpressionError(f"an expression has at most {EXPRESSION_LIMIT} characters", EXPRESSION_LIMIT)
    parser = _Parser(text)
    value = parser.whole()
    if not parser.counts:
        raise ExpressionError("an expression counts something: count(kind=...)", 0)
    return Expression(tuple(parser.counts), value)


@attrs.frozen(kw_only=True)
class Measure:
    """How a metric is worked out and told: over how many days, from how many entries on, in which unit and words."""

    expression: Expression
    days: int
    at_least: int
    unit: str
    label: str
    words: str
    is_for_both: bool

    def run(self, request: AnalysisRequest) -> AnalysisResult:
        """Work it out."""
        since = request.now - timedelta(days=self.days)
        until = request.now + timedelta(milliseconds=1)  # what was written down this very moment counts
        entries = list(request.view.entries(kind=self.expression.kinds, since=since, until=until))
        matched = [[entry for entry in entries if count.holds(entry)] for count in self.expression.counts]
        behind = {entry.id: entry.author.person for found in matched for entry in found}
        found = tuple(float(len(each)) for each in matched)
        value = self.expression.value(found)
        if len(behind) < self.at_least or not math.isfinite(value):
            return AnalysisResult.not_enough(
                f"This needs at least {self.at_least} entries of the last {self.days} days."
            )
        if self.is_for_both and len(set(behind.values())) < 2:
            return AnalysisResult.not_enough("This needs entries of both of you.")
        low, high = self._band(found, value)
        band = Band(
            label=self.label, low=low, high=high, unit=self.unit, confidence=_CONFIDENCE,  # type: ignore[arg-type]
            value=None if self.is_for_both else value,
        )  # fmt: skip
        return AnalysisResult(headline=self._told(low, high), bands=(band,))

    def _band(self, found: Sequence[float], value: float) -> tuple[float, float]:
        """Return between what the number lies, if each count could as well have been some more or fewer."""
        variance = 0.0
        for index, count in enumerate(found):
            moved = self.expression.value((*found[:index], count + 1, *found[index + 1 :]))
            if math.isfinite(moved):
                variance += (moved - value) ** 2 * max(count, 1.0)
        reach = _SPREAD * math.sqrt(variance)
        low, high = value - reach, value + reach
        if self.unit in ("share", "ratio", "count", "days"):
            low = max(low, 0.0)
        return (min(low, 1.0), min(high, 1.0)) if self.unit == "share" else (low, max(low, high))

    def _told(self, low: float, high: float) -> str:
        shown = [f"{one:.0%}".replace("%", " %") if self.unit == "share" else f"{one:.1f}" for one in (low, high)]
        return self.words.replace("{low}", shown[0]).replace("{high}", shown[1])
