"""Answers of which each sees only the lines that both wrote: lists of wishes, or of what one is ready to talk about.

The prompt says so by how it begins, so that nobody can mean the one and get the other. It is a rule for programs that
keep it, not cryptography: a program that does not can read every list that is open (docs/spec/format.md 9).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

BEGINNING: Final = "overlap:"
INTIMATE_BEGINNING: Final = "overlap:wishes"
_BULLET: Final = re.compile(r"^(?:[-*•]|\d+[.)])\s+")


def is_overlap(prompt: str) -> bool:
    """Return whether answers to a prompt are shown as their overlap. A capital too many must not open a whole list."""
    return _plain(prompt).startswith(BEGINNING)


def is_intimate_overlap(prompt: str) -> bool:
    """Return whether what both wrote in answer to a prompt is marked intimate."""
    return _plain(prompt).startswith(INTIMATE_BEGINNING)


def overlap(text: str, others: Iterable[str]) -> str:
    """Return the lines of a text that stand in one of the others too, each once.

    They come in the order of their letters: where somebody had put a line tells nothing. Bullets, numbers before a
    line, capitals and spaces make no difference.
    """
    there = {line for other in others for line in _lines(other)}
    return "\n".join(line for key, line in sorted(_lines(text).items()) if key in there)


def _lines(text: str) -> dict[str, str]:
    """Return the lines of a text as they are compared, each as it was first written."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        shown = _BULLET.sub("", " ".join(line.split())).rstrip(" .,;")
        if shown:
            found.setdefault(_plain(shown), shown)
    return found


def _plain(text: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold()).strip()
