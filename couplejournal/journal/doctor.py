"""Examine a home and its shared folder, whatever state they are in, and put right what is safe to put right.

Each check stands alone: one that fails is a finding, and the next goes on. A repair counts when a second look no longer
finds the fault. Nothing here shows a word of the journal, or a key.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs

from couplejournal.errors import CouplejournalError, NoJournalError
from couplejournal.journal import checkbooks, checkdrive, checkhome
from couplejournal.journal.health import Check, Examined, Fault, Finding, Ground, fault

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from couplejournal.disk import Disk
    from couplejournal.store.home import Home
    from couplejournal.system import System

CHECKS: Final[Mapping[str, Check]] = {
    "program": checkhome.check_program,
    "rights": checkhome.check_rights,
    "leftovers": checkhome.check_leftovers,
    "settings": checkhome.check_settings,
    "state": checkhome.check_state,
    "keystore": checkhome.check_keystore,
    "copies": checkbooks.check_copies,
    "books": checkbooks.check_books,
    "notices": checkbooks.check_notices,
    "folder": checkdrive.check_folders,
    "watching": checkbooks.check_watching,
}


def examine(
    home: Home,
    *,
    disk: Disk,
    system: System,
    passphrase: str | Callable[[], str] | None = None,
    repair: bool = False,
    more: Mapping[str, Check] | None = None,
) -> Examined:
    """Return what is found in a home; with ``repair`` what is safe is put right, and told.

    ``passphrase`` is asked for only where one is needed; without it, what only the keys can tell is left out. ``more``
    are checks of what stands above the journal.

    Raises:
        NoJournalError: there is nothing here to examine.
    """
    ground = Ground(home, disk, system, passphrase)
    if ground.has_none and not _has_anything(ground):
        raise NoJournalError("there is no journal here yet", hint="make one with 'couplejournal init'")
    checks = {**CHECKS, **(more or {})}
    faults = _faults(ground, checks)
    if not (repair and any(one.repair for one in faults)):
        return _examined(ground, checks, [one.finding for one in faults])
    for one in faults:
        if one.repair is not None:
            _put_right(one.repair)
    again = Ground(home, disk, system, passphrase)
    left = [one.finding for one in _faults(again, checks)]
    still = {finding.code for finding in left}
    was = [one.finding for one in faults if not one.finding.code.endswith(("-unchecked", "-failed"))]
    repaired = [finding for finding in was if finding.code not in still]
    return attrs.evolve(_examined(again, checks, left), repaired=tuple(repaired))


def _examined(ground: Ground, checks: Mapping[str, Check], findings: list[Finding]) -> Examined:
    return Examined(
        findings=tuple(findings), notes=tuple(dict.fromkeys(ground.notes)), checks=tuple(checks), books=ground.books,
        files=ground.files,
    )  # fmt: skip


def _faults(ground: Ground, checks: Mapping[str, Check]) -> list[Fault]:
    """Return what all checks find; one that cannot go on says so in a finding."""
    found: list[Fault] = []
    for name, check in checks.items():
        try:
            found.extend(check(ground))
        except CouplejournalError as error:
            cause = f"the check of the {name} could not be finished: {error}"
            found.append(fault(f"{name}-unchecked", cause, error.hint or "look at what else is found, then try again"))
        except Exception as error:  # noqa: BLE001 - whatever lies on the disk, the other checks go on
            cause = f"the check of the {name} failed inside couplejournal ({type(error).__name__})"
            found.append(fault(f"{name}-failed", cause, "report it"))
    return found


def _put_right(repair: Callable[[], object]) -> None:
    """Try a repair; whether it worked, the second look says."""
    try:
        repair()
    except Exception:  # noqa: BLE001 - the fault is then found again
        return


def _has_anything(ground: Ground) -> bool:
    try:
        home = ground.home
        return bool(ground.replicas() or ground.disk.list(home.config) or ground.disk.list(home.state))
    except CouplejournalError:
        return True
