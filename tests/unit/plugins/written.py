"""Real views for tests of plugins: drafts become operations, operations a state, states a view."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from couplejournal.merge import State
from couplejournal.model.kinds import core_kinds
from couplejournal.ops.codec import encode
from couplejournal.ops.op import Op
from couplejournal.ops.words import Write
from couplejournal.testing.couple import END, Draft
from couplejournal.view import BookState, JournalView

if TYPE_CHECKING:
    from collections.abc import Iterable

    from couplejournal.model.content import Content

NOW = END
RELATIONS = {"response": "responds_to", "step": "about", "milestone": "part_of"}


def fixed(name: str, size: int) -> bytes:
    """Return bytes that look random and are the same in each run."""
    return hashlib.sha256(name.encode()).digest()[:size]


PERSONS = {fixed(name, 32): fixed(name, 16) for name in ("ana", "ben")}


class FixedSystem:
    """A machine whose clock stands at `NOW`."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def now_ms(self) -> int:
        return int(self.now.timestamp() * 1000)

    def monotonic(self) -> float:
        return 0.0

    def random_bytes(self, count: int) -> bytes:
        return fixed("chance", count)

    def boot_id(self) -> str:
        return ""

    def machine_id(self) -> str:
        return ""


class Viewed:
    """A source of one fixed view."""

    def __init__(self, view: JournalView) -> None:
        self._view = view

    def view(self) -> JournalView:
        return self._view


def _op(number: int, draft: Draft, ids: dict[str, bytes]) -> Op:
    ids[draft.key] = fixed(f"entry {draft.key}", 32)
    refs = ((RELATIONS[draft.kind], ids[draft.refers_to]),) if draft.refers_to else ()
    happened = int(draft.happened_at.timestamp() * 1000)
    fields = msgspec.Raw(encode(draft.content.to_fields()))
    write = Write(draft.kind, draft.content.schema, (happened, 0, "minute"), fields, refs)
    author = fixed(draft.author, 32)
    return Op(
        ids[draft.key], author, fixed(draft.author, 16), number, "write", (happened, number), fixed("salt", 16),
        encode(write),
    )  # fmt: skip


def view_of(drafts: Iterable[Draft], me: str = "ana") -> JournalView:
    """Return what one of the two sees when everything has arrived."""
    shared, private = (State(PERSONS.get, book=fixed(name, 32)) for name in ("shared", "private"))
    ids: dict[str, bytes] = {}
    for number, draft in enumerate(drafts, start=1):
        audience = draft.audience or core_kinds()[draft.kind].default_audience
        op = _op(number, draft, ids)
        if audience == "shared":
            shared.apply(op)
        elif draft.author == me:
            private.apply(op)
    books = [BookState(shared.snapshot(), "shared"), BookState(private.snapshot(), "private")]
    own = {key for key, person in PERSONS.items() if person == fixed(me, 16)}
    return JournalView.of(books, me=fixed(me, 16), my_keys=own, kinds=core_kinds(), zone=UTC)


class Writing:
    """A short way to write drafts, a minute apart, ending before `NOW`."""

    def __init__(self, *, days_ago: float = 5) -> None:
        self.drafts: list[Draft] = []
        self._at = NOW - timedelta(days=days_ago)

    def add(self, author: str, content: Content, to: str | None = None, audience: str | None = None) -> str:
        """Write one entry and return its key."""
        self._at += timedelta(minutes=1)
        key = f"{len(self.drafts)}"
        self.drafts.append(
            Draft(key=key, author=author, content=content, happened_at=self._at, refers_to=to, audience=audience)  # type: ignore[arg-type]
        )
        return key
