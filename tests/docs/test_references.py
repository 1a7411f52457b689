"""The reference and the specification say what the code is: names, errors, commands, settings, citations."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import click
import pytest
from docs.helptexts import PAGE, help_texts, shown_texts
from docs.pages import CHECKOUT, blocks, pages
from house.tree import files

import couplejournal
from couplejournal import errors, plugins, testing
from couplejournal.cli.main import cli
from couplejournal.errors import CouplejournalError
from couplejournal.plugins.author import HOOKS

REFERENCE = CHECKOUT / "docs" / "reference"
CLASSES = [found for _, found in inspect.getmembers(errors, inspect.isclass) if issubclass(found, CouplejournalError)]
LIST = r"(\d+(?:, \d+)*(?: and \d+)?)"
CITATIONS = {
    "section": re.compile(r"docs/spec/(\w+)\.md (\d+)"),
    "rule": re.compile(rf"docs/spec/(\w+)\.md 1,? rules? {LIST}"),
    "row": re.compile(rf"docs/spec/(\w+)\.md (?:2, and )?8, rows? {LIST}"),
}


def named_in_code(page: Path) -> set[str]:
    """Return every name that a page sets as code."""
    return {name for code in re.findall(r"`([^`\n]+)`", page.read_text("utf-8")) for name in re.findall(r"\w+", code)}


def words(text: str) -> str:
    """Return a text without its line breaks, since versions of click break lines differently."""
    return " ".join(text.split())


def test_every_public_name_is_in_the_reference() -> None:
    """Each name of `couplejournal.__all__` stands in docs/reference/python.md, and in an example or a table of it."""
    assert set(couplejournal.__all__) - named_in_code(REFERENCE / "python.md") == set()


def test_every_public_name_but_errors_has_an_example() -> None:
    """Each public name but those of errors is used in a block of Python that runs."""
    code = "\n".join(block.text for block in blocks(REFERENCE / "python.md") if block.info == "python")
    wanted = {name for name in couplejournal.__all__ if not name.endswith("Error")}
    shown_otherwise = {"Pairing", "Response", "Step"}  # Response.toward; a step is made by Journal.step
    assert {name for name in wanted if not re.search(rf"\bcj\.{name}\b", code)} <= shown_otherwise


def test_every_name_for_plugins_is_in_the_reference() -> None:
    """Each public name of `couplejournal.plugins`, and each hook, stands in docs/reference/plugins.md."""
    assert {*plugins.__all__, *HOOKS} - named_in_code(REFERENCE / "plugins.md") == set()


def test_every_name_of_the_kit_is_in_the_reference() -> None:
    """Each public name of `couplejournal.testing`, and each fault of the simulated drive, stands in its reference."""
    from couplejournal.testing.drivesim import HOSTILE

    assert {*testing.__all__, *HOSTILE} - named_in_code(REFERENCE / "testing.md") == set()


@pytest.mark.parametrize("found", CLASSES, ids=lambda found: str(found.__name__))
def test_every_error_is_in_the_reference(found: type[CouplejournalError]) -> None:
    """Each class of errors has its row, with its exit code and whether it may be tried again."""
    page = (REFERENCE / "errors.md").read_text("utf-8")
    row = re.search(rf"^\| `{found.__name__}`[^|]*\| (\d+) \| (yes|no) \|", page, re.MULTILINE)
    assert row is not None
    assert (int(row[1]), row[2] == "yes") == (found.exit_code, found.retry)


def test_every_command_is_in_the_reference() -> None:
    """Each command, groups walked through, has its block in docs/reference/cli.md, and no other has one."""
    assert set(shown_texts(PAGE.read_text("utf-8"))) == set(help_texts())


@pytest.mark.parametrize("name", sorted(help_texts()))
def test_the_help_in_the_reference_is_the_present_one(name: str) -> None:
    """What the page shows is what `--help` prints; `python tests/docs/helptexts.py` puts the present texts there."""
    assert words(shown_texts(PAGE.read_text("utf-8")).get(name, "")) == words(help_texts()[name])


def test_exit_codes_are_in_the_reference() -> None:
    """Each exit code of an error, and those of usage, parts and interruption, stands in the table of commands."""
    codes = {int(code) for code in re.findall(r"^\| `(\d+)` \|", PAGE.read_text("utf-8"), re.MULTILINE)}
    assert codes == {0, 2, 3, 13, 130, *(found.exit_code for found in CLASSES)}


def test_every_variable_is_in_the_reference() -> None:
    """Each variable of ours that the code names stands in docs/reference/settings.md."""
    sources = [path.read_text("utf-8") for path in files(CHECKOUT, "couplejournal", suffix=".py")]
    found = {name for source in sources for name in re.findall(r"\"(COUPLEJOURNAL_[A-Z_]+)\"", source)}
    assert found
    assert found - named_in_code(REFERENCE / "settings.md") == set()


def command_lines() -> list[tuple[str, list[str]]]:
    """Return each line of the documents that calls the program, as page and words."""
    found = []
    for page in pages("README.md", "docs/**/*.md"):
        for block in blocks(page):
            if block.info.split(" ")[0] == "bash":
                calls = re.findall(r"(?:^|\| )couplejournal ([^\n|]+)", block.text, re.MULTILINE)
                found += [(page.name, re.findall(r"\"[^\"]*\"|\S+", call)) for call in calls]
    return found


def test_commands_in_documents_exist() -> None:
    """Each command line of the documents names a command that there is, with options that it has."""
    context = click.Context(cli)
    unknown = []
    for page, parts in command_lines():
        command: click.Command | None = cli
        while isinstance(command, click.Group) and parts:
            command = command.get_command(context, parts.pop(0))
        known = {option for param in command.params for option in param.opts} if command is not None else set()
        options = {part for part in parts if part.startswith("-") and part != "-"}
        unknown += [f"{page}: {parts}"] if command is None or options - known else []
    assert len(command_lines()) > 30
    assert unknown == []


def numbered(text: str) -> dict[str, set[str]]:
    """Return the numbers of the sections, rules and rows that a page of the specification has."""
    heads = re.findall(r"^## ([\d, ]+)\.", text, re.MULTILINE)
    return {
        "section": {number for head in heads for number in head.split(", ")},
        "rule": set(re.findall(r"^(\d+)\. \*\*", text, re.MULTILINE)),
        "row": set(re.findall(r"^\| (\d+) \|", text, re.MULTILINE)),
    }


def test_citations_lead_somewhere() -> None:
    """Each section, rule and row of the specification that the code cites is there."""
    present = {page.stem: numbered(page.read_text("utf-8")) for page in pages("docs/spec/*.md")}
    found = [
        (path.name, what, page, number)
        for path in files(CHECKOUT, "couplejournal", "plugins", suffix=".py")
        for what, pattern in CITATIONS.items()
        for page, numbers in pattern.findall(path.read_text("utf-8"))
        for number in re.findall(r"\d+", numbers)
    ]
    assert {what for _, what, _, _ in found} == set(CITATIONS)
    assert [one for one in found if one[3] not in present[one[2]][one[1]]] == []


def test_the_map_names_every_document() -> None:
    """Each page below docs is linked from docs/README.md."""
    linked = set(re.findall(r"\]\(([\w/.-]+\.md)\)", (CHECKOUT / "docs" / "README.md").read_text("utf-8")))
    present = {page.relative_to(CHECKOUT / "docs").as_posix() for page in pages("docs/**/*.md")} - {"README.md"}
    assert present - linked == set()


def test_each_decision_says_what_it_costs() -> None:
    """Each page of a decision has context, options, outcome and costs."""
    for page in pages("docs/decisions/*.md"):
        heads = re.findall(r"^## (.+)$", page.read_text("utf-8"), re.MULTILINE)
        assert heads == ["Context", "Options", "Outcome", "What it costs"], page.name
