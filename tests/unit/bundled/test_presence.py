from __future__ import annotations

import pytest
from couplejournal_plugins.presence import Presence
from couplejournal_plugins.presence.learned import learned, time_together
from unit.bundled.writing import Written


@pytest.fixture
def written() -> Written:
    """Return a couple that has the kinds of this plugin."""
    return Written(Presence())


def test_learned(written: Written) -> None:
    """What the other wrote with "nearly" or "no" is listed, newest first; "yes", silence and no words are not."""
    for ago, step, text in [
        (9, "no", "Only tired."),
        (7, "nearly", "Sad, not angry."),
        (5, "yes", "Yes!"),
        (3, "no", " "),
    ]:
        guess = written.add("ana", "guess", ago=ago, text=f"I guess you feel {ago}.")
        written.step("ben", step, guess, ago=ago - 1, text=text)
    written.add("ben", "guess", ago=2, text="I guess you like that song.")
    (table,) = written.says(learned).tables
    assert table.rows == (("I guess you feel 7.", "Sad, not angry."), ("I guess you feel 9.", "Only tired."))


def test_nobody_corrects_an_own_guess(written: Written) -> None:
    """The one who guessed cannot answer it, and a guess is answered once."""
    guess = written.add("ana", "guess", ago=9, text="I guess you feel cold.")
    written.step("ana", "no", guess, ago=8, text="words of mine")
    assert not written.says(learned).is_enough
    written.step("ben", "keep", guess, ago=7)
    written.step("ben", "no", guess, ago=6, text="later words")
    assert not written.says(learned).is_enough


def test_ten_are_shown_and_shortened(written: Written) -> None:
    """No more than ten, and none longer than a line or two."""
    for number in range(12):
        guess = written.add("ben", "guess", ago=50 - number, text=f"{number} " + "long " * 60)
        written.step("ana", "nearly", guess, ago=49 - number, text="so it was")
    (table,) = written.says(learned).tables
    assert [str(row[0]).split()[0] for row in table.rows] == [str(number) for number in range(11, 1, -1)]
    assert max(len(str(row[0])) for row in table.rows) <= 120


def test_tender_answers_stay_out(written: Written) -> None:
    """A guess that is marked tender is told nowhere."""
    guess = written.add("ana", "guess", ago=9, text="I guess", tender="tender")
    written.step("ben", "no", guess, ago=8, text="as it was")
    assert not written.says(learned).is_enough


@pytest.mark.parametrize(("minutes", "band"), [(6, (0, 1)), (12, (1, 3)), (60, (3, 7)), (1440, (112, 672))])
def test_time_together_is_a_band(written: Written, minutes: float, band: tuple[int, int]) -> None:
    """Five times make a band of hours, in which no single one can be read."""
    for number in range(5):
        written.add("ana" if number % 2 else "ben", "presence", ago=number + 1, minutes=minutes)
    (found,) = written.says(time_together).bands
    assert (found.low, found.high, found.value) == (*band, None)


def test_four_times_are_not_enough(written: Written) -> None:
    """Below five, or longer than four weeks ago, there is nothing to say."""
    for ago in (1, 2, 3, 4, 29, 30):
        written.add("ana", "presence", ago=ago, minutes=30)
    assert not written.says(time_together).is_enough
