"""The question of a day: whoever opens the day first writes it down for both, and both answer before either reads.

The question goes along with its words in all its languages, so the other needs neither the plugin nor its version.
Answers are sealed to the day and the question's id and not to an entry: so two who opened a day without hearing of each
other, and came to the same question, have answered the same. Where they came to different ones both are there, one is
shown first on every device, and each opens once both have answered it.

As long as nothing is shared, a day is opened in the private book by answering it, and what is said there stays there.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final, Protocol

from couplejournal.model.kinds import Answer, Note, Question
from couplejournal.model.moment import as_utc
from couplejournal.model.question import LANGUAGE, LINE
from couplejournal.model.text import neutralised, require_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from couplejournal.journal import Journal
    from couplejournal.journal.answers import Answering
    from couplejournal.model.entry import Entry

YEAR: Final = timedelta(days=365)
_ZONES: Final = timedelta(days=2)  # a day begins within this of its midnight in UTC, wherever that is
_ANSWERS: Final = "responds_to"
_SOME_LANGUAGE: Final = "und"  # what BCP 47 calls one that nobody named


class Offer(Protocol):
    """A question that is offered for a day; `couplejournal.plugins.Prompt` is one."""

    @property
    def id(self) -> str:
        """Its id, with the plugin's before it."""

    @property
    def text(self) -> str:
        """Its words in ``language``."""

    @property
    def language(self) -> str:
        """The tag of the language of ``text``."""

    @property
    def texts(self) -> Mapping[str, str]:
        """Its words by language."""


class Questions:
    """The questions of a journal's days. A day is a calendar date, in the zone of whoever asks."""

    def __init__(self, journal: Journal) -> None:
        """Take the journal; nothing is read yet."""
        self._journal = journal
        self._reader = journal.reader

    @property
    def today(self) -> date:
        """Return the date of now in the journal's zone."""
        return as_utc(self._reader.device.system.now_ms()).astimezone(self._reader.zone).date()

    @property
    def is_for_both(self) -> bool:
        """Return whether a day is opened for both: there is a shared journal, and this device belongs to it."""
        shared = self._reader.device.shared
        return shared is not None and shared.membership.is_live(shared.own_key)

    @property
    def couple(self) -> str:
        """Return a word that is the same on all devices of the two and tells nothing about them."""
        shared = self._reader.device.shared
        book = shared if shared is not None and self.is_for_both else self._reader.device.private
        return hashlib.sha256(b"couplejournal question of the day" + book.id).hexdigest()[:16]

    def of(self, day: date) -> tuple[Entry, ...]:
        """Return the questions of a day, the one that is shown first: that with the lowest id, whoever wrote it.

        Of several entries for one question the first stands for all. While nothing is shared they are those that one
        answered.

        Raises:
            StoreError: the disk fails.
        """
        found: dict[str, Entry] = {}
        for entry, content in sorted(self._asked(day, day), key=lambda one: one[0].id):
            found.setdefault(content.question, entry)
        return tuple(found.values())

    def recent(self, day: date) -> tuple[str, ...]:
        """Return the ids of the questions of the year before a day, each once.

        Raises:
            StoreError: the disk fails.
        """
        asked = self._asked(day - YEAR, day - timedelta(days=1))
        return tuple(sorted({content.question for _, content in asked}))

    def open(self, day: date, offer: Offer) -> Entry:
        """Write a question down as that of a day, and return the one that is shown: another may be there.

        It is for both; while nothing is shared, it stays private.

        Raises:
            InvalidEntryError: the question is none that can be written.
            StoreError: nothing was saved.
        """
        with self._reader.device.hold():
            there = self.of(day)
            if there:
                return there[0]
            content = question_from(offer, day)
            return self._journal.add(content, audience="shared" if self.is_for_both else "private", happened_at=day)

    def answer_alone(self, question: Entry, text: str) -> Entry:
        """Write an answer into the private book and return it. It refers to its question and is never shared by itself.

        Raises:
            InvalidEntryError: there is no text, or it cannot be stored.
            NoSuchEntryError: there is no such question.
            StoreError: nothing was saved.
        """
        content = question.content
        source = f"prompt:{content.question}" if isinstance(content, Question) else "manual"
        return self._journal.add(
            Note(require_text(text), source=source), audience="private", refs={_ANSWERS: question}
        )  # fmt: skip

    def answered_alone(self, question: Entry) -> tuple[Entry, ...]:
        """Return one's own private answers to a question, the oldest first.

        Raises:
            NoSuchEntryError: there is no such question.
            StoreError: the disk fails.
        """
        thread = self._journal.view().thread(question.id)
        return tuple(one for one in thread if one.kind == Note.kind and one.is_mine and one.audience == "private")

    def with_line(self, line: str) -> Entry | None:
        """Return the question that answers sealed to ``line`` belong to, None where it is of none that is here.

        Raises:
            StoreError: the disk fails.
        """
        found = LINE.fullmatch(line)
        try:
            day = None if found is None else date.fromisoformat(found["day"])
        except ValueError:
            return None
        if found is None or day is None:
            return None
        return next((one for one in self.of(day) if getattr(one.content, "question", "") == found["question"]), None)

    def thread(self, entry: Entry) -> tuple[Entry, ...]:
        """Return a day's question with its open answers, and what belongs to them; () for what belongs to none.

        ``entry`` is the question or one of its answers.

        Raises:
            StoreError: the disk fails.
        """
        content = entry.content
        line = content.line if isinstance(content, Question) else content.prompt if isinstance(content, Answer) else ""
        question = self.with_line(line)
        if question is None:
            return ()
        view = self._journal.view()
        roots = (question.id, entry.id, *self._journal.answers.of(line).entries)
        return tuple({one.id: one for root in roots for one in view.thread(root)}.values())

    def opened(self, first: date, last: date) -> tuple[tuple[Entry, Answering], ...]:
        """Return the questions of the days from ``first`` to ``last``, both included, that both have answered.

        Raises:
            StoreError: the disk fails.
        """
        standing = {
            one.prompt: one for one in self._journal.answers.all() if (one.mine, one.theirs) == ("open", "open")
        }
        found: dict[str, tuple[Entry, Answering]] = {}
        for entry, content in sorted(self._asked(first, last), key=lambda one: (one[1].day, one[0].id)):
            if content.line in standing:
                found.setdefault(content.line, (entry, standing[content.line]))
        return tuple(found.values())

    def _asked(self, first: date, last: date) -> list[tuple[Entry, Question]]:
        """Return the questions of some days that stand where days are opened now.

        One that its author put elsewhere in time than on its day is nobody's question: so little has to be read.
        """
        entries = self._journal.view().entries(
            kind=Question.kind,
            audience="shared" if self.is_for_both else "private",
            since=datetime.combine(first, time(), UTC) - _ZONES,
            until=datetime.combine(last, time(), UTC) + _ZONES,
        )
        days = (first.isoformat(), last.isoformat())
        return [
            (entry, content)
            for entry in entries
            if isinstance(content := entry.content, Question)
            and content.is_sound
            and days[0] <= content.day <= days[1]
            and not entry.is_earlier
        ]


def question_from(offer: Offer, day: date) -> Question:
    """Return what is offered as the content of a day's question."""
    own = offer.language.replace("_", "-")
    own = own if LANGUAGE.fullmatch(own) else _SOME_LANGUAGE
    texts = {tag: neutralised(text, one_line=True) for tag, text in sorted(offer.texts.items()) if tag != own}
    return Question(
        neutralised(offer.text, one_line=True), question=offer.id, day=day.isoformat(), language=own, texts=texts
    )
