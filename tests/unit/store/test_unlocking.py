"""Unlocking for some hours, and locking again."""

from __future__ import annotations

from pathlib import Path

import pytest
from keystores import SECRETS, Bench, posix_only

from couplejournal.errors import LockedError, SetupError, UnlockError
from couplejournal.seal import passphrase as passphrase_module
from couplejournal.store.header import Mode
from couplejournal.store.home import Home
from couplejournal.store.unlocking import LONGEST_UNLOCK_S


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """Return a home with nothing in it."""
    return Bench(tmp_path)


def test_unlock_opens_without_passphrase_until_locked(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """While unlocked nothing is asked and nothing derived; lock ends it and says whether there was anything."""
    assert bench.create().unlock(3600)
    with monkeypatch.context() as patch:
        patch.setattr(passphrase_module, "Argon2id", None)
        assert bench.open().secrets == SECRETS
    assert bench.lock()
    assert not bench.lock()
    assert not bench.lent
    with pytest.raises(LockedError):
        bench.open()


@pytest.mark.parametrize("mode", ["keychain", "open"])
def test_what_needs_no_passphrase_needs_no_unlock(bench: Bench, mode: Mode) -> None:
    """Unlock says that there is nothing to do, and leaves no key anywhere."""
    made = bench.create(mode)
    before = dict(bench.chain.items)
    assert not made.unlock(3600)
    assert not bench.lent
    assert bench.chain.items == before


@pytest.mark.parametrize("by_ms", [3_600_000, 10**12, -1])
@pytest.mark.parametrize("has_session", [True, False])
def test_an_unlock_ends_with_its_time(bench: Bench, by_ms: int, *, has_session: bool) -> None:
    """After the time, or with the clock set back before its begin, the key is neither used nor kept."""
    if not has_session:
        bench.without_session()
    bench.create().unlock(3600)
    bench.machine.now += 3_599_999
    assert bench.open().secrets == SECRETS
    bench.machine.now += by_ms - 3_599_999
    with pytest.raises(LockedError):
        bench.open()
    assert not bench.lent
    assert not bench.chain.items


def test_an_unlock_ends_with_the_start_of_the_machine(bench: Bench) -> None:
    """A key that outlived a restart is neither used nor kept."""
    bench.create().unlock(3600)
    bench.machine.boot = "second start"
    with pytest.raises(LockedError):
        bench.open()
    assert not bench.lent


@pytest.mark.parametrize(("seconds", "error"), [(0, ValueError), (-1, ValueError), (LONGEST_UNLOCK_S + 1, SetupError)])
def test_an_unlock_has_a_sensible_length(bench: Bench, seconds: int, error: type[Exception]) -> None:
    """No time at all is a programmer's error, more than a month a refusal."""
    made = bench.create()
    with pytest.raises(error):
        made.unlock(seconds)
    assert not bench.lent


def test_an_unlock_survives_saves_and_ends_with_the_keystore(bench: Bench) -> None:
    """A save by anybody leaves it valid; a keystore made anew, even with the same passphrase, is not opened by it."""
    made = bench.create()
    made.unlock(3600)
    made.save(SECRETS)
    assert bench.open().secrets == SECRETS
    bench.path.unlink()
    bench.create()
    with pytest.raises(LockedError):
        bench.open()


def test_two_homes_of_one_user_unlock_apart(bench: Bench, tmp_path: Path) -> None:
    """The session's folder is the same for both, the key is not: locking one leaves the other."""
    (tmp_path / "ben").mkdir()
    other = Bench(tmp_path / "ben")
    other.home = Home.locate(tmp_path / "ben", {"XDG_RUNTIME_DIR": str(tmp_path / "run")})
    bench.create().unlock(3600)
    other.create().unlock(3600)
    assert len(bench.lent) == 2
    bench.lock()
    assert other.open().secrets == SECRETS
    with pytest.raises(LockedError):
        bench.open()


@posix_only
def test_the_lent_key_is_for_its_owner_alone(bench: Bench) -> None:
    """Folder 0700, file 0600."""
    bench.create().unlock(60)
    (path,) = bench.lent
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_junk_in_the_session_folder_is_no_key(bench: Bench) -> None:
    """Bytes that are no loan are passed over without an error, and the next unlock replaces them."""
    made = bench.create()
    made.unlock(60)
    (path,) = bench.lent
    for junk in (b"", b"\xff" * 100, b"\x81", bytes(1 << 20)):
        path.write_bytes(junk)
        with pytest.raises(LockedError):
            bench.open()
    made.unlock(60)
    assert bench.open().secrets == SECRETS


def test_without_a_session_folder_the_keychain_lends(bench: Bench) -> None:
    """Where there is no session folder the keychain keeps the key until lock, and is asked only while it does."""
    bench.without_session().create().unlock(60)
    assert bench.open().secrets == SECRETS
    assert bench.lock()
    assert not bench.chain.items
    bench.chain.is_answering = False
    with pytest.raises(LockedError):
        bench.open()
    assert not bench.lock()


def test_a_keychain_that_fails_during_unlock_leaves_no_mark(bench: Bench) -> None:
    """After a failed unlock nothing says that a key is lent."""
    made = bench.without_session().create()
    bench.chain.is_answering = False
    with pytest.raises(UnlockError):
        made.unlock(60)
    assert not list(bench.home.state.iterdir())
