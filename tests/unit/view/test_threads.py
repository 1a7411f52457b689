"""Threads and lifecycles: who moves what, and what stays a note."""

from __future__ import annotations

import pytest
from unit.merge.scribe import BEN, START_MS, Scribe
from unit.view.looking import view_of

from couplejournal.errors import NoSuchEntryError
from couplejournal.view.reading import NO_CHANGE


def test_a_thread_is_the_root_and_all_that_refers_to_it() -> None:
    """Any entry of a conversation gives the whole of it, in order, private answers included."""
    ana, ben, me = Scribe("ana phone"), Scribe("ben phone"), Scribe("ana phone", book="private")
    bid = ana.write("bid", "Walk?")
    reply = ben.reply(bid, "away", clock=(START_MS + 5000, 0))
    chance = ana.step(bid, "second-chance", clock=(START_MS + 6000, 0))
    again = ben.reply(bid, "toward", clock=(START_MS + 7000, 0))
    thought = me.write("note", "hm", refs=[("about", reply)], clock=(START_MS + 8000, 0))
    other = ben.write("bid", "else")
    view = view_of([again, chance, reply, bid, other], [thought])
    whole = [op.id.hex() for op in (bid, reply, chance, again, thought)]
    for op in (bid, reply, chance, again, thought):
        assert [entry.id for entry in view.thread(op.id.hex())] == whole
    assert len(view.thread(other.id.hex())) == 1
    assert len(view.shared_only().thread(bid.id.hex())) == 4
    assert view.entry(bid.id.hex()).state == "toward"


def test_a_hidden_root_still_holds_its_thread_together() -> None:
    """What was retracted is not shown; what was said about it stays in one place."""
    ana, ben = Scribe("ana phone"), Scribe("ben phone")
    bid = ana.write("bid", "Walk?")
    one, two = ben.reply(bid, "away"), ben.reply(bid, "toward")
    view = view_of([bid, one, two, ana.retract(bid, after=[bid])])
    assert [entry.id for entry in view.thread(two.id.hex())] == [one.id.hex(), two.id.hex()]
    with pytest.raises(NoSuchEntryError):
        view.thread(bid.id.hex())


def test_nobody_answers_their_own_bid() -> None:
    """A response by the bid's author changes nothing and says so."""
    ana, ben = Scribe("ana phone"), Scribe("ben phone")
    bid = ana.write("bid", "Walk?")
    own, other = ana.reply(bid, "against"), ben.reply(bid, "toward", clock=(START_MS + 9000, 0))
    view = view_of([bid, own, other])
    assert view.entry(bid.id.hex()).state == "toward"
    assert view.entry(own.id.hex()).note == NO_CHANGE
    assert view.entry(other.id.hex()).note is None


def test_a_late_step_stays_as_a_note() -> None:
    """Of two steps at the same time the later one by clock changes nothing."""
    ana, ben = Scribe("ana phone"), Scribe("ben phone")
    bid = ana.write("bid", "Walk?")
    early, late = ben.reply(bid, "toward", clock=(START_MS + 2, 0)), ana.step(bid, "let-go", clock=(START_MS + 3, 0))
    view = view_of([late, early, bid])
    assert (view.entry(bid.id.hex()).state, view.entry(late.id.hex()).note) == ("toward", NO_CHANGE)


def test_retracted_and_revised_steps_count_as_they_stand() -> None:
    """A response taken back never moved the bid; a revised one moves it as it now says."""
    ana, ben = Scribe("ana phone"), Scribe("ben phone")
    bid = ana.write("bid", "Walk?")
    reply = ben.reply(bid, "away")
    revised = ben.revise(reply, "I did", after=[reply], turn="toward")
    assert view_of([bid, reply, revised]).entry(bid.id.hex()).state == "toward"
    assert view_of([bid, reply, ben.retract(reply, after=[reply])]).entry(bid.id.hex()).state == "made"


def test_a_private_step_never_moves_a_shared_entry() -> None:
    """What only one can read changes nothing for both, and says so."""
    ana, ben, me = Scribe("ana phone"), Scribe("ben phone"), Scribe("ana phone", book="private")
    bid = ben.write("bid", "Walk?")
    silent = me.reply(bid, "toward")
    view = view_of([bid, ana.profile("Ana", "phone")], [silent])
    assert (view.entry(bid.id.hex()).state, view.entry(silent.id.hex()).note) == ("made", NO_CHANGE)


def test_a_shared_goal_is_agreed_by_both() -> None:
    """Who proposes has agreed; the other's yes makes it agreed. A goal of mine is mine."""
    ana, ben = Scribe("ana phone"), Scribe("ben phone")
    goal, own = ana.write("goal", "A garden", joint=True), ana.write("goal", "Run", owner="mine")
    propose = ana.step(goal, "propose", clock=(START_MS + 5000, 0))
    agree = ben.step(goal, "agree", clock=(START_MS + 6000, 0))
    meddling = ben.step(own, "activate", clock=(START_MS + 7000, 0))
    proposed = view_of([goal, own, propose])
    assert proposed.entry(goal.id.hex()).state == "proposed"
    assert "agree" not in proposed.steps_allowed(goal.id.hex())
    assert "agree" in view_of([goal, own, propose], me=BEN).steps_allowed(goal.id.hex())
    view = view_of([goal, own, propose, agree, meddling])
    assert (view.entry(goal.id.hex()).state, view.entry(own.id.hex()).state) == ("agreed", "dream")
    assert view.steps_allowed(own.id.hex()) == ("activate", "let-go")
    assert view.steps_allowed(agree.id.hex()) == ()


def test_a_step_without_a_fitting_target_moves_nothing() -> None:
    """A reply to a note is a note; one whose target has not come yet is left open."""
    ana, ben = Scribe("ana phone"), Scribe("ben phone")
    note, missing = ana.write("note", "x"), Scribe("ana laptop").write("bid", "later")
    wrong, early = ben.reply(note, "toward"), ben.reply(missing, "toward")
    loose = ben.write("response", turn="toward")
    view = view_of([note, wrong, early, loose])
    assert [view.entry(op.id.hex()).note for op in (wrong, early, loose)] == [NO_CHANGE, None, None]
    assert view.entry(note.id.hex()).state is None
