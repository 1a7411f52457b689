"""Sealed answers: each of the two answers a prompt, and nobody reads before both have.

Sealing hides a text and binds its author to it; it does not force anybody to open. Somebody's device opens first, and a
partner can seal anything, take it back late, or never open: a device of theirs that runs another program may.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Final, Literal

import attrs

from couplejournal.book import Book, Draft
from couplejournal.errors import InvalidEntryError, NoSuchEntryError
from couplejournal.journal.reading import Reader
from couplejournal.journal.releasing import own_recipients, tend_answers
from couplejournal.merge import Prompted, Sealed, due_releases, entry_named, is_overlap
from couplejournal.model.entry import Entry
from couplejournal.model.kinds import Question
from couplejournal.model.moment import as_utc, bound_ms
from couplejournal.model.text import neutralised, require_text
from couplejournal.ops import words
from couplejournal.seal.answers import FLOOR_TEXT_BYTES, PROMPT_LIMIT_BYTES, TIME_LIMIT_MS, Place, seal_answer

if TYPE_CHECKING:
    from couplejournal.seal.keys import KeyPair

Mine = Literal["none", "sealed", "open", "withdrawn", "skipped"]
Theirs = Literal["none", "sealed", "open", "closed", "late"]

_ENTRY_ID: Final = re.compile(r"[0-9a-f]{6,64}")
_WHOLE_ID: Final = 64


@attrs.frozen(kw_only=True)
class Answering:
    """How a prompt stands. ``prompt`` is the id of an entry (64 hex digits), or a short text such as a question's line.

    ``mine``: "none", "sealed" (nobody reads it yet), "open" (it was given away), "withdrawn" or "skipped".
    ``theirs``: "none", "sealed", "open" (readable), "closed" (mine was opened for it, and it was not) or "late" (its
    time or mine was over before anybody opened). ``until`` is the end of the time to open, None without one.
    ``my_texts`` and ``their_texts`` are those of the answers that are open on both sides, ``entries`` the ids under
    which they stand in the journal. Of an overlap (`is_overlap`) my text is the whole one, and theirs only the lines
    that both of us have. ``closed`` counts answers of the other that stay closed, ``invalid`` attempts of
    the other to open something with a wrong key or for a wrong answer. ``is_due``: an answer of mine opens with the
    next sync. ``is_given``: one of mine was opened for an answer that has not come here or does not count.
    """

    prompt: str
    mine: Mine = "none"
    theirs: Theirs = "none"
    until: datetime | None = None
    my_texts: tuple[str, ...] = ()
    their_texts: tuple[str, ...] = ()
    entries: tuple[str, ...] = ()
    closed: int = 0
    invalid: int = 0
    is_due: bool = False
    is_given: bool = False

    @property
    def is_entry(self) -> bool:
        """Return whether the prompt is an entry."""
        return len(self.prompt) == _WHOLE_ID and _ENTRY_ID.fullmatch(self.prompt) is not None

    @property
    def is_overlap(self) -> bool:
        """Return whether each sees only the lines of the other that stand in the own answer too."""
        return is_overlap(self.prompt)

    @property
    def is_settled(self) -> bool:
        """Return whether there is nothing left to come: both are open, or I left it, or took mine back."""
        return (self.mine, self.theirs) == ("open", "open") or self.mine in ("skipped", "withdrawn")


class Answers:
    """The sealed answers of a journal. Wherever a prompt is asked for, an entry, its id or a short text serves.

    A day's `Question` stands for its line: whoever of the two wrote it down, and whichever entry of it is named.
    """

    def __init__(self, reader: Reader, wake: Callable[[], None]) -> None:
        """Take the reader of the journal; ``wake`` tells watchers that something was written."""
        self._reader = reader
        self._wake = wake

    def seal(self, prompt: Entry | str, text: str, *, until: str | date | datetime | None = None) -> Answering:
        """Seal an answer durably. It cannot be changed, only taken back as long as nothing was opened.

        It opens by itself during sync, once the other has sealed one too. From ``until`` on no device is the first to
        open. The other learns that there is an answer and about how long it is (4 KiB are the least), no more.

        Raises:
            InvalidEntryError: there is no shared journal yet, the text is empty or longer than 256 KiB (4,092
                bytes where only the overlap is shown), the prompt is none that both can read, there is an answer of
                mine already, or the time is over.
            NoSuchEntryError: the prompt is six or more hex digits and names no entry.
            StoreError: the disk is full or failing, or this device may not write; nothing was saved.
        """
        if not require_text(text).strip():
            raise InvalidEntryError("there is no text")
        if isinstance(prompt, str) and is_overlap(prompt) and len(text.encode()) > FLOOR_TEXT_BYTES:
            raise InvalidEntryError(f"such a list has at most {FLOOR_TEXT_BYTES:,} bytes: its length must tell nothing")
        device = self._reader.device
        end_ms = self._end_ms(until)
        with device.hold():
            device.reload()
            shared = self._require_shared()
            name = self._require_free(prompt)
            sealed = seal_answer(
                text, Place(shared.id, name, shared.person), key=device.system.random_bytes(32),
                recipients=own_recipients(shared), until=end_ms,
            )  # fmt: skip
            shared.append([Draft("seal", sealed)])
        self._wake()
        return self.of(name)

    def require_answerable(self, prompt: Entry | str, *, until: str | date | datetime | None = None) -> None:
        """Refuse what `seal` would refuse, before anybody wrote a text for it.

        Raises:
            InvalidEntryError: as for `seal`.
            NoSuchEntryError: as for `seal`.
            StoreError: the disk fails.
        """
        with self._reader.device.hold():
            self._require_shared()
            self._end_ms(until)
            self._require_free(prompt)

    def withdraw(self, prompt: Entry | str) -> Answering:
        """Take a sealed answer of one's own back, before anything was opened; another can be sealed then.

        Raises:
            InvalidEntryError: there is none, or it is too late.
            NoSuchEntryError: as for `seal`.
            StoreError: as for `seal`.
        """
        device = self._reader.device
        with device.hold():
            device.reload()
            shared = self._require_shared()
            name = self._name(prompt)
            standing = [
                one for one in self._known()[0].get(name, Prompted(name)).of(shared.person) if not one.is_withdrawn
            ]
            closed = [one for one in standing if not one.is_released and not one.named_by]
            if not closed:
                too_late = "it is too late: an answer to this is open already"
                raise InvalidEntryError(too_late if standing else "there is no sealed answer of yours to this")
            shared.append([Draft("withdraw", words.Withdraw(seal=one.id)) for one in closed])
        self._wake()
        return self.of(name)

    def skip(self, prompt: Entry | str) -> Answering:
        """Leave a prompt without an answer. It stands in the private book: the other learns nothing of it.

        Raises:
            InvalidEntryError: there is a sealed answer of mine to it.
            NoSuchEntryError: as for `seal`.
            StoreError: as for `seal`.
        """
        device = self._reader.device
        with device.hold():
            device.reload()
            name = self._name(prompt)
            mine = self._answering(name).mine
            if mine in ("sealed", "open"):
                raise InvalidEntryError("there is an answer of yours to this already")
            if mine != "skipped":
                device.private.append([Draft("skip", words.Skip(prompt=name))])
        self._wake()
        return self.of(name)

    def of(self, prompt: Entry | str) -> Answering:
        """Return how a prompt stands; nobody need have answered it.

        Raises:
            InvalidEntryError: it is no prompt.
            NoSuchEntryError: as for `seal`.
            StoreError: the disk fails.
        """
        with self._reader.device.hold():
            return self._answering(self._name(prompt))

    def all(self) -> tuple[Answering, ...]:
        """Return every prompt with an answer that stands or that I took back, and those that I skipped.

        They come in the order in which they were first answered.

        Raises:
            StoreError: the disk fails.
        """
        with self._reader.device.hold():
            prompts, skipped = self._known()
            ordered = sorted(prompts.values(), key=lambda one: (one.sealed[0].op.clock, one.prompt))
            left = (Prompted(name) for name in sorted(skipped - prompts.keys()))
            judged = (self._judged(one, is_skipped=one.prompt in skipped) for one in (*ordered, *left))
            return tuple(one for one in judged if (one.mine, one.theirs) != ("none", "none"))

    def tend(self, *, root: KeyPair | None = None) -> bool:
        """Open what is to be opened now, as sync does; ``root`` is lent by whoever recovers. Return whether it wrote.

        Raises:
            StoreError: as for `seal`.
        """
        return tend_answers(self._reader, root=root)

    def _require_shared(self) -> Book:
        shared = self._reader.device.shared
        if shared is None:
            raise InvalidEntryError("there is no shared journal yet", hint="invite your partner first")
        return shared

    def _end_ms(self, until: str | date | datetime | None) -> int:
        """Return the end of the time to open in ms since 1970, 0 for none."""
        end_ms = bound_ms(until, zone=self._reader.zone)
        if end_ms is not None and not self._reader.device.system.now_ms() < end_ms < TIME_LIMIT_MS:
            raise InvalidEntryError("the time to open ends in the future")
        return end_ms or 0

    def _require_free(self, prompt: Entry | str) -> str:
        """Return what a prompt is called; refuse one that is answered, over, or out of the other's sight."""
        name = self._name(prompt)
        now = self._answering(name)
        if now.mine in ("sealed", "open"):
            raise InvalidEntryError("there is an answer of yours to this already")
        if now.theirs == "late":
            raise InvalidEntryError("the time to answer this is over")
        entry = entry_named(name)
        if entry is not None and now.theirs == "none":
            _, ours = self._reader.states()
            if ours is None or ours.record(entry) is None:
                raise InvalidEntryError("both can answer only what both can read", hint="share that entry first")
        return name

    def _name(self, prompt: Entry | str) -> str:
        """Return what a prompt is called in the operations: the whole id of an entry, or the text as it is compared."""
        word = prompt.id if isinstance(prompt, Entry) else unicodedata.normalize("NFC", require_text(prompt)).strip()
        prompts, skipped = self._known()
        known = {*prompts, *skipped}
        if _ENTRY_ID.fullmatch(word.lower()) and len(word) < _WHOLE_ID:
            return self._begun_like(word, known)
        named = entry_named(word.lower())
        if named is not None:
            is_known = word.lower() in known
            entry = self._reader.view().find(named) if is_known else self._reader.view().entry(word)
            return _line_of(entry) or (word.lower() if is_known or entry is None else entry.id)
        if word in known:
            return word
        if not word or len(word.encode()) > PROMPT_LIMIT_BYTES or neutralised(word, one_line=True) != word:
            raise InvalidEntryError(f"a prompt is an entry, or a line of at most {PROMPT_LIMIT_BYTES} bytes")
        return word

    def _begun_like(self, word: str, known: Collection[str]) -> str:
        """Return the one prompt that hex digits mean: the other may have answered what only looks like an entry."""
        prefix = word.lower()
        meant = {name for name in known if entry_named(name) is not None and name.startswith(prefix)}
        meant |= {word} & {*known}
        try:
            entry = self._reader.view().entry(prefix)
            meant.discard(entry.id)
            meant.add(_line_of(entry) or entry.id)
        except NoSuchEntryError:
            if len(meant) != 1:
                raise
        if len(meant) > 1:
            raise NoSuchEntryError("several prompts have an id like this", hint="give more of the id")
        return meant.pop()

    def _known(self) -> tuple[Mapping[str, Prompted], frozenset[str]]:
        """Return the prompts that somebody answered, and those that I skipped."""
        mine, ours = self._reader.states()
        return {} if ours is None else ours.answers.prompts, mine.answers.skipped

    def _answering(self, name: str) -> Answering:
        prompts, skipped = self._known()
        return self._judged(prompts.get(name, Prompted(name)), is_skipped=name in skipped)

    def _judged(self, prompted: Prompted, *, is_skipped: bool) -> Answering:
        """Return how a prompt stands for this person now."""
        now_ms, me = self._reader.device.system.now_ms(), self._reader.me
        mine, theirs = prompted.of(me), prompted.of_other(me)
        return Answering(
            prompt=prompted.prompt,
            mine=_mine(mine, is_skipped=is_skipped),
            theirs=_theirs(mine, theirs, now_ms),
            until=_end(one for one in prompted.sealed if not one.is_released and not one.is_withdrawn),
            my_texts=tuple(one.text or "" for one in mine if one.is_answer),
            their_texts=tuple(prompted.shown(one) for one in theirs if one.is_answer),
            entries=tuple(one.id.hex() for one in prompted.sealed if one.is_answer),
            closed=sum(_is_shut(one, mine) for one in theirs),
            invalid=sum(person != me for person, _ in prompted.invalid),
            is_due=bool(due_releases(prompted, me, now_ms)),
            is_given=any(one.is_given for one in mine),
        )


def _line_of(entry: Entry | None) -> str:
    """Return the prompt that a day's question is, the same for all of its entries; "" for any other entry."""
    content = None if entry is None else entry.content
    return content.line if isinstance(content, Question) and content.is_sound else ""


def _mine(mine: Sequence[Sealed], *, is_skipped: bool) -> Mine:
    if any(one.is_released for one in mine):
        return "open"
    if any(not one.is_withdrawn for one in mine):
        return "sealed"
    return "skipped" if is_skipped else "withdrawn" if mine else "none"


def _theirs(mine: Sequence[Sealed], theirs: Sequence[Sealed], now_ms: int) -> Theirs:
    if any(one.is_answer for one in theirs):
        return "open"
    if any(_is_shut(one, mine) for one in theirs):
        return "closed"
    standing = [one for one in theirs if not one.is_withdrawn]
    if not standing:
        return "none"
    own = [one for one in mine if not one.is_withdrawn]
    is_over = any(found and not any(one.is_before_end(now_ms) for one in found) for found in (standing, own))
    return "late" if is_over and not any(one.is_released for one in standing) else "sealed"


def _is_shut(one: Sealed, mine: Sequence[Sealed]) -> bool:
    """Return whether an answer of the other stays closed although one of mine is open."""
    if one.is_answer:
        return False
    if one.named_by:
        return True
    return not one.is_withdrawn and any(own.is_released for own in mine)


def _end(sealed: Iterable[Sealed]) -> datetime | None:
    """Return the first end of the time to open, None where there is none."""
    ends = [one.seal.until for one in sealed if one.seal.until]
    return as_utc(min(ends)) if ends else None
