"""Write something down: ``add`` for any kind, and a word of its own for the daily ones."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, Final, TypedDict

import click

from couplejournal.cli import asking
from couplejournal.cli.hosted import say_notices
from couplejournal.cli.opening import acknowledge, json_option, no_sync_option, opened
from couplejournal.cli.rendering import talk
from couplejournal.cli.settings import Act

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Literal, Unpack

    from couplejournal.model.content import FieldShape
    from couplejournal.model.kinds import Content, Kind

ELSEWHERE: Final = {
    "response": "reply ID",
    "step": "step ID",
    "answer": "seal PROMPT",
    "question": "today",
    "notice": "plugins enable ID",
    "partner-words": "plugins partner-words yes|no",
}


class Given(TypedDict):
    """What every writing command takes."""

    text: str | None
    audience: Literal["shared", "private"] | None
    tags: Sequence[str]
    tender: str | None
    happened_at: str | None
    no_sync: bool
    as_json: bool


def _common(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add what every writing command takes."""
    for option in reversed(
        (
            click.argument("text", required=False, metavar="[TEXT|-]"),
            click.option("--shared", "audience", flag_value="shared", help="Both can read it, and keep a copy."),
            click.option("--private", "audience", flag_value="private", help="Only you can read it."),
            click.option("--tag", "tags", multiple=True, metavar="TAG", help="Add a tag; may be given again."),
            click.option("--tender", type=click.Choice(["tender", "intimate"]), help="Fold it away in listings."),
            click.option("--on", "happened_at", metavar="DATE", help="When it was: 2026-01-31 or 2026-01-31T18:30."),
            no_sync_option,
            json_option,
        )
    ):
        command = option(command)
    return command


@click.command(cls=Act)
@click.argument("kind", metavar="KIND")
@_common
@click.option("--part-of", metavar="ID", help="The entry that it belongs to, as a milestone to a goal.")
@click.option("--field", "pairs", multiple=True, metavar="NAME=VALUE", help="Set another field of the kind.")
def add(kind: str, pairs: Sequence[str], part_of: str | None, **given: Unpack[Given]) -> None:
    """Add an entry of KIND: bid, appreciation, goal, milestone, note, or one that a plugin brings.

    The text is asked for when it is left out, unless the fields do without it; `-` reads it from stdin. Every kind has
    an audience of its own, which --shared and --private override.
    """
    fields: dict[str, str] = {}
    for pair in pairs:
        name, sign, value = pair.partition("=")
        if not sign:
            raise click.UsageError("--field takes NAME=VALUE")
        fields[name.replace("-", "_")] = value
    write_entry(kind, fields, given, part_of)


@click.command(cls=Act)
@_common
def note(**given: Unpack[Given]) -> None:
    """Write a note; it is private unless you say --shared."""
    write_entry("note", {}, given)


@click.command(cls=Act)
@_common
@click.option("--what", help="A song, a joke, a touch, a worry.")
@click.option("--channel", help="Spoken, written, a look.")
@click.option("--size", help="Small or large, in your own words.")
@click.option("--hoped-for", help="What you hoped for.")
def bid(what: str | None, channel: str | None, size: str | None, hoped_for: str | None, **given: Unpack[Given]) -> None:
    """Write down a bid: a small wish for closeness. Your partner can `reply`."""
    write_entry("bid", {"what": what, "channel": channel, "size": size, "hoped_for": hoped_for}, given)


@click.command(cls=Act)
@_common
@click.option("--why", help="Why it mattered to you.")
@click.option("--says-about-you", help="What it says about your partner.")
@click.option("--given-how", help="Aloud, written, into a jar.")
def appreciate(why: str | None, says_about_you: str | None, given_how: str | None, **given: Unpack[Given]) -> None:
    """Write down what you appreciate."""
    write_entry("appreciation", {"why": why, "says_about_you": says_about_you, "given_how": given_how}, given)


@click.command(cls=Act)
@_common
@click.option("--ours", "owner", flag_value="ours", help="A goal of both (so unless you say --mine).")
@click.option("--mine", "owner", flag_value="mine", help="A goal of your own.")
@click.option("--why", help="Why it matters.")
@click.option("--horizon", help="By when, in your own words.")
def goal(owner: str | None, why: str | None, horizon: str | None, **given: Unpack[Given]) -> None:
    """Write down a goal or a dream, of both or of your own. `step` takes it on."""
    write_entry("goal", {"owner": owner, "why": why, "horizon": horizon}, given)


def write_entry(kind: str, fields: Mapping[str, str | None], given: Given, part_of: str | None = None) -> None:
    """Save one entry and say so. The journal is opened before the text is asked for, so that no text is lost to it."""
    _refuse_elsewhere(kind)
    with opened() as journal:
        known = _require_kind(kind, journal.reader.kinds)
        refs = {}
        if part_of is not None:
            if known.refs is None:
                raise click.UsageError(f"an entry of the kind {known.name} belongs to no other; leave --part-of out")
            refs[known.refs.relation] = journal.entry(part_of)
        own = {name: value for name, value in fields.items() if value is not None}
        is_enough = bool(own) and not known.content.needs_text
        typed = asking.text(given["text"], what=f"Your {known.name}", is_needed=not is_enough)
        if not typed.strip() and not is_enough:
            talk("nothing written, nothing saved")
            raise click.exceptions.Exit(1)
        content = _content(known, typed, {**own, "tags": tuple(given["tags"]), "tender": given["tender"] or "none"})
        entry = journal.add(content, audience=given["audience"], happened_at=given["happened_at"], refs=refs)
        say_notices(journal, content)  # once it is safe: a plugin that hangs or ends the program costs nobody a word
        acknowledge(journal, entry, no_sync=given["no_sync"], as_json=given["as_json"])


def _refuse_elsewhere(name: str) -> None:
    """Refuse a kind that another command writes."""
    if name in ELSEWHERE:
        raise click.UsageError(f"an entry of the kind {name} is written with `couplejournal {ELSEWHERE[name]}`")


def _require_kind(name: str, kinds: Mapping[str, Kind]) -> Kind:
    """Return the kind, or say which ones there are."""
    if name not in kinds:
        offered = ", ".join(sorted(kind for kind in kinds if kind not in ELSEWHERE))
        raise click.UsageError(f"there is no such kind; there are {offered}")
    return kinds[name]


def _content(kind: Kind, text: str, fields: Mapping[str, Any]) -> Content:
    """Return the content; a field that the kind does not have is a slip of the pen."""
    from couplejournal.model.content import shape_of

    shape = shape_of(kind.content)
    for name in fields:
        if name not in shape or name in ("text", "source"):
            offered = ", ".join(sorted(set(shape) - {"text", "tags", "tender", "source"})) or "none"
            raise click.UsageError(f"the kind {kind.name} has no field of that name; it has: {offered}")
    typed: dict[str, Any] = {name: _typed(shape[name], name, value) for name, value in fields.items()}
    return kind.content(text, **typed)


def _typed(field: FieldShape, name: str, value: object) -> object:
    """Return what was typed for a field as what the field holds: a number, yes or no, several words."""
    if not isinstance(value, str) or field.fits(value):
        return value
    if field.is_tuple:
        return tuple(part.strip() for part in value.split(",") if part.strip())
    if field.fits(True) and value.casefold() in ("yes", "no"):  # noqa: FBT003 - the value that is asked about
        return value.casefold() == "yes"
    for number in (int, float):
        with contextlib.suppress(ValueError):
            if field.fits(number(value)):
                return number(value)
    raise click.UsageError(f"the field {name} does not take this value")
