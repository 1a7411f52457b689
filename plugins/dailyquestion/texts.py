"""The questions as they lie in ``questions/``: our own words, one file for each of the eight steps.

An id belongs to a question in all its languages and is never given to another one; a text may be improved.
"""

from __future__ import annotations

import pkgutil
import tomllib
from functools import cache
from typing import TYPE_CHECKING, Final

import attrs

if TYPE_CHECKING:
    from collections.abc import Mapping

STEPS: Final = ("safety", "backing", "closeness", "care", "bids", "presence", "repair", "direction")
LANGUAGES: Final = ("en", "de")
DEPTHS: Final = (1, 2, 3)
"""Light, closer, deep."""


@attrs.frozen
class Question:
    """One question: of which step, how deep, and its words by language."""

    id: str
    step: str
    depth: int
    texts: Mapping[str, str] = attrs.field(hash=False)


@cache
def questions() -> tuple[Question, ...]:
    """Return all questions, by id."""
    found = []
    for step in STEPS:
        data = pkgutil.get_data(__name__, f"questions/{step}.toml") or b""
        for item in tomllib.loads(data.decode("utf-8"))["question"]:
            texts = {language: item[language] for language in LANGUAGES}
            found.append(Question(item["id"], item["step"], item["depth"], texts))
    return tuple(sorted(found, key=lambda one: one.id))
