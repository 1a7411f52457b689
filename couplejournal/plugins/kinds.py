"""Kinds of entries that plugins add, as data: a pack that is never executed can declare one too.

The core reads, checks, folds and exports them like its own. ``plugins.lock`` holds what was agreed to, so that a
command that opens the journal loads no plugin to know its kinds.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal, get_args

import attrs

from couplejournal.errors import InvalidEntryError, PluginError
from couplejournal.model import kinds as core
from couplejournal.model.content import Content, shape_of
from couplejournal.model.kinds import Audience
from couplejournal.model.lifecycle import Lifecycle, Transition

if TYPE_CHECKING:
    from collections.abc import Iterable

    from couplejournal.plugins.result import JSON

FieldType = Literal["text", "texts", "whole", "number", "yes-no", "day"]
Tenderness = Literal["none", "tender", "intimate"]

FIELDS_LIMIT: Final = 40
TRANSITIONS_LIMIT: Final = 400
_KIND: Final = re.compile(r"[a-z][a-z0-9-]{0,39}")
_FIELD: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")
_STEP: Final = re.compile(r"[a-z][a-z0-9-]{0,63}")
_STATE: Final = re.compile(r"[a-z][a-z0-9_-]{0,63}")
_TYPES: Final[Mapping[str, tuple[str, Any]]] = {  # as they are written in an annotation, with the value of an empty one
    "text": ("str", ""),
    "texts": ("tuple[str, ...]", ()),
    "whole": ("int | None", None),
    "number": ("float | None", None),
    "yes-no": ("bool | None", None),
    "day": ("str", ""),
}
_NUMBERS: Final = ("whole", "number")


def _fits(pattern: re.Pattern[str]) -> Any:
    return attrs.validators.matches_re(pattern, func=re.fullmatch)


def _is_limit(_owner: object, attribute: attrs.Attribute[Any], value: object) -> None:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    if value is not None and not is_number:
        raise TypeError(f"{attribute.name} is a number")


def _several(values: Iterable[Any]) -> tuple[Any, ...]:
    if isinstance(values, (str, bytes)):
        raise TypeError("a sequence is needed, not one string")
    return tuple(values)


@attrs.frozen
class Field:
    """One field of a kind beside its text: a name, what it holds, and which values it may have.

    A text may be one of ``choices`` (none given: any), a number lies between ``least`` and ``most``, and a day is
    written 2026-01-31. A field may be left out, unless it ``is_needed``.
    """

    name: str = attrs.field(validator=_fits(_FIELD))
    type: FieldType = attrs.field(default="text", validator=attrs.validators.in_(get_args(FieldType)))
    choices: tuple[str, ...] = attrs.field(
        default=(), converter=_several, kw_only=True,
        validator=attrs.validators.deep_iterable(attrs.validators.instance_of(str)),
    )  # fmt: skip
    is_needed: bool = attrs.field(default=False, kw_only=True, validator=attrs.validators.instance_of(bool))
    least: float | None = attrs.field(default=None, kw_only=True, validator=_is_limit)
    most: float | None = attrs.field(default=None, kw_only=True, validator=_is_limit)

    def __attrs_post_init__(self) -> None:
        """Refuse the name of a field that every kind has, choices for what is no text, and limits for no number.

        Raises:
            ValueError: it is one of these.
        """
        if self.name in {*shape_of(Content), "extra", "kind", "schema", "needs_text", "step_name"}:
            raise ValueError("a field has a name that every kind uses itself")
        if self.choices and self.type != "text":
            raise ValueError("only a text has choices")
        if (self.least, self.most) != (None, None) and self.type not in _NUMBERS:
            raise ValueError("only a number has a least and a most")

    def require(self, value: Any, kind: str) -> None:
        """Refuse a value that entries of the kind ``kind`` may not have.

        Raises:
            InvalidEntryError: it is needed and empty, none of the choices, beyond a limit, or no day.
        """
        if value in (None, "", ()):
            if self.is_needed:
                raise InvalidEntryError(f"a {kind} needs the field {self.name}")
        elif self.choices and value not in self.choices:
            raise InvalidEntryError(f"the field {self.name} is one of: {', '.join(self.choices)}")
        elif self.type == "day" and not _is_day(value):
            raise InvalidEntryError(f"the field {self.name} is a day such as 2026-01-31")
        elif self.least is not None and value < self.least:
            raise InvalidEntryError(f"the field {self.name} is {self.least:g} or more")
        elif self.most is not None and value > self.most:
            raise InvalidEntryError(f"the field {self.name} is {self.most:g} or less")


def _is_day(value: str) -> bool:
    try:
        return date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


@attrs.frozen
class Kind:
    """Declare a kind of entries: its name, its fields beside the text, who reads it unless one says otherwise.

    ``tender``: every entry of the kind is marked so, and stays out of searches, statistics and exports unless one asks.
    ``joint``: either of the two may revise an entry, not its author alone. ``lifecycle`` is a table of states and
    steps, which `couplejournal step` takes. ``part_of`` names the kinds of entries to which one may belong, as a
    milestone belongs to a goal; such a reference can always be left out.
    """

    name: str = attrs.field(validator=_fits(_KIND))
    fields: tuple[Field, ...] = attrs.field(
        default=(), converter=_several, kw_only=True,
        validator=attrs.validators.deep_iterable(attrs.validators.instance_of(Field)),
    )  # fmt: skip
    default_audience: Audience = attrs.field(
        default="private", kw_only=True, validator=attrs.validators.in_(("shared", "private"))
    )
    tender: Tenderness = attrs.field(default="none", kw_only=True, validator=attrs.validators.in_(get_args(Tenderness)))
    joint: bool = attrs.field(default=False, kw_only=True, validator=attrs.validators.instance_of(bool))
    needs_text: bool = attrs.field(default=True, kw_only=True, validator=attrs.validators.instance_of(bool))
    lifecycle: Lifecycle | None = attrs.field(
        default=None, kw_only=True, hash=False,
        validator=attrs.validators.optional(attrs.validators.instance_of(Lifecycle)),
    )  # fmt: skip
    part_of: tuple[str, ...] = attrs.field(
        default=(), converter=_several, kw_only=True, validator=attrs.validators.deep_iterable(_fits(_KIND))
    )

    def __attrs_post_init__(self) -> None:
        """Refuse what cannot be kept or folded.

        Raises:
            ValueError: two fields of one name, too many, or a state or step that nobody could name.
        """
        names = [field.name for field in self.fields]
        if len(set(names)) < len(names) or len(names) > FIELDS_LIMIT:
            raise ValueError(f"a kind has at most {FIELDS_LIMIT} fields, each with a name of its own")
        if self.lifecycle is not None:
            _require_sound(self.lifecycle, names)


def _require_sound(lifecycle: Lifecycle, fields: Iterable[str]) -> None:
    rows = lifecycle.transitions
    if len(rows) > TRANSITIONS_LIMIT or not all(isinstance(row, Transition) for row in rows):
        raise ValueError(f"a lifecycle has at most {TRANSITIONS_LIMIT} transitions")
    if not all(_STATE.fullmatch(state) for state in lifecycle.states):
        raise ValueError("a state is small letters, digits, hyphens and underscores")
    if not all(_STEP.fullmatch(step) for step in lifecycle.steps):
        raise ValueError("a step is small letters, digits and hyphens")
    if {name for row in rows for name in row.when} | set(lifecycle.defaults) > set(fields):
        raise ValueError("a transition asks for a field that the kind has not")


class _Declared(Content):
    """Content of a kind that a plugin declared."""

    fields_: ClassVar[tuple[Field, ...]] = ()

    def require_own(self) -> None:
        """Refuse values that the kind does not allow.

        Raises:
            InvalidEntryError: there is one.
        """
        for field in self.fields_:
            field.require(getattr(self, field.name), self.kind)


@lru_cache(maxsize=256)
def _content_of(name: str, fields: tuple[Field, ...], *, needs_text: bool) -> type[Content]:
    body = {
        field.name: attrs.field(default=_TYPES[field.type][1], type=_TYPES[field.type][0], kw_only=True)  # type: ignore[call-overload]
        for field in fields
    }
    made: type[_Declared] = attrs.make_class(
        "".join(part.capitalize() for part in name.split("-")), body, bases=(_Declared,), frozen=True, slots=True
    )
    made.kind, made.needs_text, made.fields_ = name, needs_text, fields
    return made


class _CoreKind(core.Kind):
    """A kind whose class of content is made when somebody first asks for it.

    Every command that opens the journal has the kinds of all plugins that are on, and few read an entry of each.
    """

    __slots__ = ()

    @property
    def content(self) -> type[Content]:
        """Return the class of its content."""
        declared: Kind | type[Content] = core.Kind.content.__get__(self)  # type: ignore[attr-defined]
        if isinstance(declared, type):
            return declared
        return _content_of(declared.name, declared.fields, needs_text=declared.needs_text)

    @content.setter
    def content(self, declared: Any) -> None:
        core.Kind.content.__set__(self, declared)  # type: ignore[attr-defined]


def as_core_kind(kind: Kind) -> core.Kind:
    """Return a declared kind as the core knows kinds, with a class for its content."""
    return _CoreKind(
        kind.name,
        kind,  # type: ignore[arg-type]
        default_audience=kind.default_audience,
        lifecycle=kind.lifecycle,
        joint=kind.joint,
        tender=kind.tender,
        refs=core.RefRule("part_of", kinds=kind.part_of, is_needed=False) if kind.part_of else None,
    )


def kind_data(kind: Kind) -> dict[str, JSON]:
    """Return a kind as JSON data, as ``plugins.lock`` and a pack hold it."""
    lifecycle = kind.lifecycle
    table: JSON = None
    if lifecycle is not None:
        table = {
            "initial": lifecycle.initial,
            "defaults": dict(lifecycle.defaults),
            "transitions": [
                {"from": row.start, "step": row.step, "to": row.to, "by": row.by, "when": dict(row.when)}
                for row in lifecycle.transitions
            ],
        }
    return {
        "name": kind.name,
        "fields": [
            {
                "name": one.name,
                "type": one.type,
                "choices": list(one.choices),
                "is_needed": one.is_needed,
                "least": one.least,
                "most": one.most,
            }
            for one in kind.fields
        ],
        "default_audience": kind.default_audience,
        "tender": kind.tender,
        "joint": kind.joint,
        "needs_text": kind.needs_text,
        "part_of": list(kind.part_of),
        "lifecycle": table,
    }


def kind_from_data(data: Mapping[str, Any]) -> Kind:
    """Return the kind that JSON data declares.

    Raises:
        PluginError: it does not declare one.
    """
    try:
        given = dict(data)
        fields = [Field(one.pop("name"), **one) for one in map(dict, given.pop("fields", ()))]
        table = given.pop("lifecycle", None)
        return Kind(given.pop("name"), fields=fields, lifecycle=_lifecycle_from(table), **given)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise PluginError("a plugin declares a kind that does not fit") from error


def _lifecycle_from(table: Mapping[str, Any] | None) -> Lifecycle | None:
    if table is None:
        return None
    unknown = set(table) - {"initial", "defaults", "transitions"}
    if unknown:
        raise ValueError("a lifecycle has initial, transitions and defaults")
    rows = (
        Transition(row["from"], row["step"], row["to"], row["by"], when=dict(row.get("when", {})))
        for row in table["transitions"]
    )
    return Lifecycle(table["initial"], rows, defaults=dict(table.get("defaults", {})))


def kinds_declared(declared: Iterable[tuple[str, Mapping[str, Any]]]) -> tuple[core.Kind, ...]:
    """Return the kinds of plugins, each with the plugin's id, as `couplejournal.open` takes them.

    What does not fit, and what may not stand, is left out.
    """
    read: list[tuple[str, Kind]] = []
    for plugin_id, data in declared:
        with suppress(PluginError):
            read.append((plugin_id, kind_from_data(data)))
    taken, _ = kinds_apart(read)
    return tuple(as_core_kind(kind) for _, kind in taken.values())


def kinds_apart(declared: Iterable[tuple[str, Kind]]) -> tuple[dict[str, tuple[str, Kind]], list[tuple[str, str]]]:
    """Return the kinds by name, each with its plugin, and (plugin, kind) of those that may not stand.

    A kind of the core is nobody's to alter. Of two plugins that declare the same one neither has it: whichever were
    taken, the other's entries would be read wrongly; so they stay raw until one of the two is off.
    """
    by_name: dict[str, list[tuple[str, Kind]]] = {}
    for plugin_id, kind in declared:
        by_name.setdefault(kind.name, []).append((plugin_id, kind))
    taken: dict[str, tuple[str, Kind]] = {}
    refused: list[tuple[str, str]] = []
    for name, found in by_name.items():
        if len(found) == 1 and name not in core.core_kinds():
            taken[name] = found[0]
        else:
            refused += [(plugin_id, name) for plugin_id, _ in found]
    return taken, refused
