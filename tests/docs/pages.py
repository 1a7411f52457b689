"""The blocks of code in the documents, as tests see them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

CHECKOUT = Path(__file__).resolve().parents[2]
FENCED = re.compile(r"^```([^\n`]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """A fenced block: what stands after the fence, the text, and the line on which the text begins."""

    info: str
    text: str
    line: int


def blocks(page: Path) -> list[Block]:
    """Return the fenced blocks of a page, in order."""
    text = page.read_text("utf-8")
    return [Block(found[1].strip(), found[2], text.count("\n", 0, found.start(2))) for found in FENCED.finditer(text)]


def pages(*patterns: str) -> list[Path]:
    """Return the documents that patterns below the checkout name."""
    return [page for pattern in patterns for page in sorted(CHECKOUT.glob(pattern))]
