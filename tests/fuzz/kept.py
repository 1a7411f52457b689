"""Files of this device that a worn disk, a backup or a person with an editor may have changed; and those of plugins."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Final

import msgspec
from fuzz.harness import Target, require
from unit.sync.couple import MEMORY, Couple
from unit.sync.fake_book import MemoryDisk

from couplejournal.book import marks
from couplejournal.device import Device
from couplejournal.errors import (
    InvalidEntryError,
    NewerFormatError,
    PluginError,
    StoreError,
    UnlockError,
    WrongPassphraseError,
)
from couplejournal.journal.arrivals import Arrivals
from couplejournal.ops.codec import encode
from couplejournal.ops.domains import digest
from couplejournal.plugins import lock
from couplejournal.plugins.manifest import read_manifest
from couplejournal.store.header import CHECK_BYTES, HEADER_BYTES, Header
from couplejournal.store.home import Home
from couplejournal.store.incarnation import Incarnation
from couplejournal.store.keystore import Keystore
from couplejournal.store.secrets import BookSecret, Secrets
from couplejournal.store.settings import Settings
from couplejournal.store.unlocking import Kept, _decoded
from couplejournal.sync import memory
from couplejournal.testing.clocks import FakeSystem
from couplejournal.testing.disks import MemoryDisk as MemoryFiles
from couplejournal.testing.pairs import Member, pair

PATH: Final = Path("state") / "file"
HOME: Final = Home(Path("config"), Path("data"), Path("state"), None)


def _disk(data: bytes, path: Path = PATH) -> MemoryDisk:
    """Return a disk with one file."""
    disk = MemoryDisk()
    disk.files[path] = data
    return disk


# --- what sync remembers ---


@cache
def _met() -> Couple:
    """Return two devices that have met, and said something each."""
    couple = Couple()
    couple.meet()
    for device in couple.devices:
        device.book.write("a word")
    couple.round()
    couple.round()
    couple.system.pass_by(hours=25)
    return couple


def sync_with_memory(data: bytes) -> None:
    """Whatever stands where sync keeps its memory: a sync runs to its end, and what it saves is read again.

    A memory that reads well and lies about the beginning of the book makes sync wait: who can write there can do worse.
    """
    couple = _met()
    device = couple.devices[0]
    device.disk.files[MEMORY] = data
    device.restart()
    report = device.sync()
    require(report.drive in ("ok", "marker-missing"), "a broken memory costs reads, and nothing else")
    again = memory.SyncMemory(device.disk, MEMORY, program="1.0")
    again.refresh()
    require(again.kept == device.memory.kept, "what is remembered is read again")


def _memory_seeds() -> Iterable[bytes]:
    device = _met().devices[0]
    device.restart()
    device.sync()
    yield device.disk.files[MEMORY]
    yield b"{}"
    yield b'{"version":1,"program":"1.0","sent":{"zz":[1,2,3]},"missing":{"aa":1},"troubles":{}}'
    yield b'{"version":1,"marks":{"a":[1,2,"AAAA"]},"troubles":{"a":[1,2,"","pending","",1,2]}}'


def read_marks(data: bytes) -> None:
    """A book's note is read as it was saved, or not at all."""
    disk = _disk(data)
    found = marks.load(disk, PATH)
    if found is not None:
        marks.save(disk, PATH, found)
        require(marks.load(disk, PATH) == found, "a note is read as it was saved")


def _marks_seeds() -> Iterable[bytes]:
    yield msgspec.json.encode(marks.Marks(3, 4, (1, 2), due=True, spoke_ms=5, acknowledged={"ab" * 16: [(7, b"l")]}))


@cache
def _writer() -> tuple[Member, list[bytes]]:
    """Return a device that wrote, took and acknowledged, and what it has not taken yet."""
    ana, ben = pair()
    ana.write("hers")
    for member, other in ((ben, ana), (ana, ben)):
        member.take_from(other)
        member.book.acknowledge()
    ben.write("not taken yet")
    return ana, ben.files()


def write_beside_marks(data: bytes) -> None:
    """Whatever stands where a book keeps its note: the book opens, and is written, or says in a sentence why not."""
    ana, files = _writer()
    device = ana.copied()
    disk = device.disk
    assert isinstance(disk, MemoryFiles)
    before = {op.id for op in device.ops()}
    disk.files[device.state / "book.marks"] = data
    device.reopen()
    device.write("on")
    device.book.take(files)
    device.book.tend()
    device.book.notices()
    device.book.acknowledge()
    device.reopen()
    require(before < {op.id for op in device.ops()}, "nothing that was held is lost")


def _used_marks_seeds() -> Iterable[bytes]:
    ana, _ = _writer()
    whole = marks.load(ana.disk, ana.state / "book.marks")
    assert whole is not None
    yield marks.encoded(whole)
    for odd in (
        {"acknowledged": {"zz": [(1, b"link")]}}, {"retired": {"x": 1}}, {"forked": {"": -1}},
        {"claims": {"q": marks.Claim(1, b"", b"", 1 << 60)}}, {"ends": {"no hex": [(1, b"")]}}, {"due": True},
        {"told": [marks.Told("a", b"", 1)]}, {"present": [marks.OwnHead(b"", 1, b"")]}, {"clock": (1 << 60, 1 << 40)},
    ):  # fmt: skip
        yield marks.encoded(msgspec.structs.replace(whole, **odd))


def read_incarnation(data: bytes) -> None:
    """The note by which a copied device is told: the same, another, or torn, and never an error."""
    disk = MemoryDisk()
    half = len(data) // 2
    disk.files |= {PATH: data[:half], Path("book") / "incarnation": data[half:]}
    note = Incarnation(disk, FakeSystem("fuzz"), state=PATH, folder=Path("book"))
    require(note.standing() in ("none", "same", "other"), "a note stands somehow")
    note.renew()
    require(note.standing() == "same", "a fresh note is this device's")


# --- settings ---


def read_settings(data: bytes) -> None:
    """The settings are read, and changed settings are read as they were changed."""
    disk = _disk(data, HOME.config_path)
    device = Device(HOME, disk, FakeSystem("fuzz"), None)  # type: ignore[arg-type]
    found = device.settings
    disk.files[HOME.config_path] = msgspec.json.encode(found)
    require(device.settings == found, "settings are read as they were saved")


def _settings_seeds() -> Iterable[bytes]:
    yield msgspec.json.encode(Settings(drive="shared"))


# --- arrivals ---


def read_arrivals(data: bytes) -> None:
    """A file of arrivals, whole or torn, and a cursor behind its last 40 bytes: places in order, none twice."""
    data, cursor = data[:-40], data[-40:].decode("latin-1")
    arrivals = Arrivals(PATH, _disk(data), FakeSystem("fuzz"))
    arrivals.catch_up(())
    places = []
    for place in arrivals.after(0):
        places.append(place)
        if len(places) == 50:
            break
    require([place for place, *_ in places] == list(range(1, len(places) + 1)), "places count from one")
    require(len({place[1:] for place in places}) == len(places), "no operation arrives twice")
    require(arrivals.number_of(arrivals.cursor(arrivals.count)) == arrivals.count, "a cursor names its place")
    require(0 <= arrivals.number_of(cursor) <= arrivals.count, "a cursor names a place that there is")


def _arrivals_seeds() -> Iterable[bytes]:
    records = b"".join(bytes([number]) * 32 + number.to_bytes(8) for number in range(5))
    for tail in (b"0".rjust(40), ("00" * 8 + "-3").rjust(40).encode()):
        yield b"CJA1" + bytes(8) + records + tail
        yield b"CJA1" + bytes(8) + records[:-7] + tail


# --- keystore ---


def read_header(data: bytes) -> None:
    """A keystore's header is within the bounds, and packs to what was read."""
    header = Header.of(data)
    if header is not None:
        require(header.raw == data, "a header packs to what was read")
        require(header.mode != "passphrase" or header.effort.is_acceptable, "no effort out of bounds is asked for")


def read_checked_header(data: bytes) -> None:
    """The same, with a check that holds."""
    read_header(data + digest("keystore", data)[:CHECK_BYTES])


def _header_seeds() -> Iterable[bytes]:
    from couplejournal.seal.passphrase import SMALLEST_EFFORT, Effort

    for effort in (SMALLEST_EFFORT, Effort(), Effort(passes=10, lanes=16, memory_kib=1 << 20)):
        yield Header("passphrase", b"s" * 16, effort=effort).raw
    yield Header("keychain", b"s" * 16).raw
    yield Header("open", b"s" * 16).raw


def open_keystore(data: bytes) -> None:
    """A keystore in open mode, whole: it opens to what is saved again the same, or is refused with one error."""
    disk = _disk(data, HOME.keystore_path)
    store = Keystore.open(HOME, disk, FakeSystem("fuzz"))
    store.save(store.secrets)
    again = Keystore.open(HOME, disk, FakeSystem("fuzz"))
    require(again.secrets == store.secrets, "a keystore keeps what it was given")
    require("Secrets(" in repr(store.secrets) and len(repr(store.secrets)) < 40, "and shows nothing of it")


def open_keystore_with(data: bytes) -> None:
    """The same, with a header and a sum that hold: the input is what the keystore keeps."""
    raw = Header("open", b"s" * 16).raw
    open_keystore(raw + digest("keystore", raw, data) + data)


def _secrets() -> Secrets:
    book = BookSecret(b"b" * 32, "private", b"s" * 32, b"k" * 32)
    return Secrets("Ana", "laptop", b"r" * 40, b"o" * 32, b"f" * 32, [book], b"")


def _keystore_seeds() -> Iterable[bytes]:
    raw, payload = Header("open", b"s" * 16).raw, encode(_secrets())
    yield raw + digest("keystore", raw, payload) + payload
    yield raw
    require(len(raw) == HEADER_BYTES, "a header has its length")


def read_loan(data: bytes) -> None:
    """A lent key counts as what it says, or not at all."""
    found = _decoded(data)
    if found is not None:
        found.is_valid(b"k" * 32, FakeSystem("fuzz"))
        require(_decoded(encode(found)) == found and "key" not in repr(found), "a loan is read as it was kept")


# --- plugins ---


def read_plugin(data: bytes) -> None:
    """The description of a plugin: sound, or refused."""
    manifest = read_manifest(data)
    require(manifest.id.isidentifier() and manifest.target.count(":") == 1, "a plugin has a plain name and a target")
    require(not manifest.permissions.network or manifest.tier == "trusted", "only a trusted plugin has the network")


_MANIFEST: Final = b"""
id = "bids"
api = 1
tier = "trusted"
target = "couplejournal_plugins.bids:Bids"
summary = "Bids for connection"
[permissions]
read = ["counts", "mine"]
kinds = ["bid"]
network = ["example.org"]
[why]
read = "to count"
[provides]
hooks = ["kinds"]
[provides.commands]
bids = "list bids"
"""


def _manifest_seeds() -> Iterable[bytes]:
    from couplejournal.plugins.author import API_LEVEL

    yield _MANIFEST.replace(b"api = 1", b"api = %d" % API_LEVEL)
    yield b'a.b = [[1, {c = 2020-01-01T00:00:00Z}], 0x10, 1e5, inf]\n[[d]]\ne = """x"""\n'


def read_plugins_lock(data: bytes) -> None:
    """The list of plugins that are on: read as it was written, or refused."""
    disk = _disk(data)
    found = lock.read_lock(PATH, disk)
    lock.write_lock(PATH, found, disk)
    require(lock.read_lock(PATH, disk) == found, "the list is read as it was written")


def _lock_seeds() -> Iterable[bytes]:
    yield (
        b'{"format":1,"plugins":[{"id":"bids","distribution":"d","version":"1","files":{"a.py":"00"},'
        b'"permissions":{"read":["mine"],"kinds":[],"network":[]},"tier":"pack","commands":{"a":"b"}}]}'
    )
    yield b'{"format":2}'


TARGETS: Final = (
    Target("sync-memory", sync_with_memory, _memory_seeds, (), 4096),
    Target("marks", read_marks, _marks_seeds, (), 1024),
    Target("marks-in-use", write_beside_marks, _used_marks_seeds, (StoreError,), 2048, nests=False),
    Target("incarnation", read_incarnation, lambda: [b'{"id":"AAAA","machine":"AAAA"}{"id":"AAAA"}'], (), 512),
    Target("settings", read_settings, _settings_seeds, (StoreError,), 1024),
    Target("arrivals", read_arrivals, _arrivals_seeds, (InvalidEntryError,), 1024),
    Target("keystore-header", read_header, _header_seeds, (), 128),
    Target("keystore-effort", read_checked_header, lambda: (raw[:-CHECK_BYTES] for raw in _header_seeds()), (), 128),
    Target("keystore", open_keystore, _keystore_seeds, (WrongPassphraseError, UnlockError, NewerFormatError), 2048),
    Target("keystore-body", open_keystore_with, lambda: [encode(_secrets())], (UnlockError, NewerFormatError), 2048),
    Target("loan", read_loan, lambda: [encode(Kept(b"k" * 32, b"m" * 32, 1, 2, "boot"))], (), 512),
    Target("plugin-manifest", read_plugin, _manifest_seeds, (PluginError,), 8192),
    Target("plugins-lock", read_plugins_lock, _lock_seeds, (PluginError, NewerFormatError), 2048),
)
