"""The static description of a plugin: ``couplejournal.toml`` inside its package, read without importing it."""

from __future__ import annotations

import re
from typing import Final, Literal

import msgspec

from couplejournal.errors import PluginError
from couplejournal.model.text import neutralised
from couplejournal.plugins.author import API_LEVEL, HOOKS, OLDEST_LEVEL

MANIFEST_NAME: Final = "couplejournal.toml"
MANIFEST_LIMIT_BYTES: Final = 65_536
PACK_LIMIT_BYTES: Final = 262_144
"""A pack is its own description."""

_TOLD_CHARACTERS: Final = 200
_PLUGIN_ID: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")
_TARGET: Final = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")


class Permissions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Say what a plugin may read: whose words, of which kinds (empty: all shared ones), and which hosts it talks to."""

    read: tuple[Literal["counts", "mine", "partner"], ...] = ()
    kinds: tuple[str, ...] = ()
    network: tuple[str, ...] = ()


class Provides(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Say what a plugin brings: its hooks, and its commands with one line of help each."""

    hooks: tuple[str, ...] = ()
    commands: dict[str, str] = {}


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Describe a plugin: what it is, what it may do, why, and what it brings.

    ``api`` is the level of the hooks; ``target`` is ``package.module:Class``; ``summary`` is one line; ``why`` has one
    sentence for each permission. ``by_default``: a bundled one is on from the beginning of a journal, unless its owner
    says no; of others it says nothing.
    """

    id: str
    api: int
    tier: Literal["pack", "isolated", "trusted"]
    target: str
    summary: str
    permissions: Permissions = Permissions()
    why: dict[str, str] = {}
    provides: Provides = Provides()
    by_default: bool = True


def is_plugin_id(text: str) -> bool:
    """Tell whether this can be a plugin's id: small letters, digits and ``_``, at most 40."""
    return _PLUGIN_ID.fullmatch(text) is not None


def read_manifest(data: bytes) -> Manifest:
    """Read the description of a plugin from the bytes of its ``couplejournal.toml``.

    Raises:
        PluginError: it is no TOML, lacks or has a field that it should not, or is for another level of the hooks.
    """
    import tomllib  # the lock needs the permissions alone, in every command

    try:
        manifest = msgspec.convert(tomllib.loads(data.decode("utf-8")), Manifest, strict=True)
    except msgspec.ValidationError as error:
        raise PluginError(f"a plugin's {MANIFEST_NAME} does not fit: {_quoted(error)}") from error
    except (RecursionError, ValueError) as error:  # no UTF-8, no TOML, too deep, a number of thousands of digits
        raise PluginError(f"a plugin's {MANIFEST_NAME} is no valid TOML") from error
    _require_sound(manifest)
    return manifest


def _quoted(told: object) -> str:
    """Return what stands in a description, or quotes it, so that it may stand in a message."""
    return neutralised(str(told), one_line=True)[:_TOLD_CHARACTERS]


def _require_sound(manifest: Manifest) -> None:
    if not is_plugin_id(manifest.id):
        raise PluginError("a plugin's id must be small letters, digits and underscores, at most 40")
    if not OLDEST_LEVEL <= manifest.api <= API_LEVEL:
        raise PluginError(
            f"plugin {manifest.id} is written for level {_quoted(manifest.api)} of the hooks, "
            f"and this is level {API_LEVEL}",
            hint="install a version of the plugin, or of couplejournal, that fits the other",
        )
    if not _TARGET.fullmatch(manifest.target):
        raise PluginError(f"plugin {manifest.id}: target must look like package.module:Class")
    if manifest.permissions.network and manifest.tier != "trusted":
        raise PluginError(f"plugin {manifest.id}: only a trusted plugin may ask for the network")
    if manifest.provides.commands and manifest.tier != "trusted":
        raise PluginError(f"plugin {manifest.id}: only a trusted plugin may bring commands")
    if "commands" in manifest.provides.hooks and manifest.tier != "trusted":
        raise PluginError(f"plugin {manifest.id}: only a trusted plugin may bring commands")
    if unknown := set(manifest.provides.hooks) - set(HOOKS):
        raise PluginError(f"plugin {manifest.id} names a hook that level {API_LEVEL} has not: {_quoted(min(unknown))}")
