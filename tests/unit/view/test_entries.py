"""The timeline: order, filters, one entry by its id, what an entry looks like."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import msgspec
import pytest
from unit.merge.scribe import ANA, BEN, START_MS, Scribe, fixed
from unit.view.looking import texts, view_of

from couplejournal.errors import InvalidEntryError, NoSuchEntryError
from couplejournal.model.kinds import Bid, RawContent
from couplejournal.view import JournalView
from couplejournal.view.reading import KEPT

DAY_MS = 86_400_000
JUNE_MS = 1_748_736_000_000  # 2025-06-01 in UTC


def june() -> JournalView:
    """Return a small journal of June 2025."""
    ana, ben, me = Scribe("ana phone"), Scribe("ben phone"), Scribe("ana phone", book="private")
    return view_of(
        [
            ana.write("bid", "Listen to this SONG?", happened=(JUNE_MS + 2 * DAY_MS, 0, "minute"), tags=["Music"]),
            ben.write("appreciation", "Thanks", why="the coffee", happened=(JUNE_MS, 120, "day")),
            ben.write("bid", "Walk?", happened=(JUNE_MS + 3 * DAY_MS, 0, "instant"), tender="tender"),
        ],
        [
            me.write("note", "Mine", happened=(JUNE_MS + DAY_MS, 0, "minute")),
            me.write("bid", "Later", happened=(JUNE_MS + 4 * DAY_MS, 0, "minute"), both=True),
        ],
    )


def test_entries_come_in_order_across_books() -> None:
    """Private and shared entries are one timeline, forwards and backwards."""
    view = june()
    assert texts(view) == ["Thanks", "Mine", "Listen to this SONG?", "Walk?", "Later"]
    assert texts(view, newest_first=True) == texts(view)[::-1]
    assert texts(view, newest_first=True, limit=2) == ["Later", "Walk?"]
    assert texts(view, limit=0) == []


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"kind": "note"}, ["Mine"]),
        ({"kind": ("note", "appreciation")}, ["Thanks", "Mine"]),
        ({"since": "2025-06-03"}, ["Listen to this SONG?", "Walk?", "Later"]),
        ({"until": date(2025, 6, 3)}, ["Thanks", "Mine"]),
        ({"since": datetime(2025, 6, 2, tzinfo=UTC), "until": "2025-06-04"}, ["Mine", "Listen to this SONG?"]),
        ({"text": "song"}, ["Listen to this SONG?"]),
        ({"text": "COFFEE"}, ["Thanks"]),
        ({"text": "tender"}, []),
        ({"text": ""}, ["Thanks", "Mine", "Listen to this SONG?", "Walk?", "Later"]),
        ({"tag": "music"}, ["Listen to this SONG?"]),
        ({"tag": "song"}, []),
        ({"audience": "private"}, ["Mine"]),
        ({"audience": "waiting"}, ["Later"]),
        ({"audience": "shared", "kind": "bid"}, ["Listen to this SONG?", "Walk?"]),
        ({"kind": "unknown"}, []),
    ],
)
def test_filters_narrow_the_timeline(asked: dict[str, Any], found: list[str]) -> None:
    """Each filter is a condition more; counting and listing agree."""
    view = june()
    assert texts(view, **asked) == found
    assert texts(view, **asked, newest_first=True) == found[::-1]
    assert view.count(**asked) == len(found)


def test_misuse_is_said_at_once() -> None:
    """A wrong argument raises when asking, not when the first entry is fetched."""
    view = june()
    with pytest.raises(InvalidEntryError):
        view.entries(since="yesterday-ish")
    with pytest.raises(ValueError, match="negative"):
        view.entries(limit=-1)
    with pytest.raises(ValueError, match="audience"):
        view.entries(audience="everybody")


def test_an_entry_says_all_that_is_known() -> None:
    """Times, author, device and audience come from the operation and the book."""
    ana, ben = Scribe("ana phone"), Scribe("ben phone")
    bid = ben.write("bid", "Walk?", happened=(JUNE_MS, 120, "minute"), clock=(JUNE_MS + 5000, 3), what="a walk")
    entry = view_of([bid, ben.profile("Ben", "tablet"), ana.profile("Ana", "phone")]).entry(bid.id.hex())
    assert entry.content == Bid("Walk?", what="a walk")
    assert (entry.author.person, entry.author.name, entry.is_mine) == (BEN.hex(), "Ben", False)
    assert entry.happened_at.isoformat() == "2025-06-01T02:00:00+02:00"
    assert entry.recorded_at == datetime(2025, 6, 1, 0, 0, 5, tzinfo=UTC)
    assert (entry.audience, entry.precision, entry.state, entry.device) == ("shared", "minute", "made", "tablet")
    assert (entry.refs, entry.revised, entry.conflict, entry.note) == ((), 0, (), None)


def test_an_entry_is_found_by_a_short_prefix() -> None:
    """Two hex digits or more, in any case, as long as one entry only begins like that."""
    ana = Scribe("ana phone")
    ops = [ana.write("bid", str(number)) for number in range(300)]
    view = view_of(ops)
    whole = ops[7].id.hex()
    assert view.entry(whole).text == "7"
    assert view.entry(f" {whole[:12].upper()} ").text == "7"
    twice = next(first for op in ops if sum(other.id.hex().startswith(first := op.id.hex()[:2]) for other in ops) > 1)
    with pytest.raises(NoSuchEntryError, match="entries have an id like this"):
        view.entry(twice)


@pytest.mark.parametrize("prefix", ["", "a", "xyz", "ab cd", "é" * 3, "0" * 65])
def test_what_is_no_id_names_nothing(prefix: str) -> None:
    """A wrong id is one clear error, which does not repeat what was typed."""
    with pytest.raises(NoSuchEntryError) as caught:
        june().entry(prefix)
    assert len(prefix) < 2 or prefix not in str(caught.value)


def test_an_id_that_is_not_here_names_nothing() -> None:
    """Neither whole nor in part."""
    view = view_of([Scribe("ana phone").write("bid", "one")])
    missing = fixed("missing").hex()
    for prefix in (missing, missing[:20]):
        with pytest.raises(NoSuchEntryError, match="no entry has this id"):
            view.entry(prefix)
    assert view.find(fixed("missing")) is None


def test_retracted_entries_are_gone_from_every_view() -> None:
    """Not listed, not counted, not found; and the error says why."""
    ana = Scribe("ana phone")
    entry = ana.write("bid", "one")
    view = view_of([entry, ana.retract(entry, after=[entry])])
    assert texts(view) == []
    assert view.count() == 0
    assert view.find(entry.id) is None
    with pytest.raises(NoSuchEntryError, match="retracted"):
        view.entry(entry.id.hex())


def test_a_conflict_shows_the_later_version_and_keeps_the_other() -> None:
    """Search looks at what is shown; the other version stands in the conflict."""
    phone, laptop = Scribe("ana phone"), Scribe("ana laptop")
    entry = phone.write("bid", "one")
    early = phone.revise(entry, "early", after=[entry], clock=(START_MS + 5000, 0))
    late = laptop.revise(entry, "late", after=[entry], clock=(START_MS + 6000, 0))
    view = view_of([entry, early, late])
    shown = view.entry(entry.id.hex())
    assert (shown.text, shown.conflict, shown.revised) == ("late", (Bid("early"),), 2)
    assert view.count(text="early") == 0
    kept = view_of([entry, early, laptop.retract(entry, after=[entry])]).entry(entry.id.hex())
    assert (kept.text, kept.note) == ("early", KEPT)


def test_what_is_not_understood_is_shown_raw() -> None:
    """Unknown kinds, newer schemas, odd fields and odd times come as they are, and can be searched."""
    ana = Scribe("ana phone")
    unknown = ana.write("ritual", "tea", happened=(1 << 62, 100_000, "sometime"))
    newer = ana.write("bid", "hello", schema=9)
    odd = ana.write("bid", fields=["no", "map"])
    view = view_of([unknown, newer, odd])
    assert view.entry(unknown.id.hex()).content == RawContent("ritual", 1, {"text": "tea"})
    assert view.entry(unknown.id.hex()).happened_at.year == 9999
    assert view.entry(newer.id.hex()).content == RawContent("bid", 9, {"text": "hello"})
    assert isinstance(view.entry(odd.id.hex()).content, RawContent)
    assert texts(view, text="tea") == ["tea"]


def test_a_view_stays_fixed_while_it_is_read() -> None:
    """Iteration is lazy, and goes over the snapshot that the view was made of."""
    ana = Scribe("ana phone")
    ops = [ana.write("bid", str(number)) for number in range(5)]
    view = view_of(ops)
    reading = view.entries()
    assert next(reading).text == "0"
    assert [entry.text for entry in reading] == ["1", "2", "3", "4"]
    assert texts(view) == ["0", "1", "2", "3", "4"]


def test_listing_the_last_ten_decodes_ten_bodies(monkeypatch: pytest.MonkeyPatch) -> None:
    """What nobody looks at is not decoded."""
    decoded = []

    def fields_of(raw: msgspec.Raw) -> object:
        decoded.append(raw)
        return {"text": "x"}

    monkeypatch.setattr("couplejournal.view.contents.fields_of", fields_of)
    ana = Scribe("ana phone")
    view = view_of([ana.write("note", str(number)) for number in range(200)])
    assert len(list(view.entries(limit=10, newest_first=True, kind="note", since="2020-01-01"))) == 10
    assert view.count(kind="note") == 200
    assert len(decoded) == 10


def test_people_are_me_the_partner_and_those_of_earlier_books() -> None:
    """Oneself comes first, then the partner, also one who has said nothing yet."""
    ana, ben = Scribe("ana phone"), Scribe("ben phone")
    view = view_of([ana.profile("Ana", "phone"), ben.profile("Ben", "tablet")])
    assert [(author.name, author.is_me) for author in view.people] == [("Ana", True), ("Ben", False)]
    assert view.me.person == ANA.hex()
    assert view.partner is not None
    assert view.partner.person == BEN.hex()
    assert view_of([ana.profile("Ana", "phone")]).partner is None
    assert view_of([], me=BEN).people == (view_of([], me=BEN).me,)
