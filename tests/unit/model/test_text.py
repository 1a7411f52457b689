"""Text: what is refused, and how it is made harmless on a terminal."""

from __future__ import annotations

import pytest

from couplejournal.errors import InvalidEntryError
from couplejournal.model.text import TEXT_LIMIT_BYTES, neutralised, require_text

WALES = "\U0001f3f4\U000e0067\U000e0062\U000e0077\U000e006c\U000e0073\U000e007f"


def test_text_up_to_the_limit_passes_unchanged() -> None:
    """1 MiB of UTF-8 is the last size that passes, and control characters other than NUL are stored."""
    assert require_text("x" * TEXT_LIMIT_BYTES) == "x" * TEXT_LIMIT_BYTES
    assert require_text("a\x1b\u202eb") == "a\x1b\u202eb"


@pytest.mark.parametrize("text", ["secret\0", "secret\ud800", "é" * (TEXT_LIMIT_BYTES // 2) + "x"])
def test_text_that_cannot_be_stored_is_refused_without_quoting_it(text: str) -> None:
    """NUL, half a surrogate pair and a byte too many are refused, and nothing of the text is said."""
    with pytest.raises(InvalidEntryError) as raised:
        require_text(text)
    assert "secret" not in repr(raised.value)
    assert raised.value.__cause__ is None
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred", "\u2039U+001B\u203a[31mred"),
        ("a\x07\x7f\x9b", "a\u2039U+0007\u203a\u2039U+007F\u203a\u2039U+009B\u203a"),
        ("abc\u202edef", "abc\u2039U+202E\u203adef"),
        ("a\u200bb\ufeff", "a\u2039U+200B\u203ab\u2039U+FEFF\u203a"),
        ("a\u200db", "a\u2039U+200D\u203ab"),
        ("a\ud83d", "a\u2039U+D83D\u203a"),
        ("a\rb\r\nc", "a\u2039U+000D\u203ab\nc"),
        ("x\U000e0041", "x\u2039U+E0041\u203a"),
    ],
)
def test_controls_become_visible(text: str, shown: str) -> None:
    """What a terminal would obey, and what nobody would see, is shown as its number."""
    assert neutralised(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "Grüße\n\tan dich",
        "👩\u200d👩\u200d👧 ❤\ufe0f\u200d🔥",
        "می\u200cخواهم",
        "क\u094d\u200dष",
        "שלום עליכם",
        WALES,
        "",
    ],
)
def test_ordinary_text_of_every_script_is_left_alone(text: str) -> None:
    """Emoji families, Persian, Hindi, Hebrew and the flag of Wales are shown as they were written."""
    assert neutralised(text) == text


def test_joiners_in_a_row_are_shown() -> None:
    """Joiners that join nothing could hide a message, so they become visible."""
    assert "\u200d" not in neutralised("👩\u200d\u200d\u200c👧")


def test_one_line_has_no_breaks() -> None:
    """For a list, breaks and tabs become a space and nothing else is lost."""
    assert neutralised("a\r\n\n\tb\u2028c", one_line=True) == "a b\u2039U+2028\u203ac"
