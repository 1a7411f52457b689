"""The partner's words: given to a plugin of others only once they were told of it, and never against their no."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import attrs
import msgspec
import pytest

import couplejournal as cj
from couplejournal.errors import InvalidEntryError, PluginError
from couplejournal.plugins import Permissions
from couplejournal.plugins.consent import (
    ASKED,
    FREE,
    MAY_READ,
    consent_in,
    reason_in,
    say_partner_words,
    silent_in,
    tell,
    word_of,
)
from couplejournal.plugins.guards import cut
from couplejournal.plugins.lock import LockedPlugin, read_lock, write_lock
from couplejournal.plugins.recording import tell_partner, tell_partner_off
from couplejournal.testing import DriveSim, MemoryDisk, pair

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from couplejournal import Journal
    from couplejournal.testing import Couple

SPY: Final = LockedPlugin(
    id="spy", distribution="others", version="1", files={}, tier="isolated",
    permissions=Permissions(read=("mine", "partner"), kinds=("bid",)),
)  # fmt: skip
HERS, HIS = "what Ana wrote", "what Ben wrote"


@pytest.fixture
def couple(tmp_path: Path) -> Iterator[Couple]:
    """Return Ana and Ben, a bid of each, and a plugin of others that is on at Ana's and reads both."""
    made = pair(tmp_path, sim=DriveSim(2), disk=lambda _: MemoryDisk())
    ana, ben = made
    ana.add(cj.Bid(HERS))
    ben.add(cj.Bid(HIS))
    made.sync()
    write_lock(ana.home.plugins_lock_path, [SPY], ana.device.disk)
    yield made
    made.close()


def on(journal: Journal) -> LockedPlugin:
    """Return the plugin as the lock has it now."""
    (found,) = read_lock(journal.home.plugins_lock_path, journal.device.disk)
    return found


def read_by(journal: Journal, plugin: LockedPlugin | None = None) -> tuple[list[str], list[str]]:
    """Return the words that the plugin is given for both, and for its owner's own result."""
    view, plugin = journal.view(), plugin or on(journal)
    given = consent_in(view, plugin)
    own, both = (cut(view, plugin.permissions, scope, given).entries() for scope in ("mine", "couple"))
    return sorted(one.text for one in both), sorted(one.text for one in own)


def change(journal: Journal, **fields: Any) -> None:
    """Give the plugin in the lock other fields."""
    write_lock(journal.home.plugins_lock_path, [msgspec.structs.replace(on(journal), **fields)], journal.device.disk)


def test_nothing_before_the_partner_was_told(couple: Couple) -> None:
    """F29: with no notice one's own words alone are given, and none for both; with it, of both; the other reads it."""
    ana, ben = couple
    assert read_by(ana) == ([], [HERS])
    told = tell_partner(ana, "spy", summary="Looks for songs.")
    assert told is not None
    assert read_by(ana) == ([HERS, HIS], [HERS, HIS])
    assert tell_partner(ana, "spy") == told
    couple.sync()
    (seen,) = ben.entries(kind="notice")
    assert isinstance(seen.content, cj.PluginNotice)
    assert (seen.content.plugin, seen.content.read, seen.content.kinds) == ("spy", ("mine", "partner"), ("bid",))
    assert (seen.state, seen.author.name, seen.content.summary) == ("on", "Ana", "Looks for songs.")
    assert "which reads what you write. Kinds: bid." in seen.text
    assert [text for text in (HERS, HIS) if text in str(seen.content)] == []


def test_what_it_asks_for_anew_has_to_be_told_anew(couple: Couple) -> None:
    """With other kinds the notice says too little: no words until the same entry, revised, says so."""
    ana, _ = couple
    first = tell_partner(ana, "spy")
    assert first is not None
    change(ana, permissions=Permissions(read=("mine", "partner")))
    assert read_by(ana) == ([], [HERS])
    again = tell_partner(ana, "spy")
    assert again is not None
    assert (again.id, again.revised) == (first.id, 1)
    assert read_by(ana) == ([HERS, HIS], [HERS, HIS])


def test_off_is_told_and_holds(couple: Couple) -> None:
    """Turning it off takes the notice's step; after that, or after a retraction, the old notice is none."""
    ana, ben = couple
    told = tell_partner(ana, "spy")
    assert told is not None
    assert tell_partner_off(ana, "spy") is not None
    assert tell_partner_off(ana, "spy") is None
    couple.sync()
    assert ben.entry(told.id).state == "off"
    assert read_by(ana) == ([], [HERS])
    again = tell_partner(ana, "spy")
    assert again is not None
    assert again.id != told.id
    ana.retract(again)
    assert read_by(ana) == ([], [HERS])
    with pytest.raises(PluginError):
        tell_partner(ana, "horoscope")


def test_a_no_holds_once_it_arrived(couple: Couple) -> None:
    """Until it comes the other device cannot know; then no words of his are given, and none for both; yes ends it."""
    ana, ben = couple
    tell_partner(ana, "spy")
    couple.sync()
    assert (word_of(ben.view(), is_mine=True), word_of(ana.view(), is_mine=False)) == (None, None)
    said = say_partner_words(ben, may_read=False)
    assert read_by(ana) == ([HERS, HIS], [HERS, HIS])
    couple.sync()
    assert read_by(ana) == ([], [HERS])
    view = ana.view()
    assert reason_in(view, on(ana), consent_in(view, on(ana))) == ASKED
    change(ana, permissions=Permissions(read=("counts", "mine", "partner"), kinds=("bid",)))
    tell_partner(ana, "spy")
    assert read_by(ana) == (["", ""], ["", HERS])
    assert say_partner_words(ben, may_read=False) == said
    yes = say_partner_words(ben, may_read=True)
    assert (yes.id, yes.text, word_of(ben.view(), is_mine=True)) == (said.id, MAY_READ, True)
    couple.sync()
    assert read_by(ana) == ([HERS, HIS], [HERS, HIS])


def test_own_word_is_for_the_plugins_of_the_other(couple: Couple) -> None:
    """My no keeps my own plugins from nothing, and what came along needs no consent."""
    ana, _ = couple
    tell_partner(ana, "spy")
    say_partner_words(ana, may_read=False)
    assert read_by(ana) == ([HERS, HIS], [HERS, HIS])
    bundled = msgspec.structs.replace(SPY, distribution="couplejournal")
    assert consent_in(ana.view(), bundled) == FREE
    own = msgspec.structs.replace(SPY, permissions=Permissions(read=("counts", "mine")))
    assert consent_in(ana.view(), own) == FREE
    assert tell(ana, own) is None


def test_alone_there_is_nobody_to_tell(tmp_path: Path) -> None:
    """In a journal of one nothing is told, a word is refused, and a partner who joins later is to be told first."""
    ana, ben = couple = pair(tmp_path, sim=DriveSim(2), disk=lambda _: MemoryDisk(), is_paired=False)
    write_lock(ana.home.plugins_lock_path, [SPY], ana.device.disk)
    ana.add(cj.Bid(HERS))
    assert tell_partner(ana, "spy") is None
    with pytest.raises(InvalidEntryError, match="no journal is shared"):
        say_partner_words(ana, may_read=False)
    assert reason_in(ana.view(), SPY, consent_in(ana.view(), SPY)) is None
    couple.pair(ana, ben)
    ben.add(cj.Bid(HIS))
    couple.sync()
    assert read_by(ana) == ([], [HERS])
    assert "was not told of this plugin" in str(reason_in(ana.view(), SPY, consent_in(ana.view(), on(ana))))
    couple.close()


def test_after_the_end_the_old_no_goes_on(couple: Couple) -> None:
    """Of an earlier journal words are given if its partner was told then and had not said no."""
    ana, ben = couple
    tell_partner(ana, "spy")
    ana.parting.leave()
    assert read_by(ana)[1] == [HERS, HIS]
    untold = msgspec.structs.replace(on(ana), notice="")
    assert read_by(ana, untold)[1] == [HERS]
    with pytest.raises(InvalidEntryError):
        say_partner_words(ana, may_read=True)
    del ben


def test_plugins_never_see_what_is_said_about_plugins(couple: Couple) -> None:
    """Neither notices, nor words, nor the steps of notices are in any view."""
    ana, ben = couple
    change(
        ana,
        permissions=Permissions(read=("counts", "mine", "partner"), kinds=("bid", "step", "notice", "partner-words")),
    )
    tell_partner(ana, "spy")
    say_partner_words(ana, may_read=False)
    say_partner_words(ben, may_read=True)
    ana.step(next(ana.entries(kind="bid", text=HERS)), "let-go")
    tell_partner_off(ana, "spy")
    couple.sync()
    for scope in ("mine", "couple"):
        kinds = [one.kind for one in cut(ana.view(), on(ana).permissions, scope, FREE).entries()]
        assert kinds == ["bid", "bid", "step"]


@attrs.frozen
class Said:
    """A view that holds these entries and no other."""

    held: list[cj.Entry]

    def entries(self, *, kind: str) -> Iterator[cj.Entry]:
        """Iterate over them all."""
        assert kind == "partner-words"
        return iter(self.held)


def test_of_a_yes_and_a_no_the_no_wins(couple: Couple) -> None:
    """F29: of two versions, or entries, that did not know each other: no; what cannot be read is no yes either."""
    _, ben = couple
    said = say_partner_words(ben, may_read=True)
    his = attrs.evolve(said, author=attrs.evolve(said.author, is_me=False))
    no = attrs.evolve(his, content=cj.PartnerWords(may_read=False))
    raw = attrs.evolve(his, content=cj.RawContent("partner-words", 9, {"may_read": "?"}))
    person = frozenset({his.author.person})
    for held in ([no], [his, no], [no, his], [attrs.evolve(his, conflict=(no.content,))], [raw]):
        assert silent_in(Said(held)) == person  # type: ignore[arg-type]
    earlier = attrs.evolve(no, is_earlier=True)
    for held in (
        [],
        [his],
        [his, earlier],
        [attrs.evolve(no, audience="waiting")],
        [attrs.evolve(no, author=said.author)],
    ):
        assert silent_in(Said(held)) == frozenset()  # type: ignore[arg-type]
    assert silent_in(Said([earlier])) == person  # type: ignore[arg-type]
