"""What the sample couple wrote, as a view of one of the two: also in kinds that a plugin declares.

The couple is made up and always the same. `exchanged` gives each entry to the other of the two, and `mixed` gives each
to either by chance: a result for both must not change by the first, nor say anything else by the second, since then it
would tell who wrote what.
"""

from __future__ import annotations

import hashlib
import math
import random
from datetime import UTC, timedelta
from functools import lru_cache
from itertools import count as counting
from typing import TYPE_CHECKING, Any, Final

import attrs
import msgspec

from couplejournal.merge import State
from couplejournal.model.kinds import Step, known_kinds
from couplejournal.ops.codec import encode
from couplejournal.ops.op import Op
from couplejournal.ops.words import Write
from couplejournal.plugins.kinds import as_core_kind
from couplejournal.plugins.views import CutView
from couplejournal.testing.couple import END, Draft, Person, correspondence
from couplejournal.view import BookState, JournalView

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from couplejournal.model import kinds as core
    from couplejournal.model.content import Content
    from couplejournal.plugins.kinds import Field, Kind

MARK: Final = "canary-7f3a9c"
_OTHER: Final[dict[str, Person]] = {"ana": "ben", "ben": "ana"}
_PEOPLE: Final[tuple[Person, ...]] = ("ana", "ben")
_TEXT: Final = "As it was, that evening by the river."


def _fixed(name: str, size: int) -> bytes:
    return hashlib.sha256(name.encode()).digest()[:size]


_PERSONS: Final = {_fixed(name, 32): _fixed(name, 16) for name in _OTHER}


class FixedClock:
    """A machine whose clock stands at the end of the sample couple's time."""

    def now_ms(self) -> int:
        """Return the moment, in milliseconds since 1970 UTC."""
        return int(END.timestamp() * 1000)

    def monotonic(self) -> float:
        """Return 0 seconds, always."""
        return 0.0

    def random_bytes(self, count: int) -> bytes:
        """Return zeros: nothing here needs chance."""
        return bytes(count)

    def boot_id(self) -> str:
        """Return that nothing is known."""
        return ""

    def machine_id(self) -> str:
        """Return that nothing is known."""
        return ""


@attrs.frozen
class FixedView:
    """A source of one view, as `PluginHost` takes it."""

    given: JournalView

    def view(self) -> JournalView:
        """Return that view."""
        return self.given


def view_of(drafts: Iterable[Draft], *, me: str = "ana", kinds: Iterable[Kind] = ()) -> JournalView:
    """Return what one of the two sees when everything has arrived; ``kinds`` are known beside those of the core."""
    known = known_kinds(as_core_kind(kind) for kind in kinds)
    shared, private = (State(_PERSONS.get, book=_fixed(name, 32)) for name in ("shared", "private"))
    ids: dict[str, bytes] = {}
    for number, draft in enumerate(drafts, start=1):
        kind = known.get(draft.kind)
        op = _op(number, draft, ids, kind)
        if (draft.audience or ("shared" if kind is None else kind.default_audience)) == "shared":
            shared.apply(op)
        elif draft.author == me:
            private.apply(op)
    books = [BookState(shared.snapshot(), "shared"), BookState(private.snapshot(), "private")]
    own = {key for key, person in _PERSONS.items() if person == _fixed(me, 16)}
    return JournalView.of(books, me=_fixed(me, 16), my_keys=own, kinds=known, zone=UTC)


def _op(number: int, draft: Draft, ids: dict[str, bytes], kind: core.Kind | None) -> Op:
    ids[draft.key] = _fixed(f"entry {draft.key}", 32)
    relation = kind.refs.relation if kind is not None and kind.refs is not None else "about"
    refs = ((relation, ids[draft.refers_to]),) if draft.refers_to else ()
    happened = int(draft.happened_at.timestamp() * 1000)
    write = Write(
        draft.kind, draft.content.schema, (happened, 0, "minute"), msgspec.Raw(encode(draft.content.to_fields())), refs
    )
    author = _fixed(draft.author, 32)
    stream, salt = _fixed(draft.author, 16), _fixed("salt", 16)
    return Op(ids[draft.key], author, stream, number, "write", (happened, number), salt, encode(write))


def exchanged(drafts: Iterable[Draft]) -> list[Draft]:
    """Return the same entries, each written by the other of the two."""
    return [attrs.evolve(draft, author=_OTHER[draft.author]) for draft in drafts]


def mixed(view: CutView, *, seed: int) -> CutView:
    """Return the same entries of a view for both, each given to either of the two by chance."""
    people = view.people
    chance = random.Random(seed)  # noqa: S311 - the same in each run
    entries = [attrs.evolve(entry, author=chance.choice(people)) for entry in view.entries()]
    return CutView(lambda: entries, zone=view.zone, me=None, people=people)


def marked(drafts: Iterable[Draft]) -> list[Draft]:
    """Return the same entries, each text beginning with `MARK`."""
    return [
        attrs.evolve(draft, content=attrs.evolve(draft.content, text=f"{MARK} {draft.content.text}"))
        for draft in drafts
    ]


def written(kind: Kind, text: str = "", **fields: Any) -> Content:
    """Return what somebody wrote in a kind that a plugin declares, as `Journal.add` takes it.

    Raises:
        TypeError: the kind has no such field.
    """
    known = as_core_kind(kind)
    return known.marked(known.content(text, **fields))


@lru_cache(maxsize=8)
def _correspondence(count: int) -> tuple[Draft, ...]:
    return tuple(correspondence(count))


def sample(count: int, kinds: Iterable[Kind] = ()) -> list[Draft]:
    """Return so many entries of the sample couple, oldest first; a third is in ``kinds``, where there are any.

    Each declared kind is written by both in turn, with every choice of its fields, and goes every way that its
    lifecycle has for one of the two.
    """
    declared = list(kinds)
    most = count // 3 if declared else 0
    own: list[Draft] = []
    for number in counting():
        more = list(_of_kind(declared[number % len(declared)], number // len(declared), most)) if most else []
        if not more or len(own) + len(more) > most:
            break
        own += more
    return sorted([*_correspondence(count - len(own)), *own], key=lambda draft: draft.happened_at)


def _of_kind(kind: Kind, number: int, most: int) -> Iterator[Draft]:
    """Yield one entry of a declared kind, and the steps that follow on it."""
    author = _PEOPLE[number % 2]
    at = END - timedelta(days=60) * (most - number) / most
    key = f"{kind.name} {number}"
    content = written(kind, _TEXT, **{field.name: _value(field, number // 2) for field in kind.fields})
    yield Draft(key=key, author=author, content=content, happened_at=at)
    state = "" if kind.lifecycle is None else kind.lifecycle.initial
    for taken in range(number % 3):
        ways = [] if kind.lifecycle is None else [one for one in kind.lifecycle.transitions if one.start == state]
        ways = [one for one in ways if one.by != "both" and not one.when]
        if not ways:
            return
        way = ways[number % len(ways)]
        who = _OTHER[author] if way.by == "other" else author
        at += timedelta(minutes=10)
        yield Draft(key=f"{key} {taken}", author=who, content=Step(way.step), happened_at=at, refers_to=key)
        state = way.to


def _value(field: Field, number: int) -> Any:
    """Return a value that a field may have; the next number gives the next one, as far as there are more."""
    if field.choices:
        return field.choices[number % len(field.choices)]
    if field.type == "day":
        return (END - timedelta(days=number % 60)).date().isoformat()
    if field.type in ("whole", "number"):
        least = 0 if field.least is None else math.ceil(field.least)
        most = least + 6 if field.most is None else math.floor(field.most)
        return least + number % max(most - least + 1, 1)
    if field.type == "yes-no":
        return number % 2 == 0
    return (f"one of seven: {number % 7}",) if field.type == "texts" else f"one of seven: {number % 7}"
