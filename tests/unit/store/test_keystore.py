"""The keystore: made, opened, saved, in its three modes."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path

import msgspec
import pytest
from keystores import MODES, PASSPHRASE, SECRETS, Bench, FullDisk, posix_only, seed

from couplejournal.disk import RealDisk
from couplejournal.errors import (
    KeyMissingError,
    LockedError,
    NewerFormatError,
    NoJournalError,
    SetupError,
    StoreBusyError,
    StoreError,
    UnlockError,
    WrongPassphraseError,
)
from couplejournal.seal import passphrase as passphrase_module
from couplejournal.seal.passphrase import Effort, derive_key
from couplejournal.store.header import HEADER_BYTES, Mode
from couplejournal.store.keystore import KEYSTORE_LIMIT_BYTES, Keystore
from couplejournal.store.secrets import BookSecret
from couplejournal.store.unlocking import Kept


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """Return a home with nothing in it."""
    return Bench(tmp_path)


@pytest.mark.parametrize("mode", MODES)
def test_what_was_put_in_comes_out(bench: Bench, mode: Mode) -> None:
    """Each mode gives the same secrets back, and says which mode it is."""
    made = bench.create(mode)
    opened = bench.open(PASSPHRASE)
    assert made.secrets == opened.secrets == SECRETS
    assert made.mode == opened.mode == mode


@posix_only
@pytest.mark.parametrize("mode", MODES)
def test_the_file_is_for_its_owner_alone(bench: Bench, mode: Mode) -> None:
    """The file is 0600 after it is made and after every save, even under an open umask, and nothing stays beside it."""
    before = os.umask(0)
    try:
        made = bench.create(mode)
        assert bench.path.stat().st_mode & 0o777 == 0o600
        made.save(SECRETS)
    finally:
        os.umask(before)
    assert bench.path.stat().st_mode & 0o777 == 0o600
    assert [found.name for found in bench.path.parent.iterdir()] == ["keystore.cj"]
    assert bench.path.parent.stat().st_mode & 0o777 == 0o700


def test_an_empty_home_has_no_journal(bench: Bench) -> None:
    """Opening what was never made says so."""
    with pytest.raises(NoJournalError):
        bench.open(PASSPHRASE)


@pytest.mark.parametrize("mode", MODES)
def test_a_keystore_is_never_overwritten(bench: Bench, mode: Mode) -> None:
    """Making a second one fails and leaves the first, and no key of the failed one stays in the keychain."""
    bench.create()
    before = bench.path.read_bytes()
    with pytest.raises(SetupError, match="already"):
        bench.create(mode)
    assert bench.path.read_bytes() == before
    assert not bench.chain.items


def test_a_passphrase_belongs_to_its_mode_alone(bench: Bench) -> None:
    """Calls that contradict themselves are a programmer's error."""
    with pytest.raises(ValueError, match="passphrase"):
        Keystore.create(bench.home, bench.disk, bench.machine, SECRETS, mode="passphrase")
    with pytest.raises(ValueError, match="passphrase"):
        Keystore.create(bench.home, bench.disk, bench.machine, SECRETS, mode="open", passphrase="x")


@pytest.mark.parametrize("empty", ["", " ", "\n\t"])
def test_an_empty_passphrase_is_refused(bench: Bench, empty: str) -> None:
    """A passphrase without a character protects nothing, and nothing is made."""
    with pytest.raises(SetupError, match="empty"):
        bench.create(passphrase=empty)
    assert not bench.home.config.exists()


def test_a_passphrase_that_is_no_text_is_refused(bench: Bench) -> None:
    """Lone surrogates (bytes that were no UTF-8) are one clear error, which does not quote them."""
    with pytest.raises(UnlockError, match="not valid Unicode") as caught:
        bench.create(passphrase="secret words \udcff")
    assert caught.value.__context__ is None
    assert not bench.home.config.exists()


def test_every_keyboard_gives_the_same_passphrase(bench: Bench) -> None:
    """Composed and decomposed forms open the same keystore."""
    bench.create(passphrase=unicodedata.normalize("NFC", PASSPHRASE))
    assert bench.open(unicodedata.normalize("NFD", PASSPHRASE)).secrets == SECRETS


def test_a_passphrase_is_asked_for_only_where_it_is_needed(bench: Bench) -> None:
    """A callable is called once when the keystore is locked, and not at all while it is unlocked."""
    asked: list[int] = []

    def ask() -> str:
        asked.append(1)
        return PASSPHRASE

    bench.create()
    opened = Keystore.open(bench.home, bench.disk, bench.machine, passphrase=ask)
    assert asked == [1]
    opened.unlock(60)
    assert Keystore.open(bench.home, bench.disk, bench.machine, passphrase=ask).secrets == SECRETS
    assert asked == [1]


def test_without_a_passphrase_a_locked_keystore_stays_locked(bench: Bench) -> None:
    """The error says what is missing and what to do."""
    bench.create()
    with pytest.raises(LockedError) as caught:
        bench.open()
    assert "unlock" in caught.value.hint


def test_memory_that_is_short_is_one_sentence(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the machine has too little memory for the derivation, the error says how much is needed."""

    def starve(**_options: object) -> None:
        raise MemoryError

    bench.create()
    monkeypatch.setattr(passphrase_module, "Argon2id", starve)
    with pytest.raises(UnlockError, match="64 MiB"):
        bench.open(PASSPHRASE)


def test_the_derivation_never_changes() -> None:
    """Passphrase, salt and effort give a known key, so that keystores open in every later version."""
    key = derive_key("a", bytes(range(16)), Effort(passes=1, lanes=1, memory_kib=65536))
    assert key.hex() == "013180f84cf30d21a861ba40437f94edb7d5e80806000d9065c75362c0e27e8f"


@pytest.mark.parametrize("mode", MODES)
def test_a_save_is_seen_by_the_next_open(bench: Bench, mode: Mode) -> None:
    """Saving replaces the secrets and keeps the lock as it is."""
    changed = msgspec.structs.replace(SECRETS, name="Ana Maria", pairing=b"an open invite")
    made = bench.create(mode)
    made.save(changed)
    assert made.secrets == bench.open(PASSPHRASE).secrets == changed


def test_a_save_derives_nothing_and_repeats_no_salt(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The key stays in the object; the box of the same secrets looks new each time."""
    made = bench.create()
    monkeypatch.setattr(passphrase_module, "Argon2id", None)
    seen = {bench.path.read_bytes()}
    for _ in range(3):
        made.save(SECRETS)
        seen.add(bench.path.read_bytes())
    assert len(seen) == 4
    assert len({data[:HEADER_BYTES] for data in seen}) == 1


def test_a_save_never_overwrites_what_another_process_saved(bench: Bench) -> None:
    """A lost update is refused; after a reload the same save succeeds."""
    bench.create()
    mine, other = bench.open(PASSPHRASE), bench.open(PASSPHRASE)
    theirs = msgspec.structs.replace(SECRETS, device_name="phone")
    other.save(theirs)
    with pytest.raises(StoreBusyError):
        mine.save(SECRETS)
    assert mine.reload()
    assert mine.secrets == theirs
    assert not mine.reload()
    mine.save(SECRETS)
    assert bench.open(PASSPHRASE).secrets == SECRETS


def test_a_failed_save_leaves_everything_as_it_was(bench: Bench) -> None:
    """A full disk changes neither the file nor the object."""
    bench.create()
    bench.disk = FullDisk()
    opened = bench.open(PASSPHRASE)
    before = bench.path.read_bytes()
    with pytest.raises(StoreError, match="full"):
        opened.save(msgspec.structs.replace(SECRETS, name="other"))
    assert bench.path.read_bytes() == before
    assert opened.secrets == SECRETS


@pytest.mark.parametrize("mode", MODES)
def test_a_failed_creation_leaves_nothing(bench: Bench, mode: Mode) -> None:
    """A full disk leaves no file, no key in the keychain, and the next try succeeds."""
    bench.disk = FullDisk()
    with pytest.raises(StoreError, match="full"):
        bench.create(mode)
    assert not bench.chain.items
    bench.disk = RealDisk()
    bench.create(mode)


def test_secrets_beyond_the_limit_are_not_saved(bench: Bench) -> None:
    """What could not be read again is not written."""
    made = bench.create("open")
    with pytest.raises(ValueError, match="larger"):
        made.save(msgspec.structs.replace(SECRETS, pairing=bytes(KEYSTORE_LIMIT_BYTES)))
    assert bench.open().secrets == SECRETS


def test_a_keystore_that_vanished_is_not_made_again_by_a_save(bench: Bench) -> None:
    """Saving and reloading say that the file is gone."""
    made = bench.create()
    bench.path.unlink()
    with pytest.raises(KeyMissingError):
        made.save(SECRETS)
    with pytest.raises(KeyMissingError):
        made.reload()


def test_a_keystore_made_anew_is_not_taken_for_the_old_one(bench: Bench) -> None:
    """Reloading over another keystore asks to open again and keeps the secrets; damage is the generic error."""
    made = bench.create()
    bench.path.unlink()
    bench.create("open")
    with pytest.raises(LockedError):
        made.reload()
    bench.path.write_bytes(b"junk")
    with pytest.raises(WrongPassphraseError):
        made.reload()
    assert made.secrets == SECRETS


def test_a_later_version_is_told_from_damage(bench: Bench) -> None:
    """Authentic secrets with fields that this version does not know are refused, not stripped of them."""
    made = bench.create("open")
    later = msgspec.defstruct("Later", [("name", str), ("colour", str)])
    made._write(later("Ana", "blue"))  # type: ignore[arg-type]  # stands in for a later version
    with pytest.raises(NewerFormatError):
        bench.open()


def test_the_keychain_holds_the_key_and_the_file_holds_none(bench: Bench) -> None:
    """In keychain mode the file alone opens nothing: without its item the key is missing."""
    bench.create("keychain")
    ((name, key),) = bench.chain.items.items()
    assert len(key) == 32
    assert key not in bench.path.read_bytes()
    del bench.chain.items[name]
    with pytest.raises(KeyMissingError):
        bench.open()
    bench.chain.items[name] = b"something else of another length"
    with pytest.raises(WrongPassphraseError):
        bench.open()
    bench.chain.is_answering = False
    with pytest.raises(UnlockError, match="does not answer"):
        bench.open()


def test_nothing_that_holds_a_secret_shows_it(bench: Bench) -> None:
    """``repr`` and the richer form of every value show neither seeds, nor keys, nor names."""
    made = bench.create("open")
    kept = Kept(seed(8), b"k", 1, 2, "boot")
    shown = [repr(value) for value in (made, made.secrets, made.secrets.books[0], kept, made._header)]
    shown += [repr(value.__rich_repr__()) for value in (made.secrets, made.secrets.books[0], kept)]
    shown += [str(made), f"{made.secrets}", repr(made.secrets.books)]
    hidden = ["Ana", "laptop", "ppp", *(repr(seed(number))[2:10] for number in range(9))]
    for text in shown:
        assert not any(word in text for word in hidden)


def test_a_book_has_one_of_three_roles() -> None:
    """Another role is a programmer's error."""
    with pytest.raises(ValueError, match="role"):
        BookSecret(b"b" * 32, "public", b"s" * 32, b"k" * 32)
