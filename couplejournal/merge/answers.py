"""Which sealed answers count, and which are open: a function of the set of operations, like everything in `merge`.

Judged is prompt by prompt, and again only where something came or somebody's words stopped counting. What is behind
the keys is asked of an `Opener` from outside, once for each release (docs/spec/format.md 9).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, Protocol, TypeAlias

import msgspec

from couplejournal.merge.frozen import Written
from couplejournal.merge.overlap import is_intimate_overlap
from couplejournal.merge.sealed import NO_ANSWERS, Answers, Prompted, Sealed, entry_named
from couplejournal.ops.codec import encode
from couplejournal.ops.op import Op
from couplejournal.ops.words import Release, Rewrap, Seal, Skip, Withdraw, Write, decode_fields

KIND: Final = "answer"
ANSWERS_TO: Final = "responds_to"

_Said: TypeAlias = "Release | Rewrap | Withdraw"


class Opener(Protocol):
    """What merging has to ask of cryptography."""

    def is_well_formed(self, seal: Seal) -> bool:
        """Return whether everything about a sealed answer is as it must be that can be known while it is closed."""

    def text_of(self, seal: Seal, person: bytes, key: bytes) -> str | None:
        """Return the text of this person's answer under a key, or None where the key does not open it."""


class AnswerState:
    """The growing side: take operations in any order, and judge what they touched."""

    def __init__(self, opener: Opener | None) -> None:
        """Begin empty; without an opener no answer counts."""
        self.answers = NO_ANSWERS
        self._opener = opener
        self._seals: dict[bytes, tuple[Op, Seal]] = {}
        self._about: dict[bytes, list[tuple[Op, _Said]]] = {}
        self._skips: list[tuple[Op, str]] = []
        self._by_prompt: dict[str, list[bytes]] = {}
        self._naming: dict[bytes, set[bytes]] = {}
        self._touched: set[str] = set()
        self._texts: dict[tuple[bytes, bytes, bytes], str | None] = {}
        self._basis: object = None

    def take(self, op: Op) -> None:
        """Take one operation of `ANSWER_WORDS` in, once.

        Raises:
            UntrustedDataError: its fields do not fit its word.
        """
        if op.word == "skip":
            self._skips.append((op, decode_fields(Skip, op.fields).prompt))
            return
        if op.word == "seal":
            seal = decode_fields(Seal, op.fields)
            self._seals[op.id] = (msgspec.structs.replace(op, fields=b""), seal)
            self._by_prompt.setdefault(seal.prompt, []).append(op.id)
            self._touch(op.id, *self._naming.get(op.id, ()))
            return
        said = decode_fields(_STRUCTS[op.word], op.fields)
        self._about.setdefault(said.seal, []).append((op, said))
        self._touch(said.seal)
        if isinstance(said, Release):
            self._naming.setdefault(said.other, set()).add(said.seal)

    def settle(
        self, persons: Mapping[bytes, bytes | None], counts: Callable[[Op], bool], basis: object
    ) -> tuple[list[Written], list[Written]]:
        """Judge what changed; return the answers that are open now and were not, and those that were and are not.

        One that shows other lines than before, since another answer opened or no longer counts, is in both.
        ``basis`` is equal to that of the last time where ``persons`` and ``counts`` still say the same of everything.
        """
        if not self._seals and not self._skips:
            return [], []
        if basis != self._basis:
            self._basis = basis
            self._touched.update(self._by_prompt)
        skipped = frozenset(prompt for op, prompt in self._skips if counts(op))
        if not self._touched:
            if skipped != self.answers.skipped:
                self.answers = Answers(self.answers.prompts, skipped)
            return [], []
        prompts = dict(self.answers.prompts)
        before: dict[bytes, Written] = {}
        after: dict[bytes, Written] = {}
        for prompt in self._touched:
            before |= _open_entries(prompts.pop(prompt, None))
            judged = self._judge(prompt, persons, counts)
            after |= _open_entries(judged)
            if judged.sealed:
                prompts[prompt] = judged
        self._touched.clear()
        self.answers = Answers(prompts, skipped)
        return (
            [one for answer, one in after.items() if before.get(answer) != one],
            [one for answer, one in before.items() if after.get(answer) != one],
        )

    def _touch(self, *answers: bytes) -> None:
        self._touched.update(self._seals[answer][1].prompt for answer in answers if answer in self._seals)

    def _judge(self, prompt: str, persons: Mapping[bytes, bytes | None], counts: Callable[[Op], bool]) -> Prompted:
        """Return what everything that was said about the answers to a prompt adds up to."""
        held: dict[bytes, bytes] = {}
        for answer in self._by_prompt[prompt]:
            op, seal = self._seals[answer]
            person = persons.get(op.key)
            if person is not None and counts(op) and self._opener is not None and self._opener.is_well_formed(seal):
                held[answer] = person
        said = {
            answer: [
                (op, fields, by)
                for op, fields in self._said_about(answer)
                if (by := persons.get(op.key)) is not None and counts(op)
            ]
            for answer in held
        }
        releases, given, invalid = self._releases(held, said)
        named: dict[bytes, list[tuple[Op, Release]]] = {}
        for opened in releases.values():
            for op, release in opened:
                named.setdefault(release.other, []).append((op, release))
        sealed = []
        for answer, person in held.items():
            own = [fields for _, fields, by in said[answer] if by == person]
            opened = releases[answer]
            sealed.append(
                Sealed(
                    *self._seals[answer],
                    person,
                    rewraps=tuple(wrap for fields in own if isinstance(fields, Rewrap) for wrap in fields.wraps),
                    releases=tuple(opened),
                    named_by=tuple(sorted(named.get(answer, ()), key=_place)),
                    is_withdrawn=not opened and any(isinstance(fields, Withdraw) for fields in own),
                    is_given=not opened and answer in given,
                    text=self._text(opened[0][1], person) if opened else None,
                )
            )
        return Prompted(prompt, tuple(sorted(sealed, key=_place)), tuple(sorted(invalid)))

    def _releases(
        self, held: Mapping[bytes, bytes], said: Mapping[bytes, list[tuple[Op, _Said, bytes]]]
    ) -> tuple[dict[bytes, list[tuple[Op, Release]]], set[bytes], list[tuple[bytes, bytes]]]:
        """Return the valid releases of each answer, the first of each key; what was given away; and what is wrong.

        Given away are the answers whose key stands in a release that waits for what it names; of the releases that are
        wrong, person and id are returned.
        """
        valid: dict[bytes, list[tuple[Op, Release]]] = {answer: [] for answer in held}
        given: set[bytes] = set()
        invalid = []
        for answer in held:
            for op, release, by in said[answer]:
                if not isinstance(release, Release):
                    continue
                is_valid = self._is_valid(release, by, held)
                if is_valid is False:
                    invalid.append((by, op.id))
                elif is_valid is None and self._text(release, by) is not None:
                    given.add(answer)
                elif is_valid and all(op.key != earlier.key for earlier, _ in valid[answer]):
                    valid[answer].append((op, release))
        return valid, given, invalid

    def _is_valid(self, release: Release, by: bytes, held: Mapping[bytes, bytes]) -> bool | None:
        """Return whether a release opens an answer of its author and names one of the other's to the same prompt.

        None where the one that it names has not come yet or does not count: it may, and nobody is to blame.
        """
        person = held[release.seal]
        if by != person:
            return False
        if release.other not in held:
            named = self._seals.get(release.other)
            return None if named is None or named[1].prompt == self._seals[release.seal][1].prompt else False
        return held[release.other] != person and self._text(release, person) is not None

    def _said_about(self, answer: bytes) -> list[tuple[Op, _Said]]:
        """Return what was said about an answer, by whomever, in order of (clock, op id)."""
        return sorted(self._about.get(answer, ()), key=_place)

    def _text(self, release: Release, person: bytes) -> str | None:
        """Return the text that a release opens. Each key is tried once: many releases must not be as many texts."""
        question = (release.seal, release.key, person)
        if question not in self._texts:
            seal = self._seals[release.seal][1]
            self._texts[question] = None if self._opener is None else self._opener.text_of(seal, person, release.key)
        return self._texts[question]


_STRUCTS: Final[Mapping[str, type[_Said]]] = {"release": Release, "rewrap": Rewrap, "withdraw": Withdraw}


def _place(said: Sealed | tuple[Op, object]) -> tuple[tuple[int, int], bytes]:
    """Return what orders operations: (clock, op id)."""
    op = said.op if isinstance(said, Sealed) else said[0]
    return op.clock, op.id


def _open_entries(prompted: Prompted | None) -> dict[bytes, Written]:
    """Return the answers that are open, as the entries that they are."""
    if prompted is None:
        return {}
    return {one.id: _written(one, prompted.shown(one)) for one in prompted.sealed if one.is_answer}


def _written(one: Sealed, text: str) -> Written:
    """Return an open answer as an entry: its author, time and id are those of the sealing."""
    prompt = one.seal.prompt
    entry = entry_named(prompt)
    fields = {"prompt": prompt, "text": text}
    if is_intimate_overlap(prompt):
        fields["tender"] = "intimate"
    write = Write(
        kind=KIND,
        schema=1,
        happened=(one.op.clock[0], 0, "instant"),
        fields=msgspec.Raw(encode(fields)),
        refs=() if entry is None else ((ANSWERS_TO, entry),),
    )
    return Written(one.op, write)
