"""The frozen values that go into the hooks of plugins and come out of them.

They are data that a worker process can be given and can give back. Functions stand in four of them only: what an
analysis, an importer and an exporter do is asked for later, and by name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Literal

import attrs

from couplejournal.plugins.result import several

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import tzinfo

    from couplejournal.model.entry import Entry
    from couplejournal.plugins.result import JSON, AnalysisResult
    from couplejournal.plugins.views import EntryView

Scope = Literal["couple", "mine"]
"""Whose result it is: ``couple`` reads only what both can read, ``mine`` stays on this device."""

PromptId = str
"""The id of a prompt with its plugin's id before it: ``bids/song``."""

TITLE_LIMIT: Final = 120
TEXT_LIMIT: Final = 2_000
STEPS_LIMIT: Final = 50
BLOCKS_LIMIT: Final = 200
LONGEST_STEP_S: Final = 4 * 60 * 60
_NAME: Final = re.compile(r"(?:[a-z][a-z0-9_]{0,39}/)?[a-z0-9][a-z0-9-]{0,63}")  # the host puts what is before "/"
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
_SUFFIX: Final = re.compile(r"\.[a-z0-9]{1,10}(?:\.[a-z0-9]{1,10})?")


def _require_name(_owner: object, attribute: attrs.Attribute[str], value: str) -> None:
    if not _NAME.fullmatch(value):
        raise ValueError(f"{attribute.name} must be small letters, digits and hyphens, at most 64")


def _require_suffix(_owner: object, attribute: attrs.Attribute[str], value: str) -> None:
    if not _SUFFIX.fullmatch(value):
        raise ValueError(f"{attribute.name} must look like .txt")


def _require_words(limit: int) -> Callable[[object, attrs.Attribute[str], Any], None]:
    def require(_owner: object, attribute: attrs.Attribute[str], value: Any) -> None:
        if not isinstance(value, str) or not value.strip() or len(value) > limit:
            raise ValueError(f"{attribute.name} must have words, at most {limit} characters")

    return require


def _require_aware(_owner: object, attribute: attrs.Attribute[Any], value: Any) -> None:
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise ValueError(f"{attribute.name} must be a time with its zone")


def _require_texts(_owner: object, attribute: attrs.Attribute[Any], value: object) -> None:
    _require_mapping(_owner, attribute, value)
    for language, text in dict(value).items():  # type: ignore[call-overload]
        if not (isinstance(language, str) and _LANGUAGE.fullmatch(language)):
            raise ValueError(f"{attribute.name} must be by language, such as de")
        _require_words(TEXT_LIMIT)(_owner, attribute, text)


def _require_mapping(_owner: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if not isinstance(value, Mapping):
        raise TypeError(f"{attribute.name} must be a mapping")


def _name() -> Any:
    return attrs.field(validator=_require_name)


def _words(limit: int) -> Any:
    return attrs.field(validator=_require_words(limit))


def _text(default: str) -> Any:
    return attrs.field(default=default, validator=attrs.validators.instance_of(str))


@attrs.frozen(kw_only=True)
class PromptRequest:
    """Ask for questions. ``language`` is a tag such as ``de`` or ``de-AT``; ``now`` is aware, in ``zone``."""

    now: datetime
    zone: tzinfo
    language: str = "en"


@attrs.frozen(kw_only=True)
class Prompt:
    """Offer one question to write about, as an invitation: skipping it costs nothing and is recorded nowhere.

    ``id`` is unique within the plugin (the host puts the plugin's id before it: ``bids/song``) and the same in every
    language; ``kind`` is the kind of entry that an answer most likely is; ``language`` is that of ``text``. ``texts``
    is the question in all its languages, by tag, so that a partner who lacks the plugin reads it too; ``depth`` says
    how deep it goes, 1 to 3, None where nobody said.
    """

    id: str = _name()
    text: str = _words(TEXT_LIMIT)
    kind: str = _text("note")
    language: str = _text("en")
    texts: Mapping[str, str] = attrs.field(factory=dict, hash=False, validator=_require_texts)
    depth: int | None = attrs.field(default=None, validator=attrs.validators.in_((None, 1, 2, 3)))


@attrs.frozen(kw_only=True)
class ChoosePrompt:
    """Ask which of ``prompts`` is the question of the day; ``skip`` counts those that were passed over today.

    ``couple`` is a word that is the same on all devices of the two and tells nothing about them, "" where the question
    is for nobody in particular; ``recent`` are the ids of questions that the two were asked in the year before.
    """

    prompts: tuple[Prompt, ...]
    now: datetime
    zone: tzinfo
    language: str = "en"
    skip: int = 0
    couple: str = ""
    recent: tuple[PromptId, ...] = several(str, default=())


@attrs.frozen(kw_only=True)
class ExerciseStep:
    """Say one thing to do; with ``seconds`` a timer runs, without it goes on when they are ready."""

    text: str = _words(TEXT_LIMIT)
    seconds: int | None = attrs.field(default=None)

    @seconds.validator
    def _require_seconds(self, _attribute: object, value: object) -> None:
        if value is not None and not (type(value) is int and 1 <= value <= LONGEST_STEP_S):
            raise ValueError(f"seconds are whole, 1 to {LONGEST_STEP_S:,}")


@attrs.frozen(kw_only=True)
class Exercise:
    """Lead the two, or one, through steps. "Not now" is offered beside each, as large as going on, and kept nowhere.

    ``writes`` is the kind of entry that is offered at the end, or None where there is nothing to fill in.
    """

    id: str = _name()
    title: str = _words(TITLE_LIMIT)
    steps: tuple[ExerciseStep, ...] = several(ExerciseStep)
    writes: str | None = attrs.field(
        default=None, validator=attrs.validators.optional(attrs.validators.instance_of(str))
    )
    language: str = _text("en")

    def __attrs_post_init__(self) -> None:
        """Refuse one without steps, or with too many.

        Raises:
            ValueError: it is one of these.
        """
        if not 1 <= len(self.steps) <= STEPS_LIMIT:
            raise ValueError(f"an exercise has 1 to {STEPS_LIMIT} steps")


@attrs.frozen(kw_only=True)
class AnalysisRequest:
    """Give an analysis what it may know, and nothing else.

    ``view`` is read-only and already cut to the scope and the permissions; ``now`` is aware, in ``zone``; ``language``
    is a tag such as ``de``. Whoever needs the time takes ``now``: the same request gives the same result.
    """

    view: EntryView
    now: datetime
    zone: tzinfo
    language: str


@attrs.frozen(kw_only=True)
class Analysis:
    """Name one analysis and the function that runs it.

    ``id`` is unique within the plugin. With ``scope="couple"`` the view holds no private and no waiting entry, since in
    a pair whatever is not mine is the other's; such a result never compares the two.
    """

    id: str = _name()
    title: str = _words(TITLE_LIMIT)
    run: Callable[[AnalysisRequest], AnalysisResult] = attrs.field(eq=False)
    scope: Scope = attrs.field(default="couple", validator=attrs.validators.in_(("couple", "mine")))


@attrs.frozen(kw_only=True)
class Draft:
    """An entry that is not saved: what somebody is about to write, or what an importer read.

    ``fields`` are those of the kind beside the text. ``happened_at`` is aware, None for now. ``source_id`` names it
    where it was imported from, so that importing twice adds nothing.
    """

    kind: str = attrs.field(validator=attrs.validators.instance_of(str))
    text: str = attrs.field(default="", validator=attrs.validators.instance_of(str))
    fields: Mapping[str, JSON] = attrs.field(factory=dict, hash=False, validator=_require_mapping)
    tags: tuple[str, ...] = several(str, default=())
    tender: str = attrs.field(default="none", validator=attrs.validators.in_(("none", "tender", "intimate")))
    happened_at: datetime | None = attrs.field(default=None, validator=attrs.validators.optional(_require_aware))
    source_id: str = _text("")


@attrs.frozen(kw_only=True)
class ImportRequest:
    """Say when and in which zone somebody imports: times without a zone in the file mean ``zone``."""

    now: datetime
    zone: tzinfo
    language: str = "en"


@attrs.frozen(kw_only=True)
class Importer:
    """Read the entries of another program's file; what it gives is saved as private, and only when all of it came."""

    id: str = _name()
    title: str = _words(TITLE_LIMIT)
    read: Callable[[bytes, ImportRequest], Iterator[Draft]] = attrs.field(eq=False)


@attrs.frozen(kw_only=True)
class ExportRequest:
    """Give an exporter what it may read; see `AnalysisRequest`."""

    view: EntryView
    now: datetime
    zone: tzinfo
    language: str = "en"


@attrs.frozen(kw_only=True)
class Exporter:
    """Write entries as a file of one's own; ``suffix`` is what its name ends with, such as ``.csv``."""

    id: str = _name()
    title: str = _words(TITLE_LIMIT)
    suffix: str = attrs.field(validator=_require_suffix)
    export: Callable[[ExportRequest], Iterator[bytes]] = attrs.field(eq=False)


@attrs.frozen(kw_only=True)
class RenderRequest:
    """Ask how to show one entry, whole or in a listing."""

    entry: Entry
    zone: tzinfo
    language: str = "en"
    is_whole: bool = True


@attrs.frozen(kw_only=True)
class Rendered:
    """Blocks of plain text, one below the other; whatever a terminal would obey is neutralised when they are shown."""

    blocks: tuple[str, ...] = several(str)

    def __attrs_post_init__(self) -> None:
        """Refuse what no screen could hold.

        Raises:
            ValueError: there are too many blocks.
        """
        if len(self.blocks) > BLOCKS_LIMIT:
            raise ValueError(f"a rendering has at most {BLOCKS_LIMIT} blocks")


@attrs.frozen(kw_only=True)
class Notice:
    """Say one sentence about what somebody wrote. It stops nothing and changes nothing."""

    text: str = _words(TEXT_LIMIT)


@attrs.frozen(kw_only=True)
class ReminderRequest:
    """Ask what this person, on this device alone, wants to be reminded of; see `AnalysisRequest`."""

    view: EntryView
    now: datetime
    zone: tzinfo
    language: str = "en"


@attrs.frozen(kw_only=True)
class Reminder:
    """Remind the one who asked for it, at ``at``: no count, nothing that is owed, and nobody else hears of it."""

    id: str = _name()
    text: str = _words(TEXT_LIMIT)
    at: datetime = attrs.field(validator=_require_aware)
