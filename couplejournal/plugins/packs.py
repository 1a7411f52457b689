"""Packs: plugins without code. A TOML file with prompts, exercises, kinds as fields, templates, and simple metrics.

A pack is read and checked, never executed. Every error is found in one pass and names its line and column, so that
whoever writes prompts needs no Python. docs/tutorial/first-pack.md shows one as a whole.
"""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING, Any, Final, get_args

import attrs

from couplejournal.errors import PluginError
from couplejournal.model.text import neutralised
from couplejournal.plugins.author import API_LEVEL
from couplejournal.plugins.kinds import Kind, kind_from_data
from couplejournal.plugins.manifest import PACK_LIMIT_BYTES, Manifest, Permissions, Provides, is_plugin_id
from couplejournal.plugins.packsmetric import LEAST_FOR_BOTH, ExpressionError, Measure, parse
from couplejournal.plugins.packsplaces import Places
from couplejournal.plugins.packstexts import Template, TemplateError, Worded
from couplejournal.plugins.result import Unit
from couplejournal.plugins.values import LONGEST_STEP_S, STEPS_LIMIT, TEXT_LIMIT, TITLE_LIMIT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from couplejournal.plugins.packsplaces import Path

FAULTS_LIMIT: Final = 100
_ITEMS_LIMIT: Final = {"prompts": 500, "exercises": 50, "kinds": 20, "metrics": 20}
_DAYS_LIMIT: Final = 3_660
_TOLD_CHARACTERS: Final = 100
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_KIND: Final = re.compile(r"[a-z][a-z0-9-]{0,39}")
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
_PLACED: Final = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)")


@attrs.frozen
class Fault:
    """Say what is wrong in a pack, and where: line and column count from 1."""

    line: int
    column: int
    message: str

    def __str__(self) -> str:
        """Return it as one line."""
        return f"line {self.line}, column {self.column}: {self.message}"


@attrs.frozen(kw_only=True)
class PackPrompt:
    """A question of a pack."""

    id: str
    kind: str
    text: Worded


@attrs.frozen(kw_only=True)
class PackExercise:
    """An exercise of a pack: what to do, step by step, each with its seconds or None; and what may be written then."""

    id: str
    title: Worded
    steps: tuple[tuple[Worded, int | None], ...]
    writes: str | None


@attrs.frozen(kw_only=True)
class PackMetric:
    """A number of a pack: how it is measured, and how it is called."""

    id: str
    title: Worded
    words: Worded
    measure: Measure


@attrs.frozen(kw_only=True)
class Pack:
    """What a pack holds."""

    id: str
    summary: str
    prompts: tuple[PackPrompt, ...] = ()
    exercises: tuple[PackExercise, ...] = ()
    kinds: tuple[Kind, ...] = ()
    templates: Mapping[str, Mapping[str, Template]] = attrs.field(factory=dict)
    metrics: tuple[PackMetric, ...] = ()


def read_pack(data: bytes) -> Pack:
    """Return the pack that the bytes of a file hold.

    Raises:
        PluginError: it is no sound pack; the first error is told, and how many more there are.
    """
    pack, faults = check_pack(data)
    if pack is None or faults:
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        raise PluginError(f"this pack does not fit: {faults[0]}{more}", hint="couplejournal plugins check FILE.toml")
    return pack


def check_pack(data: bytes) -> tuple[Pack | None, tuple[Fault, ...]]:
    """Return the pack, or None, and every error, in the order of their places. It never raises."""
    if len(data) > PACK_LIMIT_BYTES:
        return None, (Fault(1, 1, f"a pack has at most {PACK_LIMIT_BYTES // 1024} KiB"),)
    try:
        text = data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - data.rfind(b"\n", 0, error.start)
        return None, (Fault(line, column, "the file is no UTF-8 text; save it as UTF-8"),)
    try:
        tree = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return None, (_syntax_fault(str(error), text),)
    except (RecursionError, ValueError):
        return None, (Fault(1, 1, "this is no TOML: brackets too deep, or a number too long"),)
    reader = _Reader(Places(text))
    pack = reader.pack(tree)
    return (None if reader.faults else pack), tuple(sorted(set(reader.faults), key=lambda one: (one.line, one.column)))


def _syntax_fault(message: str, text: str) -> Fault:
    found = _PLACED.search(message)
    told = _PLACED.sub("", message)
    if found is not None and found[1]:
        return Fault(int(found[1]), int(found[2]), f"this is no TOML: {_told(told)}")
    return Fault(text.count("\n") + 1, 1, f"this is no TOML: {_told(told)}")


def _told(value: object) -> str:
    return neutralised(str(value), one_line=True)[:_TOLD_CHARACTERS]


class _Reader:
    """Reads the tree of a pack, and notes every fault instead of stopping at the first."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._templates: dict[str, Mapping[str, Template]] = {}
        self.faults: list[Fault] = []

    def pack(self, tree: Mapping[str, Any]) -> Pack:
        self._only(tree, (), "id", "summary", "api", "tier", "prompts", "exercises", "kinds", "metrics")
        self._text(tree, (), "id", fits=is_plugin_id, wanted="small letters, digits and _; at most 40")
        self._text(tree, (), "summary", limit=TITLE_LIMIT * 2)
        for name, wanted in (("api", API_LEVEL), ("tier", "pack")):
            if tree.get(name, wanted) != wanted:
                self._fault((name,), f"{name} is {wanted} here, or left out")
        return Pack(
            id=str(tree.get("id", "")),
            summary=str(tree.get("summary", "")),
            prompts=tuple(self._each(tree, "prompts", self._prompt)),
            exercises=tuple(self._each(tree, "exercises", self._exercise)),
            kinds=tuple(self._each(tree, "kinds", self._kind)),
            templates=self._templates,
            metrics=tuple(self._each(tree, "metrics", self._metric)),
        )

    def _prompt(self, item: Mapping[str, Any], path: Path) -> PackPrompt | None:
        self._only(item, path, "id", "kind", "text")
        name = self._text(item, path, "id", fits=_NAME.fullmatch, wanted="small letters, digits and hyphens")
        kind = self._text(item, path, "kind", default="note", fits=_KIND.fullmatch, wanted="the name of a kind")
        text = self._worded(item, path, "text", TEXT_LIMIT)
        return PackPrompt(id=name, kind=kind, text=text) if name and kind and text else None

    def _exercise(self, item: Mapping[str, Any], path: Path) -> PackExercise | None:
        self._only(item, path, "id", "title", "steps", "writes")
        name = self._text(item, path, "id", fits=_NAME.fullmatch, wanted="small letters, digits and hyphens")
        title = self._worded(item, path, "title", TITLE_LIMIT)
        writes = self._text(item, path, "writes", fits=_KIND.fullmatch, wanted="a kind") if "writes" in item else None
        rows = self._list(item, path, "steps")
        if not 1 <= len(rows) <= STEPS_LIMIT:
            self._fault(path, f"an exercise has 1 to {STEPS_LIMIT} steps")
        steps = []
        for number, row in enumerate(rows[:STEPS_LIMIT]):
            place = (*path, "steps", number)
            if self._part(row, place, {"text"}):
                self._only(row, place, "text", "seconds")
                seconds = self._whole(row, place, "seconds", 1, LONGEST_STEP_S) if "seconds" in row else None
                steps.append((self._worded(row, place, "text", TEXT_LIMIT), seconds))
        told = tuple((text, seconds) for text, seconds in steps if text is not None)
        is_whole = name and title and writes != "" and told and len(told) == len(rows)
        return PackExercise(id=name, title=title, steps=told, writes=writes) if is_whole and title else None

    def _kind(self, item: Mapping[str, Any], path: Path) -> Kind | None:
        self._only(
            item, path, "name", "fields", "template", "default_audience", "tender", "joint", "needs_text", "part_of",
            "lifecycle",
        )  # fmt: skip
        if not self._text(item, path, "name", fits=_KIND.fullmatch, wanted="small letters, digits and hyphens"):
            return None
        before = len(self.faults)
        for number, field in enumerate(self._list(item, path, "fields")):
            self._part(field, (*path, "fields", number), {"name"})
        table = item.get("lifecycle")
        if table is not None:
            place = (*path, "lifecycle")
            if self._part(table, place, {"initial", "transitions"}):
                for number, row in enumerate(self._list(table, place, "transitions")):
                    self._part(row, (*place, "transitions", number), {"from", "step", "to", "by"})
        if len(self.faults) > before:
            return None
        template = item.get("template")
        kind = self._declared({name: value for name, value in item.items() if name != "template"}, path)
        if kind is not None and template is not None:
            self._template(item, path, kind)
        return kind

    def _template(self, item: Mapping[str, Any], path: Path, kind: Kind) -> None:
        worded = self._worded(item, path, "template", TEXT_LIMIT)
        found = {}
        for language, text in worded.texts.items() if worded is not None else ():
            try:
                found[language] = Template.parse(text, [field.name for field in kind.fields])
            except TemplateError as error:
                place = (*path, "template", language) if isinstance(item["template"], dict) else (*path, "template")
                self.faults.append(Fault(*self._places.inside(place, error.offset), str(error)))
        self._templates[kind.name] = found

    def _declared(self, item: Mapping[str, Any], path: Path) -> Kind | None:
        """Return the kind; what does not fit is looked for part by part, so that the place is as near as can be."""
        parts: list[tuple[Path, dict[str, Any]]] = [
            ((*path, "fields", number), {"name": item["name"], "fields": [field]})
            for number, field in enumerate(item.get("fields", ()))
        ]
        whole = {key: value for key, value in item.items() if key != "lifecycle"}
        parts.append((path, whole))
        parts.append(((*path, "lifecycle") if "lifecycle" in item else path, dict(item)))
        for place, part in parts:
            try:
                kind_from_data(part)
            except PluginError as error:
                cause = error.__cause__
                self._fault(place, f"this does not fit: {_told(cause.args[0] if cause and cause.args else error)}")
                return None
        return kind_from_data(item)

    def _metric(self, item: Mapping[str, Any], path: Path) -> PackMetric | None:
        self._only(item, path, "id", "title", "value", "days", "at_least", "unit", "text", "scope")
        name = self._text(item, path, "id", fits=_NAME.fullmatch, wanted="small letters, digits and hyphens")
        title = self._worded(item, path, "title", TITLE_LIMIT)
        words = self._worded(item, path, "text", TEXT_LIMIT)
        value = self._text(item, path, "value", limit=TEXT_LIMIT)
        scope = self._text(
            item, path, "scope", default="couple", fits={"couple", "mine"}.__contains__, wanted="couple or mine"
        )
        unit = self._text(
            item, path, "unit", default="none", fits=get_args(Unit).__contains__, wanted=", ".join(get_args(Unit))
        )
        days = self._whole(item, path, "days", 28, _DAYS_LIMIT)
        least = LEAST_FOR_BOTH if scope == "couple" else 1
        at_least = self._whole(item, path, "at_least", LEAST_FOR_BOTH, 10_000, least=least)
        if not (name and title and words and value):
            return None
        try:
            expression = parse(value)
        except ExpressionError as error:
            line, column = self._places.inside((*path, "value"), error.offset)
            self.faults.append(Fault(line, column, str(error)))
            return None
        measure = Measure(
            expression=expression, days=days, at_least=at_least, unit=unit, label="", words="",
            is_for_both=scope == "couple",
        )  # fmt: skip
        return PackMetric(id=name, title=title, words=words, measure=measure)

    # --- parts ------------------------------------------------------------------------------------------------------

    def _fault(self, path: Path, message: str) -> None:
        if len(self.faults) < FAULTS_LIMIT:
            self.faults.append(Fault(*self._places.of(path), message))

    def _only(self, item: Mapping[str, Any], path: Path, *known: str) -> None:
        from difflib import get_close_matches

        for name in item:
            if name not in known:
                near = get_close_matches(name, known, n=1)
                meant = f"; did you mean {near[0]}?" if near else f"; there are: {', '.join(known)}"
                self._fault((*path, name), f"nothing is called {_told(name)} here{meant}")

    def _part(self, item: object, path: Path, needed: set[str]) -> bool:
        if not isinstance(item, dict):
            self._fault(path, "here a table with names and values is needed")
            return False
        for name in sorted(needed - set(item)):
            self._fault(path, f"{name} is missing here")
        return needed <= set(item)

    def _list(self, item: Mapping[str, Any], path: Path, name: str) -> list[Any]:
        found = item.get(name, [])
        if isinstance(found, list):
            return found
        self._fault((*path, name), f"{name} is a list")
        return []

    def _each(self, tree: Mapping[str, Any], name: str, read: Callable[[Mapping[str, Any], Path], Any]) -> list[Any]:
        items = self._list(tree, (), name)
        if len(items) > _ITEMS_LIMIT[name]:
            self._fault((name, _ITEMS_LIMIT[name]), f"a pack has at most {_ITEMS_LIMIT[name]} {name}")
        found, seen = [], set()
        for number, item in enumerate(items[: _ITEMS_LIMIT[name]]):
            if not self._part(item, (name, number), set()):
                continue
            own = item.get("id", item.get("name"))
            if isinstance(own, str) and own in seen:
                self._fault((name, number, "id" if "id" in item else "name"), f"{_told(own)} stands here twice")
            seen.add(own if isinstance(own, str) else None)
            made = read(item, (name, number))
            found += [made] if made is not None else []
        return found

    def _text(
        self, item: Mapping[str, Any], path: Path, name: str, *, limit: int = TITLE_LIMIT, default: str | None = None,
        fits: Callable[[str], object] | None = None, wanted: str = "",
    ) -> str:  # fmt: skip
        if name not in item and default is not None:
            return default
        value = item.get(name)
        if name not in item:
            self._fault(path, f"{name} is missing here")
        elif not isinstance(value, str) or not value.strip():
            self._fault((*path, name), f"{name} is a text in quotes")
        elif len(value) > limit:
            self._fault((*path, name), f"{name} has at most {limit} characters")
        elif fits is not None and not fits(value):
            self._fault((*path, name), f"{name} must be {wanted}")
        else:
            return value
        return ""

    def _whole(self, item: Mapping[str, Any], path: Path, name: str, default: int, most: int, *, least: int = 1) -> int:
        value = item.get(name, default)
        if type(value) is int and least <= value <= most:
            return value
        self._fault((*path, name), f"{name} is a whole number from {least} to {most:,}")
        return default

    def _worded(self, item: Mapping[str, Any], path: Path, name: str, limit: int) -> Worded | None:
        value = item.get(name)
        if not isinstance(value, dict):
            text = self._text(item, path, name, limit=limit)
            return Worded({"en": text}) if text else None
        before = len(self.faults)
        if not value:
            self._fault((*path, name), f"{name} needs a text, such as {name}.en")
        for language in value:
            if not _LANGUAGE.fullmatch(language):
                self._fault((*path, name, language), "a language is a tag such as en or de-AT")
            self._text(value, (*path, name), language, limit=limit)
        return Worded(value) if len(self.faults) == before else None


def manifest_of(pack: Pack) -> Manifest:
    """Return the description of a pack: what its metrics have to read follows from what they count."""
    expressions = [(metric.measure.expression, metric.measure.is_for_both) for metric in pack.metrics]
    read: set[str] = set()
    for expression, is_for_both in expressions:
        words = {"mine", "partner"} if is_for_both else {"mine"}
        read |= words if expression.needs_words else {"counts"}
    kinds = sorted({kind for expression, _ in expressions for kind in expression.kinds})
    hooks = {
        "prompts": pack.prompts, "exercises": pack.exercises, "kinds": pack.kinds, "render": pack.templates,
        "analyses": pack.metrics,
    }  # fmt: skip
    why = {"read": "Its numbers count entries.", "kinds": "It counts these and no others."} if pack.metrics else {}
    return Manifest(
        id=pack.id,
        api=API_LEVEL,
        tier="pack",
        target="",
        summary=pack.summary,
        permissions=Permissions(read=tuple(sorted(read)), kinds=tuple(kinds)),  # type: ignore[arg-type]
        why=why,
        provides=Provides(hooks=tuple(name for name, found in hooks.items() if found)),
    )
