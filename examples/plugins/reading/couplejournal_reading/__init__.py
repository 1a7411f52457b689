"""Reading together: a kind of entry for a book, questions to read by, and the shelf.

A book may be finished or laid aside, and one is as good as the other. Whoever of the two wrote it down, it is the book
of both, so either may take the step.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from couplejournal.plugins import (
    Analysis,
    AnalysisRequest,
    AnalysisResult,
    Field,
    JournalPlugin,
    Kind,
    Lifecycle,
    Prompt,
    PromptRequest,
    Table,
    Transition,
)

if TYPE_CHECKING:
    from couplejournal.plugins import Entry

BOOKS_SHOWN: Final = 40
HOW: Final = ("aloud", "each alone", "listening")
STATES: Final = {"open": "we are at it", "finished": "read to its end", "aside": "laid aside"}
READING: Final = Kind(
    "reading",
    fields=[Field("title", is_needed=True), Field("by"), Field("how", choices=HOW)],
    default_audience="shared",
    joint=True,
    needs_text=False,
    lifecycle=Lifecycle(
        "open",
        [
            Transition("open", "finish", "finished", "either"),
            Transition("open", "lay-aside", "aside", "either"),
            Transition("aside", "take-up", "open", "either"),
            Transition("finished", "take-up", "open", "either"),
        ],
    ),
)
QUESTIONS: Final = {
    "en": {
        "sentence": "Which sentence of what you read together stayed with you?",
        "voice": "When the other read aloud: what did you hear beside the words?",
        "next": "Which book would you like to hear in the other's voice?",
        "child": "Who read to you when you were small, and what?",
    },
    "de": {
        "sentence": "Welcher Satz aus dem, was ihr zusammen lest, ist dir geblieben?",
        "voice": "Als dir vorgelesen wurde: Was hast du außer den Worten gehört?",
        "next": "Welches Buch würdest du gern vorgelesen bekommen?",
        "child": "Wer hat dir vorgelesen, als du klein warst, und was?",
    },
}


class Reading(JournalPlugin):
    """A kind, four questions, and one analysis for both."""

    def kinds(self) -> Iterable[Kind]:
        """Declare the kind."""
        yield READING

    def prompts(self, request: PromptRequest) -> Iterable[Prompt]:
        """Offer the questions, in English or German."""
        language = request.language.partition("-")[0]
        language = language if language in QUESTIONS else "en"
        for name, text in QUESTIONS[language].items():
            yield Prompt(id=name, text=text, kind=READING.name, language=language)

    def analyses(self) -> Iterable[Analysis]:
        """Offer the shelf."""
        yield Analysis(id="shelf", title="Our shelf", run=shelf)


def shelf(request: AnalysisRequest) -> AnalysisResult:
    """List the books of both, the latest first: no number, and nothing by person."""
    books = [
        entry for entry in request.view.entries(kind=READING.name, newest_first=True) if _field(entry, "title").strip()
    ]
    if not books:
        return AnalysisResult.not_enough("This needs a book that both of you can see.")
    rows = tuple(
        (_field(book, "title"), _field(book, "by"), STATES.get(book.state or "", ""), f"{book.happened_at:%Y-%m}")
        for book in books[:BOOKS_SHOWN]
    )
    return AnalysisResult(
        headline="These are the books that you wrote down.",
        tables=(Table(title="the latest first", columns=("title", "by", "how it stands", "since"), rows=rows),),
    )


def _field(entry: Entry, name: str) -> str:
    """Return a field of an entry; "" where a version that does not know it wrote the entry."""
    value = getattr(entry.content, name, "")
    return value if isinstance(value, str) else ""
