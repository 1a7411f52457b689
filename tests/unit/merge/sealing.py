"""Sealed answers for tests of merge: with a box that is no box, opened by a function that anybody can compute."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from unit.merge.scribe import PERSONS, Scribe, fixed

from couplejournal.merge import Frozen, State
from couplejournal.ops.words import Release, Rewrap, Seal, Skip, Withdraw, decode_fields

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from couplejournal.merge import Sealed
    from couplejournal.ops.op import Op

PROMPT = "winter plans"


class ToyOpener:
    """Opens a box with the one key that its prompt, its person and its content give."""

    def is_well_formed(self, seal: Seal) -> bool:
        return bool(seal.sealed)

    def text_of(self, seal: Seal, person: bytes, key: bytes) -> str | None:
        return seal.sealed.decode() if key == toy_key(seal.prompt, person, seal.sealed) else None


def toy_key(prompt: str, person: bytes, sealed: bytes) -> bytes:
    """Return the key of an answer."""
    return hashlib.sha256(prompt.encode() + person + sealed).digest()


class Answerer(Scribe):
    """One key that writes about sealed answers, rightly and wrongly."""

    def seal(self, text: str, *, prompt: str = PROMPT, until: int = 0, clock: tuple[int, int] | None = None) -> Op:
        """Seal an answer; an empty text makes a malformed one."""
        return self.say("seal", Seal(prompt, until, text.encode(), []), clock=clock)

    def release(
        self, own: Op, other: Op | bytes, *, key: bytes | None = None, clock: tuple[int, int] | None = None
    ) -> Op:
        """Open an answer and name one of the other's; without ``key`` with the right one."""
        seal = decoded(own)
        person = PERSONS.get(own.key, b"")
        key = toy_key(seal.prompt, person, seal.sealed) if key is None else key
        return self.say("release", Release(own.id, key, other if isinstance(other, bytes) else other.id), clock=clock)

    def withdraw(self, seal: Op) -> Op:
        """Take an answer back."""
        return self.say("withdraw", Withdraw(seal.id))

    def rewrap(self, seal: Op, name: str) -> Op:
        """Wrap the key of an answer for another device."""
        return self.say("rewrap", Rewrap(seal.id, [(fixed(f"key {name}"), b"wrap")]))

    def skip(self, prompt: str) -> Op:
        """Leave a prompt."""
        return self.say("skip", Skip(prompt))


def decoded(op: Op) -> Seal:
    """Return the fields of a sealing."""
    return decode_fields(Seal, op.fields)


def answer_state(accepted: Mapping[bytes, Mapping[bytes, int]] | None = None) -> State:
    """Return a state that opens toy answers."""
    limits = {} if accepted is None else accepted  # which the caller may change meanwhile
    return State(PERSONS.get, book=fixed("book shared"), accepted=limits.get, opener=ToyOpener())


def folded(ops: Iterable[Op], accepted: Mapping[bytes, Mapping[bytes, int]] | None = None) -> Frozen:
    """Return the state after these operations."""
    state = answer_state(accepted)
    for op in ops:
        state.apply(op)
    return state.snapshot()


def sealed_in(frozen: Frozen, op: Op) -> Sealed:
    """Return what became of an answer."""
    [found] = [one for prompted in frozen.answers.prompts.values() for one in prompted.sealed if one.id == op.id]
    return found


def shown(frozen: Frozen) -> dict[bytes, bytes]:
    """Return the answers that everybody sees: their ids and their fields."""
    return {entry: bytes(record.write.fields) for entry, record in frozen.records.items() if record.op.word == "seal"}
