"""The kinds of entries that the core knows, each with its lifecycle as data.

Nobody labels the other: a response is what its own author says about himself or herself. Nothing is owed: letting go
is as honourable a step as being done. `Kind` is what a plugin declares to add one of its own.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar, Final, Literal, TypeAlias

import attrs

from couplejournal.errors import InvalidEntryError
from couplejournal.model.consent import NOTICE_LIFECYCLE, PartnerWords, PluginNotice
from couplejournal.model.content import JSON, TENDER, Content, RawContent, keep_raw, read_content
from couplejournal.model.lifecycle import Lifecycle, Transition
from couplejournal.model.question import Question
from couplejournal.model.validity import require_valid

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = [
    "JSON",
    "TURNS",
    "Answer",
    "Appreciation",
    "Audience",
    "Bid",
    "Content",
    "Goal",
    "Kind",
    "Milestone",
    "Note",
    "PartnerWords",
    "PluginNotice",
    "Question",
    "RawContent",
    "RefRule",
    "Response",
    "Step",
    "core_kinds",
    "decode_content",
    "require_valid",
]

Audience: TypeAlias = Literal["shared", "private"]

TURNS: Final = ("toward", "away", "against")
OWNERS: Final = ("ours", "mine")
_STEP_NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,63}")


@attrs.frozen
class Bid(Content):
    """A bid for connection: a song, a joke, a touch, a worry."""

    kind: ClassVar[str] = "bid"

    text: str
    what: str = attrs.field(default="", kw_only=True)
    channel: str = attrs.field(default="", kw_only=True)
    size: str = attrs.field(default="", kw_only=True)
    hoped_for: str = attrs.field(default="", kw_only=True)


@attrs.frozen
class Response(Content):
    """How its author turned to the other's bid: ``turn`` is "toward", "away" or "against"."""

    kind: ClassVar[str] = "response"
    needs_text: ClassVar[bool] = False

    turn: str
    text: str = ""

    @classmethod
    def toward(cls, text: str = "", *, tags: Iterable[str] = (), tender: str = "none") -> Response:
        """Return "I turned toward it"."""
        return cls("toward", text, tags=tuple(tags), tender=tender)

    @classmethod
    def away(cls, text: str = "", *, tags: Iterable[str] = (), tender: str = "none") -> Response:
        """Return "I turned away, or missed it"."""
        return cls("away", text, tags=tuple(tags), tender=tender)

    @classmethod
    def against(cls, text: str = "", *, tags: Iterable[str] = (), tender: str = "none") -> Response:
        """Return "I turned against it"."""
        return cls("against", text, tags=tuple(tags), tender=tender)

    @property
    def step_name(self) -> str:
        """Return the turn: the step that it takes in the bid's lifecycle."""
        return self.turn

    def require_own(self) -> None:
        """Refuse a turn that is none of the three.

        Raises:
            InvalidEntryError: the turn is unknown.
        """
        if self.turn not in TURNS:
            raise InvalidEntryError("a response turns toward, away or against")


@attrs.frozen
class Appreciation(Content):
    """A specific thanks: what you did, why it mattered, what it says about you."""

    kind: ClassVar[str] = "appreciation"

    text: str
    why: str = attrs.field(default="", kw_only=True)
    says_about_you: str = attrs.field(default="", kw_only=True)
    given_how: str = attrs.field(default="", kw_only=True)


@attrs.frozen
class Goal(Content):
    """A goal or a dream: ``owner`` is "ours", or "mine" for the author's own. Nobody sets one for the other."""

    kind: ClassVar[str] = "goal"

    text: str
    owner: str = attrs.field(default="ours", kw_only=True)
    why: str = attrs.field(default="", kw_only=True)
    horizon: str = attrs.field(default="", kw_only=True)

    def require_own(self) -> None:
        """Refuse an owner that is neither of the two.

        Raises:
            InvalidEntryError: the owner is unknown.
        """
        if self.owner not in OWNERS:
            raise InvalidEntryError("a goal is ours or mine")


@attrs.frozen
class Milestone(Content):
    """A place on the way to a goal, or on its own."""

    kind: ClassVar[str] = "milestone"

    text: str


@attrs.frozen
class Note(Content):
    """Anything, for oneself unless one says otherwise."""

    kind: ClassVar[str] = "note"

    text: str


@attrs.frozen
class Step(Content):
    """A named step in the lifecycle of the entry that it is about, with a text or without."""

    kind: ClassVar[str] = "step"
    needs_text: ClassVar[bool] = False

    name: str
    text: str = ""

    @property
    def step_name(self) -> str:
        """Return the name: the step that it takes."""
        return self.name

    def require_own(self) -> None:
        """Refuse a name that no lifecycle could have.

        Raises:
            InvalidEntryError: the name is not lower-case letters, digits and hyphens.
        """
        if not _STEP_NAME.fullmatch(self.name):
            raise InvalidEntryError("a step's name is lower-case letters, digits and hyphens")


@attrs.frozen
class Answer(Content):
    """An answer to a prompt that was sealed until both had answered; the prompt is an entry's id or a short text.

    It is read, and never written as an entry: what counts as one was sealed before, and is opened on both sides.
    """

    kind: ClassVar[str] = "answer"

    prompt: str
    text: str = ""

    def require_own(self) -> None:
        """Refuse it: an answer is sealed, and stays as it is.

        Raises:
            InvalidEntryError: always.
        """
        raise InvalidEntryError("an answer is sealed, and then stays as it is", hint="`seal` seals one")


def _as_set(names: Iterable[str]) -> frozenset[str]:
    """Return the names as a set."""
    return frozenset(names)


@attrs.frozen
class RefRule:
    """Say how entries of a kind refer to another: the relation, and to which kinds.

    No ``kinds`` means any kind that has a lifecycle. ``is_needed``: an entry without this reference makes no sense.
    """

    relation: str
    kinds: frozenset[str] = attrs.field(default=frozenset(), converter=_as_set, kw_only=True)
    is_needed: bool = attrs.field(default=True, kw_only=True)

    def is_for(self, target: Kind) -> bool:
        """Return whether an entry of the kind ``target`` may be referred to."""
        return target.name in self.kinds if self.kinds else target.lifecycle is not None


@attrs.frozen
class Kind:
    """A kind of entries: its name, the class of its content, and what holds for all of them.

    ``joint``: either person may revise an entry of this kind, if the content has the values of ``joint_when``.
    ``tender`` is "none", "tender" or "intimate": what every entry of the kind is marked as at least, and so kept out of
    resurfacing, statistics and previews.
    """

    name: str
    content: type[Content]
    default_audience: Audience = attrs.field(default="shared", kw_only=True)
    lifecycle: Lifecycle | None = attrs.field(default=None, kw_only=True)
    joint: bool = attrs.field(default=False, kw_only=True)
    joint_when: Mapping[str, str] = attrs.field(factory=dict, hash=False, kw_only=True)
    tender: str = attrs.field(default="none", validator=attrs.validators.in_(TENDER), kw_only=True)
    refs: RefRule | None = attrs.field(default=None, kw_only=True)

    def is_joint(self, content: Content) -> bool:
        """Return whether either person may revise an entry with this content."""
        return self.joint and all(getattr(content, name, None) == value for name, value in self.joint_when.items())

    def marked(self, content: Content) -> Content:
        """Return the content marked at least as tender as the kind is, so that whoever lacks the kind folds it too."""
        if content.tender in TENDER and TENDER.index(content.tender) < TENDER.index(self.tender):
            return attrs.evolve(content, tender=self.tender)
        return content


def _from_each(starts: Iterable[str], step: str, to: str, by: Literal["author", "other", "either"]) -> list[Transition]:
    """Return the transition from each of several states."""
    return [Transition(start, step, to, by) for start in starts]


def _goal(owner: str, rows: Iterable[Transition]) -> list[Transition]:
    """Return the transitions of the goals of one owner."""
    return [attrs.evolve(row, when={"owner": owner}) for row in rows]


BID_LIFECYCLE: Final = Lifecycle(
    "made",
    (
        *(row for turn in TURNS for row in _from_each(("made", "second_chance"), turn, turn, "other")),
        *_from_each(("away", "against"), "second-chance", "second_chance", "either"),
        *_from_each(("made", "away", "against", "second_chance"), "let-go", "let_go", "author"),
    ),
)

GOAL_LIFECYCLE: Final = Lifecycle(
    "dream",
    (
        *_goal(
            "ours",
            (
                Transition("dream", "propose", "proposed", "either"),
                Transition("proposed", "agree", "agreed", "both"),
                Transition("agreed", "activate", "active", "either"),
                Transition("active", "pause", "paused", "either"),
                Transition("paused", "resume", "active", "either"),
                *_from_each(("active", "paused"), "done", "done", "either"),
                *_from_each(("dream", "proposed", "agreed", "active", "paused"), "let-go", "let_go", "either"),
            ),
        ),
        *_goal(
            "mine",
            (
                Transition("dream", "activate", "active", "author"),
                Transition("active", "pause", "paused", "author"),
                Transition("paused", "resume", "active", "author"),
                *_from_each(("active", "paused"), "done", "done", "author"),
                *_from_each(("dream", "active", "paused"), "let-go", "let_go", "author"),
            ),
        ),
    ),
    defaults={"owner": "ours"},
)

MILESTONE_LIFECYCLE: Final = Lifecycle(
    "open", (Transition("open", "done", "done", "either"), Transition("open", "drop", "dropped", "either"))
)

_CORE: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        kind.name: kind
        for kind in (
            Kind("bid", Bid, lifecycle=BID_LIFECYCLE),
            Kind("response", Response, refs=RefRule("responds_to", kinds={"bid"})),
            Kind("appreciation", Appreciation),
            Kind("goal", Goal, lifecycle=GOAL_LIFECYCLE, joint=True, joint_when={"owner": "ours"}),
            Kind(
                "milestone",
                Milestone,
                lifecycle=MILESTONE_LIFECYCLE,
                refs=RefRule("part_of", kinds={"goal"}, is_needed=False),
            ),
            Kind("note", Note, default_audience="private"),
            Kind("step", Step, refs=RefRule("about")),
            Kind("answer", Answer),
            Kind("question", Question),
            Kind("notice", PluginNotice, lifecycle=NOTICE_LIFECYCLE),
            Kind("partner-words", PartnerWords),
        )
    }
)


def core_kinds() -> Mapping[str, Kind]:
    """Return the kinds of the core by name, read-only."""
    return _CORE


def known_kinds(more: Iterable[Kind] = ()) -> Mapping[str, Kind]:
    """Return the kinds of the core with ``more`` beside them, by name, read-only.

    Raises:
        ValueError: one has the name of a kind of the core, or two have the same.
    """
    known = dict(_CORE)
    for kind in more:
        if kind.name in known:
            raise ValueError("two kinds have the same name, or one has that of a kind of the core")
        known[kind.name] = kind
    return MappingProxyType(known)


def decode_content(
    kind: str, schema: int, fields: object, kinds: Mapping[str, Kind] | None = None
) -> Content | RawContent:
    """Return stored fields as the content of a kind, or raw where they cannot be read. It never raises.

    Without ``kinds`` those of the core are known. Fields that are no map at all are kept as the one field ``value``.
    """
    known = (_CORE if kinds is None else kinds).get(kind)
    if known is not None:
        return read_content(kind, known.content, schema, fields)
    return keep_raw(kind, schema, fields)
