"""The form of a vector: a text with headers, then named parts in base64. `README.md` says what the headers mean."""

from __future__ import annotations

import base64
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "format"
OUTCOMES = ("accept", "not-yet", "held", "foreign", "newer", "refused", "no-effect")


@dataclass(frozen=True)
class Vector:
    """One file: what is offered (``parts``), with what in hand (``headers``), and what must come of it (``expect``)."""

    kind: str
    name: str
    expect: str
    comment: str
    headers: tuple[tuple[str, str], ...] = ()
    parts: tuple[tuple[str, bytes], ...] = field(default=(), repr=False)

    def all(self, name: str) -> list[str]:
        """Return every value of a header."""
        return [value for known, value in self.headers if known == name]

    def text(self, name: str) -> str:
        """Return the only value of a header; empty without one."""
        (value,) = self.all(name) or [""]
        return value

    def raw(self, name: str) -> bytes:
        """Return the bytes of a header in hex."""
        return bytes.fromhex(self.text(name))

    def part(self, name: str) -> bytes:
        """Return the only part of a name."""
        (value,) = self.every(name)
        return value

    def every(self, name: str) -> list[bytes]:
        """Return all parts of a name, those of the base first."""
        before = load(self.text("base")).every(name) if self.text("base") else []
        return before + [value for known, value in self.parts if known == name]

    def written(self) -> str:
        """Return the text of the file."""
        lines = [f"expect: {self.expect}", f"comment: {self.comment}"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        for name, data in self.parts:
            lines += ["", f"--- {name}", *textwrap.wrap(base64.b64encode(data).decode(), 76)]
        return "\n".join(lines) + "\n"


@cache
def load(name: str) -> Vector:
    """Read a vector by its kind and name, "segment/suite-2"."""
    head, *blocks = (FOLDER / f"{name}.txt").read_text("utf-8").split("\n--- ")
    headers = [(line.partition(": ")[0], line.partition(": ")[2]) for line in head.splitlines() if line]
    (_, expect), (_, comment), *rest = headers
    parts = [(block.partition("\n")[0], base64.b64decode(block.partition("\n")[2])) for block in blocks]
    kind, _, short = name.partition("/")
    return Vector(kind, short, expect, comment, tuple(rest), tuple(parts))


def names() -> Iterator[str]:
    """Yield the name of every vector."""
    for path in sorted(FOLDER.glob("*/*.txt")):
        yield f"{path.parent.name}/{path.stem}"
