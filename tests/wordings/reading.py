"""The written list of words that a question avoids, as rules."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

LIST = Path(__file__).with_name("avoided.txt")
IDS = Path(__file__).with_name("question-ids.txt")


class Rule(NamedTuple):
    """One word: its language, the line of the list, and the ids of the questions in which it is right."""

    language: str
    line: str
    pattern: re.Pattern[str]
    right_in: frozenset[str]


def rules() -> list[Rule]:
    """Return the rules of the list."""
    found = []
    for line in LIST.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            language, verdict, word, *ids = line.split()
            assert language in {"en", "de"}, line
            assert verdict == "ask" or (verdict == "no" and not ids), line
            body = re.escape(word).replace(r"\*", r"\w*").replace("_", r"\s+")
            pattern = re.compile(rf"\b{body}(?!\w)", re.IGNORECASE)
            found.append(Rule(language, f"{verdict} {word}", pattern, frozenset(ids)))
    return found


def ids_ever() -> dict[str, bool]:
    """Return every id that was ever given to a question, and whether it is still in use."""
    lines = IDS.read_text(encoding="utf-8").splitlines()
    return {line.split()[0]: not line.endswith(" retired") for line in lines if line and not line.startswith("#")}
