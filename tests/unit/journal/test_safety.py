"""What two people compare: the same on both screens exactly when it should be."""

from __future__ import annotations

from pathlib import Path

import pytest
from unit.journal.losing import recovered, written_down

import couplejournal as cj
from couplejournal.testing.couples import Couple, pair


@pytest.fixture
def couple(tmp_path: Path) -> Couple:
    """Return Ana and Ben, who share a journal."""
    return pair(tmp_path)


def test_both_see_the_same_number_and_after_syncing_the_same_words(couple: Couple) -> None:
    """F22: number and words agree on both sides; an entry changes the words on one side until both have synced."""
    ana, ben = couple
    one, other = ana.safety(), ben.safety()
    assert one.number == other.number
    assert one.words == other.words
    assert (one.partner, other.partner) == ("Ben", "Ana")
    ana.add(cj.Bid("something new"))
    assert ana.safety().number == one.number
    assert ana.safety().words != ben.safety().words
    couple.sync()
    assert ana.safety().words == ben.safety().words != one.words


def test_a_recovered_device_has_the_same_number(couple: Couple) -> None:
    """F22: the number is that of the roots, so another device of the same person shows it too."""
    before = couple.journals[0].safety()
    back = recovered(couple, written_down(couple.journals[0]))
    couple.sync()
    assert back.safety().words == couple.journals[1].safety().words
    assert back.safety().number == couple.journals[1].safety().number == before.number


@pytest.mark.long
def test_a_new_journal_of_the_same_two_keeps_the_number_unless_a_root_is_new(couple: Couple) -> None:
    """F22: beginning anew under the same roots changes nothing; new words change the number."""
    ana, ben = couple
    before = ana.safety().number
    couple.pair(ana, ben, anew=True)
    assert ana.safety().number == ben.safety().number == before
    written_down(ana)
    ana.recovery.renew()
    assert ana.safety().number == before  # as long as the old journal is the shared one
    couple.pair(ana, ben, anew=True)
    assert ana.safety().number == ben.safety().number != before


def test_alone_there_is_nobody_to_compare_with(tmp_path: Path) -> None:
    """Before anybody has joined there is no number, and the error says what to do."""
    couple = pair(tmp_path, is_paired=False)
    with pytest.raises(cj.SetupError, match="nobody to compare with"):
        couple.journals[0].safety()
