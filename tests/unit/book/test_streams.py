"""Which parts cover which operations, whatever overlaps and whatever comes first."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from couplejournal.book.streams import Stream
from couplejournal.store.replica import Part

ranges = st.lists(st.tuples(st.integers(1, 30), st.integers(0, 12)).map(lambda r: (r[0], r[0] + r[1])), max_size=14)


def part(first: int, last: int) -> Part:
    """Return a part of its own for each range."""
    return Part(b"s" * 16, first, last, first.to_bytes(8) + last.to_bytes(8), 100)


def stream(parts: list[Part]) -> Stream:
    """Return a stream that took in these parts, in this order."""
    made = Stream(b"s" * 16, b"k" * 32, 2)
    for one in parts:
        made.add(one)
    return made


def numbers(parts: list[Part]) -> set[int]:
    """Return every number that some part holds."""
    return {number for one in parts for number in range(one.first, one.last + 1)}


def head_of(held: set[int]) -> int:
    """Return up to where there is no gap."""
    head = 0
    while head + 1 in held:
        head += 1
    return head


@given(ranges, st.randoms(use_true_random=False))
def test_the_head_knows_no_order(pairs: list[tuple[int, int]], random: object) -> None:
    """Up to where operations are held does not depend on the order in which their files came."""
    parts = [part(*pair) for pair in pairs]
    shuffled = [*parts]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = stream(parts), stream(shuffled)
    assert one.head == other.head == head_of(numbers(parts))
    assert one.last == other.last == max(numbers(parts), default=0)
    assert one.parts == other.parts


@given(ranges, st.integers(0, 45))
def test_a_cover_holds_everything_up_to_the_head(pairs: list[tuple[int, int]], after: int) -> None:
    """The parts to read after a number hold every operation from there to the head, in order and with no more gaps."""
    made = stream([part(*pair) for pair in pairs])
    at = after
    for one in made.cover(after):
        assert one.first <= at + 1
        assert one.last > at
        at = one.last
    assert at == max(made.head, after)


@given(ranges, st.integers(1, 45), st.integers(0, 8))
def test_what_covers_and_touches_a_range(pairs: list[tuple[int, int]], first: int, more: int) -> None:
    """A range is covered if every number of it is held; what touches it overlaps it or stands beside it."""
    parts, last = [part(*pair) for pair in pairs], first + more
    made = stream(parts)
    held = numbers(parts)
    assert made.covers(first, last) == (set(range(first, last + 1)) <= held)
    touching = {one for one in parts if one.first <= last + 1 and one.last >= first - 1}
    assert set(made.touching(first, last)) == touching
    outline = made.outline(first, last)
    assert set(outline) <= touching
    assert numbers(outline) == numbers(list(touching))


@given(ranges, st.integers(0, 13))
def test_a_dropped_part_leaves_the_others(pairs: list[tuple[int, int]], index: int) -> None:
    """Without one part the stream is what the others make of it, but its last number is not forgotten."""
    parts = list({part(*pair) for pair in pairs})
    if parts:
        made = stream(parts)
        gone = parts.pop(index % len(parts))
        made.drop(gone)
        assert made.head == head_of(numbers(parts))
        assert not made.has(gone)
        assert made.last >= gone.last
        made.add(gone)
        assert made.head == head_of(numbers([*parts, gone]))


def test_a_cut_file_is_the_same_part() -> None:
    """A part is what its name says: the size that a listing shows does not make another one of it."""
    short = Part(b"s" * 16, 1, 2, b"d" * 16, 0)
    assert short == Part(b"s" * 16, 1, 2, b"d" * 16, 1400)
    assert stream([short]).has(Part(b"s" * 16, 1, 2, b"d" * 16, 1400))


def test_a_flood_of_overlapping_parts_needs_few_to_compare() -> None:
    """However many parts overlap a range, two tell all that the others do."""
    made = stream([part(1, last) for last in range(1, 1000)])
    assert [one.last for one in made.outline(1, 1000)] == [999]
    sliding = stream([part(first, first + 500) for first in range(1, 1000)])
    assert len(sliding.outline(1, 2000)) <= 5
