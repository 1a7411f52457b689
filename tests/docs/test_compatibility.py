"""What is promised to stay is what there is."""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from textwrap import fill

import pytest
from docs.pages import CHECKOUT, blocks

from couplejournal.errors import PluginError
from couplejournal.plugins import author, manifest

PAGE = CHECKOUT / "docs" / "reference" / "compatibility.md"
MANIFEST = """
id = "a"
api = {level}
tier = "isolated"
target = "a:A"
summary = "One line."
"""


def present() -> dict[str, list[str]]:
    """Return the public names for authors, by what the page calls their place."""
    public = {
        name: sorted(importlib.import_module(name).__all__)
        for name in ("couplejournal.plugins", "couplejournal.testing")
    }
    return {**public, "hooks": list(author.HOOKS)}


def with_present_names(page: str) -> str:
    """Return the page with the names as they are now."""
    for place, names in present().items():
        page = re.sub(
            rf"^```names {re.escape(place)}\n.*?^```$", f"```names {place}\n{fill(' '.join(names), 120)}\n```", page,
            flags=re.MULTILINE | re.DOTALL,
        )  # fmt: skip
    return page


@pytest.mark.parametrize("place", ["couplejournal.plugins", "couplejournal.testing", "hooks"])
def test_the_page_names_what_is_public(place: str) -> None:
    """Each public name is on the page, and none that is promised there has gone; `python` this file adds new ones."""
    [block] = [one.text for one in blocks(PAGE) if one.info == f"names {place}"]
    assert block.split() == present()[place]


def test_the_page_names_the_level() -> None:
    """The level on the page is the present one."""
    assert f"The present level is **{author.API_LEVEL}**." in PAGE.read_text("utf-8")


@pytest.mark.parametrize(("level", "is_understood"), [(1, False), (2, True), (3, True), (4, False)])
def test_a_level_and_the_one_before_are_understood(
    level: int, is_understood: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At level 3, plugins for 2 and 3 are read, and others are told what to install."""
    monkeypatch.setattr(manifest, "API_LEVEL", 3)
    monkeypatch.setattr(manifest, "OLDEST_LEVEL", 2)
    data = MANIFEST.format(level=level).encode()
    if is_understood:
        assert manifest.read_manifest(data).api == level
        return
    with pytest.raises(PluginError, match=f"level {level} of the hooks") as caught:
        manifest.read_manifest(data)
    assert "install a version" in caught.value.hint


def test_the_oldest_level_is_the_one_before() -> None:
    """There is none before the first."""
    assert max(1, author.API_LEVEL - 1) == author.OLDEST_LEVEL


if __name__ == "__main__":
    Path(PAGE).write_text(with_present_names(PAGE.read_text("utf-8")), "utf-8")
