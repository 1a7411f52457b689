"""Attacks on where keys are kept: test 48 of the list of attacks, and the key that an unlock lends."""

from __future__ import annotations

import os
import sys
import types
from pathlib import Path

import pytest
from keystores import PASSPHRASE, SECRETS, Chain

from couplejournal.disk import RealDisk
from couplejournal.errors import LockedError, SetupError, UnlockError
from couplejournal.seal.passphrase import SMALLEST_EFFORT
from couplejournal.store.header import Mode
from couplejournal.store.home import Home
from couplejournal.store.keystore import Keystore
from couplejournal.system import RealSystem


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Return a home with a session folder of its own."""
    (tmp_path / "run").mkdir(mode=0o700)
    return Home.locate(tmp_path / "ana", {"XDG_RUNTIME_DIR": str(tmp_path / "run")})


def create(home: Home, mode: Mode = "passphrase", chain: Chain | None = None) -> Keystore:
    """Make a keystore with the least effort that is allowed."""
    given = PASSPHRASE if mode == "passphrase" else None
    return Keystore.create(
        home, RealDisk(), RealSystem(), SECRETS, mode=mode, passphrase=given, effort=SMALLEST_EFFORT, keychain=chain
    )


def open_with(home: Home, passphrase: str | None = PASSPHRASE, chain: Chain | None = None) -> Keystore:
    """Open the keystore."""
    return Keystore.open(home, RealDisk(), RealSystem(), passphrase=passphrase, keychain=chain)


def backend_named(module: str, name: str, priority: float) -> object:
    """Return a backend of keyring that works perfectly and comes from a module of this name."""
    kept: dict[str, str] = {}
    members = {
        "__module__": module,
        "priority": priority,
        "get_password": lambda _self, _service, item: kept.get(item),
        "set_password": lambda _self, _service, item, value: kept.update({item: value}),
        "delete_password": lambda _self, _service, item: kept.pop(item),
    }
    return types.new_class(name, (), {}, lambda space: space.update(members))()


def use_backend(monkeypatch: pytest.MonkeyPatch, backend: object) -> None:
    """Let keyring answer with this backend."""
    monkeypatch.setitem(sys.modules, "keyring", types.SimpleNamespace(get_keyring=lambda: backend))


UNSAFE = {
    "null": backend_named("keyring.backends.null", "Keyring", 5),
    "fail": backend_named("keyring.backends.fail", "Keyring", 5),
    "plain text": backend_named("keyrings.alt.file", "PlaintextKeyring", 5),
    "plain text of others": backend_named("somebody.elses", "PlainTextKeyring", 5),
    "encrypted in a file": backend_named("keyrings.alt.file", "EncryptedKeyring", 5),
    "not recommended": backend_named("somebody.elses", "Keyring", 0.5),
    "a chain of none": types.SimpleNamespace(backends=[], priority=10),
    "a chain that begins badly": types.SimpleNamespace(
        backends=[backend_named("keyrings.alt.file", "PlaintextKeyring", 5)], priority=10
    ),
}


@pytest.mark.parametrize("kind", UNSAFE)
def test_48_unsafe_backends_are_refused_with_the_reason(
    home: Home, kind: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Nothing is made in keychain mode, and no key is lent, over a backend that keeps nothing or keeps it readable."""
    use_backend(monkeypatch, UNSAFE[kind])
    with pytest.raises(UnlockError, match=r"not safe for keys: .+") as caught:
        create(home, "keychain")
    assert caught.value.hint
    assert not home.keystore_path.exists()
    made = create(Home.locate(tmp_path / "ana", {}))
    with pytest.raises(UnlockError, match="no safe place") as caught:
        made.unlock(60)
    assert caught.value.hint


def test_48_the_real_null_and_fail_backends_are_refused(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """The classes of the real package, and classes made from them, are known for what they are."""
    keyring = pytest.importorskip("keyring")
    null, fail = pytest.importorskip("keyring.backends.null"), pytest.importorskip("keyring.backends.fail")
    derived = type("Better", (null.Keyring,), {"priority": 9})
    for backend in (null.Keyring(), fail.Keyring(), derived()):
        monkeypatch.setattr(keyring, "get_keyring", lambda backend=backend: backend)
        with pytest.raises(UnlockError, match="nothing would be kept"):
            create(home, "keychain")


def test_48_a_safe_backend_is_used(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """A recommended backend of another name is accepted; of a chain the first alone holds the key."""
    first = backend_named("keyring.backends.SecretService", "Keyring", 5)
    second = backend_named("keyrings.alt.file", "PlaintextKeyring", 0.5)
    use_backend(monkeypatch, types.SimpleNamespace(backends=[first, second], priority=10))
    create(home, "keychain")
    use_backend(monkeypatch, first)
    assert open_with(home, None).secrets == SECRETS


def test_48_a_backend_that_forgets_at_once_is_refused(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key that cannot be read back seals nothing."""
    forgetful = backend_named("somebody.elses", "Keyring", 5)
    type(forgetful).get_password = lambda *_args: None  # type: ignore[attr-defined]
    use_backend(monkeypatch, forgetful)
    with pytest.raises(UnlockError, match="did not keep"):
        create(home, "keychain")
    assert not home.keystore_path.exists()


@pytest.mark.parametrize("inside", ["drive", "drive/0123456789abcdef0123456789abcdef"])
def test_48_a_keystore_inside_a_drive_or_replica_is_refused(tmp_path: Path, inside: str) -> None:
    """Nothing is made inside a folder that looks like a journal's."""
    book = tmp_path / "drive" / "0123456789abcdef0123456789abcdef"
    (book / "streams").mkdir(parents=True)
    (book / "book.cj").write_bytes(b"x")
    home = Home.locate(tmp_path / inside / "ana", {})
    with pytest.raises(SetupError, match="keystore"):
        create(home)
    assert not home.config.exists()


@pytest.mark.skipif(os.name != "posix", reason="owners and modes of POSIX")
@pytest.mark.parametrize("which", ["file", "folder", "session"])
def test_a_lent_key_that_others_could_reach_is_not_used(home: Home, which: str) -> None:
    """A mode too open, of the file, its folder, or (writable by others) the session's folder, ends the unlock."""
    create(home).unlock(3600)
    assert home.runtime is not None
    (path,) = home.runtime.iterdir()
    {"file": path, "folder": path.parent, "session": path.parent.parent}[which].chmod(0o777)
    with pytest.raises(LockedError):
        open_with(home, None)
    assert Keystore.lock(home, RealDisk())


@pytest.mark.skipif(os.name != "posix", reason="owners and modes of POSIX")
@pytest.mark.parametrize("which", ["file", "folder", "session"])
def test_a_lent_key_of_another_owner_is_not_used(home: Home, which: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever another user put there, at any level, is passed over, and no key is put into it."""
    made = create(home)
    made.unlock(3600)
    assert home.runtime is not None
    (path,) = home.runtime.iterdir()
    foreign = {"file": path, "folder": path.parent, "session": path.parent.parent}[which]
    real = os.lstat

    def lstat(looked_at: Path) -> object:
        about = real(looked_at)
        owner = about.st_uid + 1 if looked_at == foreign else about.st_uid
        return types.SimpleNamespace(st_uid=owner, st_mode=about.st_mode)

    monkeypatch.setattr("couplejournal.store.unlocking.os.lstat", lstat)
    with pytest.raises(LockedError):
        open_with(home, None)
    if which != "file":
        use_backend(monkeypatch, UNSAFE["null"])
        with pytest.raises(UnlockError, match="no safe place"):
            made.unlock(3600)


@pytest.mark.skipif(os.name != "posix", reason="links of POSIX")
def test_a_lent_key_behind_a_link_is_not_used(home: Home, tmp_path: Path) -> None:
    """A link in place of the file or of its folder is passed over, wherever it leads."""
    create(home).unlock(3600)
    assert home.runtime is not None
    (path,) = home.runtime.iterdir()
    path.rename(tmp_path / "moved")
    path.symlink_to(tmp_path / "moved")
    with pytest.raises(LockedError):
        open_with(home, None)
    path.unlink()
    (tmp_path / "moved").rename(path)
    home.runtime.rename(tmp_path / "folder")
    home.runtime.symlink_to(tmp_path / "folder")
    with pytest.raises(LockedError):
        open_with(home, None)
