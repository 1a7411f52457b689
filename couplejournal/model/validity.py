"""What this person may write: checked before it is written, and never on what comes from outside.

The limits keep an operation within what the codec stores: a text of 1 MiB, and 64 KiB for all that goes with it.
"""

from __future__ import annotations

import math
import re
from typing import Final

from couplejournal.errors import InvalidEntryError
from couplejournal.model.content import TENDER, Content, RawContent, shape_of
from couplejournal.model.text import neutralised, require_text

TAGS_LIMIT: Final = 64
TAG_LIMIT_CHARACTERS: Final = 100
REST_LIMIT_BYTES: Final = 60 * 1024  # what an operation leaves beside a text of 1 MiB (docs/spec/format.md 3)
DEPTH_LIMIT: Final = 12  # an operation is at most 16 deep, and its fields begin below the top
INT_FIRST: Final = -(1 << 63)
INT_LAST: Final = (1 << 64) - 1
_SOURCE: Final = re.compile(r"manual|(?:prompt|import):[!-~]{1,200}")


def require_valid(content: Content | RawContent) -> None:
    """Refuse a content that must not be written.

    Raises:
        InvalidEntryError: a needed text is empty, a value is none that its kind knows, or a limit is passed.
        TypeError: a field holds a value of the wrong type.
    """
    if isinstance(content, RawContent):
        raise InvalidEntryError("this kind of entry is not known here, so it can only be read")
    shape = shape_of(type(content))
    for name, field in shape.items():
        if not field.fits(getattr(content, name)):
            raise TypeError(f"the field {name!r} of a {content.kind} has the wrong type")
    if any(name in shape for name in content.extra):
        raise InvalidEntryError("an extra field has the name of one that the kind has itself")
    require_text(content.text)
    if content.needs_text and not content.text.strip():
        raise InvalidEntryError("there is no text")
    if content.tender not in TENDER:
        raise InvalidEntryError("an entry is marked none, tender or intimate")
    if not _SOURCE.fullmatch(content.source):
        raise InvalidEntryError("the source is manual, prompt:ID or import:FORMAT")
    _require_tags(content.tags)
    rest = {name: value for name, value in content.to_fields().items() if name != "text"}
    if _size_bytes(rest, depth=0) > REST_LIMIT_BYTES:
        raise InvalidEntryError("the fields beside the text are larger than 60 KiB together")
    content.require_own()


def _require_tags(tags: tuple[str, ...]) -> None:
    """Refuse tags that could not be typed or found again."""
    if len(tags) > TAGS_LIMIT:
        raise InvalidEntryError(f"an entry has at most {TAGS_LIMIT} tags")
    if len(set(tags)) < len(tags):
        raise InvalidEntryError("a tag stands there twice")
    for tag in tags:
        if not tag or len(tag) > TAG_LIMIT_CHARACTERS or tag != tag.strip() or neutralised(tag, one_line=True) != tag:
            raise InvalidEntryError(
                f"a tag has 1 to {TAG_LIMIT_CHARACTERS} characters, none of them a control, and no space at its ends"
            )


def _size_bytes(value: object, *, depth: int) -> int:
    """Return at least the bytes that a value takes when it is stored, and refuse one that cannot be."""
    if depth > DEPTH_LIMIT:
        raise InvalidEntryError("a field is nested too deeply")
    if value is None or isinstance(value, (bool, float)):
        if isinstance(value, float) and not math.isfinite(value):
            raise InvalidEntryError("a field holds a number that is not finite")
        return 9
    if isinstance(value, int):
        if not INT_FIRST <= value <= INT_LAST:
            raise InvalidEntryError("a field holds a number that is too large")
        return 9
    if isinstance(value, str):
        return 5 + len(require_text(value).encode("utf-8"))
    if isinstance(value, bytes):
        return 5 + len(value)
    if isinstance(value, (list, tuple)):
        return 5 + sum(_size_bytes(item, depth=depth + 1) for item in value)
    if isinstance(value, dict) and all(isinstance(name, str) for name in value):
        return 5 + sum(
            _size_bytes(name, depth=depth + 1) + _size_bytes(item, depth=depth + 1) for name, item in value.items()
        )
    raise TypeError("a field holds a value that cannot be stored")
