"""Attack 46: somebody has every file that a locked device leaves behind, and the shared folder, and searches them."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
import types
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Final

import pytest

import couplejournal as cj
from couplejournal import plugins
from couplejournal.book import Book
from couplejournal.pairing import Invitation, Joining
from couplejournal.seal.derive import derive
from couplejournal.seal.invite import InviteKeys, secret_of
from couplejournal.seal.passphrase import SMALLEST_EFFORT
from couplejournal.store.keystore import Keystore
from couplejournal.system import RealSystem
from couplejournal.testing.disks import CrashError
from couplejournal.testing.leaks import RUN_BYTES, Needles

PASSPHRASE: Final = "zwölf Bäume, ein Boot & kein Wind"
NAMES: Final = ("Anabel Quittenbaum", "the telephone on the shelf")
SHARED: Final = "Shall we walk to the old quarry before the rain comes?"
PRIVATE: Final = "I am afraid that I shall say no to the move, and not say why."
REVISED: Final = "Shall we walk to the old quarry when the rain is over?"
TAKEN_BACK: Final = "You forgot the umbrella again, naturally."
TAG: Final = "unspoken-and-unwritten"
ANSWER: Final = "Yes! Boots on, thermos filled; 雨の後の石切り場へ行こう、一緒に。"
CRASHED: Final = "This sentence was being saved when the power went out."
SEALED: Final = ("I would leave the city tomorrow, honestly.", "Only the sea, and a door that closes.")
UNOPENED: Final = "Nobody has answered this one, and perhaps nobody ever will."
WRITTEN: Final = (SHARED, PRIVATE, REVISED, TAKEN_BACK, TAG, ANSWER, CRASHED, *SEALED, UNOPENED)
KEYCHAIN: Final = {"passphrase": False, "keychain": True}
COMMAND: Final = "import sys; from couplejournal.cli.main import run; sys.exit(run(sys.argv[1:]))"


class Chain:
    """A backend of ``keyring`` that is safe: it keeps what it is given in this process alone."""

    priority = 5

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, name: str) -> str | None:
        return self.kept.get((service, name))

    def set_password(self, service: str, name: str, value: str) -> None:
        self.kept[service, name] = value

    def delete_password(self, service: str, name: str) -> None:
        del self.kept[service, name]


class Life:
    """The life of one device, from its beginning to the moment when it is locked and stolen."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch, *, has_keychain: bool) -> None:
        """Make the places where files may lie: home, session, drives, temporary files."""
        self.root = root
        self.home, self.drive, self.runtime, self.temporary = (root / name for name in ("ana", "drive", "run", "tmp"))
        self.private_drive, self.export = root / "private drive", root / "export"
        self.others = root / "others"  # Ben's own devices: another person's files, and not searched
        for folder in (self.drive, self.private_drive, self.temporary, self.others):
            folder.mkdir()
        self.runtime.mkdir(mode=0o700)
        self.chain = Chain()
        self.has_keychain = has_keychain
        self.secrets: set[bytes] = set()
        self.sayings: set[str] = {PASSPHRASE, *WRITTEN, *NAMES}
        self._monkeypatch = monkeypatch
        monkeypatch.setattr(RealSystem, "random_bytes", self.draw)
        monkeypatch.setenv("XDG_RUNTIME_DIR", str(self.runtime))
        monkeypatch.setenv("TMPDIR", str(self.temporary))
        monkeypatch.setattr(tempfile, "tempdir", None)
        monkeypatch.setitem(sys.modules, "keyring", types.SimpleNamespace(get_keyring=lambda: self.chain))
        monkeypatch.setitem(Keystore.create.__func__.__kwdefaults__, "effort", SMALLEST_EFFORT)  # type: ignore[attr-defined]
        keys = cj.KEYCHAIN if has_keychain else PASSPHRASE
        self.ana = cj.create(NAMES[0], passphrase=keys, home=self.home, device_name=NAMES[1])
        self.ben = cj.create("Ben", passphrase=cj.NO_PASSPHRASE, home=self.others / "ben")
        self.ana.place.choose(str(self.drive), is_joining=True)
        self.ben.place.choose(str(self.drive), is_joining=True)
        self.live()

    def live(self) -> None:
        """Write, pair, meet, watch, search, seal, unlock, crash: all that leaves files."""
        self.write_alone()
        self.give_up_a_pairing()
        self.pair()
        self.meet()
        self.use_it()
        self.seal_answers()
        self.crash()
        self.keep_apart()
        self.leave_a_pairing_open()
        if not self.has_keychain:
            self.unlock_and_lock()
        self.look_into(self.ana)
        self.ana.close()
        self.ben.close()
        self.needles = (Needles.of(self.sayings), Needles.of_secrets(self.secrets))

    def draw(self, count: int) -> bytes:
        """Draw bytes for the machine; whatever has the length of a key is one."""
        drawn = os.urandom(count)
        if count == 32:
            self.secrets.add(drawn)
        return drawn

    def look_into(self, journal: cj.Journal) -> None:
        """Note every secret that the device knows now."""
        device = journal.device
        found = device.secrets
        self.secrets |= {found.founding_seed, device.keystore._key}
        if found.root_seed is not None:
            self.secrets |= {found.root_seed, derive(found.root_seed, "root-sign")}
        for secret in found.books:
            self.secrets |= {secret.sign_seed, secret.kem_seed, hashlib.shake_256(secret.kem_seed).digest(96)}
            self.secrets |= {one for key in opened_in(device.book(secret.book)) for one in derived(key)}
        current = journal.pairing.current
        if current is not None:
            state = current._state
            keys = InviteKeys.of(state.secret)
            self.secrets |= {state.secret, state.sign_seed, state.kem_seed, keys.offer_key, keys.join_key}
        self.secrets -= {b""}

    def say(self, words: tuple[str, ...]) -> str:
        """Note the words of an invite, and return them as they are typed."""
        typed = " ".join(words)
        self.sayings.add(typed)
        self.secrets.add(secret_of(typed))
        return typed

    def write_alone(self) -> None:
        self.ana.add(cj.Note(PRIVATE, tags=(TAG,)))
        self.look_into(self.ana)

    def give_up_a_pairing(self) -> None:
        """Make an invite that nobody answers, and take it back."""
        invitation = self.ana.pairing.invite()
        self.say(invitation.words)
        self.look_into(self.ana)
        invitation.cancel()
        self.ana.sync()

    def pair(self) -> None:
        """Share a journal with Ben."""
        self.ana.add(cj.Bid(SHARED))
        typed = self.say(self.ana.pairing.invite(share_existing=True).words)
        self.ben.pairing.join(typed)
        for _ in range(4):
            self.ben.sync()
            self.ana.sync()
            self.look_into(self.ana)
            ours, theirs = self.ana.pairing.current, self.ben.pairing.current
            if isinstance(ours, Invitation) and isinstance(theirs, Joining) and ours.check_words_known:
                assert ours.check_words_known == theirs.check_words
                self.sayings |= {" ".join(ours.check_words_known)}
                theirs.confirm()
                ours.accept()
        assert self.ana.is_shared
        self.look_into(self.ben)

    def meet(self) -> None:
        """Answer, revise and take back, and let all of it go to and fro."""
        bid = next(self.ana.entries(kind="bid"))
        self.ana.revise(bid, cj.Bid(REVISED))
        self.ana.retract(self.ana.add(cj.Bid(TAKEN_BACK)))
        for journal in (self.ana, self.ben, self.ana):
            journal.sync()
        self.ben.reply(bid.id, cj.Response.toward(ANSWER))
        for journal in (self.ben, self.ana, self.ben):
            journal.sync()
        assert {entry.text for entry in self.ana.entries()} == {PRIVATE, REVISED, ANSWER}

    def use_it(self) -> None:
        """Search, look at threads, watch what comes, turn a plugin on."""
        assert [entry.text for entry in self.ana.entries(text="quarry")] == [REVISED]
        assert [entry.text for entry in self.ana.entries(tag=TAG)] == [PRIVATE]
        self.ana.view().thread(next(self.ana.entries(text="quarry")).id)
        changes = self.ana.watch(after=cj.BEGINNING)
        assert len(list(islice(changes, 3))) == 3
        plugins.enable("bids", home=self.home)
        plugins.host(self.ana)
        self.ana.sync()

    def seal_answers(self) -> None:
        """Let both answer before either reads, and leave another answer sealed."""
        for number, journal in enumerate((self.ana, self.ben)):
            journal.answers.seal("bids:where-would-you-go", SEALED[number])
        self.ana.answers.seal("bids:what-is-enough", UNOPENED)
        for journal in (self.ana, self.ben) * 3:
            journal.sync()
        assert set(SEALED) <= {answer for one in self.ana.answers.all() for answer in (*one.my_texts, *one.their_texts)}

    def keep_apart(self) -> None:
        """Show the recovery words, seal an export for them, and give the private book a folder of its own."""
        recovery = self.ana.recovery
        words = recovery.words()
        self.sayings.add(" ".join(words))
        recovery.confirm({number: words[number - 1] for number in recovery.ask()})
        self.ana.export(self.export, to_recovery=True)
        self.ana.place.move_private(str(self.private_drive), put_all=True)
        for _ in range(3):
            self.ana.sync()
        assert any(self.private_drive.rglob("*.seg"))
        assert any(self.export.iterdir())

    def crash(self) -> None:
        """Let the machine die right before each of some renames, so that what was being written lies there."""
        real = os.replace
        for survived in range(4):
            left = survived

            def dying(*paths: str | Path) -> None:
                nonlocal left
                if left == 0:
                    raise CrashError
                left -= 1
                real(*paths)

            with self._monkeypatch.context() as patch:
                patch.setattr("couplejournal.disk.os.replace", dying)
                patch.setattr("couplejournal.disk.os.unlink", lambda *_: None)  # the dead take nothing back
                with pytest.raises(CrashError):
                    self.write_and_invite()
            self.ana.close()
            self.ana = self.opened()
            if self.ana.pairing.current is not None:
                self.look_into(self.ana)
                self.ana.pairing.current.cancel()
        assert any(path.name.endswith(".tmp") for path in self.home.rglob("*")), "nothing was left lying"

    def write_and_invite(self) -> None:
        """Do what renames more often than `crash` lets it."""
        for _ in range(2):
            self.ana.add(cj.Note(CRASHED), audience="shared")
        self.ana.pairing.invite(device=True)

    def leave_a_pairing_open(self) -> None:
        """Invite a device of one's own; somebody answers, and nobody says yes."""
        typed = self.say(self.ana.pairing.invite(device=True).words)
        phone = cj.create("Anabel", passphrase=cj.NO_PASSPHRASE, home=self.others / "phone")
        phone.place.choose(str(self.drive), is_joining=True)
        phone.pairing.join(typed)
        phone.sync()
        self.ana.sync()
        self.ana.pairing.advance()
        self.look_into(self.ana)
        phone.close()

    def unlock_and_lock(self) -> None:
        """Lend the key for an hour, use the command line with it, and end that."""
        cj.unlock(3600, home=self.home, passphrase=PASSPHRASE)
        for command in (["log"], ["search", "quarry"], ["sync"], ["status", "--json"]):
            environ = os.environ | {"COUPLEJOURNAL_HOME": str(self.home)}
            done = subprocess.run(
                [sys.executable, "-c", COMMAND, *command], capture_output=True, text=True, env=environ, check=False
            )
            assert done.returncode in (0, 3), done.stderr
        assert cj.lock(home=self.home)

    def opened(self) -> cj.Journal:
        """Open the journal anew."""
        return cj.open(home=self.home, passphrase=PASSPHRASE)

    def leaks(self) -> list[str]:
        """Return each file, or name of a file, in which a run of a secret or of a text stands."""
        places = (self.home, self.drive, self.private_drive, self.export, self.runtime, self.temporary)
        found = [leak for needles in self.needles for leak in needles.search(places)]
        return sorted({str(leak.path.relative_to(self.root)) for leak in found})


def opened_in(book: Book) -> set[bytes]:
    """Return every epoch key that a device can open in a book."""
    epochs = book._shelf.epochs
    keys = {epochs.key_of(epoch) for epoch in book.membership.epochs}
    return {key for key in keys if key is not None}


def derived(key: bytes) -> set[bytes]:
    """Return an epoch's key and those that follow from it."""
    return {key, derive(key, "body-key"), derive(key, "back-key")}


@pytest.fixture(scope="module", params=KEYCHAIN)
def life(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Life]:
    """Return a device that lived, in each mode that can be locked."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        yield Life(tmp_path_factory.mktemp("life"), monkeypatch, has_keychain=KEYCHAIN[request.param])


def test_46_no_file_of_a_locked_device_tells_anything(life: Life) -> None:
    """I4: no key, invite, passphrase or run of 12 bytes of an entry stands in a file, nor in a file's name."""
    assert len(life.secrets) > 30
    assert sum(path.is_file() for path in life.home.rglob("*")) > 20
    assert life.leaks() == []


@pytest.mark.parametrize(
    "place", ["ana/state/cache", "ana/data/x.tmp", "drive/note.txt", "run/couplejournal/k", "tmp/a"]
)
def test_46_the_search_would_find_it(life: Life, place: str) -> None:
    """A planted run of 12 bytes of a text or a key, in any of the places, is found, and so is one in a name."""
    path = life.root / place
    path.parent.mkdir(parents=True, exist_ok=True)
    secret = max(life.secrets, key=len)
    planted = [
        PRIVATE.encode()[-RUN_BYTES:],
        ANSWER.encode("utf-16-le")[4 : 4 + RUN_BYTES], CRASHED.encode()[7 : 7 + RUN_BYTES],
        secret[1 : 1 + RUN_BYTES], PASSPHRASE.encode()[:RUN_BYTES], secret[:RUN_BYTES].hex().encode(),
    ]  # fmt: skip
    try:
        for run in planted:
            path.write_bytes(b"noise" + run + b"noise")
            assert life.leaks() == [place], run
    finally:
        path.unlink()
    named = path.with_name(PRIVATE[:RUN_BYTES])
    named.touch()
    assert len(life.leaks()) == 1
    named.unlink()
    assert life.leaks() == []


def test_46_an_unlocked_device_is_another_matter(life: Life, monkeypatch: pytest.MonkeyPatch) -> None:
    """While a key is lent, the search finds it in the session's folder and nowhere else; keychain mode lends none."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(life.runtime))  # each test has a session of its own
    lends = cj.unlock(60, home=life.home, passphrase=PASSPHRASE)
    assert lends is not life.has_keychain
    assert [leak.partition("/")[0] for leak in life.leaks()] == ["run"] * lends
    assert cj.lock(home=life.home) is lends
    assert life.leaks() == []


def test_46_keys_kept_in_the_open_are_found(life: Life) -> None:
    """The same search over Ben's home, who chose no passphrase, finds his keys: so finding nothing means something."""
    keystore = life.others / "ben" / "config" / "keystore.cj"
    assert Needles.of_secrets(life.secrets).search([keystore])
