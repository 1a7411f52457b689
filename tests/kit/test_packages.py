"""What `plugins new` writes, and the example of a package, in a clean environment: built, installed, tried and used."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from docs.pages import blocks
from house.test_wheel import built
from house.tree import CHECKOUT, files
from kit.clean import CleanEnvironment

from couplejournal.disk import RealDisk
from couplejournal.plugins.making import make_plugin

TUTORIAL = CHECKOUT / "docs" / "tutorial" / "first-plugin.md"
EXAMPLE = CHECKOUT / "examples" / "plugins" / "reading"
PUBLIC = {"couplejournal.plugins", "couplejournal.testing", "couplejournal.testing.fixtures"}


def taught(folder: Path) -> Path:
    """Return the package that a reader of the tutorial has at its end."""
    made, _ = make_plugin("thanks", "isolated", folder, RealDisk())
    found = blocks(TUTORIAL)
    changed = [block.text for block in found if block.info == "python"][1]
    code = made / "couplejournal_thanks" / "__init__.py"
    code.write_text(f"{code.read_text('utf-8')}\n\n{changed}", "utf-8")
    [hooks] = [block.text for block in found if block.info == "toml"]
    about = code.with_name("couplejournal.toml")
    about.write_text(about.read_text("utf-8").partition("[provides]")[0] + hooks, "utf-8")
    [own] = [block.text for block in found if block.info == "python tests/test_thanks.py"]
    tests = made / "tests" / "test_thanks.py"
    tests.write_text(f"{tests.read_text('utf-8')}\n\n{own}", "utf-8")
    return made


def test_the_tutorial_shows_what_is_written(tmp_path: Path) -> None:
    """The code that the tutorial explains is the code that `plugins new` writes."""
    made, _ = make_plugin("thanks", "isolated", tmp_path, RealDisk())
    shown = next(block.text for block in blocks(TUTORIAL) if block.info == "python")
    assert shown == (made / "couplejournal_thanks" / "__init__.py").read_text("utf-8")


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return a package of each tier that has code, as `plugins new` writes it, and the example."""
    folder = tmp_path_factory.mktemp("packages")
    made = {tier: make_plugin(f"river_{tier}", tier, folder, RealDisk())[0] for tier in ("isolated", "trusted")}
    return {**made, "reading": EXAMPLE, "thanks": taught(folder)}


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory, packages: dict[str, Path]) -> CleanEnvironment:
    """Return a clean environment with the wheels of couplejournal and of each package."""
    folder = tmp_path_factory.mktemp("clean")
    made = CleanEnvironment(folder)
    sources = {"couplejournal": CHECKOUT, **packages}
    made.install(*(built(source, folder / name, "wheel") for name, source in sources.items()))
    made.cli("init", "--name", "Ana", "--no-passphrase")
    return made


@pytest.mark.long
@pytest.mark.parametrize("name", ["isolated", "trusted", "reading", "thanks"])
def test_a_package_passes_its_own_tests(name: str, clean: CleanEnvironment, packages: dict[str, Path]) -> None:
    """Against the installed wheels each of its tests passes, and none but that of another tier is left out."""
    said = clean.run("-m", "pytest", "-q", "-p", "no:cacheprovider", cwd=packages[name])
    assert re.search(r"^\d+ passed", said, re.MULTILINE)
    assert ("1 skipped" in said) == (name == "trusted")


@pytest.mark.long
def test_a_package_is_turned_on_and_used(clean: CleanEnvironment) -> None:
    """Each is found, turned on by its id, and does what it is for."""
    listed = clean.cli("plugins", "list", "--available")
    for name in ("river_isolated", "river_trusted", "reading"):
        assert name in listed
        clean.cli("plugins", "enable", name, "--agree", name)
    for tag in ("kettle", "listening", "kettle"):
        clean.cli("appreciate", "Thank you.", "--tag", tag, "--on", "2026-01-31")
    assert "river_isolated/tags" in clean.cli("analyze", "river_isolated")
    clean.cli("x", "river_trusted", "day", "2026-01-31", str(clean.home / "day.txt"))
    assert (clean.home / "day.txt").read_text("utf-8") == "Thank you.\n\n" * 2 + "Thank you.\n"
    clean.cli("add", "reading", "We begin tonight.", "--field", "title=The Summer Book")
    assert "reading" in clean.cli("log")


@pytest.mark.long
def test_a_pack_is_checked_and_used(clean: CleanEnvironment, tmp_path: Path) -> None:
    """The pack that `plugins new` writes is sound, is turned on where it lies, and asks its questions."""
    clean.cli("plugins", "new", "evening", "--tier", "pack", "--into", str(tmp_path))
    pack = str(tmp_path / "evening" / "evening.toml")
    assert clean.cli("plugins", "check", pack) == "evening: all well; 2 prompts, 1 kind, 1 metric\n"
    clean.cli("plugins", "add", pack, "--agree", "evening")
    assert clean.cli("add", "walk", "Along the river.", "--field", "where=upstream", "--field", "weather=fair")


def test_the_example_imports_what_is_public_alone() -> None:
    """The example names no module of couplejournal but those for authors."""
    named = set()
    for path in files(EXAMPLE, suffix=".py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom):
                named.add(node.module or "")
            elif isinstance(node, ast.Import):
                named |= {item.name for item in node.names}
            elif isinstance(node, ast.Constant) and str(node.value).startswith("couplejournal."):
                named.add(str(node.value))
    ours = {name for name in named if name.partition(".")[0] == "couplejournal"}
    assert ours == PUBLIC


@pytest.mark.parametrize("tier", ["isolated", "trusted", "pack"])
def test_every_beginning_answers_the_partners_question(tier: str) -> None:
    """Each README asks how a controlling partner would use it, and has an answer."""
    page = (CHECKOUT / "couplejournal" / "plugins" / "outlines" / tier / "README.md.txt").read_text("utf-8")
    assert len(page.partition("## How would a controlling partner use this?\n")[2].split()) > 30
