"""Packs: read, checked and told of with places; never executed."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.plugins.written import FixedSystem, Viewed, Writing, view_of

from couplejournal.errors import PluginError
from couplejournal.model.kinds import Bid, Response
from couplejournal.plugins import PluginHost
from couplejournal.plugins.calls import Failures
from couplejournal.plugins.manifest import PACK_LIMIT_BYTES
from couplejournal.plugins.packs import check_pack, manifest_of, read_pack
from couplejournal.plugins.packsmetric import ExpressionError, parse
from couplejournal.plugins.packsplaces import Places
from couplejournal.plugins.packsplugin import PackPlugin

PACK = """id = "evening"
summary = "Questions for the evening."

[[prompts]]
id = "kettle"
kind = "appreciation"
text.en = "What was done for you today?"
text.de = "Was wurde heute für dich getan?"

[[prompts]]
id = "walk"
text = "Where would you like to walk?"

[[kinds]]
name = "walk"
fields = [{name = "where"}, {name = "mood", choices = ["light", "heavy"]}]
[kinds.lifecycle]
initial = "planned"
transitions = [{from = "planned", step = "done", to = "done", by = "either"}]

[[metrics]]
id = "met"
title = "Met"
value = "count(kind=bid, state=toward) / count(kind=bid)"
unit = "share"
text = "Between {low} and {high}."
"""


def host_of(text: str, writing: Writing) -> PluginHost:
    """Return a host with one pack and what was written."""
    pack = read_pack(text.encode())
    return PluginHost(
        Viewed(view_of(writing.drafts)), {pack.id: PackPlugin(pack)},
        permissions={pack.id: manifest_of(pack).permissions},
        report=_refuse, system=FixedSystem(), failures=Failures(),
    )  # fmt: skip


def _refuse(line: str) -> None:
    raise AssertionError(line)


def bids(count: int, *, author: str = "ana", other: str = "ben") -> Writing:
    """Return so many answered bids, the authors in turn."""
    writing = Writing()
    for number in range(count):
        asks, answers = (author, other) if number % 2 else (other, author)
        bid = writing.add(asks, Bid("a song"))
        writing.add(answers, Response.toward() if number % 4 else Response.away(), to=bid)
    return writing


def test_prompts_in_the_language_that_comes_nearest() -> None:
    """A tag, its language, else English or the only text there is."""
    host = host_of(PACK, Writing())
    texts = {language: host.prompts(language=language)[0].text for language in ("de-AT", "de", "en", "fr")}
    assert texts == {
        "de-AT": "Was wurde heute für dich getan?", "de": "Was wurde heute für dich getan?",
        "en": "What was done for you today?", "fr": "What was done for you today?",
    }  # fmt: skip
    assert [prompt.id for prompt in host.prompts()] == ["evening/kettle", "evening/walk"]


def test_permissions_follow_from_what_is_counted() -> None:
    """State and kind need no words; a field needs the words of both, or of oneself for oneself."""
    assert manifest_of(read_pack(PACK.encode())).permissions.read == ("counts",)
    worded = PACK.replace("count(kind=bid)", "count(kind=bid, what=music)")
    assert manifest_of(read_pack(worded.encode())).permissions.read == ("mine", "partner")
    own = worded.replace('unit = "share"', 'unit = "share"\nscope = "mine"')
    assert manifest_of(read_pack(own.encode())).permissions.read == ("mine",)
    assert manifest_of(read_pack(PACK.encode())).permissions.kinds == ("bid",)


def test_a_metric_for_both_is_a_band() -> None:
    """With enough entries of both there is a band around the share, and no single number."""
    (done,) = host_of(PACK, bids(20)).analyze()
    assert done.result is not None
    (band,) = done.result.bands
    assert band.value is None
    assert 0 <= band.low < 0.75 < band.high <= 1
    assert done.result.headline.startswith("Between ")


@pytest.mark.parametrize("count", [0, 1, 11])
def test_too_few_entries_say_so(count: int) -> None:
    """Below the least number there is not enough to say."""
    (done,) = host_of(PACK, bids(count)).analyze()
    assert done.result is not None
    assert not done.result.is_enough


def test_entries_of_one_alone_are_not_enough() -> None:
    """A number for both that only one person's entries feed would be about that person."""
    writing = Writing()
    for _ in range(20):
        writing.add("ana", Bid("a song"))
    (done,) = host_of(PACK, writing).analyze()
    assert done.result is not None
    assert not done.result.is_enough


@pytest.mark.parametrize(
    ("old", "new", "line", "column", "said"),
    [
        ('id = "kettle"', 'id = "Kettle!"', 5, 1, "must be small letters"),
        ('id = "walk"', 'id = "kettle"', 11, 1, "stands here twice"),
        ("text.de", "text.deutsch_x", 8, 1, "a language is a tag"),
        ('kind = "appreciation"', 'kined = "x"', 6, 1, "did you mean kind?"),
        ('summary = "Questions for the evening."', "", 1, 1, "summary is missing"),
        ('{name = "where"}', '{nam = "where"}', 16, 11, "name is missing"),
        ('{name = "where"}', "3", 16, 11, "a table with names"),
        ('{name = "where"}', '{name = "Where"}', 16, 11, "this does not fit"),
        ('by = "either"', 'by = "anybody"', 17, 1, "this does not fit"),
        ("state=toward", "author=ana", 24, 26, "no number is about one of the two"),
        ("count(kind=bid)", "count(kind=bid", 24, 56, "a ) is missing"),
        ("count(kind=bid)", "count(state=made)", 24, 48, "a count names its kind"),
        ("count(kind=bid)", "__import__", 24, 42, "a number, count(...)"),
        ('unit = "share"', 'unit = "kilo"', 25, 1, "unit must be"),
        ('unit = "share"', "at_least = 3", 25, 1, "at_least is a whole number from 12"),
        ('id = "evening"', "id = ", 1, 6, "this is no TOML"),
        ('id = "evening"', 'id = "Evening"', 1, 1, "id must be"),
        ('id = "evening"', 'id = "evening"\ntier = "trusted"', 2, 1, "tier is pack here"),
    ],
)
def test_errors_name_line_and_column(old: str, new: str, line: int, column: int, said: str) -> None:
    """Each error of meaning stands at its key, or at the character of an expression."""
    assert PACK.count(old) >= 1
    _, faults = check_pack(PACK.replace(old, new, 1).encode())
    assert any((one.line, one.column) == (line, column) and said in one.message for one in faults), faults


def test_all_errors_at_once() -> None:
    """Three mistakes are three lines, and the pack is none."""
    text = PACK.replace('"kettle"', "3").replace("text.de", "text.3").replace('"share"', '"x"')
    pack, faults = check_pack(text.encode())
    assert pack is None
    assert len(faults) == 3
    with pytest.raises(PluginError, match=r"line 5, column 1.*and 2 more"):
        read_pack(text.encode())


def test_large_and_odd_files_are_refused() -> None:
    """Size, encoding and depth have their own sentences."""
    assert "256 KiB" in str(check_pack(b"#" * (PACK_LIMIT_BYTES + 1))[1][0])
    assert "line 2, column 3" in str(check_pack(b'id = "x"\n# \xff')[1][0])
    assert check_pack(b"x = " + b"[" * 20_000)[0] is None
    assert check_pack(b"\xef\xbb\xbf" + PACK.replace("\n", "\r\n").encode())[1] == ()


@pytest.mark.parametrize(
    "text",
    [
        "1",
        "",
        "count(kind=bid) +",
        "count(kind=bid) count(kind=bid)",
        "count()",
        "x" * 501,
        "(" * 50,
        "count(kind=bid, kind=bid)",
        "open('x')",
        "count(kind=bid).__class__",
        "2 ** 9",
    ],
)
def test_expressions_that_are_refused(text: str) -> None:
    """What is no small sum of counts has no meaning."""
    with pytest.raises(ExpressionError):
        parse(text)


def test_expressions_are_worked_out() -> None:
    """Signs bind as at school, and nothing divided by nothing is no number."""
    assert parse("1 + 2 * count(kind=bid) - (4 - 2) / 2").value((3.0,)) == 6
    value = parse("count(kind=a) / count(kind=b)").value((1.0, 0.0))
    assert value != value  # noqa: PLR0124 - not a number


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_no_bytes_raise(data: bytes) -> None:
    """Whatever a file holds, checking it gives a pack or faults with places."""
    pack, faults = check_pack(data)
    assert pack is not None or faults
    assert all(one.line >= 1 and one.column >= 1 for one in faults)


@given(
    st.lists(
        st.sampled_from(["a", "[a]", "[[a]]", "b.c", "=", '"x"', "{", "}", "[", "]", ",", "\n", " ", "'''", "#"]),
        max_size=40,
    )
)
def test_places_never_raise(parts: list[str]) -> None:
    """The scanner follows what it can, and ends."""
    text = "".join(parts)
    places = Places(text)
    assert places.of(("a", 0, "b")) >= (1, 1)


def test_places_agree_with_the_parser() -> None:
    """Each key of the sample has a place of its own, where its name stands."""
    tree, places, lines = tomllib.loads(PACK), Places(PACK), PACK.splitlines()
    for table in ("prompts", "metrics", "kinds"):
        for number, item in enumerate(tree[table]):
            for key in item:
                line, column = places.of((table, number, key))
                assert key in lines[line - 1][column - 1 :]
