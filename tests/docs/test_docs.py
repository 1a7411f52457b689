"""The documents hold together: links lead somewhere, and each word of the glossary has one meaning."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from urllib.parse import unquote

import pytest
from house.tree import CHECKOUT, files

FENCE = re.compile(r"^(```|~~~).*?^\1[`~]*\s*$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(\s*<?([^)<>\s]+)>?(?:\s+\"[^\"]*\")?\s*\)|^\[[^\]]+\]:\s+<?([^\s<>]+)>?", re.MULTILINE)
HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*#*$", re.MULTILINE)
ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)

# A word is defined where it opens a line: as a heading, in a list, in a table, or alone; links around it do not matter.
DEFINED = re.compile(r"^(?:#{2,6}\s+|[-*]\s+|\|\s*)?(?:\*\*|`)([^*`|]+?)(?:\*\*|`)", re.MULTILINE)


def documents(root: Path) -> list[Path]:
    """Return what a reader may read: the documents at the top and all of docs/."""
    return sorted([*root.glob("*.md"), *files(root, "docs", suffix=".md"), *files(root, "examples", suffix=".md")])


def prose(path: Path) -> str:
    """Return a document without its blocks of code."""
    return FENCE.sub("", path.read_text("utf-8"))


def anchors(path: Path) -> set[str]:
    """Return the names that headings can be linked by."""
    seen: Counter[str] = Counter()
    found: set[str] = set()
    for heading in HEADING.findall(prose(path)):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        name = re.sub(r"[^\w\- ]", "", plain.lower()).strip().replace(" ", "-")
        found.add(f"{name}-{seen[name]}" if seen[name] else name)
        seen[name] += 1
    return found


def broken_links(root: Path) -> list[str]:
    """List the relative links that lead to no file, out of the checkout, or to no heading."""
    found: list[str] = []
    for path in documents(root):
        for target in (first or second for first, second in LINK.findall(prose(path))):
            if ELSEWHERE.match(target):
                continue
            name, _, anchor = unquote(target).partition("#")
            goal = (path.parent / name).resolve() if name else path
            inside = goal.is_relative_to(root.resolve())
            if not inside or not goal.exists() or (anchor and goal.suffix == ".md" and anchor not in anchors(goal)):
                found.append(f"{path.relative_to(root)}: {target}")
    return found


def words_defined_twice(glossary: str) -> list[str]:
    """List the words that a glossary defines more than once, upper and lower case alike."""
    words = Counter(word.strip().casefold() for word in DEFINED.findall(glossary))
    return sorted(word for word, count in words.items() if count > 1)


def test_every_relative_link_leads_somewhere() -> None:
    """Each relative link of the documents leads to a file, and to a heading of it where it names one."""
    assert broken_links(CHECKOUT) == []


@pytest.mark.parametrize(
    "name", ["README.md", "ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "LICENSE"]
)
def test_the_first_documents_are_there(name: str) -> None:
    """What a newcomer looks for first is at the top of the checkout."""
    assert (CHECKOUT / name).read_text("utf-8").strip()


def test_readme_leads_with_two_commands() -> None:
    """The first block of commands in the README is `make demo` and `make test`, in this order."""
    first = re.search(r"^```\w*\n(.*?)^```", (CHECKOUT / "README.md").read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert first is not None
    commands = [line.partition("#")[0].strip().removeprefix("$ ") for line in first[1].splitlines()]
    assert [command for command in commands if command] == ["make demo", "make test"]


def test_each_word_of_the_glossary_is_defined_once() -> None:
    """The glossary defines words, and none of them twice."""
    glossary = (CHECKOUT / "docs" / "reference" / "glossary.md").read_text("utf-8")
    assert len(DEFINED.findall(glossary)) > 10
    assert words_defined_twice(glossary) == []


@pytest.mark.parametrize(
    "link", ["[a](b.md)", "[a](docs/../../x.md)", "[a](#gone)", "[a](other.md#gone)", "[a]: b.md", "![a](b.png)"]
)
def test_a_broken_link_is_found(link: str, tmp_path: Path) -> None:
    """A link to a missing file, a missing heading or out of the checkout is named."""
    (tmp_path / "other.md").write_text("# Here\n", "utf-8")
    (tmp_path / "README.md").write_text(f"# Top\n{link}\n", "utf-8")
    assert len(broken_links(tmp_path)) == 1


@pytest.mark.parametrize(
    "link",
    [
        "[a](other.md)",
        "[a](other.md#here-it-is)",
        "[a](#top)",
        "[a](https://example.org/x)",
        "```\n[a](b.md)\n```\n",
        '[a](other.md "t")',
    ],
)
def test_a_good_link_passes(link: str, tmp_path: Path) -> None:
    """Links to files and headings, to the web, and in code are let through."""
    (tmp_path / "other.md").write_text("## Here: it is\n", "utf-8")
    (tmp_path / "README.md").write_text(f"# Top\n{link}\n", "utf-8")
    assert broken_links(tmp_path) == []


@pytest.mark.parametrize(
    "shape", ["**{}** means", "- **{}**: means", "| **{}** | means |", "| `{}` | means |", "### **{}**"]
)
def test_a_word_defined_twice_is_found(shape: str) -> None:
    """A second meaning is found in each form that a definition has, whatever its case."""
    assert words_defined_twice(shape.format("Drive") + "\n" + shape.format("book") + "\n**drive** also") == ["drive"]


def test_no_attack_is_cited_that_is_not_listed() -> None:
    """Tests cite no number beyond the list of attacks, which `tests/attacks/test_the_list.py` holds to its tests."""
    tests = CHECKOUT / "tests"
    cited = {
        int(number)
        for path in tests.rglob("*.py")
        for number in re.findall(r"[Aa]ttacks? (\d+)", path.read_text("utf-8"))
    }
    assert max(cited) <= 62
