"""What a removed device wrote later, as a person sees it: apart, and whole again once it was taken over."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from unit.merge.scribe import ANA, BEN, START_MS, Scribe
from unit.view.looking import view_of

from couplejournal.errors import NoSuchEntryError
from couplejournal.merge import TAKEN_OVER
from couplejournal.model.entry import Ref
from couplejournal.ops.op import Op
from couplejournal.view import JournalView
from couplejournal.view.reading import APART, APART_REVISION


def look(shared: Iterable[Op], *, without: Scribe, upto: int = 0, me: bytes = ANA) -> JournalView:
    """Return the view after a removal of one device, whose words count up to a number."""
    return view_of(shared, me=me, accepted={without.key: {without.stream: upto}})


def test_words_apart_are_nowhere_but_apart() -> None:
    """They are in no listing, search, count, thread or state, and no id finds them; `apart` has them with a note."""
    phone, ben = Scribe("ana phone"), Scribe("ben phone")
    bid = ben.write("bid", "Walk?")
    reply = phone.reply(bid, "toward", clock=(START_MS + 5000, 0))
    late = phone.write("note", "a late walk")
    view = look([bid, reply, late], without=phone)
    assert [entry.id for entry in view.entries()] == [bid.id.hex()]
    assert list(view.entries(text="late")) == []
    assert view.count() == 1
    assert [entry.id for entry in view.thread(bid.id.hex())] == [bid.id.hex()]
    assert view.entry(bid.id.hex()).state == "made"
    assert view.find(late.id) is None
    for prefix in (late.id.hex(), late.id.hex()[:12]):
        with pytest.raises(NoSuchEntryError):
            view.entry(prefix)
    apart = view.apart()
    assert {entry.id for entry in apart} == {reply.id.hex(), late.id.hex()}
    assert {entry.note for entry in apart} == {APART}
    assert all(entry.is_mine and entry.audience == "shared" for entry in apart)


def test_the_partner_sees_them_apart_too() -> None:
    """The other person, who can read them, sees whose they are."""
    phone = Scribe("ana phone")
    late = phone.write("note", "late")
    [entry] = look([late, Scribe("ben phone").profile("Ben", "b")], without=phone, me=BEN).apart()
    assert (entry.id, entry.is_mine, entry.author.person) == (late.id.hex(), False, ANA.hex())


def test_a_revision_apart_names_its_entry() -> None:
    """Another text of an entry that counts is shown beside it, by who wrote it, and the entry stays as it was."""
    phone, laptop = Scribe("ana phone"), Scribe("ana laptop")
    hello = phone.profile("Ana", "old phone")
    note = laptop.write("note", "first")
    revision = phone.revise(note, "second", after=[note], clock=(START_MS + 9000, 0))
    view = look([hello, note, revision], without=phone, upto=1)
    assert view.entry(note.id.hex()).text == "first"
    [apart] = view.apart()
    assert (apart.id, apart.text, apart.note) == (revision.id.hex(), "second", APART_REVISION)
    assert apart.refs == (Ref("revises", note.id.hex()),)
    assert apart.device == "old phone"
    assert apart.recorded_at.timestamp() * 1000 == START_MS + 9000


def test_what_was_taken_over_speaks_for_the_old_one() -> None:
    """Answers to the old one belong to the new one, the old id names it, and the conversation is one."""
    phone, laptop, ben = Scribe("ana phone"), Scribe("ana laptop"), Scribe("ben phone")
    bid = phone.write("bid", "Walk?")
    reply = ben.reply(bid, "toward", clock=(START_MS + 5000, 0))
    again = laptop.write("bid", "Walk?", refs=[(TAKEN_OVER, bid)], clock=(START_MS + 9000, 0))
    for me in (ANA, BEN):
        view = look([bid, reply, again], without=phone, me=me)
        assert view.apart() == ()
        assert view.entry(bid.id.hex()).id == again.id.hex()
        assert view.entry(again.id.hex()).state == "toward"
        assert {entry.id for entry in view.thread(reply.id.hex())} == {again.id.hex(), reply.id.hex()}
        assert view.entry(reply.id.hex()).refs == (Ref("responds_to", again.id.hex()),)
        assert view.entry(again.id.hex()).refs == (Ref(TAKEN_OVER, bid.id.hex()),)
        assert view.thread(again.id.hex())[0].id == again.id.hex()


def test_a_claim_to_have_taken_over_moves_no_answers() -> None:
    """Who names an entry that counts, or one of the other, as taken over gets nothing of it."""
    phone, laptop, ben = Scribe("ana phone"), Scribe("ana laptop"), Scribe("ben phone")
    bid = laptop.write("bid", "Walk?")
    reply = ben.reply(bid, "toward", clock=(START_MS + 5000, 0))
    claim = laptop.write("bid", "instead", refs=[(TAKEN_OVER, bid)], clock=(START_MS + 9000, 0))
    late = phone.write("note", "late", clock=(START_MS + 9500, 0))
    foreign = ben.write("note", "mine now", refs=[(TAKEN_OVER, late)], clock=(START_MS + 9900, 0))
    view = look([bid, reply, claim, late, foreign], without=phone)
    assert view.entry(bid.id.hex()).state == "toward"
    assert view.entry(claim.id.hex()).state == "made"
    assert [entry.id for entry in view.apart()] == [late.id.hex()]
