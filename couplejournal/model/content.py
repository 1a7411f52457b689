"""What an entry says: `Content` for every kind, and `RawContent` for what this version does not know.

The four names ``text``, ``tags``, ``tender`` and ``source`` mean the same in every kind. Fields that a kind does not
know are kept in ``extra`` and written back unchanged, so that an older version loses nothing of a newer one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeAlias

import attrs
import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

JSON: TypeAlias = "bool | int | float | str | bytes | Sequence[JSON] | Mapping[str, JSON] | None"
"""What a field may hold: the plain types of msgpack, which has byte strings too."""

TENDER: Final = ("none", "tender", "intimate")
# Fields whose values are terms and not a person's words: a search for "away" is not one for every turn.
_TERMS: Final = frozenset({"tender", "source", "turn", "owner", "name", "prompt"})


def words_in(fields: Mapping[str, object]) -> Iterator[str]:
    """Iterate over everything that was written in the fields of an entry: its texts, its lists, its tables."""
    for name, value in fields.items():
        if name not in _TERMS:
            held = list(value.values()) if isinstance(value, dict) else value
            several = held if isinstance(held, (list, tuple)) else (held,)
            yield from (one for one in several if isinstance(one, str))


def _as_tuple(values: Iterable[str]) -> tuple[str, ...]:
    """Return the values as a tuple; one string is a mistake and not a sequence of letters."""
    if isinstance(values, (str, bytes)):
        raise TypeError("a sequence of strings is needed, not one string")
    return tuple(values)


@attrs.frozen
class Content:
    """Hold what a person wrote: the fields that every kind has.

    Each kind is a frozen attrs subclass with ``kind`` set. Its fields are keyword-only, since ``text`` comes first;
    those of type str, int, float, bool, ``tuple[str, ...]`` or ``Mapping[str, str]``, or one of these or None, are
    checked when they are read.

    ``tender`` is "none", "tender" or "intimate"; ``source`` is "manual", "prompt:ID" or "import:FORMAT"; ``extra``
    holds fields of newer versions. Making one checks nothing: `couplejournal.model.kinds.require_valid` does, before
    it is written.
    """

    kind: ClassVar[str] = ""
    schema: ClassVar[int] = 1
    needs_text: ClassVar[bool] = True

    text: str = ""
    tags: tuple[str, ...] = attrs.field(default=(), converter=_as_tuple, kw_only=True)
    tender: str = attrs.field(default="none", kw_only=True)
    source: str = attrs.field(default="manual", kw_only=True)
    extra: Mapping[str, JSON] = attrs.field(factory=dict, hash=False, kw_only=True)

    @property
    def step_name(self) -> str | None:
        """Return the step that this takes in the lifecycle of what it refers to; None for most kinds."""
        return None

    def to_fields(self) -> dict[str, JSON]:
        """Return the fields as they are stored: without what is as usual, with what was not understood."""
        shape = shape_of(type(self))
        fields: dict[str, JSON] = {name: value for name, value in self.extra.items() if name not in shape}
        for name, field in shape.items():
            value = getattr(self, name)
            if value != field.default:
                fields[name] = list(value) if isinstance(value, tuple) else value
        return fields

    def require_own(self) -> None:
        """Refuse what only this kind can know to be wrong; a subclass says it.

        Raises:
            InvalidEntryError: the content breaks a rule of its kind.
        """


@attrs.frozen
class RawContent:
    """Keep fields that this version cannot read: an unknown kind, a newer schema, or values that do not fit."""

    kind: str
    schema: int
    fields: Mapping[str, JSON] = attrs.field(hash=False)

    @property
    def text(self) -> str:
        """Return the field ``text``, whose name is reserved in every kind; empty where it is no string."""
        text = self.fields.get("text")
        return text if isinstance(text, str) else ""

    @property
    def tags(self) -> tuple[str, ...]:
        """Return those of the tags that are strings."""
        tags = self.fields.get("tags")
        return tuple(tag for tag in tags if isinstance(tag, str)) if isinstance(tags, (list, tuple)) else ()

    @property
    def tender(self) -> str:
        """Return the field ``tender``; what cannot be read counts as the most tender, since it hides more."""
        tender = self.fields.get("tender", "none")
        return tender if isinstance(tender, str) else "intimate"

    @property
    def source(self) -> str:
        """Return the field ``source``; "manual" where it is no string."""
        source = self.fields.get("source")
        return source if isinstance(source, str) else "manual"

    @property
    def step_name(self) -> None:
        """Return None: what is not understood takes no step."""
        return

    def to_fields(self) -> dict[str, JSON]:
        """Return the fields as they came."""
        return dict(self.fields)


class FieldShape(msgspec.Struct, frozen=True):
    """Describe one field of a kind: whether a stored value fits it, and its default (`attrs.NOTHING`: needed).

    ``is_tuple``: it is stored as a list and read as a tuple.
    """

    fits: Callable[[Any], bool]
    default: object
    is_tuple: bool


def shape_of(content: type[Content]) -> Mapping[str, FieldShape]:
    """Return the stored fields of a kind by name, ``extra`` left out."""
    shape = _shapes.get(content)
    if shape is None:
        shape = _shapes[content] = {
            field.name: FieldShape(_FITS.get(annotation, _is_anything), field.default, annotation.startswith("tuple["))
            for field, annotation in ((field, _annotation(field.type)) for field in attrs.fields(content))
            if field.name != "extra" and field.init
        }
    return shape


_shapes: Final[dict[type[Content], Mapping[str, FieldShape]]] = {}


def read_content(kind: str, content: type[Content], schema: int, fields: object) -> Content | RawContent:
    """Return stored fields of a kind as its class of ``content``, or raw where they do not fit it. It never raises.

    Fields that are no map at all are kept as the one field ``value``.
    """
    if not isinstance(fields, Mapping) or not 1 <= schema <= content.schema:
        return keep_raw(kind, schema, fields)
    shape = shape_of(content)
    known: dict[str, Any] = {}
    extra: dict[str, JSON] = {}
    for name, value in fields.items():
        field = shape.get(name)
        if field is None:
            extra[name] = value
        elif field.fits(value):
            known[name] = tuple(value) if field.is_tuple and type(value) is list else value
        else:
            return keep_raw(kind, schema, fields)
    try:
        return content(**known, extra=extra)
    except Exception:  # noqa: BLE001 - a needed field is missing, or a plugin's own class refuses: shown raw, never raised
        return keep_raw(kind, schema, fields)


def keep_raw(kind: str, schema: int, fields: object) -> RawContent:
    """Return stored fields as they are; what is no map at all becomes the one field ``value``."""
    kept: Any = fields
    return RawContent(kind, schema, dict(kept) if isinstance(kept, Mapping) else {"value": kept})


def _annotation(annotation: object) -> str:
    """Return a field's annotation as it was written; with postponed evaluation it is text already."""
    if isinstance(annotation, str):
        return annotation
    return annotation.__name__ if isinstance(annotation, type) and "[" not in str(annotation) else str(annotation)


def _is_anything(_value: object) -> bool:
    return True


def _is_text(value: object) -> bool:
    return type(value) is str


def _is_whole(value: object) -> bool:
    return type(value) is int


def _is_number(value: object) -> bool:
    return type(value) is float or type(value) is int


def _is_bool(value: object) -> bool:
    return type(value) is bool


def _is_texts(value: object) -> bool:
    return isinstance(value, (list, tuple)) and all(type(item) is str for item in value)


def _is_texts_by_name(value: object) -> bool:
    return isinstance(value, Mapping) and all(type(one) is str for pair in value.items() for one in pair)


_NEEDED: Final[dict[str, Callable[[object], bool]]] = {
    "str": _is_text,
    "int": _is_whole,
    "float": _is_number,
    "bool": _is_bool,
    "tuple[str, ...]": _is_texts,
    "Mapping[str, str]": _is_texts_by_name,
}


def _or_none(fits: Callable[[object], bool]) -> Callable[[object], bool]:
    """Return the question that lets None pass too."""
    return lambda value: value is None or fits(value)


# By the words of the annotation, so that no annotation has to be evaluated when a plugin's kind is first read.
_FITS: Final = _NEEDED | {f"{name} | None": _or_none(fits) for name, fits in _NEEDED.items()}
