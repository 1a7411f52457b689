"""An entry as a person sees it: an immutable value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

import attrs

if TYPE_CHECKING:
    from datetime import datetime

    from couplejournal.model.content import Content, RawContent

AUDIENCES: Final = ("shared", "private", "waiting")


@attrs.frozen
class Author:
    """Who wrote an entry: the person's id (32 hexadecimal digits), its name ("" while not known), whether it is me."""

    person: str
    name: str
    is_me: bool


@attrs.frozen
class Ref:
    """A reference to another entry: the relation, and the entry's id (64 hexadecimal digits)."""

    relation: str
    id: str


@attrs.frozen(kw_only=True)
class Entry:
    """An entry of the journal as one fixed view shows it.

    ``id`` is 64 hexadecimal digits. ``happened_at`` is aware and the author's claim, as exact as ``precision`` ("day",
    "minute" or "instant") says; ``recorded_at`` is aware, in UTC, from the clock of the operation. ``audience`` is
    "shared", "private", or "waiting": meant for both while there is no shared book yet. ``state`` is where its
    lifecycle stands, None without one. ``revised`` counts its revisions; ``conflict`` holds the other current versions.
    ``device`` is the name of the device that wrote it, "" while not known. ``note`` is a sentence on the entry, such as
    "no change of state" for a step that came late, or None. ``is_earlier``: it stands in an earlier journal, which is
    read and never written; who shares the present one need not have that.
    """

    id: str
    kind: str
    content: Content | RawContent
    author: Author
    audience: Literal["shared", "private", "waiting"]
    happened_at: datetime
    precision: str
    recorded_at: datetime
    state: str | None = None
    refs: tuple[Ref, ...] = ()
    joint: bool = False
    revised: int = 0
    conflict: tuple[Content | RawContent, ...] = ()
    device: str = ""
    note: str | None = None
    is_earlier: bool = False

    @property
    def is_mine(self) -> bool:
        """Return whether this person wrote it."""
        return self.author.is_me

    @property
    def text(self) -> str:
        """Return the text of the content, "" where there is none."""
        return self.content.text
