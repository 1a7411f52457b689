"""How entries look: neutralised, wrapped, with the audience and short ids."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from couplejournal.cli import rendering
from couplejournal.cli.output import as_json, entry_fields
from couplejournal.journal.delivering import Delivery
from couplejournal.journal.deviceinfo import DeviceInfo
from couplejournal.model.entry import Author, Entry, Ref
from couplejournal.model.kinds import Appreciation, Bid, Note, RawContent, Response

BEN = Author("bb" * 16, "Ben", is_me=False)
NOON = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)


def entry(content: object, **other: object) -> Entry:
    """Return an entry by Ben."""
    fields = {
        "id": "3f9a12" + "0" * 58,
        "kind": getattr(content, "kind", "bid"),
        "content": content,
        "author": BEN,
        "audience": "shared",
        "happened_at": NOON,
        "precision": "minute",
        "recorded_at": NOON,
        **other,
    }
    return Entry(**fields)  # type: ignore[arg-type]


def short(entry_id: str) -> str:
    """Return the beginning of an id."""
    return entry_id[:6]


def test_headline_says_who_what_and_who_can_read_it() -> None:
    """The line above an entry has its short id, author, kind, audience and state."""
    line = rendering.headline(entry(Bid("Tea?"), state="second_chance"), short)
    assert line.startswith("3f9a12  2026-01-31 ")
    assert line.endswith("Ben · bid · shared · second chance")


@pytest.mark.parametrize(("audience", "shown"), [("private", "private"), ("waiting", "for both, not shared yet")])
def test_every_audience_is_shown(audience: str, shown: str) -> None:
    """A listing always says who can read an entry."""
    assert f" · {shown}" in rendering.headline(entry(Note("x"), audience=audience), short)


def test_a_reply_names_what_it_answers() -> None:
    """A response shows its turn, and the id of the bid."""
    line = rendering.headline(
        entry(Response.toward("Yes"), refs=(Ref("responds_to", "77" * 32),), note="no change of state"), short
    )
    assert "response: toward · to 777777 · shared · no change of state" in line


def test_whatever_others_wrote_is_neutralised() -> None:
    """Names, kinds, states, fields, tags and raw values reach the terminal without a control character."""
    bad = "\x1b]0;owned\x07\u202e\x9b31m"
    shown = entry(
        RawContent(bad, 9, {"text": bad, "tags": [bad], bad: [bad], "deep": {bad: 1}}),
        kind=bad,
        author=Author("aa" * 16, bad, is_me=False),
        state=bad,
        note=bad,
        conflict=(Appreciation(bad, why=bad, tags=(bad,)),),
        refs=(Ref(bad, "77" * 32),),
    )
    text = "\n".join(rendering.entry_lines(shown, short))
    assert not set(text) & set("\x1b\x07\u202e\x9b")
    assert as_json(entry_fields(shown)).isascii()


def test_a_person_without_a_name_is_your_partner() -> None:
    """As long as a name is not known, neither a gender nor an id is shown."""
    assert rendering.name_of(Author("aa" * 16, "", is_me=False)) == "your partner"
    assert rendering.name_of(Author("aa" * 16, "", is_me=True)) == "you"


def test_a_day_is_shown_as_a_day_and_far_times_as_they_are() -> None:
    """A day has no hour; the first and the last year of the calendar do not break a listing."""
    assert rendering.when(entry(Note("x"), precision="day")) == "2026-01-31"
    for year, offset in ((1, 14), (9999, -12)):
        claimed = datetime(
            year, 1 if year == 1 else 12, 1 if year == 1 else 31, tzinfo=timezone(timedelta(hours=offset))
        )
        assert rendering.moment(claimed).startswith(f"{year:04}-")


def test_a_tender_entry_stays_folded_away_in_a_listing() -> None:
    """Its words are not in a listing, and one command opens it."""
    tender = entry(Note("between us", tender="tender"))
    assert "between us" not in "\n".join(rendering.entry_lines(tender, short, shows_tender=False))
    assert "`show 3f9a12`" in "\n".join(rendering.entry_lines(tender, short, shows_tender=False))
    assert "between us" in "\n".join(rendering.entry_lines(tender, short))


def test_a_long_text_is_cut_in_a_listing_and_whole_elsewhere() -> None:
    """A listing shows the first lines and how many more there are."""
    long = entry(Note("\n".join(f"line {count}" for count in range(30))))
    cut = rendering.entry_lines(long, short, is_whole=False)
    assert len(cut) == 1 + rendering.PREVIEW_LINES
    assert "23 more lines" in cut[-1]
    assert "    line 29" in rendering.entry_lines(long, short)


@pytest.mark.parametrize(
    "text", ["one two three four five six", "x" * 50, "你好" * 20, "e\u0301" * 45, "a  b   c", "", "ünïcode wörds " * 4]
)
def test_wrapping_keeps_every_letter_and_the_width(text: str) -> None:
    """No line is wider than asked for, wide letters count twice, marks not at all, and nothing is lost."""
    lines = rendering.wrapped(text, 20)
    assert all(rendering.width_of(line) <= 20 for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


def test_short_ids_grow_until_they_name_one_entry() -> None:
    """Six digits are enough unless another entry begins alike."""
    known = ["abcdef00" + "0" * 56, "abcdef01" + "0" * 56]

    def is_unique(prefix: str) -> bool:
        return sum(one.startswith(prefix) for one in known) == 1

    assert rendering.short_of(known[0], is_unique=is_unique) == "abcdef00"
    assert rendering.short_of(known[0], is_unique=lambda _: True) == "abcdef"


def test_every_field_of_a_content_is_shown() -> None:
    """Fields beside the text stand under their names, tags with a number sign."""
    lines = rendering.body(Appreciation("The soup", why="I was cold", tags=("winter",)))
    assert lines == ["The soup", "why: I was cold", "#winter"]
    assert rendering.body(RawContent("poll", 2, {"text": "Which?", "turn": 3})) == ["Which?", "turn: 3"]


def test_raw_fields_of_an_odd_type_are_shown_too() -> None:
    """What a newer version put under a usual name, in a type that is not the usual one, is shown and not dropped."""
    raw = RawContent("ritual", 2, {"text": 5, "tags": [1], "tender": 7, "source": ["x"]})
    shown = "\n".join(rendering.body(raw))
    assert [name for name in ("text: 5", "tags: [1]", "tender: 7", "source:") if name not in shown] == []


def test_a_tender_version_keeps_an_entry_folded() -> None:
    """An entry whose other version, written at the same time, is tender stays folded away in a listing."""
    lines = rendering.entry_lines(
        entry(Note("x"), conflict=(Note("dear", tender="tender"),)), short, shows_tender=False
    )
    assert "dear" not in "\n".join(lines)


def test_how_far_an_entry_has_come_in_words() -> None:
    """A listing tells what has not arrived, the whole entry tells the whole way; no names obey a terminal."""
    ben, me = Author("b" * 32, "Ben\x1b[2J", is_me=False), Author("a" * 32, "Ana", is_me=True)
    laptop = DeviceInfo(id="1", name="laptop", person=ben, is_this=False, is_live=True)
    phone = DeviceInfo(id="2", name="", person=me, is_this=False, is_live=True)
    saved = Delivery(state="saved", devices=())
    handed = Delivery(state="handed over", devices=(phone,))
    reached = Delivery(state="reached", devices=(laptop, phone))
    told = [rendering.delivery_words(one, is_whole=False) for one in (saved, handed, reached)]
    assert told == ["saved here", "handed over", ""]
    assert rendering.delivery_words(saved, is_whole=True) == "saved here"
    assert rendering.delivery_words(handed, is_whole=True) == "saved here → handed over → reached your other device"
    whole = rendering.delivery_words(reached, is_whole=True)
    assert whole.startswith("saved here → handed over → reached Ben")
    assert whole.endswith("'s laptop, your other device")
    assert "\x1b" not in whole
