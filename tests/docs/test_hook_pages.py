"""Each hook has a page, and each page says what the code does."""

from __future__ import annotations

import inspect
import re

import pytest
from docs.pages import CHECKOUT, blocks

from couplejournal.plugins.author import HOOKS, JournalPlugin

FOLDER = CHECKOUT / "docs" / "reference" / "hooks"
PARTS = ("Style", "When", "Permission", "If it fails")


def page_of(hook: str) -> str:
    """Return the name of the page of a hook."""
    return hook.replace("_", "-") + ".md"


def test_there_is_a_page_for_each_hook_and_no_other() -> None:
    """Hooks and pages are the same set."""
    assert {path.name for path in FOLDER.glob("*.md")} == {page_of(hook) for hook in HOOKS}


@pytest.mark.parametrize("hook", HOOKS)
def test_the_page_has_the_exact_signature(hook: str) -> None:
    """The signature on the page is the one on the class, with its annotations."""
    signature = str(inspect.signature(getattr(JournalPlugin, hook))).replace("'", "")
    shown = [block.text for block in blocks(FOLDER / page_of(hook)) if block.info == "signature"]
    assert shown == [f"def {hook}{signature}: ...\n"]


@pytest.mark.parametrize("hook", HOOKS)
def test_the_page_says_what_a_reader_asks(hook: str) -> None:
    """Style, when, permission and failure stand on the page, and an example that overrides the hook."""
    text = (FOLDER / page_of(hook)).read_text("utf-8")
    assert [part for part in PARTS if not re.search(rf"^\*\*{part}\.\*\* \S", text, re.MULTILINE)] == []
    code = "\n".join(block.text for block in blocks(FOLDER / page_of(hook)) if block.info == "python")
    assert f"def {hook}(self" in code
    assert "PluginHost(" in code


@pytest.mark.parametrize("hook", HOOKS)
def test_the_reference_leads_to_the_page(hook: str) -> None:
    """The table of hooks links each page."""
    assert f"(hooks/{page_of(hook)})" in (CHECKOUT / "docs" / "reference" / "plugins.md").read_text("utf-8")
