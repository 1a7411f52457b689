"""What a snapshot says about sealed answers, and which of one's own are to be opened now.

A release opens an answer of its author and names the other's answer that was held by then. The answers to a prompt are
those that a release of the other names, all of them; they are shown once they are open (docs/spec/format.md 9).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from couplejournal.merge.overlap import is_overlap, overlap
from couplejournal.ops.op import Op
from couplejournal.ops.words import Release, Seal

ID_BYTES: Final = 32


class Sealed(msgspec.Struct, frozen=True, gc=False):
    """A sealed answer that counts.

    ``op`` comes without its fields, which are ``seal``; ``rewraps`` are later wraps of its key. ``releases`` are those
    of its author, ``named_by`` those of the other that name it: only valid ones, in order of (clock, op id).
    ``is_given``: no release is valid, but its author gave the key away for an answer that has not come or does not
    count. ``text`` is there once it was released.
    """

    op: Op
    seal: Seal
    person: bytes
    rewraps: tuple[tuple[bytes, bytes], ...] = ()
    releases: tuple[tuple[Op, Release], ...] = ()
    named_by: tuple[tuple[Op, Release], ...] = ()
    is_withdrawn: bool = False
    is_given: bool = False
    text: str | None = None

    def __repr__(self) -> str:
        """Show no text and no key."""
        return f"Sealed({self.id.hex()[:8]})"

    @property
    def id(self) -> bytes:
        """The id of the answer (32 bytes): that of the operation which sealed it."""
        return self.op.id

    @property
    def is_released(self) -> bool:
        """Whether its author opened it."""
        return bool(self.releases)

    @property
    def is_answer(self) -> bool:
        """Whether it is open and named by the other: what everybody sees."""
        return bool(self.releases and self.named_by)

    def is_before_end(self, now_ms: int) -> bool:
        """Return whether it may still be the first to be opened."""
        return self.seal.until == 0 or now_ms < self.seal.until


class Prompted(msgspec.Struct, frozen=True, gc=False):
    """All answers to one prompt, in order of (clock, id); ``invalid`` are (person, id) of releases that are wrong."""

    prompt: str
    sealed: tuple[Sealed, ...] = ()
    invalid: tuple[tuple[bytes, bytes], ...] = ()

    def of(self, person: bytes) -> tuple[Sealed, ...]:
        """Return those of a person (16 bytes)."""
        return tuple(one for one in self.sealed if one.person == person)

    def of_other(self, person: bytes) -> tuple[Sealed, ...]:
        """Return those of the other person."""
        return tuple(one for one in self.sealed if one.person != person)

    def shown(self, one: Sealed) -> str:
        """Return what both see of an open answer: its text, or only the lines that an open one of the other has too."""
        text = one.text or ""
        if not is_overlap(self.prompt):
            return text
        return overlap(text, [other.text or "" for other in self.of_other(one.person) if other.is_answer])


class Answers(msgspec.Struct, frozen=True, gc=False):
    """The sealed answers of one book, by prompt; ``skipped`` are prompts that its author leaves without one."""

    prompts: Mapping[str, Prompted] = {}
    skipped: frozenset[str] = frozenset()


NO_ANSWERS: Final = Answers()


def due_releases(prompted: Prompted, person: bytes, now_ms: int) -> list[tuple[Sealed, bytes]]:
    """Return which answers of a person are to be opened now, each with the id of the other's answer that it names.

    Whoever finds an own answer named opens it, at any time. The first to open does so before the end of both answers,
    and only for an answer of the other that counts, is closed and was not taken back: one that is open was opened for
    the answer that it names, and another one may have been sealed by somebody who has read it. For the same reason
    nothing is opened again, or for another, that was given away for an answer which does not count (any more): its
    author may have taken that one out of the book. What was taken back is never opened.
    """
    mine = prompted.of(person)
    closed = [one for one in mine if _is_shut(one)]
    owed = [(one, one.named_by[0][1].seal) for one in closed if one.named_by]
    if owed or any(one.is_released for one in mine):
        return owed
    own = [one for one in closed if one.is_before_end(now_ms)]
    open_to = [one.id for one in prompted.of_other(person) if _is_shut(one) and one.is_before_end(now_ms)]
    return [(own[0], open_to[0])] if own and open_to else []


def _is_shut(one: Sealed) -> bool:
    """Return whether nobody gave it away, and nobody took it back."""
    return not (one.is_released or one.is_withdrawn or one.is_given)


def entry_named(prompt: str) -> bytes | None:
    """Return the id of the entry that a prompt is, or None for a prompt that is a text."""
    if len(prompt) != 2 * ID_BYTES or not set(prompt) <= set("0123456789abcdef"):
        return None
    return bytes.fromhex(prompt)
