"""The closed set of words: known, optional, reserved, malformed."""

from __future__ import annotations

import msgspec
import pytest

from couplejournal.errors import NewerFormatError, UntrustedDataError
from couplejournal.ops import words
from couplejournal.ops.words import KEY_WORDS, WORD_WORDS


@pytest.mark.parametrize("is_key_stream", [True, False])
def test_known_words_are_known_where_they_belong(is_key_stream: bool) -> None:
    """A word is known in its own kind of stream and not in the other."""
    mine, others = (KEY_WORDS, WORD_WORDS) if is_key_stream else (WORD_WORDS, KEY_WORDS)
    for word in mine:
        assert words.require_known(word, critical=True, is_key_stream=is_key_stream)
    for word in others:
        assert not words.require_known(word, critical=False, is_key_stream=is_key_stream)
        with pytest.raises(NewerFormatError):
            words.require_known(word, critical=True, is_key_stream=is_key_stream)


def test_an_unknown_word_is_passed_on_or_refused() -> None:
    """An unknown optional word is kept; an unknown critical one needs a newer version."""
    assert not words.require_known("mood", critical=False, is_key_stream=False)
    with pytest.raises(NewerFormatError):
        words.require_known("mood", critical=True, is_key_stream=False)


def test_fields_of_a_newer_version_are_passed_over() -> None:
    """A known word may carry fields that this version does not know."""
    fields = msgspec.msgpack.encode({"epochs": [b"e" * 16], "why": "a newer version says"})
    assert words.decode_fields(words.Lack, fields).epochs == [b"e" * 16]
    words.require_fields("lack", fields)


@pytest.mark.parametrize(
    ("word", "fields"),
    [
        ("lack", {"epochs": "all"}),
        ("lack", {}),
        ("seen", {"heads": [[b"s" * 16, "one", b"l" * 32]]}),
        ("epoch", {"commit": b"", "wraps": [[b"k"]], "back": [], "roots": []}),
        ("admit", {"person": b"", "keys": "k", "proof": b"", "founding": b""}),
        ("admit", {"keys": b"k", "proof": b"", "founding": b""}),
        ("write", {"kind": "note", "schema": 1, "happened": [1, 2], "fields": {}}),
        ("grant", {"wraps": {}}),
    ],
)
def test_fields_that_do_not_fit_are_refused(word: str, fields: object) -> None:
    """A known word with fields of another shape is refused by the library's own error."""
    with pytest.raises(UntrustedDataError, match=word):
        words.require_fields(word, msgspec.msgpack.encode(fields))
