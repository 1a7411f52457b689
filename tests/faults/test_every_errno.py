"""The n-th call to the disk fails, for every n, once and from then on, in eight ways: all or nothing, and then on."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from faults.errnos import ERRNOS, ErrnoDisk, Three

import couplejournal as cj
from couplejournal.errors import CouplejournalError
from couplejournal.journal import Journal
from couplejournal.journal.doctor import examine
from couplejournal.journal.exporting import UNFINISHED
from couplejournal.testing.couples import Couple

PROMPT = "winter plans"
TEXT = "written meanwhile"
Act = Callable[[Couple], object]
Holds = Callable[[Couple], bool]


@dataclass(frozen=True)
class Case:
    """An act of Ana's: what comes before it, and what holds when it is done. It may be done again until it is."""

    name: str
    act: Act
    is_done: Holds
    before: Act = lambda _: None
    is_strict: bool = False  # where it raises, nothing of it stands there


def texts(journal: Journal) -> list[str]:
    """Return the texts that both can read, sorted; twice what stands there twice."""
    return sorted(entry.text for entry in journal.entries(audience="shared"))


def _ana(couple: Couple) -> Journal:
    return couple.journals[0]


def _entry_of(couple: Couple) -> str:
    return next(_ana(couple).entries(text="laptop before")).id


def _write_privately(couple: Couple) -> None:
    _ana(couple).add(cj.Note(TEXT))


def _share(couple: Couple) -> object:
    return _ana(couple).share(next(_ana(couple).entries(text=TEXT)).id)


def _let_ben_write(couple: Couple) -> None:
    couple.journals[1].add(cj.Bid("ben later"))
    couple.journals[1].sync()
    couple.settle()


def _let_both_seal(couple: Couple) -> None:
    _ana(couple).answers.seal(PROMPT, "the sea")
    couple.sync()
    couple.journals[1].answers.seal(PROMPT, "mountains")
    couple.journals[1].sync()
    couple.settle()


def _sync_twice(couple: Couple) -> None:
    """Open what both have sealed: Ana says so, Ben's device does, and Ana's takes it."""
    for journal in (_ana(couple), couple.journals[1], _ana(couple)):
        journal.sync()
        couple.settle()


def _lose_a_file(couple: Couple) -> None:
    disk = _ana(couple).device.disk
    assert isinstance(disk, ErrnoDisk)
    book = _ana(couple).device.shared
    assert book is not None
    theirs = next(one for one in book.held() if not one.is_mine and not one.is_key)
    path = _ana(couple).home.data / theirs.path
    disk.inner.files[path] = disk.inner.files[path][:-1] + b"?"


def _repair(couple: Couple) -> object:
    ana = _ana(couple)
    return examine(ana.home, disk=ana.device.disk, system=ana.device.system, passphrase=None, repair=True)


def _exported(couple: Couple, name: str) -> set[str]:
    return {listed.name for listed in _ana(couple).device.disk.list(couple.folder / name)}


def _export(couple: Couple) -> object:
    """Export, and where something is left that could not be taken away, as the hint says: into another folder."""
    left = _exported(couple, "exported")
    assert not left or UNFINISHED in left, "what is left of an export looks like one"
    return _ana(couple).export(couple.folder / ("exported again" if left else "exported"))


def _is_exported(couple: Couple) -> bool:
    every = (_exported(couple, "exported"), _exported(couple, "exported again"))
    return any("journal.txt" in names and UNFINISHED not in names for names in every)


def _has_left(couple: Couple) -> bool:
    return not _ana(couple).is_shared


def _is_removed(couple: Couple) -> bool:
    return not any(device.name == "phone" and device.is_live for device in _ana(couple).devices)


CASES = [
    Case("add", lambda c: _ana(c).add(cj.Bid(TEXT)), lambda c: texts(_ana(c)).count(TEXT) == 1, is_strict=True),
    Case(
        "revise", lambda c: _ana(c).revise(_entry_of(c), cj.Bid("laptop before, revised")),
        lambda c: "laptop before, revised" in texts(_ana(c)), is_strict=True,
    ),
    Case("share", _share, lambda c: texts(_ana(c)).count(TEXT) == 1, _write_privately, is_strict=True),
    Case("sync in", lambda c: _ana(c).sync(), lambda c: "ben later" in texts(_ana(c)), _let_ben_write),
    Case(
        "sync out", lambda c: _ana(c).sync(), lambda c: _ana(c).status().outbox >= 0,
        lambda c: _ana(c).add(cj.Bid(TEXT)),
    ),
    Case(
        "seal", lambda c: _ana(c).answers.seal(PROMPT, "the sea"), lambda c: _ana(c).answers.of(PROMPT).mine != "none",
        is_strict=True,
    ),
    Case("release", _sync_twice, lambda c: "mountains" in texts(_ana(c)), _let_both_seal),
    Case("remove a device", lambda c: _ana(c).removal("phone").carry_out(), _is_removed),
    Case("leave", lambda c: _ana(c).parting.leave(), _has_left),
    Case("export", _export, _is_exported),
    Case("repair", _repair, lambda _: True, _lose_a_file),
]  # fmt: skip


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Three:
    """Return Ana's laptop, Ben and Ana's phone."""
    return Three(tmp_path_factory.mktemp("three"))


def calls_of(three: Three, case: Case) -> int:
    """Return how many calls an act makes while nothing goes wrong."""
    couple, disk = three.copy()
    case.before(couple)
    disk.plant(0)
    case.act(couple)
    count = disk.count
    assert case.is_done(couple), f"{case.name} is never done"
    return count


def strike(three: Three, case: Case, at: int, number: int, *, is_lasting: bool) -> None:
    """Let one act fail, lift the fault, and look: all or nothing, and everything goes on."""
    couple, disk = three.copy()
    case.before(couple)
    known = texts(_ana(couple))
    disk.plant(at, number, is_lasting=is_lasting)
    refused: CouplejournalError | None = None
    try:
        case.act(couple)
    except CouplejournalError as error:
        refused = error
    is_refused = refused is not None
    assert "\n" not in str(refused)
    assert str(couple.folder) not in str(refused)
    assert disk.hits or not is_refused
    disk.plant(0)
    if at % 3 == 0:
        couple.restart(0)
    if is_refused and case.is_strict:
        assert texts(_ana(couple)) == known, "what was refused stands there"
    if not is_refused and case.is_strict:
        assert case.is_done(couple), "what was said to be done is not there"
    if not case.is_done(couple):
        case.act(couple)
        assert case.is_done(couple), "it cannot be done again"
    require_going_on(couple, known)


def require_going_on(couple: Couple, known: list[str]) -> None:
    """Nothing that was known is lost, the next entries are written, all see the same, and nobody suspects a copy."""
    ana, ben = couple.journals[:2]
    for journal in (ana, ben):
        journal.add(cj.Bid(f"{journal.home.config.parent.name} afterwards"))
    couple.sync()
    for journal in (ana, ben):
        shown = texts(journal)
        changed = {text for text in known if "laptop before" in text}  # may be revised
        assert set(known) - changed <= set(shown)
        assert len(shown) == len(set(shown)), "an entry stands there twice"
    if ana.is_shared:
        assert texts(ana) == texts(ben)
        assert {"ana afterwards", "ben afterwards"} <= set(texts(ana))
    else:
        assert "ana afterwards" in {entry.text for entry in ana.entries()}
    assert not [one for one in ana.notices() if one.code in ("restored", "cloned", "gap", "forked")]


def told(three: Three, case: Case, step: int, shift: int, *, each: bool) -> tuple[int, int]:
    """Strike at every ``step``-th call, with one errno or with ``each``; return how many calls there are, how often."""
    count = 0
    calls = calls_of(three, case)
    for at in range(1 + shift % step, calls + 1, step):
        for is_lasting in (False, True):
            numbers = ERRNOS if each else (ERRNOS[(at // step + 3 * is_lasting) % len(ERRNOS)],)
            for number in numbers:
                count += 1
                try:
                    strike(three, case, at, number, is_lasting=is_lasting)
                except BaseException as error:
                    error.add_note(f"{case.name}, call {at}, {os.strerror(number)}, {is_lasting=}")
                    raise
    return calls, count


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_some_calls_fail(three: Three, case: Case) -> None:
    """At some calls of each act the disk fails: all or nothing, and everything goes on afterwards."""
    count = calls_of(three, case)
    told(three, case, count, range(count // 2, 2, -1 - count // 11)[CASES.index(case) % 4], each=False)


@pytest.mark.long
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_any_call_fails(three: Three, case: Case, request: pytest.FixtureRequest) -> None:
    """At many calls of each act, with `make crashes` at all with each errno: all or nothing, and everything goes on."""
    is_whole = request.config.getoption("--hypothesis-profile") == "soak"
    calls, count = told(three, case, 1 if is_whole else 13, CASES.index(case), each=is_whole)
    print(f"\n{case.name}: at {calls} calls to the disk 0 of {count} failures left a trace")
