"""Segments of any content: what was sealed is proved, and anything else is refused."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from couplejournal.errors import NewerFormatError, UntrustedDataError
from couplejournal.ops import codec, domains
from couplejournal.seal import segments
from couplejournal.seal.keys import KeyPair
from couplejournal.seal.segments import WORD_STREAM, VerifiedSegment

OWN = KeyPair(b"a" * 32, b"b" * 32)
K, BOOK, STREAM, EPOCH = b"k" * 32, b"B" * 32, b"S" * 16, b"E" * 16
BEGIN = domains.first_link(OWN.id, STREAM, WORD_STREAM)

json_like = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.text(max_size=12) | st.binary(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
ops = st.lists(
    st.builds(
        lambda fields, salt, ms, counter: codec.encode_op(
            "mood", fields, salt=salt, clock=(ms, counter), critical=False
        ),
        st.dictionaries(st.text(max_size=5), json_like, max_size=4),
        st.binary(min_size=16, max_size=16),
        st.integers(0, codec.CLOCK_LIMIT_MS - 1),
        st.integers(0, (1 << 32) - 1),
    ),
    min_size=1,
    max_size=6,
)


def sealed(said: list[bytes], *, first: int = 1, prev: bytes = BEGIN) -> VerifiedSegment:
    """Seal operations."""
    return segments.seal_words(OWN, K, book=BOOK, stream=STREAM, epoch=EPOCH, first=first, prev=prev, ops=said)


def opened(data: bytes) -> VerifiedSegment:
    """Prove a file."""
    return segments.verify_words(segments.parse(data), OWN.public.sign, K)


@given(ops, st.integers(1, segments.SEQ_LIMIT - 10))
def test_what_was_sealed_comes_back(said: list[bytes], first: int) -> None:
    """Operations of any content, from any number on, come back as the same bytes under the same links."""
    made = sealed(said, first=first)
    back = opened(made.sealed.data)
    assert back.ops == tuple(said)
    assert back.links == made.links
    assert back.sealed == made.sealed


@given(ops, st.data())
def test_any_cut_of_a_stream_has_the_same_links(said: list[bytes], data: st.DataObject) -> None:
    """However a stream is cut into files, every operation has the same id."""
    whole = sealed(said)
    first = data.draw(st.integers(1, len(said)))
    last = data.draw(st.integers(first, len(said)))
    prev = BEGIN if first == 1 else whole.links[first - 2]
    part = opened(sealed(said[first - 1 : last], first=first, prev=prev).sealed.data)
    assert part.links == whole.links[first - 1 : last]


@given(ops, st.data())
def test_any_change_is_refused(said: list[bytes], data: st.DataObject) -> None:
    """Bytes changed, cut, inserted or swapped anywhere are refused by the library's own errors."""
    file = sealed(said).sealed.data
    at = data.draw(st.integers(0, len(file) - 1))
    end = data.draw(st.integers(at, min(len(file), at + 40)))
    changed = file[:at] + data.draw(st.binary(max_size=40)) + file[end:]
    if changed != file:
        try:
            opened(changed)
        except (UntrustedDataError, NewerFormatError):
            return
        raise AssertionError("a changed segment was taken")


@given(st.binary(max_size=600))
def test_any_bytes_are_refused(data: bytes) -> None:
    """No bytes are a segment, with our header before them even."""
    head = sealed([codec.encode_op("mood", {}, salt=b"s" * 16, clock=(1, 1), critical=False)]).sealed.data[:182]
    for file in (data, head + data):
        try:
            opened(file)
        except (UntrustedDataError, NewerFormatError):
            continue
        raise AssertionError("any bytes were taken for a segment")
