"""Answers that are shown as their overlap."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.merge.sealing import Answerer, answer_state, folded, shown

from couplejournal.merge.overlap import is_intimate_overlap, is_overlap, overlap


@pytest.mark.parametrize("prompt", ["overlap:x", "Overlap:x", "OVERLAP: x", "overlap:wishes"])
def test_the_beginning_says_it(prompt: str) -> None:
    """A capital or a space too many must not open a whole list."""
    assert is_overlap(prompt)
    assert is_intimate_overlap(prompt) == (prompt == "overlap:wishes")
    assert not is_overlap(prompt.replace(":", " "))


@given(st.lists(st.text("ab-1. \n", max_size=6)), st.lists(st.text("AB-1. \n", max_size=6)))
def test_no_line_that_not_both_have(first: list[str], second: list[str]) -> None:
    """Each line of an overlap stands in the other text too, none twice, and both overlaps are the same but for case."""
    one, other = "\n".join(first), "\n".join(second)
    found = overlap(one, [other])
    assert found.casefold() == overlap(other, [one]).casefold()
    lines = found.splitlines()
    assert len(lines) == len({line.casefold() for line in lines})
    own, theirs = (" ".join(text.casefold().split()) for text in (one, other))
    assert all(line.casefold() in own and line.casefold() in theirs for line in lines)


def test_order_and_marks_tell_nothing() -> None:
    """Bullets, numbers, capitals and the order make no difference."""
    assert overlap("2. Work\n* money.\nfaith", ["MONEY\n- work"]) == "money\nWork"
    assert overlap("faith", ["work"]) == ""


@pytest.mark.parametrize(("prompt", "is_intimate"), [("overlap:ready", False), ("overlap:wishes", True)])
def test_entries_show_the_overlap_alone(prompt: str, *, is_intimate: bool) -> None:
    """F31: neither entry has a line of one list alone, and common wishes are marked intimate."""
    ana, ben = Answerer("ana phone"), Answerer("ben phone")
    hers, his = ana.seal("money\nfaith", prompt=prompt), ben.seal("Money\nwork", prompt=prompt)
    ops = [hers, his, ana.release(hers, his), ben.release(his, hers)]
    texts = shown(folded(ops))
    assert set(texts) == {hers.id, his.id}
    for text in texts.values():
        assert b"oney" in text
        assert b"faith" not in text
        assert b"work" not in text
        assert (b"intimate" in text) == is_intimate


def test_a_second_answer_that_counts_opens_only_what_both_have() -> None:
    """Two devices of Ben's sealed a list each: what opens later adds common lines alone, in whatever order it comes."""
    ana, laptop, ben = Answerer("ana phone"), Answerer("ana laptop"), Answerer("ben phone")
    hers = ana.seal("money\nfaith\nthe sea", prompt="overlap:ready")
    first, second = (ben.seal(text, prompt="overlap:ready") for text in ("Money\nwork", "Faith\nhills"))
    asked = [hers, first, second, ana.release(hers, first), laptop.release(hers, second)]
    later = [ben.release(first, hers), ben.release(second, hers)]
    before = shown(folded([*asked, later[0]]))
    assert b"money" in before[hers.id]
    assert b"faith" not in before[hers.id]
    after = shown(folded([*asked, *later]))
    assert set(after) == {hers.id, first.id, second.id}
    assert b"faith\nmoney" in after[hers.id]
    for alone in (b"work", b"hills", b"sea"):
        assert not any(alone in text for text in (*before.values(), *after.values()))
    for ops in itertools.permutations([*asked[3:], *later]):
        state = answer_state()
        for op in (*asked[:3], *ops):
            state.apply(op)
            state.snapshot()
        assert shown(state.snapshot()) == after


def test_a_list_made_after_reading_changes_nothing() -> None:
    """Whoever seals and opens a second list for an answer that is open learns nothing by it: nobody named that list."""
    ana, ben = Answerer("ana phone"), Answerer("ben phone")
    hers, his = ana.seal("money\nfaith", prompt="overlap:ready"), ben.seal("Money", prompt="overlap:ready")
    ops = [hers, his, ana.release(hers, his), ben.release(his, hers)]
    before = shown(folded(ops))
    late = ben.seal("faith", prompt="overlap:ready")
    assert shown(folded([*ops, late, ben.release(late, hers)])) == before
