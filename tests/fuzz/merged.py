"""What operations add up to: any of them, in any order, and a view of all of it that is printed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import UTC
from typing import Final

import msgspec
from fuzz.harness import Draw, Target, require
from fuzz.sealed import samples

from couplejournal.book.acks import Acknowledged
from couplejournal.cli.output import as_json, entry_fields
from couplejournal.cli.rendering import entry_lines
from couplejournal.errors import UntrustedDataError
from couplejournal.merge import Frozen, State
from couplejournal.model.kinds import core_kinds
from couplejournal.ops import codec, words
from couplejournal.ops.op import Op
from couplejournal.view import BookState, JournalView

KEYS: Final = tuple(bytes([number]) * 32 for number in range(4))
PERSONS: Final = {KEYS[0]: b"a" * 16, KEYS[1]: b"a" * 16, KEYS[2]: b"b" * 16}
WORDS: Final = tuple(sorted(words.WORD_WORDS))
KINDS: Final = core_kinds()
KIND_NAMES: Final = (*sorted(KINDS), "unheard-of", "")
OPS_LIMIT: Final = 24


class _Words:
    """Operations of word streams that the bytes choose: shaped, or with any fields that fit their word."""

    def __init__(self, data: bytes) -> None:
        self.draw = Draw(data)
        self.ops: list[Op] = []
        while not self.draw.is_over and len(self.ops) < OPS_LIMIT:
            self._add()

    def _add(self) -> None:
        word = WORDS[self.draw.number(len(WORDS))]
        how = self.draw.number(8)
        if how == 0:
            fields = self.draw.piece()
            try:
                words.require_fields(word, fields)
            except UntrustedDataError:
                return  # a segment with it is refused
        else:
            fields = codec.encode(self._shaped(word))
        clock = (1_790_000_000_000 + self.draw.number(4), self.draw.number(3))
        key = KEYS[self.draw.number(len(KEYS))]
        salt = self.draw.take(1) * 16
        place = codec.encode((len(self.ops), word, fields, clock, key, salt))
        link = hashlib.sha256(place).digest()
        self.ops.append(Op(link, key, key[:16], len(self.ops) + 1, word, clock, salt, fields))

    def _entry(self) -> bytes:
        if self.ops and self.draw.number(8):
            return self.ops[self.draw.number(len(self.ops))].id
        return self.draw.piece()

    def _entries(self) -> list[bytes]:
        return [self._entry() for _ in range(self.draw.number(4))]

    def _content(self) -> msgspec.Raw:
        plain = {"text": self.draw.piece().decode("utf-8", "replace"), "turn": "toward", "name": "let-go"}
        if self.draw.number(4):
            return msgspec.Raw(codec.encode(plain))
        raw = self.draw.piece()
        try:
            msgspec.msgpack.decode(raw)
        except (msgspec.DecodeError, ValueError):
            return msgspec.Raw(codec.encode(raw))
        return msgspec.Raw(raw)

    def _write(self) -> words.Write:
        draw = self.draw
        kind = KIND_NAMES[draw.number(len(KIND_NAMES))]
        happened = (draw.wild(), draw.wild(), ("day", "minute", "odd")[draw.number(3)])
        relations = ("about", "responds_to", "part_of", "\x1b[1m")
        refs = tuple((relations[draw.number(4)], entry) for entry in self._entries())
        joint, both = bool(draw.number(2)), bool(draw.number(2))
        return words.Write(kind, draw.number(3), happened, self._content(), refs, joint=joint, both=both)

    def _text(self) -> str:
        return self.draw.piece().decode("utf-8", "replace")

    def _shaped(self, word: str) -> object:
        draw = self.draw
        match word:
            case "write":
                fields: object = self._write()
            case "revise":
                fields = words.Revise(self._entry(), self._entries(), self._content())
            case "retract":
                fields = words.Retract(self._entry(), self._entries())
            case "share":
                fields = words.Share(self._entry(), draw.take(1) * 16, KEYS[draw.number(len(KEYS))])
            case "profile":
                fields = words.Profile(self._text(), self._text())
            case "seen":
                fields = words.Seen([(KEYS[draw.number(len(KEYS))][:16], draw.number(64), draw.piece())])
            case _:
                fields = samples()[word]
        return fields


def _frozen(ops: Iterable[Op], book: bytes) -> Frozen:
    state = State(PERSONS.get, book=book)
    for op in ops:
        state.apply(op)
    return state.snapshot()


def _shown(frozen: Frozen, other: Frozen) -> list[dict[str, object]]:
    """Return everything that a person sees, after it was printed once."""
    books = [BookState(frozen, "shared"), BookState(other, "private")]
    view = JournalView.of(books, me=PERSONS[KEYS[0]], my_keys={KEYS[0], KEYS[1]}, kinds=KINDS, zone=UTC)
    entries = list(view.entries())
    for entry in entries:
        for line in entry_lines(entry, lambda entry_id: entry_id[:6]):
            require("\x1b" not in line and "\n" not in line, "a terminal obeys nothing that is shown")
        view.thread(entry.id)
        require(view.entry(entry.id).id == entry.id, "what is listed is found")
    list(view.entries(text="tea", tag="a", newest_first=True))
    require(view.count() == len(entries), "what is listed is counted")
    return [entry_fields(entry) for entry in entries]


def fold_words(data: bytes) -> None:
    """Any operations give a state, in each order the same, and a view of it that is shown without harm."""
    made = _Words(data)
    ops, half = made.ops, len(made.ops) // 2
    shared, private = ops[:half] + ops[half + 2 :], ops[half:]
    shown = _shown(_frozen(shared, b"S" * 32), _frozen(private, b"P" * 32))
    again = _shown(_frozen([*shared[::-1], *shared], b"S" * 32), _frozen(private[::-1], b"P" * 32))
    require(as_json(again) == as_json(shown), "the state knows no order")


def fold_acknowledgements(data: bytes) -> None:
    """What devices tell that they hold: any order gives the same answers."""
    ops = _Words(data).ops
    both = (Acknowledged(), Acknowledged())
    for order, found in zip((ops, ops[::-1]), both, strict=True):
        for op in order:
            found.feed(op)
    for key in KEYS:
        for seq in (0, 1, 60, 2**63):
            answers = {
                (found.holders(key[:16], seq), found.is_seen(key[:16], seq, counts=bool), *found.told_all().items())
                for found in both
            }
            require(len(answers) == 1, "acknowledgements know no order")


def _word_seeds() -> Iterable[bytes]:
    write, revise, retract = (WORDS.index(word) for word in ("write", "revise", "retract"))
    yield bytes([write, 1, 0, 1]) + bytes(300)
    yield b"".join(bytes([word, 1, number, 3]) + bytes(40) for number in range(6) for word in (write, revise, retract))
    yield hashlib.shake_256(b"seed").digest(600)
    for word, fields in samples().items():
        if word in words.WORD_WORDS:
            packed = codec.encode(fields)
            yield bytes([WORDS.index(word), 0, len(packed)]) + packed


TARGETS: Final = (
    Target("words", fold_words, _word_seeds, (), 1536, nests=False),
    Target("acknowledgements", fold_acknowledgements, _word_seeds, (), 1024, nests=False),
)
