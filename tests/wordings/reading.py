"""The written lists of words that questions, and all texts on a screen, avoid, as rules."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

LIST = Path(__file__).with_name("avoided.txt")
EVERYWHERE = Path(__file__).with_name("everywhere.txt")
IDS = Path(__file__).with_name("question-ids.txt")


class Rule(NamedTuple):
    """One word: its language, the line of the list, and the ids of the questions in which it is right."""

    language: str
    line: str
    pattern: re.Pattern[str]
    right_in: frozenset[str]


class Word(NamedTuple):
    """A word that no text on a screen has, but for sentences with one of the words in which it was found right."""

    language: str
    word: str
    pattern: re.Pattern[str]
    right_beside: tuple[re.Pattern[str], ...]

    def is_in(self, text: str) -> bool:
        """Return whether a text has it, where it is not right."""
        return bool(self.pattern.search(text)) and not any(one.search(text) for one in self.right_beside)


def everywhere() -> list[Word]:
    """Return the words of the list for all texts."""
    found = []
    for line in _lines(EVERYWHERE):
        language, word, *beside = line.split()
        assert language in {"en", "de"}, line
        found.append(Word(language, word, _pattern(word), tuple(_pattern(one) for one in beside)))
    return found


def _lines(path: Path) -> list[str]:
    """Return the lines of a list, without its comments."""
    return [line for line in path.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]


def _pattern(word: str) -> re.Pattern[str]:
    body = re.escape(word).replace(r"\*", r"\w*").replace("_", r"\s+")
    return re.compile(rf"\b{body}(?!\w)", re.IGNORECASE)


def rules() -> list[Rule]:
    """Return the rules of the list."""
    found = []
    for line in _lines(LIST):
        language, verdict, word, *ids = line.split()
        assert language in {"en", "de"}, line
        assert verdict == "ask" or (verdict == "no" and not ids), line
        found.append(Rule(language, f"{verdict} {word}", _pattern(word), frozenset(ids)))
    return found


def ids_ever() -> dict[str, bool]:
    """Return every id that was ever given to a question, and whether it is still in use."""
    return {line.split()[0]: not line.endswith(" retired") for line in _lines(IDS)}
