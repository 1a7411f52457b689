"""Entries that went from the private into the shared book, and earlier books."""

from __future__ import annotations

from unit.merge.scribe import BEN, START_MS, Scribe, fixed, fold
from unit.view.looking import texts, view_of

from couplejournal.view import BookState

SALT, OTHER_SALT = fixed("salt of a share", 16), fixed("another salt", 16)
AT = (START_MS, 60, "minute")


def test_a_shared_entry_shows_once_and_its_old_id_names_it() -> None:
    """The private write gives way to the shared one, by whole id, by prefix, in threads and in references."""
    ana, ben, me = Scribe("ana phone"), Scribe("ben phone"), Scribe("ana phone", book="private")
    old = me.write("bid", "Walk?", both=True, happened=AT)
    thought = me.write("note", "hm", refs=[("about", old)])
    new = ana.write("bid", "Walk?", salt=SALT, happened=AT)
    reply = ben.reply(new, "toward")
    view = view_of([new, reply], [old, thought, me.share(old, salt=SALT, key=ana.key)])
    assert sorted(texts(view)) == ["", "Walk?", "hm"]
    assert view.count(audience="waiting") == 0
    for name in (old.id.hex(), old.id.hex()[:10], new.id.hex()):
        assert (view.entry(name).id, view.entry(name).audience) == (new.id.hex(), "shared")
        assert [entry.id for entry in view.thread(name)] == [op.id.hex() for op in (new, reply, thought)]
    assert view.entry(new.id.hex()).state == "toward"
    assert [ref.id for ref in view.entry(thought.id.hex()).refs] == [new.id.hex()]
    found = view.find(old.id)
    assert found is not None
    assert found.id == new.id.hex()


def test_a_half_done_share_still_waits() -> None:
    """As long as the shared write is not there, the private one is shown as waiting."""
    ana, me = Scribe("ana phone"), Scribe("ana phone", book="private")
    old = me.write("bid", "Walk?", both=True)
    view = view_of([], [old, me.share(old, salt=SALT, key=ana.key)])
    assert view.entry(old.id.hex()).audience == "waiting"


def test_a_retracted_shared_entry_does_not_come_back_as_private() -> None:
    """Its private write stays covered by the one that was retracted."""
    ana, me = Scribe("ana phone"), Scribe("ana phone", book="private")
    old = me.write("bid", "Walk?", both=True)
    new = ana.write("bid", "Walk?", salt=SALT)
    view = view_of([new, ana.retract(new, after=[new])], [old, me.share(old, salt=SALT, key=ana.key)])
    assert texts(view) == []


def test_a_partner_cannot_put_words_in_place_of_mine() -> None:
    """A write with the salt of my share, but by another key, is an entry of its own."""
    ana, ben, me = Scribe("ana phone"), Scribe("ben phone"), Scribe("ana phone", book="private")
    old = me.write("bid", "Walk?", both=True, happened=AT)
    copied = ben.write("bid", "stolen", salt=SALT, happened=AT)
    share = ben.share(old, salt=OTHER_SALT, key=ben.key)
    view = view_of([copied, share], [old, me.share(old, salt=SALT, key=ana.key)])
    assert sorted(texts(view)) == ["Walk?", "stolen"]


def test_two_shares_of_one_entry_name_the_first() -> None:
    """Two devices shared the same entry: both shared writes stand, as the partner sees them; the old id names one."""
    phone, laptop, me = Scribe("ana phone"), Scribe("ana laptop"), Scribe("ana phone", book="private")
    old = me.write("bid", "Walk?", both=True)
    late = phone.write("bid", "late", salt=SALT, clock=(START_MS + 9000, 0))
    early = laptop.write("bid", "early", salt=OTHER_SALT, clock=(START_MS + 8000, 0))
    private = [old, me.share(old, salt=SALT, key=phone.key), me.share(old, salt=OTHER_SALT, key=laptop.key)]
    view = view_of([late, early], private)
    assert texts(view) == ["early", "late"]
    assert view.entry(old.id.hex()).text == "early"


def test_shared_steps_follow_their_entry() -> None:
    """A step that was shared along speaks once, through the shared one."""
    ana, me = Scribe("ana phone"), Scribe("ana phone", book="private")
    old = me.write("goal", "Run", owner="mine", both=True)
    old_step = me.step(old, "activate", both=True)
    new = ana.write("goal", "Run", owner="mine", salt=SALT)
    new_step = ana.write("step", name="activate", refs=[("about", new)], salt=OTHER_SALT)
    private = [old, old_step, me.share(old, salt=SALT, key=ana.key)]
    waiting = view_of([], [old, old_step])
    assert waiting.entry(old.id.hex()).state == "active"
    view = view_of([new, new_step], [*private, me.share(old_step, salt=OTHER_SALT, key=ana.key)])
    assert view.entry(new.id.hex()).state == "active"
    assert [entry.id for entry in view.thread(old.id.hex())] == [new.id.hex(), new_step.id.hex()]


def test_shared_entries_look_the_same_to_both() -> None:
    """Whatever stands in a private book, nothing of it colours a shared entry."""
    ana, ben, me = Scribe("ana phone"), Scribe("ben phone"), Scribe("ana phone", book="private")
    old = me.write("bid", "Walk?", both=True)
    new = ana.write("bid", "Walk?", salt=SALT)
    careless = ana.write("note", "names the private id", refs=[("about", old)])
    shared = [new, careless, ben.reply(new, "toward"), ana.reply(new, "away")]
    private = [old, me.share(old, salt=SALT, key=ana.key), me.step(old, "let-go"), me.write("note", "x")]
    seen = [
        [(entry.id, entry.content, entry.state, entry.refs, entry.note) for entry in view.entries(audience="shared")]
        for view in (view_of(shared, private), view_of(shared, me=BEN), view_of(shared, private).shared_only())
    ]
    assert seen[0] == seen[1] == seen[2]


def test_shared_only_leaves_out_private_and_waiting_entries() -> None:
    """What a shared analysis gets to see, both could read."""
    ana, me = Scribe("ana phone"), Scribe("ana phone", book="private")
    view = view_of([ana.write("bid", "ours")], [me.write("note", "mine"), me.write("bid", "soon", both=True)])
    assert texts(view.shared_only()) == ["ours"]
    assert view.shared_only().me == view.me


def test_an_earlier_private_book_stays_ones_own() -> None:
    """Entries under an earlier root are still mine, and private; their lifecycles go on."""
    me, before = Scribe("ana phone", book="private"), Scribe("old device", book="earlier")
    goal = before.write("goal", "Run", owner="mine")
    earlier = BookState(fold([goal, before.profile("Anna", "old")], book="earlier"), "earlier", audience="private")
    view = view_of([], [me.step(goal, "activate")], earlier=[earlier])
    entry = view.entry(goal.id.hex())
    assert (entry.audience, entry.state, entry.is_mine) == ("private", "active", True)


def test_an_earlier_shared_book_is_read_beside_the_new_one() -> None:
    """Old and new stand in one timeline, shared."""
    ben = Scribe("ben phone")
    earlier = BookState(fold([Scribe("ben phone", book="old").write("bid", "old")], book="old"), "earlier")
    view = view_of([ben.write("bid", "new", happened=(START_MS * 2, 0, "day"))], earlier=[earlier])
    assert texts(view, audience="shared") == ["old", "new"]
