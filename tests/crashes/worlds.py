"""Two people at their machines, who do everything with the real command; and the stages of their common life.

A stage is a folder with both homes and the shared folder between them, ready to be copied, and what is known of it.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from crashes.forking import Done, Program

from couplejournal.seal import segments

ANA, BEN = "ana", "ben"


@dataclass(frozen=True)
class Facts:
    """What is known of a stage: the words of its invite, who wrote what, and on which devices it must be."""

    words: str = ""
    texts: dict[str, frozenset[str]] = field(default_factory=lambda: {ANA: frozenset(), BEN: frozenset()})
    ids: dict[str, str] = field(default_factory=dict)

    def with_texts(self, who: str, *texts: str) -> Facts:
        """Return them with texts that this person's device holds."""
        return replace(self, texts={**self.texts, who: self.texts[who] | set(texts)})


class World:
    """Both people, in one folder."""

    def __init__(self, program: Program, folder: Path, facts: Facts) -> None:
        """Take what is laid out in the folder."""
        self.program = program
        self.folder = folder
        self.facts = facts

    @property
    def drive(self) -> str:
        """Return the folder that both have."""
        return str(self.folder / "drive")

    def do(self, who: str, *argv: str, said: str = "") -> Done:
        """Run a command, whatever comes of it."""
        return self.program.run([*argv], self.folder / who, said=said)

    def must(self, who: str, *argv: str, said: str = "", codes: Sequence[int] = (0,)) -> Done:
        """Run a command that has to succeed."""
        done = self.do(who, *argv, said=said)
        require(done.code in codes, f"{who}: {' '.join(argv)} ended with {done.code}: {done.err.strip()}")
        return done

    def texts(self, who: str, *, is_looking: bool = False) -> list[str]:
        """Return the texts that a device shows, sorted; without looking into the shared folder."""
        found = self.must(who, "log", "--json", "-n", "0", *([] if is_looking else ["--no-sync"])).document()["entries"]
        assert isinstance(found, list)
        return sorted(entry["content"]["text"] for entry in found)

    def has_journal(self, who: str) -> bool:
        """Return whether there is one."""
        done = self.do(who, "status", "--json")
        require(done.code in (0, 10), f"{who}: status ended with {done.code}: {done.err.strip()}")
        return done.code == 0

    def published(self) -> dict[str, bytes]:
        """Return what lies in the shared folder under final names."""
        root = self.folder / "drive"
        return {
            str(path.relative_to(root)): path.read_bytes()
            for path in root.rglob("*") if path.is_file() and not path.name.startswith(("~", "."))
        }  # fmt: skip

    def require_one_history(self) -> None:
        """Fail where a number of a stream stands for two operations, or a name for two contents, anywhere."""
        links: dict[tuple[bytes, int], bytes] = {}
        named: dict[str, bytes] = {}
        for path in sorted(self.folder.rglob("*.seg")):
            data = path.read_bytes()
            head = segments.parse(data).header
            require(named.setdefault(path.name, data) == data, f"two contents are called {path.name}")
            for place, link in ((head.first - 1, head.prev), (head.last, head.end)):
                require(links.setdefault((head.stream, place), link) == link, f"a number stands for two: {path.name}")


class WrongError(AssertionError):
    """What a fault left is not what it should be."""


def require(holds: bool, otherwise: str) -> None:
    """Fail with words."""
    if not holds:
        raise WrongError(otherwise)


class Stages:
    """The stages of a common life, each made from the one before with the commands, and copied aside."""

    def __init__(self, program: Program, world: Path, kept: Path) -> None:
        """Take where they live, which must be the same place later, and where the copies lie."""
        self._world = World(program, world, Facts())
        self._kept = kept
        self.facts: dict[str, Facts] = {}
        shutil.rmtree(world, ignore_errors=True)
        (world / "drive").mkdir(parents=True)
        self._live()
        shutil.rmtree(world)

    def folder(self, name: str) -> Path:
        """Return the copy."""
        return self._kept / name

    def _keep(self, name: str) -> None:
        shutil.copytree(self._world.folder, self.folder(name), symlinks=True)
        self.facts[name] = self._world.facts

    def _live(self) -> None:
        world = self._world
        self._keep("nothing")
        world.must(ANA, "init", "--name", "Ana", "--no-passphrase", "--no-plugins")  # plugins would only take time
        self._write(ANA, "Ana for both", "--shared")
        self._write(ANA, "Ana for herself", "--private")
        self._keep("alone")
        invited = world.must(ANA, "invite", world.drive, "--json", "--share-existing").document()
        assert isinstance(invited["words"], list)
        world.facts = replace(world.facts, words=" ".join(invited["words"]))
        self._keep("invited")
        self._pair()
        self._part_ways()

    def _pair(self) -> None:
        world = self._world
        own = ("--name", "Ben", "--no-passphrase", "--no-wait")
        world.must(BEN, "join", world.drive, *own, said=world.facts.words, codes=(13,))
        world.must(ANA, "sync")
        world.must(BEN, "sync")
        self._keep("answered")
        world.must(BEN, "accept", "--yes", "--no-wait")
        self._keep("confirmed")
        world.must(ANA, "accept", "--yes")
        self._keep("accepted")
        for who in (BEN, ANA, BEN):
            world.must(who, "sync")
        self._write(BEN, "Ben for both", "--shared")
        self._sync()
        self._keep("couple")

    def _part_ways(self) -> None:
        """Ana writes offline: what goes out, what comes in, and what is merged before it goes."""
        self._offline(0, 3)
        self._keep("unsent")
        self._world.must(ANA, "sync")
        self._keep("sent")
        self._sync()
        self._offline(3, 12)
        self._keep("backlog")

    def _offline(self, first: int, last: int) -> None:
        for number in range(first, last):
            self._write(ANA, f"Ana offline {number}", "--shared", "--no-sync")

    def _sync(self) -> None:
        for who in (ANA, BEN, ANA, BEN, ANA):
            self._world.must(who, "sync")
        both = {text for texts in self._world.facts.texts.values() for text in texts if "herself" not in text}
        for who in (ANA, BEN):
            self._world.facts = self._world.facts.with_texts(who, *both)

    def _write(self, who: str, text: str, *options: str) -> None:
        printed = self._world.must(who, "note", text, "--json", *options).document()
        facts = self._world.facts.with_texts(who, text)
        self._world.facts = replace(facts, ids={**facts.ids, text: str(printed["id"])})
