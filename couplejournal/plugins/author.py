"""The class that a plugin overrides, and the frozen values that go in and come out of its hooks.

Hooks are pure functions over frozen data, so that the same plugin gives the same answer wherever it runs.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Literal

import attrs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime, tzinfo

    from couplejournal.plugins.result import AnalysisResult
    from couplejournal.view import JournalView

API_LEVEL: Final = 1
"""The level of the hooks below; a manifest names the one that it was written for."""

Scope = Literal["couple", "mine"]
"""Whose result it is: ``couple`` reads only what both can read, ``mine`` stays on this device."""

_NAME: Final = re.compile(r"(?:[a-z][a-z0-9_]{0,39}/)?[a-z0-9][a-z0-9-]{0,63}")  # the host puts what is before "/"
_TITLE_LIMIT: Final = 120
_PROMPT_LIMIT: Final = 2_000


def _require_name(_owner: object, attribute: attrs.Attribute[str], value: str) -> None:
    if not _NAME.fullmatch(value):
        raise ValueError(f"{attribute.name} must be small letters, digits and hyphens, at most 64")


def _require_words(limit: int) -> Callable[[object, attrs.Attribute[str], str], None]:
    def require(_owner: object, attribute: attrs.Attribute[str], value: str) -> None:
        if not value.strip() or len(value) > limit:
            raise ValueError(f"{attribute.name} must have words, at most {limit} characters")

    return require


@attrs.frozen(kw_only=True)
class PromptRequest:
    """Ask for questions. ``language`` is a tag such as ``de`` or ``de-AT``; ``now`` is aware, in ``zone``."""

    now: datetime
    zone: tzinfo
    language: str = "en"


@attrs.frozen(kw_only=True)
class Prompt:
    """Offer one question to write about, as an invitation: skipping it costs nothing and is recorded nowhere.

    ``id`` is unique within the plugin (the host puts the plugin's id before it: ``bids/song``); ``kind`` is the kind of
    entry that an answer most likely is; ``language`` is that of ``text``.
    """

    id: str = attrs.field(validator=_require_name)
    text: str = attrs.field(validator=_require_words(_PROMPT_LIMIT))
    kind: str = attrs.field(default="note", validator=attrs.validators.instance_of(str))
    language: str = attrs.field(default="en", validator=attrs.validators.instance_of(str))


@attrs.frozen(kw_only=True)
class AnalysisRequest:
    """Give an analysis what it may know, and nothing else.

    ``view`` is read-only and already cut to the scope; ``now`` is aware, in ``zone``; ``language`` is a tag such as
    ``de``. Whoever needs the time takes ``now``: the same request gives the same result.
    """

    view: JournalView
    now: datetime
    zone: tzinfo
    language: str


@attrs.frozen(kw_only=True)
class Analysis:
    """Name one analysis and the function that runs it.

    ``id`` is unique within the plugin. With ``scope="couple"`` the view holds no private and no waiting entry, since in
    a pair whatever is not mine is the other's; such a result never compares the two.
    """

    id: str = attrs.field(validator=_require_name)
    title: str = attrs.field(validator=_require_words(_TITLE_LIMIT))
    run: Callable[[AnalysisRequest], AnalysisResult] = attrs.field(eq=False)
    scope: Scope = attrs.field(default="couple", validator=attrs.validators.in_(("couple", "mine")))


class JournalPlugin:
    """Derive from this and override the hooks you need; no decorators, no registration.

    The class is made without arguments when a program first needs it. A hook may be a generator.
    """

    def prompts(self, request: PromptRequest) -> Iterable[Prompt]:
        """Offer questions in the asked language, or in English; called each time somebody wants one."""
        del request
        return ()

    def analyses(self) -> Iterable[Analysis]:
        """List the analyses that this plugin can run."""
        return ()


HOOKS: Final = ("prompts", "analyses")
"""The hooks of `JournalPlugin` at this level."""
