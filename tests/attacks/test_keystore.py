"""Attacks on the keystore's file: tests 46, 47, 50 and 51 of the list of attacks."""

from __future__ import annotations

import base64
import functools
import os
import struct
import time
from pathlib import Path

import pytest
from keystores import MODES, PASSPHRASE, SECRETS, Chain, seed

from couplejournal.disk import RealDisk
from couplejournal.errors import LockedError, UnlockError, WrongPassphraseError
from couplejournal.ops.domains import digest
from couplejournal.seal import passphrase as passphrase_module
from couplejournal.seal.passphrase import SMALLEST_EFFORT, Effort, derive_key
from couplejournal.store import keystore as keystore_module
from couplejournal.store.header import CHECK_BYTES, HEADER_BYTES, Mode
from couplejournal.store.home import Home
from couplejournal.store.keystore import Keystore
from couplejournal.system import RealSystem

RUN_BYTES = 12
GENERIC = "the keystore did not open: the passphrase is wrong, or the file is damaged"


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


def spellings(secret: bytes) -> set[bytes]:
    """Return runs of a secret as a disk might hold them: as they are, in hex, and in base64 at each phase."""
    found = set()
    for start in range(len(secret) - RUN_BYTES + 1):
        run = secret[start : start + RUN_BYTES]
        found |= {
            run,
            run.hex().encode(),
            run.hex().upper().encode(),
            base64.b64encode(run),
            base64.urlsafe_b64encode(run),
        }
    return found


def what_leaks(folder: Path, secrets: dict[str, bytes]) -> set[str]:
    """Return the names of the secrets of which any run stands in any file below a folder, or in a file's name."""
    held = b"".join(
        os.fsencode(path.name) + b"\n" + (path.read_bytes() if path.is_file() else b"") for path in folder.rglob("*")
    )
    return {name for name, secret in secrets.items() if any(run in held for run in spellings(secret))}


def all_secrets() -> dict[str, bytes]:
    """Return everything that a locked device must not show."""
    named = {f"seed {number}": seed(number) for number in range(1, 8)}
    named |= {"name": SECRETS.name.encode(), "device": SECRETS.device_name.encode(), "pairing": SECRETS.pairing}
    return named | {"passphrase": PASSPHRASE.encode(), "passphrase, wide": PASSPHRASE.encode("utf-16-le")}


def test_46_files_of_a_locked_device_hold_no_secret(home: Home, tmp_path: Path) -> None:
    """After making, saving, unlocking and locking, no run of a seed, key or passphrase stands in any file."""
    made = create(home)
    made.save(SECRETS)
    made.unlock(3600)
    key = derive_key(
        PASSPHRASE, home.keystore_path.read_bytes()[HEADER_BYTES - CHECK_BYTES - 16 :][:16], SMALLEST_EFFORT
    )
    assert what_leaks(tmp_path, {"key": key}) == {"key"}, "the search must find the key while it is lent"
    assert what_leaks(tmp_path / "ana", {**all_secrets(), "key": key}) == set()
    Keystore.lock(home, RealDisk())
    assert what_leaks(tmp_path, {**all_secrets(), "key": key}) == set()


def test_46_a_keystore_under_the_keychain_holds_no_secret(home: Home, tmp_path: Path) -> None:
    """The same for keychain mode, whose key stands in no file at all."""
    chain = Chain()
    create(home, "keychain", chain).save(SECRETS)
    (key,) = chain.items.values()
    assert what_leaks(tmp_path, {**all_secrets(), "key": key}) == set()


def test_46_the_search_finds_what_open_mode_leaves_open(home: Home, tmp_path: Path) -> None:
    """The same search over an open keystore finds every secret, so that finding none means something."""
    create(home, "open")
    assert what_leaks(tmp_path, all_secrets()) == {name for name in all_secrets() if "passphrase" not in name}


def test_46_an_error_carries_no_secret(home: Home) -> None:
    """A refusal shows neither the passphrase tried nor a path, in its text, arguments, causes or notes."""
    create(home)
    tried = "a wrong passphrase that is a secret as well"
    with pytest.raises(WrongPassphraseError) as caught:
        open_with(home, tried)
    error: BaseException | None = caught.value
    while error is not None:
        shown = repr((str(error), error.args, getattr(error, "hint", ""), getattr(error, "__notes__", ())))
        assert tried not in shown
        assert str(home.config) not in shown
        error = error.__cause__ or error.__context__


@pytest.mark.parametrize(
    "wrong", ["", "correct horse battery stapl", PASSPHRASE + " ", PASSPHRASE.upper(), "x" * 10_000]
)
def test_47_a_wrong_passphrase_is_one_generic_error(home: Home, wrong: str) -> None:
    """Near or far, the error is the same, and nothing is unlocked by it."""
    create(home)
    with pytest.raises(WrongPassphraseError) as caught:
        open_with(home, wrong)
    assert str(caught.value) == GENERIC
    with pytest.raises(LockedError):
        open_with(home, None)


@pytest.mark.parametrize("mode", MODES)
def test_47_every_flip_of_the_file_is_the_same_generic_error(
    home: Home, mode: Mode, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every bit of the header and every byte of the body, in every mode: one error, one text, no other exception."""
    chain = Chain()
    create(home, mode, chain)
    monkeypatch.setattr(keystore_module, "derive_key", functools.cache(derive_key))
    whole = home.keystore_path.read_bytes()
    flips = [(at, 1 << bit) for at in range(HEADER_BYTES) for bit in range(8)]
    flips += [(at, 1 << at % 8) for at in range(HEADER_BYTES, len(whole))]
    for at, mask in flips:
        home.keystore_path.write_bytes(whole[:at] + bytes([whole[at] ^ mask]) + whole[at + 1 :])
        with pytest.raises(WrongPassphraseError) as caught:
            open_with(home, chain=chain)
        assert str(caught.value) == GENERIC
    home.keystore_path.write_bytes(whole)
    assert open_with(home, chain=chain).secrets == SECRETS


@pytest.mark.parametrize("mode", MODES)
def test_47_every_truncation_and_addition_is_the_same_generic_error(
    home: Home, mode: Mode, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every shorter file, the empty one included, and a longer one."""
    chain = Chain()
    create(home, mode, chain)
    monkeypatch.setattr(keystore_module, "derive_key", functools.cache(derive_key))
    whole = home.keystore_path.read_bytes()
    for changed in (*(whole[:length] for length in range(len(whole))), whole + b"\0"):
        home.keystore_path.write_bytes(changed)
        with pytest.raises(WrongPassphraseError) as caught:
            open_with(home, chain=chain)
        assert str(caught.value) == GENERIC


def test_47_damage_while_unlocked_is_the_same_generic_error(home: Home) -> None:
    """A lent key does not make damage look like a lock: nothing is asked, and nothing is used."""
    create(home).unlock(60)
    whole = home.keystore_path.read_bytes()
    for at in (0, HEADER_BYTES - 1, HEADER_BYTES, len(whole) - 1):
        home.keystore_path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        with pytest.raises(WrongPassphraseError):
            open_with(home, None)


def test_47_the_body_of_another_keystore_does_not_fit(home: Home, tmp_path: Path) -> None:
    """Header and body belong together, even under the same passphrase."""
    other = Home.locate(tmp_path / "ben", {})
    create(home)
    create(other)
    head, body = home.keystore_path.read_bytes()[:HEADER_BYTES], other.keystore_path.read_bytes()[HEADER_BYTES:]
    home.keystore_path.write_bytes(head + body)
    with pytest.raises(WrongPassphraseError):
        open_with(home)


def asking_for(passes: int, lanes: int, memory_kib: int) -> bytes:
    """Return a keystore that is well-formed in every way and asks for this effort."""
    packed = struct.pack(">4sBIIQ16s", b"CJK1", 1, passes, lanes, memory_kib, bytes(16))
    return packed + digest("keystore", packed)[:CHECK_BYTES] + bytes(200)


EFFORTS = {
    "8 GiB": (3, 4, 8 << 20),
    "a million passes": (10**6, 4, 1 << 18),
    "2^24 lanes": (3, 1 << 24, 1 << 18),
    "2^33 KiB": (3, 4, 1 << 33),
    "one beyond in memory": (3, 4, (1 << 20) + 1),
    "one beyond in passes": (11, 4, 1 << 18),
    "one beyond in lanes": (3, 17, 1 << 18),
    "8 KiB, one pass": (1, 1, 8),
    "one below in memory": (1, 1, (1 << 16) - 1),
    "no pass": (0, 4, 1 << 18),
    "no lane": (3, 0, 1 << 18),
}


@pytest.mark.parametrize("effort", EFFORTS.values(), ids=EFFORTS)
def test_50_51_an_effort_out_of_bounds_is_refused_before_any_work(
    home: Home, effort: tuple[int, int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """More than the ceiling (denial) or less than the floor (downgrade): refused at once, nothing asked or derived."""

    def never(*_args: object, **_options: object) -> str:
        raise AssertionError("nothing may be asked or derived")

    home.prepare(RealDisk())
    home.keystore_path.write_bytes(asking_for(*effort))
    monkeypatch.setattr(passphrase_module, "Argon2id", never)
    began = time.process_time()
    with pytest.raises(WrongPassphraseError):
        Keystore.open(home, RealDisk(), RealSystem(), passphrase=never)
    assert time.process_time() - began < 0.05
    passes, lanes, memory_kib = effort
    with pytest.raises(UnlockError, match="bounds"):
        derive_key("x", bytes(16), Effort(passes=passes, lanes=lanes, memory_kib=memory_kib))


@pytest.mark.parametrize("effort", [(1, 1, 1 << 16), (10, 16, 1 << 20)])
def test_50_51_the_bounds_themselves_are_allowed(effort: tuple[int, int, int]) -> None:
    """The smallest and the largest effort lie within."""
    passes, lanes, memory_kib = effort
    assert Effort(passes=passes, lanes=lanes, memory_kib=memory_kib).is_acceptable
    assert Effort() == Effort(passes=3, lanes=4, memory_kib=1 << 18)
