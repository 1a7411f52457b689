"""Drafts: what an importer read becomes a content that may be written, and what somebody typed becomes a draft."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, Final

from couplejournal.model.content import shape_of
from couplejournal.model.kinds import Answer, PartnerWords, PluginNotice
from couplejournal.model.validity import require_valid
from couplejournal.plugins.calls import WrongAnswerError
from couplejournal.plugins.values import Draft

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from couplejournal.model import kinds as core
    from couplejournal.model.content import Content

NOT_IMPORTED: Final = frozenset({Answer.kind, PluginNotice.kind, PartnerWords.kind})
"""What is more than a text: sealed, or said to the other about plugins. No file says that for anybody."""

_COMMON: Final = frozenset({"text", "tags", "tender", "source"})
_DIGITS: Final = 32


def content_of(draft: Draft, kinds: Mapping[str, core.Kind], importer: str) -> Content:
    """Return a draft as the content of its kind, fit to be written; ``importer`` is the id of what read it.

    Raises:
        InvalidEntryError: the content breaks a rule of its kind.
        TypeError: a field has the wrong type.
        WrongAnswerError: the kind is not known or not one to import, or has no such field.
    """
    kind = kinds.get(draft.kind)
    if kind is None:
        raise WrongAnswerError("answered with an entry of a kind that is not known")
    if kind.name in NOT_IMPORTED or (kind.refs is not None and kind.refs.is_needed):
        raise WrongAnswerError("answered with an entry of a kind that no file can bring")
    if not set(draft.fields) <= set(shape_of(kind.content)) - _COMMON:
        raise WrongAnswerError("answered with an entry that has a field its kind has not")
    given = {name: tuple(value) if isinstance(value, list) else value for name, value in draft.fields.items()}
    source = f"import:{importer}#{_mark(draft)}"
    content = kind.content(text=draft.text, tags=draft.tags, tender=draft.tender, source=source, **given)  # type: ignore[arg-type]
    require_valid(kind.marked(content))
    return kind.marked(content)


def draft_of(content: Content, happened_at: datetime | None = None) -> Draft:
    """Return what somebody just wrote as a draft."""
    fields: dict[str, Any] = {name: value for name, value in content.to_fields().items() if name not in _COMMON}
    return Draft(
        kind=content.kind, text=content.text, fields=fields, tags=content.tags, tender=content.tender,
        happened_at=happened_at,
    )  # fmt: skip


def _mark(draft: Draft) -> str:
    """Return what tells a draft from others of its importer, a hash, since what names it elsewhere may be a secret.

    Without an id of its own an entry is what it says, and when.
    """
    named = ["id", draft.source_id]
    if not draft.source_id:
        at = None if draft.happened_at is None else draft.happened_at.isoformat()
        named = ["said", draft.kind, draft.text, json.dumps(dict(draft.fields), sort_keys=True), *draft.tags, str(at)]
    return hashlib.sha256(json.dumps(named).encode()).hexdigest()[:_DIGITS]
