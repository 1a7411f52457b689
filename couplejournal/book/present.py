"""The streams in which this device writes, and when it must begin new ones (docs/spec/sync.md 5).

A number of a stream must never be signed twice. So a device goes on in a stream only where it can show that it holds
all of it: what its replica holds is exactly what it noted, on this machine, and nobody speaks of more. Wherever that
fails it begins a new pair of streams, and reads the old ones like anybody's. Nothing here ever refuses to write.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from couplejournal.book import holding
from couplejournal.book.marks import Claim, Marks, OwnHead, Told
from couplejournal.book.shelf import Shelf
from couplejournal.book.streams import Stream
from couplejournal.ops.domains import first_link
from couplejournal.seal.segments import KEY_STREAM, WORD_STREAM, VerifiedSegment
from couplejournal.store.incarnation import Incarnation, Standing
from couplejournal.system import System

TYPES: Final = (KEY_STREAM, WORD_STREAM)
HEED_PAUSE_MS: Final = 7 * 24 * 3_600_000  # a claim is no proof: whoever makes one each minute gets one pair a week
TOLD_LIMIT: Final = 32
RESTORED: Final = "restored-or-copied"
QUIET: Final = ""


class Present:
    """Decides where this device goes on. Called within a turn."""

    def __init__(self, shelf: Shelf, system: System, incarnation: Incarnation, save: Callable[[Marks], None]) -> None:
        """Take the way to put the marks down durably."""
        self._shelf = shelf
        self._system = system
        self._incarnation = incarnation
        self._save = save
        self._standing: Standing | None = None

    def settle(self, marks: Marks) -> None:
        """See that ``marks.present`` names streams in which this device may write.

        Raises:
            StoreError: the disk is full or failing; nothing was begun.
        """
        if self._standing is None:
            self._standing = self._incarnation.standing()
        if not marks.present:
            self._begin_first(marks)
        else:
            cause = self._cause(marks)
            if cause is not None:
                self._renew(marks, cause)
        self.learn(marks)

    def learn(self, marks: Marks) -> None:
        """Let the shelf know where this device writes."""
        self._shelf.present = {type_: head.stream for type_, head in zip(TYPES, marks.present, strict=False)}

    def place(self, marks: Marks, type_: int) -> tuple[int, bytes, bytes]:
        """Return (first number, link before it, stream id) for the next operation of a type."""
        head = marks.present[TYPES.index(type_)]
        number, link = self._end_of(head, type_) or (0, self._root(head, type_))
        return number + 1, link, head.stream

    def note_next(self, marks: Marks, verified: VerifiedSegment) -> None:
        """Note what is being stored."""
        written = verified.sealed.header
        head = marks.present[TYPES.index(written.type)]
        head.number, head.link = written.first - 1, written.prev
        head.next_number, head.next_link = written.last, written.end

    def _begin_first(self, marks: Marks) -> None:
        """Begin where nothing is noted: for the first time, or because the notes are lost."""
        own = self._shelf.own_streams()
        if self._standing == "none" and all(self._is_beginning(stream) for stream in own):
            fresh = [OwnHead(self._system.random_bytes(16), 0, b"") for _ in TYPES]
            for stream in own:  # who founded the book goes on where its beginning stands
                [(number, link)] = holding.ends(self._shelf, stream)
                fresh[0] = OwnHead(stream.origin, number, link)
            self._take(marks, fresh)
        elif own:
            self._renew(marks, QUIET)
        else:
            self._take(marks, [OwnHead(self._system.random_bytes(16), 0, b"") for _ in TYPES])

    def _is_beginning(self, stream: Stream) -> bool:
        return len(stream.parts) == 1 and self._shelf.is_genesis(stream.parts[0])

    def _cause(self, marks: Marks) -> str | None:
        """Return why new streams are needed, as a code of `Notice` or as nothing to tell; None where they are not."""
        if self._standing != "same":
            return QUIET
        for type_, head in zip(TYPES, marks.present, strict=True):
            end = self._end_of(head, type_)
            if end is None or end not in ((head.number, head.link or self._root(head, type_)), _next_of(head)):
                is_behind = end is not None and end[0] < head.number
                return RESTORED if is_behind else QUIET
            (head.number, head.link), head.next_number, head.next_link = end, 0, b""  # what a crash left open is known
        known = {head.stream for head in marks.present}
        if any(
            stream.origin not in known and stream.id.hex() not in marks.retired for stream in self._shelf.own_streams()
        ):
            return RESTORED
        claimed = any(head.stream.hex() in marks.claims for head in marks.present)
        if claimed and not 0 <= self._system.now_ms() - marks.heeded_ms < HEED_PAUSE_MS:
            marks.heeded_ms = self._system.now_ms()
            return QUIET  # the claim itself is told
        return None

    def _end_of(self, head: OwnHead, type_: int) -> tuple[int, bytes] | None:
        """Return where a stream of this device's ends, if it is held whole: without gap, damage or branch.

        What is damaged was dropped by whoever opened it, and leaves a gap; its number is not forgotten.
        """
        stream = self._shelf.find(self._shelf.own.id, head.stream, type_)
        if stream is None:
            return 0, self._root(head, type_)
        tree = self._shelf.tree_of(stream)
        if tree is not None:
            ends, is_whole = tree.ends(), not tree.is_forked and not tree.gaps()
            return ends[0] if len(ends) == 1 and is_whole and ends[0][0] == stream.last else None
        link = holding.link_at(self._shelf, stream, stream.last) if stream.head == stream.last else None
        return None if link is None else (stream.last, link)

    def _root(self, head: OwnHead, type_: int) -> bytes:
        return first_link(self._shelf.own.id, head.stream, type_)

    def _renew(self, marks: Marks, cause: str) -> None:
        """Begin a new pair of streams, durably, and then the incarnation that goes with it."""
        for stream in self._shelf.own_streams():
            _retire(marks, stream.id.hex(), stream.last)
        for head, type_ in zip(marks.present, TYPES, strict=False):
            held = self._shelf.find(self._shelf.own.id, head.stream, type_)
            _retire(marks, (head.stream if held is None else held.id).hex(), head.number)
            if cause != QUIET:
                tell(marks, cause, head.stream, self._system.now_ms())
        marks.renewed = True
        marks.acknowledged, marks.due = {}, True  # the new stream says what is held from scratch
        self._take(marks, [OwnHead(self._system.random_bytes(16), 0, b"") for _ in TYPES])

    def _take(self, marks: Marks, present: list[OwnHead]) -> None:
        marks.present = present
        self._save(marks)
        if self._standing != "same":
            self._incarnation.renew()
            self._standing = "same"


def tell(marks: Marks, code: str, stream: bytes, now_ms: int) -> None:
    """Remember that something was found out, once for each stream; of very many the latest."""
    if not any((told.code, told.stream) == (code, stream) for told in marks.told):
        marks.told = [*marks.told, Told(code, stream, now_ms)][-TOLD_LIMIT:]


def note_own(shelf: Shelf, marks: Marks, stream: Stream, last: int, now_ms: int) -> None:
    """Note that a segment of this device came from outside: what it does not know to have written, a copy wrote.

    In a stream in which it writes its own notes will not fit any more, and it goes on elsewhere.
    """
    heads = {head.stream: max(head.number, head.next_number) for head in marks.present}
    known = heads.get(stream.origin, marks.retired.get(stream.id.hex(), 0))
    tree = shelf.tree_of(stream)
    if last > known or (tree is not None and tree.is_forked):
        tell(marks, RESTORED, stream.origin, now_ms)
    if stream.origin not in heads and (marks.renewed or stream.id.hex() in marks.retired):
        _retire(marks, stream.id.hex(), last)


def note_claims(shelf: Shelf, marks: Marks, claimed: Iterable[tuple[bytes, Claim]]) -> None:
    """Note what others told to hold of this device's streams, one claim for each, and forget what is held by now.

    Raises:
        StoreError: the disk fails.
    """
    own = {stream.origin: stream for stream in shelf.own_streams()}

    def is_held(origin: bytes, claim: Claim) -> bool:
        stream = own.get(origin)
        return stream is not None and holding.holds(shelf, stream, claim.number, claim.link)

    for name, claim in list(marks.claims.items()):
        if is_held(bytes.fromhex(name), claim):
            del marks.claims[name]
    for origin, claim in claimed:
        if origin.hex() not in marks.claims and not is_held(origin, claim):
            marks.claims[origin.hex()] = claim


def _next_of(head: OwnHead) -> tuple[int, bytes]:
    return head.next_number, head.next_link


def _retire(marks: Marks, stream: str, number: int) -> None:
    marks.retired[stream] = max(number, marks.retired.get(stream, 0))
