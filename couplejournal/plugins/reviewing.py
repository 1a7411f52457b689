"""Look at a plugin's package where its author has it, before anybody installs it. Nothing of it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from couplejournal.errors import PluginError
from couplejournal.plugins.bundled import digests_of
from couplejournal.plugins.installed import Found
from couplejournal.plugins.manifest import MANIFEST_LIMIT_BYTES, MANIFEST_NAME, read_manifest
from couplejournal.plugins.switch import Offered

if TYPE_CHECKING:
    from pathlib import Path

    from couplejournal.disk import Disk

NOT_INSTALLED: Final = ("not installed", "yet")
"""What stands for the distribution and the version."""


def package_in(folder: Path, disk: Disk) -> tuple[Offered, tuple[str, ...]]:
    """Return what turning on the plugin in a folder would mean, and a sentence for each thing that its author owes.

    The manifest lies in the folder, or in one of the folders in it.

    Raises:
        PluginError: there is no manifest, or more than one, or it is not sound.
        StoreError: the disk failed.
    """
    places = [folder, *(folder / one.name for one in sorted(disk.list(folder)) if not one.is_file)]
    found = [place for place in places if any(one.name == MANIFEST_NAME for one in disk.list(place))]
    if len(found) != 1:
        how = "no" if not found else "more than one"
        raise PluginError(f"there is {how} {MANIFEST_NAME} in this folder or the folders in it")
    [place] = found
    manifest = read_manifest(disk.read(place / MANIFEST_NAME, limit_bytes=MANIFEST_LIMIT_BYTES) or b"")
    package = manifest.target.partition(":")[0].partition(".")[0]
    distribution, version = NOT_INSTALLED
    one = Found(manifest=manifest, distribution=distribution, version=version, package=package, path=str(place))
    plugin = msgspec.structs.replace(one.locked({}), files=digests_of(place, disk))
    owed = [
        f"it asks for {name}, and does not say why"
        for name in ("read", "kinds", "network")
        if getattr(manifest.permissions, name) and name not in manifest.why
    ]
    if manifest.provides.commands and "commands" not in manifest.provides.hooks:
        owed.append("it names commands, and its hooks have none")
    if "__init__.py" not in plugin.files:
        owed.append("there is no __init__.py beside its manifest")
    return Offered(manifest=manifest, plugin=plugin), tuple(owed)
