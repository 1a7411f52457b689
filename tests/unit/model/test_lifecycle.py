"""Lifecycles: the table decides, and what it does not allow changes nothing."""

from __future__ import annotations

import pytest

from couplejournal.model.kinds import Goal, core_kinds
from couplejournal.model.lifecycle import Lifecycle, Transition

ANA, BEN = b"a" * 16, b"b" * 16


def lifecycle_of(kind: str) -> Lifecycle:
    """Return the lifecycle of a kind of the core."""
    lifecycle = core_kinds()[kind].lifecycle
    assert lifecycle is not None
    return lifecycle


def state_of(kind: str, *steps: tuple[str, bytes], **fields: object) -> str:
    """Return the state of Ana's entry after these steps."""
    return lifecycle_of(kind).fold(ANA, fields, steps).state


@pytest.mark.parametrize("turn", ["toward", "away", "against"])
def test_a_response_turns_a_bid(turn: str) -> None:
    """The other's response is the bid's state."""
    assert state_of("bid") == "made"
    assert state_of("bid", (turn, BEN)) == turn


def test_nobody_responds_to_ones_own_bid() -> None:
    """A response by the bid's own author changes nothing and is listed as such."""
    folded = lifecycle_of("bid").fold(ANA, {}, [("toward", ANA), ("away", BEN)])
    assert (folded.state, folded.illegal) == ("away", (0,))


@pytest.mark.parametrize("who", [ANA, BEN])
def test_a_missed_bid_has_a_second_chance(who: bytes) -> None:
    """After away or against either may offer a second chance, and the other may still turn toward it."""
    assert state_of("bid", ("away", BEN), ("second-chance", who)) == "second_chance"
    assert state_of("bid", ("against", BEN), ("second-chance", who), ("toward", BEN)) == "toward"


def test_only_its_author_lets_a_bid_go() -> None:
    """A bid is let go by who made it, from every state but toward."""
    for steps in ([], [("away", BEN)], [("against", BEN)], [("away", BEN), ("second-chance", BEN)]):
        assert state_of("bid", *steps, ("let-go", ANA)) == "let_go"
        assert state_of("bid", *steps, ("let-go", BEN)) != "let_go"
    assert state_of("bid", ("toward", BEN), ("let-go", ANA)) == "toward"


def test_who_proposes_a_goal_has_agreed() -> None:
    """A goal of both is agreed when the one who did not propose it agrees."""
    assert state_of("goal", ("propose", ANA), ("agree", ANA)) == "proposed"
    assert state_of("goal", ("propose", ANA), ("agree", BEN)) == "agreed"
    assert state_of("goal", ("propose", BEN), ("agree", ANA), owner="ours") == "agreed"


def test_a_goal_of_both_runs_its_course() -> None:
    """A goal is activated, paused, resumed and done, by either."""
    agreed = [("propose", ANA), ("agree", BEN)]
    active = [*agreed, ("activate", BEN)]
    assert state_of("goal", *active, ("pause", ANA)) == "paused"
    assert state_of("goal", *active, ("pause", ANA), ("resume", BEN), ("done", ANA)) == "done"
    assert state_of("goal", *active, ("pause", ANA), ("done", BEN)) == "done"
    assert state_of("goal", *active, ("done", ANA), ("let-go", ANA)) == "done"
    for steps in ([], agreed[:1], agreed, active, [*active, ("pause", BEN)]):
        assert state_of("goal", *steps, ("let-go", BEN)) == "let_go"


def test_a_goal_of_ones_own_is_moved_by_its_author_only() -> None:
    """Nobody moves the other's own goal, and it needs no agreement."""
    assert state_of("goal", ("activate", BEN), owner="mine") == "dream"
    assert state_of("goal", ("propose", ANA), owner="mine") == "dream"
    steps = (("activate", ANA), ("pause", ANA), ("resume", ANA), ("done", ANA))
    assert state_of("goal", *steps, owner="mine") == "done"
    assert state_of("goal", ("let-go", ANA), owner="mine") == "let_go"
    assert state_of("goal", ("let-go", BEN), owner="mine") == "dream"


def test_a_goal_of_an_unknown_owner_stays_where_it_is() -> None:
    """An owner that this version does not know allows no step."""
    assert state_of("goal", ("let-go", ANA), ("propose", BEN), owner="theirs") == "dream"


def test_the_fields_of_a_content_are_enough() -> None:
    """What a content stores, defaults left out, decides which transitions hold."""
    goal = lifecycle_of("goal")
    assert goal.fold(ANA, Goal("x").to_fields(), [("propose", BEN)]).state == "proposed"
    assert goal.fold(ANA, Goal("x", owner="mine").to_fields(), [("activate", ANA)]).state == "active"


def test_a_milestone_is_done_or_dropped() -> None:
    """Either does it or drops it, once."""
    assert state_of("milestone", ("done", BEN)) == "done"
    assert state_of("milestone", ("drop", ANA), ("done", BEN)) == "dropped"


def test_unknown_steps_and_persons_change_nothing() -> None:
    """A step of another version, or by a person that is not known, is listed and changes nothing."""
    folded = lifecycle_of("bid").fold(ANA, {}, [("fly", BEN), ("toward", None), ("toward", BEN), ("away", BEN)])
    assert (folded.state, folded.illegal, folded.entered_by) == ("toward", (0, 1, 3), BEN)


def test_steps_for_names_what_a_person_can_do_now() -> None:
    """What is offered is what would change the state, for this person."""
    bid, goal = lifecycle_of("bid"), lifecycle_of("goal")
    made = bid.fold(ANA, {}, [])
    assert bid.steps_for(made, author=ANA, person=ANA, content_fields={}) == ("let-go",)
    assert bid.steps_for(made, author=ANA, person=BEN, content_fields={}) == ("toward", "away", "against")
    proposed = goal.fold(ANA, {}, [("propose", BEN)])
    assert goal.steps_for(proposed, author=ANA, person=BEN, content_fields={}) == ("let-go",)
    assert goal.steps_for(proposed, author=ANA, person=ANA, content_fields={}) == ("agree", "let-go")


def test_writing_counts_as_leading_into_the_first_state() -> None:
    """Where both must agree at once, the author has, by writing the entry."""
    agreement = Lifecycle("proposed", (Transition("proposed", "sign", "in_force", "both"),))
    assert agreement.fold(ANA, {}, [("sign", ANA)]).state == "proposed"
    assert agreement.fold(ANA, {}, [("sign", BEN)]).state == "in_force"
    assert agreement.states == ("proposed", "in_force")


def test_a_table_with_an_unknown_person_is_refused() -> None:
    """A mistake in a table is found when it is declared."""
    with pytest.raises(ValueError, match="by"):
        Transition("a", "b", "c", "nobody")  # type: ignore[arg-type]


def test_an_empty_table_has_one_state() -> None:
    """A lifecycle without transitions stays in its first state and notes every step."""
    folded = Lifecycle("there", ()).fold(ANA, {}, [("go", BEN), ("go", ANA)])
    assert (folded.state, folded.illegal) == ("there", (0, 1))
