"""Sealed answers as bytes: bound, padded, binding, and open to their author's own keys alone."""

from __future__ import annotations

import hashlib
import itertools
import struct

import msgspec
import pytest

from couplejournal.errors import InvalidEntryError, UntrustedDataError
from couplejournal.ops.domains import digest, domain
from couplejournal.ops.words import Seal
from couplejournal.seal import boxes, wraps
from couplejournal.seal.answers import (
    FLOOR_BYTES,
    PROMPT_LIMIT_BYTES,
    TEXT_LIMIT_BYTES,
    AnswerOpener,
    Place,
    key_of,
    open_answer,
    seal_answer,
    wrapped,
)
from couplejournal.seal.segments import padded_size
from couplejournal.testing.pairs import keys_of, root_of

BOOK, ANA, BEN = b"B" * 32, b"a" * 16, b"b" * 16
KEY = b"k" * 32
PLACE = Place(BOOK, "winter plans", ANA)
PHONE, LAPTOP, ROOT = keys_of("ana"), keys_of("ana laptop"), root_of("ana")
RECIPIENTS = {pair.id: pair.public.kem for pair in (PHONE, LAPTOP, ROOT)}
OPENER = AnswerOpener(BOOK)


def sealed(text: str, place: Place = PLACE) -> Seal:
    """Return a sealed answer of Ana's."""
    return seal_answer(text, place, key=KEY, recipients=RECIPIENTS)


def boxed(plain: bytes) -> bytes:
    """Return any plaintext in the box of an answer."""
    return boxes.seal_box(KEY, PLACE.context(), plain)


@pytest.mark.parametrize("text", ["", "x", "the sea", "ä" * 3000, "x" * TEXT_LIMIT_BYTES])
def test_every_key_of_the_author_opens_it(text: str) -> None:
    """Each device and the root find the key in their own wrap, and the text comes back as it was."""
    seal = sealed(text)
    for own in (PHONE, LAPTOP, ROOT):
        key = key_of(seal.sealed, PLACE, seal.wraps, [own])
        assert key == KEY
        assert open_answer(seal.sealed, PLACE, key) == text
    assert key_of(seal.sealed, PLACE, seal.wraps, [keys_of("ben")]) is None
    assert OPENER.text_of(seal, ANA, KEY) == text


def test_the_bytes_are_those_of_the_specification() -> None:
    """Context, plaintext and what a wrap is bound to, put together here by hand."""
    seal = sealed("the sea")
    context = domain("sealed") + digest("sealed", BOOK, b"winter plans", ANA)
    plain = boxes.open_box(KEY, context, seal.sealed)
    assert plain == struct.pack(">I", 7) + b"the sea" + bytes(4096 - 11)
    assert [recipient for recipient, _ in seal.wraps] == sorted(RECIPIENTS)
    own = dict(seal.wraps)[PHONE.id]
    box = hashlib.sha256(seal.sealed).digest()
    info = domain("seal-wrap") + digest("seal-wrap", BOOK, b"winter plans", ANA, box, PHONE.id)
    assert wraps.unwrap(own, PHONE, info) == KEY


@pytest.mark.parametrize(
    "place", [Place(b"C" * 32, "winter plans", ANA), Place(BOOK, "winter plan", ANA), Place(BOOK, "winter plans", BEN)]
)
def test_it_opens_in_its_place_alone(place: Place) -> None:
    """In another book, for another prompt or as the other's, neither box nor wraps open."""
    seal = sealed("the sea")
    assert key_of(seal.sealed, place, seal.wraps, [PHONE]) is None
    with pytest.raises(UntrustedDataError):
        open_answer(seal.sealed, place, KEY)
    assert (
        AnswerOpener(place.book).text_of(msgspec.structs.replace(seal, prompt=place.prompt), place.person, KEY) is None
    )


@pytest.mark.parametrize("key", [b"", b"k" * 31, b"k" * 33, b"l" * 32])
def test_another_key_opens_nothing(key: bytes) -> None:
    """The box commits to its key: no other opens it, of whatever length."""
    assert OPENER.text_of(sealed("the sea"), ANA, key) is None


def test_a_wrap_of_another_answer_is_of_no_use() -> None:
    """A wrap is bound to its box: one that was moved to another answer, by a thief with a device, is passed over."""
    one, other = sealed("the sea"), seal_answer("mountains", PLACE, key=b"m" * 32, recipients=RECIPIENTS)
    assert key_of(one.sealed, PLACE, other.wraps, [PHONE]) is None
    false = wrapped(b"m" * 32, one.sealed, PLACE, {PHONE.id: PHONE.public.kem})
    assert key_of(one.sealed, PLACE, false, [PHONE]) is None
    assert key_of(one.sealed, PLACE, [*false, (PHONE.id, b"short"), *one.wraps], [PHONE]) == KEY


@pytest.mark.parametrize(
    "plain",
    [
        b"",
        struct.pack(">I", 3) + b"sea",  # not padded
        struct.pack(">I", 3) + b"sea" + bytes(1024 - 7),  # the floor of other things
        struct.pack(">I", 3) + b"sea" + bytes(4096 - 8) + b"\1",
        struct.pack(">I", 4096) + bytes(4092),
        struct.pack(">I", 3) + b"sea" + bytes(8192 - 7),  # padded more than it has to be
        struct.pack(">I", 3) + b"\xff\xfe\xfd" + bytes(4096 - 7),
        struct.pack(">I", 3) + "\ud800".encode("utf-8", "surrogatepass") + bytes(4096 - 7),
        struct.pack(">I", (1 << 32) - 1) + bytes(4092),
        struct.pack(">I", TEXT_LIMIT_BYTES + 1) + bytes(padded_size(TEXT_LIMIT_BYTES + 5) - 4),
    ],
)
def test_wrong_padding_is_refused(plain: bytes) -> None:
    """What is not a length, a text and zeros up to the one right size opens as nothing."""
    with pytest.raises(UntrustedDataError):
        open_answer(boxed(plain), PLACE, KEY)


def test_length_shows_in_steps_alone() -> None:
    """Up to 4 KiB all answers are equally long; beyond, neighbouring sizes are at most an eighth apart."""
    assert {len(sealed("x" * size).sealed) for size in (0, 1, 100, 4092)} == {FLOOR_BYTES + 72}
    sizes = sorted({padded_size(4 + size, floor_bytes=FLOOR_BYTES) for size in range(TEXT_LIMIT_BYTES + 1)})
    assert len(sizes) < 140
    assert all(larger <= smaller * 1.125 for smaller, larger in itertools.pairwise(sizes))


def test_the_form_of_a_closed_answer() -> None:
    """F23: what can be known of a closed answer is checked: prompt, end, and a size that an answer has."""
    good = sealed("the sea")
    assert OPENER.is_well_formed(good)
    for size in (0, 4092, 4093, 16383 - 4, 16384 - 4, 30_000, TEXT_LIMIT_BYTES):
        assert OPENER.is_well_formed(sealed("x" * size))
    for wrong in (
        msgspec.structs.replace(good, prompt=""),
        msgspec.structs.replace(good, prompt="ä" * (PROMPT_LIMIT_BYTES // 2) + "x"),
        msgspec.structs.replace(good, until=-1),
        msgspec.structs.replace(good, until=1 << 48),
        *(msgspec.structs.replace(good, sealed=bytes(size)) for size in (0, 72, 1096, 4167, 4169, 8 << 10, 300_000)),
    ):
        assert not OPENER.is_well_formed(wrong)


def test_what_is_too_long_or_no_text_is_not_sealed() -> None:
    """256 KiB of UTF-8 are the most, and half a pair is no text."""
    with pytest.raises(InvalidEntryError, match="256 KiB"):
        sealed("ä" * (TEXT_LIMIT_BYTES // 2) + "x")
    with pytest.raises(InvalidEntryError, match="Unicode"):
        sealed("\ud800")
