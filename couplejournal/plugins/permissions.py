"""The screen that asks before a plugin is turned on: what it reads, of which kinds, why, and what holds it to that.

It says what this machine enforces and what rests on trust, in words that need no knowledge of either.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from couplejournal.model.text import neutralised
from couplejournal.plugins.consent import needs_consent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from couplejournal.plugins.manifest import Manifest
    from couplejournal.plugins.switch import Offered

TIERS: Final = {
    "pack": "pack: texts and numbers, no code; it is never executed",
    "isolated": "isolated: code in a process of its own, without keys",
    "trusted": "trusted: code that runs as this program and can do what you can do",
}
_READ: Final = {
    "counts": "that there are entries, when, and how they stand, without their words",
    "mine": "your own words",
    "partner": "the other person's shared words",
}
CONSENT: Final = (
    "your partner is told: an entry for both says that this is on here and what it reads; nobody's words are in it",
    "your partner can say no (`plugins partner-words no`): then it gets none of their words",
    "that is a matter of honour: this program obeys, no cryptography enforces it",
)
_CHARACTERS: Final = 200


def _shown(text: str) -> str:
    return neutralised(text, one_line=True)[:_CHARACTERS]


def screen(offer: Offered) -> list[str]:
    """Return the lines to show; for an isolated plugin a worker is started that tries what this machine enforces."""
    manifest = offer.manifest
    return [
        f"{manifest.id}: {_shown(manifest.summary)}",
        f"from: {_from(offer)}",
        f"tier: {TIERS[manifest.tier]}",
        *_reads(manifest),
        *(CONSENT if needs_consent(offer.plugin) else ()),
        *_enforced(manifest),
        *(_changes(offer) if offer.before is not None else ()),
    ]


def _from(offer: Offered) -> str:
    plugin = offer.plugin
    if plugin.distribution == "couplejournal":
        return "came with couplejournal"
    place = (
        f"the file {_shown(plugin.path)}" if not plugin.package else _shown(f"{plugin.distribution} {plugin.version}")
    )
    return f"{place}, {len(plugin.files)} {'file' if len(plugin.files) == 1 else 'files'}"


def _reads(manifest: Manifest) -> Iterator[str]:
    permissions = manifest.permissions
    if not permissions.read:
        yield "reads: nothing that anybody wrote"
    for what in permissions.read:
        yield f"reads: {_READ[what]}"
    if permissions.read:
        named = ", ".join(_shown(kind) for kind in permissions.kinds)
        yield f"kinds: {named or 'every kind that is for both unless one says otherwise'}"
    hosts = ", ".join(_shown(host) for host in permissions.network)
    yield f"network: {hosts or 'none'}"
    for name, reason in sorted(manifest.why.items()):
        yield f"why {_shown(name)}: {_shown(reason)}"
    for name, told in sorted(manifest.provides.commands.items()):
        yield f"command {_shown(name)}: {_shown(told)}"


def _enforced(manifest: Manifest) -> Iterator[str]:
    from couplejournal.plugins.enforced import of_tier  # the lock is read without it

    here = of_tier(manifest.tier)
    for name, words in here.kept.items():
        yield f"enforced here: {name}: {words}"
    for name, words in here.open.items():
        yield f"NOT enforced here: {name}: {words}"


def _changes(offer: Offered) -> Iterator[str]:
    before = offer.before
    if before is None:
        return
    for path in offer.changed_files:
        how = "new" if path not in before.files else "gone" if path not in offer.plugin.files else "changed"
        yield f"file {how}: {_shown(path)}"
    old, new = before.permissions, offer.plugin.permissions
    for name in ("read", "kinds", "network"):
        was, now = set(getattr(old, name)), set(getattr(new, name))
        yield from (f"NEW permission: {name} {_shown(each)}" for each in sorted(now - was))
        yield from (f"permission gone: {name} {_shown(each)}" for each in sorted(was - now))
        if name == "kinds" and was and not now:
            yield "NEW permission: every kind that is for both"
    if before.tier != offer.plugin.tier:
        yield f"tier: was {before.tier}"
    if before.version != offer.plugin.version:
        yield f"version: was {_shown(before.version) or 'none'}"
