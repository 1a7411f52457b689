"""The safety number and the check words: fixed values, and what changes them."""

from __future__ import annotations

import hashlib
import struct

from hypothesis import given
from hypothesis import strategies as st

from couplejournal.seal.safety import history_words, safety_number
from couplejournal.seal.wordlist import language
from couplejournal.testing.pairs import root_of

KNOWN_NUMBER = "10869 58376 34801 62368 54513 91872 33677 44280 67416 05876 24183 05942"
KNOWN_WORDS = "mammal very artwork gadget umbrella ladder"

ROOTS = st.binary(min_size=1280, max_size=1280)
HEADS = st.lists(
    st.tuples(st.binary(min_size=16, max_size=16), st.integers(1, 1 << 40), st.binary(min_size=32, max_size=32)),
    max_size=6, unique_by=lambda head: head[0],
)  # fmt: skip


def by_hand(one: bytes, other: bytes) -> list[int]:
    """Return the groups as the specification says them, in another way."""
    low, high = min(one, other), max(one, other)
    content = b"".join(struct.pack(">I", len(part)) + part for part in (low, high))
    stretched = hashlib.shake_256(hashlib.sha256(b"couplejournal/v1 safety\x00" + content).digest()).digest(60)
    number = int.from_bytes(stretched, "big")
    return [(number >> (40 * (11 - at))) % (1 << 40) % 100_000 for at in range(12)]


def test_the_safety_number_is_known() -> None:
    """Fixed roots give a fixed number; it must not change within suite 1."""
    ana, ben = root_of("ana").root_keys, root_of("ben").root_keys
    assert " ".join(safety_number(ana, ben)) == KNOWN_NUMBER


def test_the_check_words_are_known() -> None:
    """Fixed heads give fixed words; they must not change within suite 1."""
    heads = [(bytes([at]) * 16, at, bytes([at]) * 32) for at in (3, 1, 2)]
    assert " ".join(history_words(heads)) == KNOWN_WORDS


@given(ROOTS, ROOTS)
def test_both_persons_see_the_same_number(one: bytes, other: bytes) -> None:
    """The number does not depend on whose root comes first, and is twelve groups of five digits."""
    number = safety_number(one, other)
    assert number == safety_number(other, one)
    assert [int(group) for group in number] == by_hand(one, other)
    assert [len(group) for group in number] == [5] * 12


def test_another_founding_key_gives_another_number() -> None:
    """Every byte of the root keys counts, the founding key's too."""
    ana, ben = root_of("ana").root_keys, root_of("ben").root_keys
    assert safety_number(ana, ben) != safety_number(ana[:-1] + bytes([ana[-1] ^ 1]), ben)


@given(HEADS, st.randoms(use_true_random=False))
def test_check_words_know_no_order(heads: list[tuple[bytes, int, bytes]], random: object) -> None:
    """The same heads in any order give the same six words of the list, and one more head others."""
    words = history_words(heads)
    assert words == history_words(reversed(heads))
    assert len(words) == 6
    assert set(words) <= set(language().wordlist)
    assert words != history_words([*heads, (b"\xfe" * 16, 1, bytes(32))])
