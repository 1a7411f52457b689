"""The examples in the documents run as they stand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from docs.pages import CHECKOUT, blocks, pages

PAGES = [
    page
    for page in pages("README.md", "docs/tutorial/*.md", "docs/how-to/*.md", "docs/reference/**/*.md")
    if any(block.info == "python" for block in blocks(page))
]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(CHECKOUT)))
def test_python_runs(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The Python blocks of a page run one after the other, and print what the block of output after one shows."""
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {"__name__": "example"}
    found = blocks(page)
    for block, after in zip(found, [*found[1:], None], strict=True):
        if block.info == "python":
            exec(compile("\n" * block.line + block.text, str(page), "exec"), names)
            printed = capsys.readouterr().out
            if after is not None and after.info == "output":
                assert printed == after.text


def test_pages_with_python_are_found() -> None:
    """README, the tutorial of plugins, the how-to of bots and the reference have examples."""
    assert {page.name for page in PAGES} >= {"README.md", "first-plugin.md", "script-and-bot.md", "python.md"}
