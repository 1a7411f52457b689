"""Write operations for tests of merge and view: linked like real ones, signed by nobody."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import msgspec

from couplejournal.merge import State
from couplejournal.ops.codec import encode, encode_op
from couplejournal.ops.domains import next_link
from couplejournal.ops.op import Op
from couplejournal.ops.words import Profile, Retract, Revise, Share, Write

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from couplejournal.merge import Frozen

START_MS = 1_700_000_000_000


def fixed(name: str, size: int = 32) -> bytes:
    """Return bytes that look random and are the same in each run."""
    return hashlib.sha256(name.encode()).digest()[:size]


ANA, BEN = fixed("person ana", 16), fixed("person ben", 16)
PERSONS: Mapping[bytes, bytes] = {
    fixed("key ana phone"): ANA,
    fixed("key ana laptop"): ANA,
    fixed("key ben phone"): BEN,
}


class Scribe:
    """One key that writes a stream of operations."""

    def __init__(self, name: str, *, book: str = "shared") -> None:
        self.key = fixed(f"key {name}")
        self.stream = fixed(f"stream {name} {book}", 16)
        self.link = fixed(f"link {name} {book}")
        self.seq = 0

    def say(
        self,
        word: str,
        fields: object,
        *,
        clock: tuple[int, int] | None = None,
        salt: bytes | None = None,
    ) -> Op:
        """Return the next operation."""
        self.seq += 1
        clock = clock or (START_MS + self.seq * 1000, 0)
        salt = salt or fixed(f"salt {self.link.hex()}", 16)
        self.link = next_link(self.link, encode_op(word, fields, salt=salt, clock=clock))
        return Op(self.link, self.key, self.stream, self.seq, word, clock, salt, encode(fields))

    def write(
        self,
        kind: str,
        text: str = "",
        *,
        refs: Sequence[tuple[str, Op | bytes]] = (),
        happened: tuple[int, int, str] | None = None,
        joint: bool = False,
        both: bool = False,
        clock: tuple[int, int] | None = None,
        salt: bytes | None = None,
        fields: object = None,
        schema: int = 1,
        **more: object,
    ) -> Op:
        """Create an entry."""
        own = {"text": text, **more} if fields is None else fields
        clock = clock or (START_MS + (self.seq + 1) * 1000, 0)
        write = Write(
            kind,
            schema,
            happened or (clock[0], 60, "minute"),
            msgspec.Raw(encode(own)),
            tuple((relation, target if isinstance(target, bytes) else target.id) for relation, target in refs),
            joint,
            both,
        )
        return self.say("write", write, clock=clock, salt=salt)

    def reply(self, bid: Op, turn: str, *, both: bool = False, clock: tuple[int, int] | None = None) -> Op:
        """Turn to a bid."""
        return self.write("response", turn=turn, refs=[("responds_to", bid)], both=both, clock=clock)

    def step(self, target: Op, name: str, *, both: bool = False, clock: tuple[int, int] | None = None) -> Op:
        """Take a step of an entry's lifecycle."""
        return self.write("step", name=name, refs=[("about", target)], both=both, clock=clock)

    def revise(
        self, entry: Op, text: str, *, after: Iterable[Op], clock: tuple[int, int] | None = None, **more: object
    ) -> Op:
        """Replace the fields of an entry."""
        raw = msgspec.Raw(encode({"text": text, **more}))
        return self.say("revise", Revise(entry.id, [op.id for op in after], raw), clock=clock)

    def retract(self, entry: Op, *, after: Iterable[Op], clock: tuple[int, int] | None = None) -> Op:
        """Hide an entry."""
        return self.say("retract", Retract(entry.id, [op.id for op in after]), clock=clock)

    def share(self, entry: Op, *, salt: bytes, key: bytes) -> Op:
        """Say that an entry goes into the shared book."""
        return self.say("share", Share(entry.id, salt, key))

    def profile(self, name: str, device: str, *, clock: tuple[int, int] | None = None) -> Op:
        """Say the names."""
        return self.say("profile", Profile(name, device), clock=clock)


def fold(
    ops: Iterable[Op], *, book: str = "shared", accepted: Mapping[bytes, Mapping[bytes, int]] | None = None
) -> Frozen:
    """Return the state after these operations; ``accepted`` names the keys whose words do not all count."""
    state = State(PERSONS.get, book=fixed(f"book {book}"), accepted=(accepted or {}).get)
    for op in ops:
        state.apply(op)
    return state.snapshot()
