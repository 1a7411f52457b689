"""What somebody else may lay into the folder: nothing of it blocks, leads out or is read past a limit."""

# Names of bytes, and descriptors:
# ruff: noqa: PTH102, PTH118, PTH123, PTH208

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

import pytest

from couplejournal.drive import folder as folder_module
from couplejournal.drive.folder import FolderDrive
from couplejournal.drive.interface import NotYetError, UnfitFileError
from couplejournal.system import RealSystem
from couplejournal.testing.contracts import BOOK, SEGMENT, STREAM
from couplejournal.testing.drives import FaultyCalls

if TYPE_CHECKING:
    from pathlib import Path

LIMIT_BYTES = 4 << 20


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return the folder of a drive with the folders of one stream."""
    (tmp_path / "drive" / BOOK / "streams" / STREAM).mkdir(parents=True)
    return tmp_path / "drive"


@pytest.fixture
def drive(root: Path) -> FolderDrive:
    """Return the drive."""
    return FolderDrive(root, RealSystem())


def make_odd(kind: str, path: Path, tmp_path: Path) -> None:
    """Lay something that is no plain file under a name."""
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as made:
            here = os.open(path.parent, os.O_RDONLY)
            made.bind(f"/proc/self/fd/{here}/{path.name}")  # the whole path is too long for a socket
            os.close(here)
    elif kind == "secret":
        (tmp_path / "secret").write_bytes(b"secret")
        path.symlink_to(tmp_path / "secret")
    elif kind == "dangling":
        path.symlink_to(tmp_path / "new")
    else:
        path.symlink_to({"zero": "/dev/zero", "parent": "..", "loop": path.name}[kind])


ODD = ["fifo", "socket", "secret", "dangling", "zero", "parent", "loop"]


@pytest.mark.parametrize("kind", ODD)
def test_odd_things_are_not_listed_or_read(kind: str, root: Path, drive: FolderDrive, tmp_path: Path) -> None:
    """Links, pipes and sockets under a segment's name are left out of the listing and refused at once."""
    make_odd(kind, root / SEGMENT, tmp_path)
    assert drive.list() == []
    with pytest.raises(UnfitFileError):
        drive.read(SEGMENT, limit_bytes=LIMIT_BYTES)


@pytest.mark.parametrize("kind", ODD)
def test_odd_things_are_replaced_by_renaming(kind: str, root: Path, drive: FolderDrive, tmp_path: Path) -> None:
    """Publishing puts the file in the place of a link or a pipe, and writes nothing to where the link leads."""
    make_odd(kind, root / SEGMENT, tmp_path)
    drive.publish(SEGMENT, b"ours")
    assert drive.read(SEGMENT, limit_bytes=4) == b"ours"
    assert [path.name for path in tmp_path.iterdir() if path.name == "new"] == []
    assert kind != "secret" or (tmp_path / "secret").read_bytes() == b"secret"


@pytest.mark.parametrize("kind", ODD)
def test_odd_things_stop_a_direct_write(kind: str, root: Path, drive: FolderDrive, tmp_path: Path) -> None:
    """Writing directly never goes through a link or into a pipe."""
    make_odd(kind, root / SEGMENT, tmp_path)
    with pytest.raises(UnfitFileError):
        drive.publish(SEGMENT, b"ours", direct=True)
    assert not (tmp_path / "new").exists()
    assert kind != "secret" or (tmp_path / "secret").read_bytes() == b"secret"


def test_second_name_of_a_file_is_not_written_through(root: Path, drive: FolderDrive, tmp_path: Path) -> None:
    """A hard link to a file of somebody's own is not overwritten by a direct write."""
    (tmp_path / "secret").write_bytes(b"secret")
    (root / SEGMENT).hardlink_to(tmp_path / "secret")
    with pytest.raises(UnfitFileError):
        drive.publish(SEGMENT, b"ours", direct=True)
    assert (tmp_path / "secret").read_bytes() == b"secret"


@pytest.mark.parametrize("link", [BOOK, f"{BOOK}/streams", f"{BOOK}/streams/{STREAM}"])
def test_linked_folders_lead_nowhere(link: str, tmp_path: Path) -> None:
    """A link in the place of one of our folders is not entered: not to list, read, publish or remove."""
    root, outside = tmp_path / "drive", tmp_path / "outside"
    tail = SEGMENT[len(link) + 1 :]
    (outside / tail).parent.mkdir(parents=True)
    (outside / tail).write_bytes(b"theirs")
    (root / link).parent.mkdir(parents=True)
    (root / link).symlink_to(outside)
    drive = FolderDrive(root, RealSystem())
    assert drive.list() == []
    for act in (
        lambda: drive.read(SEGMENT, limit_bytes=9),
        lambda: drive.publish(SEGMENT, b"ours"),
        lambda: drive.remove(SEGMENT),
    ):
        with pytest.raises(UnfitFileError):
            act()
    assert (outside / tail).read_bytes() == b"theirs"


def test_root_may_be_a_link(root: Path, tmp_path: Path) -> None:
    """The root itself may be reached through a link, since its owner named it."""
    (tmp_path / "link").symlink_to(root)
    drive = FolderDrive(tmp_path / "link", RealSystem())
    drive.publish(SEGMENT, b"x")
    assert [file.path for file in drive.list()] == [SEGMENT]


def test_huge_file_is_not_read(root: Path, tmp_path: Path) -> None:
    """A sparse file of 10 GiB is listed with its size, and refused before a byte is read."""
    with (root / SEGMENT).open("wb") as file:
        file.truncate(10 << 30)
    calls = FaultyCalls()
    drive = FolderDrive(root, RealSystem(), calls=calls)
    assert drive.list()[0].size_bytes == 10 << 30
    with pytest.raises(UnfitFileError):
        drive.read(SEGMENT, limit_bytes=LIMIT_BYTES)
    assert "read" not in calls.log


def test_growing_file_is_not_read_past_the_limit(root: Path) -> None:
    """A file that grows while it is read is given up at one byte beyond the limit."""

    class Growing(FaultyCalls):
        def __init__(self) -> None:
            super().__init__()
            self.given = 0

        def read(self, fd: int, count: int) -> bytes:
            self.given += count
            return b"x" * count

    (root / SEGMENT).write_bytes(b"small")
    calls = Growing()
    with pytest.raises(UnfitFileError):
        FolderDrive(root, RealSystem(), calls=calls).read(SEGMENT, limit_bytes=100)
    assert calls.given == 101


def test_undecodable_names_are_left_out(root: Path, drive: FolderDrive) -> None:
    """Names that are no text are skipped, and stop nothing."""
    (root / SEGMENT).write_bytes(b"x")
    for name in (b"\xff\xfe.seg", b"line\nbreak", b"\x1b[31m"):
        with open(os.path.join(os.fsencode(root), name), "wb"):
            pass
    os.mkdir(os.path.join(os.fsencode(root), os.fsencode(BOOK) + b" \xff"))
    assert [file.path for file in drive.list()] == [SEGMENT]


@pytest.mark.parametrize("name", ["x (Ann\u2019s copy at 9.41\u202fAM).seg", "caf\u00e9 \u2013 \u30b3\u30d4\u30fc.seg"])
def test_names_in_any_language_are_offered(name: str, root: Path, drive: FolderDrive) -> None:
    """A sync client's own words, in any language and with any space, hide no file."""
    (root / BOOK / name).write_bytes(b"x")
    assert [file.path for file in drive.list()] == [f"{BOOK}/{name}"]


def test_junk_beyond_the_limit_hides_nothing_of_ours(
    root: Path, drive: FolderDrive, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A flood of junk is cut off, while names that look like segments are still offered."""
    monkeypatch.setattr(folder_module, "LISTING_LIMIT_FILES", 10)
    for number in range(50):
        (root / f"junk{number}").write_bytes(b"")
    (root / SEGMENT).write_bytes(b"x")
    listing = drive.list()
    assert len(listing) == 11
    assert SEGMENT in {file.path for file in listing}


@pytest.mark.parametrize("number", [2, 13, 20, 40])
def test_unreadable_folder_is_skipped(number: int, root: Path) -> None:
    """A folder that went away or may not be read leaves the rest of the listing true."""
    (root / "at-the-root.seg").write_bytes(b"x")
    (root / SEGMENT).write_bytes(b"x")
    calls = FaultyCalls(fail_at=1, number=number, names=frozenset({"enter"}))
    assert [file.path for file in FolderDrive(root, RealSystem(), calls=calls).list()] == ["at-the-root.seg"]
    assert calls.hits == 1


def test_unreadable_file_is_not_yet(root: Path) -> None:
    """A file that is evicted, held or not permitted is "not yet", without its path in the error."""
    (root / SEGMENT).write_bytes(b"x")
    for number in (11, 13, 35, 5, 16, 116):
        calls = FaultyCalls(fail_at=1, number=number, names=frozenset({"open_to_read"}))
        with pytest.raises(NotYetError) as caught:
            FolderDrive(root, RealSystem(), calls=calls).read(SEGMENT, limit_bytes=9)
        assert BOOK not in f"{caught.value!r} {caught.value.__cause__!r} {caught.value.__context__!r}"


def test_descriptors_are_given_back(root: Path, drive: FolderDrive) -> None:
    """No call leaves a descriptor open, whether it succeeds or fails."""
    make_odd("fifo", root / BOOK / "pipe", root)

    def use() -> None:
        drive.publish(SEGMENT, b"x")
        drive.publish(SEGMENT, b"y", direct=True)
        drive.list()
        drive.read(SEGMENT, limit_bytes=9)
        for act in (
            lambda: drive.read(f"{BOOK}/pipe", limit_bytes=9),
            lambda: drive.read(SEGMENT, limit_bytes=0),
            lambda: drive.publish(f"{BOOK}/pipe", b"x", direct=True),
        ):
            with pytest.raises(UnfitFileError):
                act()
        drive.remove(SEGMENT)

    use()
    before = len(os.listdir("/proc/self/fd"))
    use()
    assert len(os.listdir("/proc/self/fd")) == before
