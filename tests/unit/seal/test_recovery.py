"""Recovery words: a seed as 24 words, however they are typed back."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from couplejournal.errors import RecoveryError
from couplejournal.seal import recovery
from couplejournal.seal.wordlist import language
from couplejournal.testing.clocks import FakeSystem

SEED = bytes(range(32))
SEEDS = st.binary(min_size=32, max_size=32)

# The list's own published vectors (trezor/python-mnemonic, vectors.json), 256 bits.
KNOWN = [
    (bytes(32), "abandon " * 23 + "art"),
    (b"\xff" * 32, "zoo " * 23 + "vote"),
    (b"\x7f" * 32, "legal winner thank year wave sausage worth useful " * 2
     + "legal winner thank year wave sausage worth title"),
    (b"\x80" * 32, "letter advice cage absurd amount doctor acoustic avoid " * 2
     + "letter advice cage absurd amount doctor acoustic bless"),
]  # fmt: skip


@pytest.mark.parametrize(("seed", "words"), KNOWN)
def test_known_seeds_have_their_known_words(seed: bytes, words: str) -> None:
    """The words are those of BIP 39, in both directions."""
    assert " ".join(recovery.words_of(seed)) == words
    assert recovery.seed_of(words) == seed


@given(SEEDS, st.data())
def test_words_may_be_typed_in_many_ways(seed: bytes, data: st.DataObject) -> None:
    """Numbers, capitals, line breaks, signs and cut words all lead to the same seed."""
    typed = []
    for number, word in enumerate(recovery.words_of(seed), start=1):
        before = data.draw(st.sampled_from(["", f"{number}. ", f"{number:>2} ", f"({number}) ", "- ", "\t"]))
        shape = data.draw(st.sampled_from([str.lower, str.upper, str.title]))
        cut = word[: data.draw(st.integers(min(4, len(word)), len(word)))]
        typed.append(before + shape(cut) + data.draw(st.sampled_from([" ", "\n", ", ", " · ", "\r\n"])))
    assert recovery.seed_of("".join(typed)) == seed


def test_four_letters_tell_every_word() -> None:
    """No two words of the list begin with the same four letters, so a cut word is never guessed."""
    assert len({word[:4] for word in language().wordlist}) == 2048


@given(SEEDS, st.integers(0, 23), st.integers(0, 2047))
def test_a_changed_word_is_found_or_gives_another_seed(seed: bytes, at: int, other: int) -> None:
    """One wrong word never leads to the same seed; nearly always the checksum finds it."""
    words = list(recovery.words_of(seed))
    fresh = language().wordlist[other]
    if fresh == words[at]:
        return
    words[at] = fresh
    found = None
    with contextlib.suppress(RecoveryError):
        found = recovery.seed_of(" ".join(words))
    assert found != seed


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("", "these are 0"),
        ("abandon " * 23, "these are 23"),
        ("abandon " * 12, "these are 12"),
        ("abandon " * 22 + "xylophone art", "word 23 is not in the list"),
        ("aban " * 22 + "qwertz zzzz", "the words 23, 24 are not in the list"),
        ("aba " + "abandon " * 22 + "art", "word 1 is not in the list"),
        ("abandon " * 24, "do not fit together"),
    ],
)
def test_a_typing_mistake_is_named_and_not_repeated(typed: str, told: str) -> None:
    """The error says which word is wrong by its number, and holds none of the words."""
    with pytest.raises(RecoveryError, match=told) as caught:
        recovery.seed_of(typed)
    said = f"{caught.value} {caught.value.hint}".casefold()
    assert not [word for word in typed.split() if word in said]


def test_twelve_words_are_told_to_be_those_of_an_invite() -> None:
    """Who types the words of an invite is sent to where those belong."""
    with pytest.raises(RecoveryError) as caught:
        recovery.seed_of("abandon " * 12)
    assert "join" in caught.value.hint


def test_three_different_words_are_asked_for() -> None:
    """What is asked for differs from time to time, is three different words, and reaches every word."""
    system = FakeSystem("chance")
    draws = [recovery.drawn(system) for _ in range(200)]
    assert all(len(set(draw)) == recovery.ASKED and draw == tuple(sorted(draw)) for draw in draws)
    assert {number for draw in draws for number in draw} == set(range(1, 25))


def test_words_typed_back_are_compared() -> None:
    """Right words pass in any shape; wrong, missing and doubled ones are named by their number."""
    words = recovery.words_of(SEED)
    assert recovery.wrong_among(SEED, {3: f" {words[2].upper()} ", 7: words[6], 24: f"24. {words[23]}"}) == []
    assert recovery.wrong_among(SEED, {3: words[3], 7: "", 24: f"{words[23]} {words[23]}"}) == [3, 7, 24]
