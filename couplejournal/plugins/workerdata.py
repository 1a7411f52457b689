"""The values of hooks as JSON and back: what a worker process is given, what it gives, and what `preview` prints.

Only values that are listed here pass. What comes back from a worker is made anew by their own constructors, which
refuse what does not fit, so nothing that a worker writes becomes anything else here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import attrs

from couplejournal.model import lifecycle
from couplejournal.model.content import RawContent, shape_of
from couplejournal.model.entry import Author, Entry, Ref
from couplejournal.model.kinds import core_kinds
from couplejournal.plugins import events, kinds, result, values
from couplejournal.plugins.kinds import Kind, as_core_kind, kind_data, kind_from_data
from couplejournal.plugins.views import CutView

if TYPE_CHECKING:
    from couplejournal.model.content import Content
    from couplejournal.model.kinds import Kind as CoreKind

Call: TypeAlias = "Callable[[str, str], Callable[..., Any]]"
"""Makes the function of a value: (id of the value, name of the field)."""

ITEMS_LIMIT: Final = 100_000

_CLASSES: Final[dict[str, type[Any]]] = {
    name: found
    for module in (lifecycle, events, kinds, result, values)
    for name, found in vars(module).items()
    if isinstance(found, type) and attrs.has(found) and found.__module__ == module.__name__ and not name.startswith("_")
}


def to_data(value: Any) -> Any:
    """Return a value of a hook as JSON data.

    Raises:
        TypeError: it is none that a hook takes or gives.
    """
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    for kind, make in _AS_DATA:
        if isinstance(value, kind):
            return {"$": make[0], **make[1](value)}
    if _CLASSES.get(type(value).__name__) is type(value):
        held = {field.name: to_data(getattr(value, field.name)) for field in attrs.fields(type(value)) if field.init}
        return {"$": type(value).__name__, "fields": held}
    if callable(value):
        return {"$": "call"}
    if isinstance(value, Iterable):
        return [to_data(each) for each in islice(value, ITEMS_LIMIT + 1)]
    raise TypeError("this is no value that a hook takes or gives")


def from_data(data: Any, call: Call | None = None) -> Any:
    """Return the value that JSON data stands for; ``call`` makes functions, which do not travel.

    Raises:
        Exception: of any kind, where the data does not fit: whoever asks a worker guards.
    """
    if isinstance(data, list):
        return tuple(from_data(each, call) for each in data)
    if not isinstance(data, dict):
        return data
    make = _AS_VALUE.get(data["$"])
    return _value(_CLASSES[data["$"]], data["fields"], call) if make is None else make(data)


def _value(made: type[Any], fields: Mapping[str, Any], call: Call | None) -> Any:
    own = str(fields.get("id", ""))
    return made(
        **{
            name: call(own, name) if call is not None and isinstance(each, dict) and each.get("$") == "call"
            else from_data(each, call)
            for name, each in fields.items()
        }
    )  # fmt: skip


def _time(data: Mapping[str, Any]) -> datetime:
    at = datetime.fromisoformat(data["at"])
    return at if data["zone"] is None else at.astimezone(_zone(data["zone"]))


# --- views ----------------------------------------------------------------------------------------------------------


def view_data(view: CutView) -> dict[str, Any]:
    """Return a view as JSON data: every entry that it holds, and nothing that was cut."""
    entries = list(view.entries())
    index: dict[Author, int] = {}
    for person in view.people:
        index.setdefault(person, len(index))
    authors = [index.setdefault(entry.author, len(index)) for entry in entries]
    return {
        "zone": _zone_data(view.zone),
        "me": None if view.me is None else _person(view.me),
        "people": [_person(person) for person in index],
        "of_view": len(view.people),
        "kinds": _kinds_of(entries),
        "entries": [_entry_data(entry, author) for entry, author in zip(entries, authors, strict=True)],
    }


def view_from(data: Mapping[str, Any]) -> CutView:
    """Return the view that JSON data holds; the entries are made when somebody asks for them."""
    return CutView(
        lambda: _entries(data["people"], data["kinds"], data["entries"]),
        zone=_zone(data["zone"]),
        me=None if data["me"] is None else Author(**data["me"]),
        people=[Author(**person) for person in data["people"][: data["of_view"]]],
    )


def _person(author: Author) -> dict[str, Any]:
    return {"person": author.person, "name": author.name, "is_me": author.is_me}


def _kinds_of(entries: Iterable[Entry]) -> list[Any]:
    """Return the kinds of these entries that the core does not know, so that their content can be read."""
    core = core_kinds()
    known = {
        entry.kind: type(entry.content)
        for entry in entries
        if entry.kind not in core and not isinstance(entry.content, RawContent)
    }
    return [
        kind_data(Kind(name, fields=getattr(content, "fields_", ()), needs_text=content.needs_text))
        for name, content in known.items()
    ]


_USUAL: Final[Mapping[str, Any]] = {
    field.name: None if field.default is attrs.NOTHING else field.default for field in attrs.fields(Entry)
}


def _entry_data(entry: Entry, author: int) -> dict[str, Any]:
    """Return an entry as JSON data; what is as usual is left out, since ten thousand entries are written and read."""
    data = {
        "id": entry.id,
        "kind": entry.kind,
        "content": _content_data(entry.content),
        "author": author,
        "audience": entry.audience,
        "happened_at": entry.happened_at.isoformat(),
        "precision": entry.precision,
        "recorded_at": entry.recorded_at.isoformat(),
    }
    if entry.refs:
        data["refs"] = [[ref.relation, ref.id] for ref in entry.refs]
    if entry.conflict:
        data["conflict"] = [_content_data(content) for content in entry.conflict]
    for name in _PLAIN_FIELDS:
        value = getattr(entry, name)
        if value != _USUAL[name]:
            data[name] = value
    return data


_PLAIN_FIELDS: Final = ("state", "joint", "revised", "device", "note", "is_earlier")


def _content_data(content: Content | RawContent) -> list[Any]:
    # fields may hold byte strings, which JSON has not
    fields = content.to_fields()
    for name, value in fields.items():
        if type(value) is not str:
            fields[name] = _plain(value)
    return [content.schema, isinstance(content, RawContent), fields]


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return {"$bytes": value.hex()}
    if isinstance(value, Mapping):
        return {str(name): _plain(each) for name, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, (list, tuple)) else value


def _rough(value: Any) -> Any:
    if isinstance(value, dict):
        if list(value) == ["$bytes"]:
            return bytes.fromhex(value["$bytes"])
        return {name: _rough(each) for name, each in value.items()}
    return [_rough(each) for each in value] if isinstance(value, list) else value


def _entries(people: list[Any], declared: list[Any], rows: list[Any]) -> list[Entry]:
    authors = [Author(**person) for person in people]
    known: dict[str, CoreKind] = dict(core_kinds())
    known |= {each["name"]: as_core_kind(kind_from_data(each)) for each in declared}
    return [_entry(row, authors, known) for row in rows]


def _entry(row: Mapping[str, Any], authors: list[Author], known: Mapping[str, CoreKind]) -> Entry:
    parse = datetime.fromisoformat
    given = dict(row)
    kind = given["kind"]
    given["author"] = authors[given["author"]]
    given["content"] = _content(kind, given["content"], known)
    given["happened_at"], given["recorded_at"] = parse(given["happened_at"]), parse(given["recorded_at"])
    if "refs" in given:
        given["refs"] = tuple(Ref(relation, entry) for relation, entry in given["refs"])
    if "conflict" in given:
        given["conflict"] = tuple(_content(kind, each, known) for each in given["conflict"])
    return Entry(**given)


def _content(kind: str, held: list[Any], known: Mapping[str, CoreKind]) -> Content | RawContent:
    schema, is_raw, fields = held
    made = None if is_raw or kind not in known else known[kind].content
    shape = {} if made is None else shape_of(made)
    for name, value in fields.items():
        if type(value) is list or type(value) is dict:
            rough = _rough(value)
            fields[name] = tuple(rough) if name in shape and shape[name].is_tuple else rough
    if made is None:
        return RawContent(kind, schema, fields)
    # no value is looked at once more: the host wrote what a content of this very class held
    extra = {} if fields.keys() <= shape.keys() else {name: fields.pop(name) for name in fields.keys() - shape.keys()}
    return made(**fields, extra=extra)


# --- zones ----------------------------------------------------------------------------------------------------------


def _zone_data(zone: tzinfo) -> str | float:
    """Return the name of a zone, or where it has none its offset in seconds."""
    key = getattr(zone, "key", None)
    if isinstance(key, str):
        return key
    offset = zone.utcoffset(datetime(2000, 1, 1, tzinfo=UTC).replace(tzinfo=None))
    return 0.0 if offset is None else offset.total_seconds()


def _zone(data: str | float) -> tzinfo:
    if isinstance(data, str):
        from zoneinfo import ZoneInfo

        return ZoneInfo(data)
    return timezone(timedelta(seconds=data)) if data else UTC


_AS_DATA: Final[tuple[tuple[type[Any], tuple[str, Callable[[Any], dict[str, Any]]]], ...]] = (
    (bytes, ("bytes", lambda value: {"hex": value.hex()})),
    (
        datetime,
        (
            "time",
            lambda value: {
                "at": value.isoformat(),
                "zone": None if value.tzinfo is None else _zone_data(value.tzinfo),
            },
        ),
    ),
    (tzinfo, ("zone", lambda value: {"zone": _zone_data(value)})),
    (CutView, ("view", view_data)),
    (
        Entry,
        (
            "entry",
            lambda value: {
                "people": [_person(value.author)],
                "kinds": _kinds_of([value]),
                "entry": _entry_data(value, 0),
            },
        ),
    ),
    (Mapping, ("map", lambda value: {"items": [[str(name), _plain(each)] for name, each in value.items()]})),
)
_AS_VALUE: Final[Mapping[str, Callable[[Mapping[str, Any]], Any]]] = {
    "bytes": lambda data: bytes.fromhex(data["hex"]),
    "time": _time,
    "zone": lambda data: _zone(data["zone"]),
    "view": view_from,
    "entry": lambda data: _entries(data["people"], data["kinds"], [data["entry"]])[0],
    "map": lambda data: {str(key): _rough(each) for key, each in data["items"]},
}
