"""Write the beginnings of a plugin: files that pass their own tests, out of outlines that came with couplejournal.

An outline is a file below ``outlines/TIER`` (and ``outlines/code`` for what has code), with ``.txt`` behind its name.
In its name and its text stand words in capitals for what each plugin calls otherwise.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from couplejournal.errors import PluginError
from couplejournal.plugins.author import API_LEVEL
from couplejournal.plugins.manifest import is_plugin_id

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from couplejournal.disk import Disk

Tier = Literal["pack", "isolated", "trusted"]

OUTLINES: Final = Path(__file__).parent / "outlines"
_LIMIT_BYTES: Final = 65_536
_PARTS: Final[dict[Tier, tuple[str, ...]]] = {
    "pack": ("pack",),
    "isolated": ("code", "isolated"),
    "trusted": ("code", "trusted"),
}


def make_plugin(name: str, tier: Tier, into: Path, disk: Disk) -> tuple[Path, tuple[str, ...]]:
    """Write a new plugin into a folder of its own below ``into``; return that folder, and the files made in it.

    Raises:
        PluginError: the name can be no plugin's id, or something is where the folder would be; nothing was written.
        StoreError: the disk failed.
    """
    if not is_plugin_id(name):
        raise PluginError("a plugin's id must be small letters, digits and underscores, at most 40")
    words = _words(name)
    folder = into / (name if tier == "pack" else words["DIST"])
    if any(listed.name == folder.name for listed in disk.list(into)):
        hint = "choose another name, or another folder with --into"
        raise PluginError("there is something of that name already; nothing was written", hint=hint)
    made = {
        _named(place, words): _filled(_text(OUTLINES / part / place, disk), words)
        for part in _PARTS[tier]
        for place in _places(OUTLINES / part, "", disk)
    }
    for place, text in sorted(made.items()):
        disk.make_folder((folder / place).parent)
        disk.write_new(folder / place, text.encode())
    return folder, tuple(sorted(made))


def _words(name: str) -> dict[str, str]:
    from couplejournal import __version__

    return {
        "ID": name,
        "DIST": "couplejournal-" + name.replace("_", "-"),
        "PACKAGE": f"couplejournal_{name}",
        "CLASS": "".join(part.capitalize() for part in name.split("_")),
        "API": str(API_LEVEL),
        "VERSION": __version__,
    }


def _places(folder: Path, prefix: str, disk: Disk) -> Iterator[str]:
    for listed in disk.list(folder):
        if listed.is_file:
            yield prefix + listed.name
        else:
            yield from _places(folder / listed.name, f"{prefix}{listed.name}/", disk)


def _text(path: Path, disk: Disk) -> str:
    return (disk.read(path, limit_bytes=_LIMIT_BYTES) or b"").decode()


def _named(place: str, words: Mapping[str, str]) -> str:
    return place.removesuffix(".txt").replace("PACKAGE", words["PACKAGE"]).replace("ID", words["ID"])


def _filled(text: str, words: Mapping[str, str]) -> str:
    for name, word in words.items():
        text = text.replace(f"@{name}@", word)
    return text
