"""Sealed answers at two command lines: what is said before and after, and what is never said."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from cli.conftest import CommandLine, Done

from couplejournal.cli.answers import state_words
from couplejournal.journal.answers import Answering, Theirs
from couplejournal.testing.couples import pair

PROMPT = "winter plans"
NAGGING = ("waiting for you", "not yet answered", "hurry", "still", "remind")


@pytest.fixture
def both(tmp_path: Path, command_line: Callable[[str], CommandLine]) -> tuple[CommandLine, CommandLine]:
    """Return the command lines of Ana and Ben, who share a journal."""
    pair(tmp_path).close()
    return command_line("ana"), command_line("ben")


def exchange(*people: CommandLine) -> None:
    """Sync in turn, without the deadline of other commands, which a busy machine misses."""
    for person in people:
        assert person("sync").code == 0


def listed(done: Done) -> list[dict[str, object]]:
    """Return what a listing printed as JSON."""
    found = json.loads(done.out)
    assert found["schema"] == "couplejournal.answers/1"
    answers: list[dict[str, object]] = found["answers"]
    return answers


def test_the_whole_way(both: tuple[CommandLine, CommandLine]) -> None:
    """Seal on both sides; the second command opens its own, the other's next look opens the rest; both can read."""
    ana, ben = both
    done = ana("seal", PROMPT, "-", stdin="the sea\n")
    assert (done.code, done.out) == (0, "yours is sealed; it opens once both have answered\n")
    for told in ("nobody reads it before both have answered", "cannot be changed", "has to open first", "4 KiB"):
        assert told in " ".join(done.err.split())
    exchange(ana, ben)
    done = ben("answers")
    assert done.out == f"{PROMPT}  sealed by Ana; you can `seal` yours, or `skip` it\n"
    assert "the sea" not in ben("log").out
    done = ben("seal", PROMPT, "mountains")
    assert done.out == "both have answered: yours is open, that of Ana is closed\n"
    exchange(ben, ana, ben)
    assert ana("answers").out == ""
    [open_] = listed(ana("answers", "--all", "--json"))
    assert (open_["mine"], open_["theirs"]) == ("open", "open")
    assert (open_["my_texts"], open_["their_texts"]) == (["the sea"], ["mountains"])
    shown = ben("answers", "--all").out
    assert shown.startswith(f"{PROMPT}  both are open: `show ")
    log = ben("log").out
    assert "the sea" in log
    assert f"prompt: {PROMPT}" in log
    first = open_["entries"]
    assert isinstance(first, list)
    assert "the sea" in ana("show", str(first[0])).out


def test_an_entry_as_a_prompt(both: tuple[CommandLine, CommandLine]) -> None:
    """An entry is named by the beginning of its id, and shown with it instead of 64 digits."""
    ana, ben = both
    bid = json.loads(ana("bid", "Walk?", "--json").out)["id"]
    exchange(ana, ben)
    assert ben("seal", bid[:6], "yes").code == 0
    exchange(ben, ana)
    assert ana("answers").out.startswith(f"{bid[:6]}  sealed by Ben")
    assert ana("seal", bid[:6], "please").code == 0
    exchange(ana, ben, ana)
    shown = ana("show", bid[:6]).out
    assert f"answer · to {bid[:6]}" in shown
    assert "prompt" not in shown
    assert "yes" in shown


def test_what_waits_is_said_for_oneself_alone(both: tuple[CommandLine, CommandLine]) -> None:
    """The listing names what I can answer first, and never what the other should do."""
    ana, ben = both
    ana("seal", "hers", "x")
    ben("seal", "his", "x")
    exchange(ben, ana, ben)
    done = ana("answers")
    assert [line.split()[0] for line in done.out.splitlines()] == ["his", "hers"]
    for word in NAGGING:
        assert word not in done.out.lower()
    assert ana("skip", "his").out == "skipped; it stays with you\n"
    assert [one["prompt"] for one in listed(ana("answers", "--json"))] == ["hers"]
    assert ben("answers").out.splitlines() == [
        "hers  sealed by Ana; you can `seal` yours, or `skip` it",
        "his   yours is sealed; it opens once both have answered",
    ]


def test_taking_back(both: tuple[CommandLine, CommandLine]) -> None:
    """What is taken back says so, cannot be taken back again, and is out of the listing of both."""
    ana, ben = both
    ana("seal", PROMPT, "the sea")
    done = ana("withdraw", PROMPT, "--json")
    assert json.loads(done.out)["mine"] == "withdrawn"
    assert ana("withdraw", PROMPT).code == 1
    exchange(ana, ben)
    assert (ana("answers").out, ben("answers").out) == ("", "")
    assert ana("answers", "--all").out == f"{PROMPT}  taken back\n"


def test_an_end_that_will_not_do_costs_no_text(both: tuple[CommandLine, CommandLine]) -> None:
    """What would be refused is refused before anybody typed: a past end, a second answer, an unknown id."""
    ana, _ = both
    ana("seal", "done", "x")
    for args in (("new", "--until", "2020-01-01"), ("new", "--until", "soon"), ("done",), ("decade",)):
        done = ana("seal", *args, stdin="typed for nothing", terminal=True)
        assert (done.code, "Your answer" in done.err) == (1, False), args
    done = ana("seal", "new", "--until", "2099-01-01", "--json", stdin="", terminal=False)
    assert done.code == 2
    done = ana("seal", "new", "x", "--until", "2099-01-01T12:00Z")
    assert done.out.startswith("yours is sealed; it opens once both have answered · until 2099-01-01")
    assert ana("seal", "newer", "-", stdin=" \n").code == 1


def test_without_a_partner(command_line: Callable[[str], CommandLine]) -> None:
    """Sealing in a journal of one says what is missing; listing and leaving a prompt work."""
    ana = command_line("ana")
    ana("init", "--name", "Ana", "--no-passphrase")
    done = ana("seal", PROMPT, "the sea")
    assert done.code == 1
    assert "there is no shared journal yet" in done.err
    assert ana("answers").code == 0
    assert ana("skip", PROMPT, "--json").code == 0
    assert ana("answers", "--all").out == f"{PROMPT}  skipped\n"
    assert "seal PROMPT" in ana("add", "answer", "x").err


def test_a_prompt_of_the_other_is_neutralised(both: tuple[CommandLine, CommandLine]) -> None:
    """A prompt is what the other typed: no terminal obeys it."""
    import couplejournal as cj
    from couplejournal.book import Draft
    from couplejournal.seal.answers import Place, seal_answer

    ana, ben = both
    with cj.open(home=ben.home) as journal:
        shared = journal.device.shared
        assert shared is not None
        place = Place(shared.id, "\x1b[31mred\u202e", shared.person)
        shared.append([Draft("seal", seal_answer("x", place, key=b"k" * 32, recipients={}))])
    exchange(ben, ana)
    done = ana("answers")
    assert "red" in done.out
    assert "\x1b" not in done.out + ana("answers", "--json").out
    assert "\u202e" not in done.out


@pytest.mark.parametrize(
    ("theirs", "is_due", "is_given", "said"),
    [
        ("sealed", True, False, "both have answered; it opens with the next sync"),
        ("sealed", False, False, "both have answered; it stays closed until more has come here"),
        ("sealed", False, True, "does not count; it stays closed here"),
        ("none", False, True, "does not count; it stays closed here"),
        ("none", False, False, "it opens once both have answered"),
    ],
)
def test_an_answer_is_said_to_open_only_when_it_does(
    theirs: Theirs, said: str, *, is_due: bool, is_given: bool
) -> None:
    """Of a sealed answer that was given away, or that waits for something, nobody is told that it opens next."""
    one = Answering(prompt=PROMPT, mine="sealed", theirs=theirs, is_due=is_due, is_given=is_given)
    told = state_words(one, "Ben")
    assert told.endswith(said)
    assert "Ben" not in told


@pytest.mark.parametrize(("prompt", "searched"), [("overlap:ready", True), ("overlap:wishes", False)])
def test_no_screen_shows_a_line_of_one_list_alone(
    both: tuple[CommandLine, CommandLine], prompt: str, *, searched: bool
) -> None:
    """F31: the limits are said first; then no screen of Ben's has Ana's other line, and she has her whole list."""
    ana, ben = both
    done = ana("seal", prompt, "-", stdin="money\nfaith\n")
    assert "another program on your partner's device could read your whole list" in " ".join(done.err.split())
    exchange(ana, ben)
    ben("seal", prompt, "-", stdin="Money\nwork\n")
    exchange(ben, ana, ben)
    [open_] = listed(ben("answers", "--all", "--json"))
    assert open_["their_texts"] == ["money"]
    [first, second] = [str(entry) for entry in open_["entries"]]  # type: ignore[attr-defined]
    screens = [("log",), ("log", "--json"), ("show", first), ("show", second), ("answers", "--all"), ("today",)]
    screens += [("search", "faith", "--tender"), ("search", "work", "--tender")]
    for screen in screens:
        assert "faith" not in ben(*screen).out
    assert "oney" in ben("show", first).out
    assert ("oney" in ben("search", "money").out) == searched
    [mine] = listed(ana("answers", "--all", "--json"))
    assert (mine["my_texts"], mine["their_texts"]) == (["money\nfaith"], ["Money"])
