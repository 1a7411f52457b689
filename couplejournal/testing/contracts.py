"""Suites that hold every implementation of an interface to the same behaviour.

A test module makes a class of its own that inherits from one and says how its implementation is made; pytest does the
rest. Each suite is the promise of an interface, written as tests.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Final, Protocol

import pytest

from couplejournal.drive.interface import Drive, DriveMissingError, NotYetError, UnfitFileError

BOOK: Final = "0b" * 16
STREAM: Final = "57" * 16
SEGMENT: Final = f"{BOOK}/streams/{STREAM}/00000001-00000001-{'ab' * 16}.seg"
_LIMIT_BYTES: Final = 1 << 20


class DriveGround(Protocol):
    """A drive, and the hand of somebody else in the same folder."""

    drive: Drive

    def plant(self, path: str, data: bytes) -> None:
        """Put a file of any name into the folder, past the drive."""

    def plant_folder(self, path: str) -> None:
        """Put an empty folder of any name into the folder, past the drive."""

    def take_root_away(self) -> None:
        """Remove the folder, or unplug it."""

    def has_root(self) -> bool:
        """Say whether the folder is there."""


class DriveContract(ABC):
    """What every `couplejournal.drive.interface.Drive` promises."""

    @abstractmethod
    def make(self, tmp_path: Path) -> DriveGround:
        """Return an empty drive below ``tmp_path``."""

    @pytest.fixture
    def ground(self, tmp_path: Path) -> DriveGround:
        """Return an empty drive."""
        return self.make(tmp_path)

    def test_empty_drive(self, ground: DriveGround) -> None:
        """An empty drive is there, and lists nothing."""
        place = ground.drive.probe()
        assert (place.exists, ground.drive.list()) == (True, [])
        assert place.identity == ground.drive.probe().identity

    @pytest.mark.parametrize("direct", [False, True])
    def test_published_is_read_back(self, ground: DriveGround, direct: bool) -> None:  # noqa: FBT001
        """What was published is listed under its name and size, and read back byte for byte."""
        data = bytes(range(256)) * 40
        ground.drive.publish(SEGMENT, data, direct=direct)
        listing = ground.drive.list()
        assert [(file.path, file.size_bytes) for file in listing] == [(SEGMENT, len(data))]
        assert ground.drive.read(SEGMENT, limit_bytes=len(data)) == data

    @pytest.mark.parametrize("direct", [False, True])
    def test_published_again(self, ground: DriveGround, direct: bool) -> None:  # noqa: FBT001
        """Publishing over a damaged file, longer or shorter, leaves exactly the new bytes."""
        for data in (b"damaged and long", b"right", b""):
            ground.drive.publish(SEGMENT, data, direct=direct)
            assert ground.drive.read(SEGMENT, limit_bytes=_LIMIT_BYTES) == data
        assert len(ground.drive.list()) == 1

    def test_listing_is_sorted(self, ground: DriveGround) -> None:
        """A listing is sorted by path and holds the files of every level."""
        paths = ["invites/x.offer", f"{BOOK}/book.cj", f"{BOOK}/streams/{STREAM}/b.seg", SEGMENT, "stray.seg"]
        for path in paths:
            ground.drive.publish(path, b"x")
        assert [file.path for file in ground.drive.list()] == sorted(paths)

    @pytest.mark.parametrize(
        "path",
        [
            f"{SEGMENT[:-4]} (Ann\u2019s conflicted copy 2026-01-02).seg",
            f"{SEGMENT}.conflict1",
            f"{SEGMENT[:-4]}.sync-conflict-20260102-030405-ABCDEFG.seg",
            f"{BOOK}/anything at all",
            f"{BOOK}/streams/flat.seg",
            "at the root (1).seg",
            f"{BOOK} (1)/book.cj",
            f"{BOOK}/streams.conflict/{STREAM}/x.seg",
            SEGMENT.upper(),
            f"{BOOK}/.book.cj.icloud",
        ],
    )
    def test_any_name_is_offered(self, ground: DriveGround, path: str) -> None:
        """A file that a sync client renamed or moved up is listed and can be read."""
        ground.plant(path, b"content")
        assert [file.path for file in ground.drive.list()] == [path]
        assert ground.drive.read(path, limit_bytes=7) == b"content"

    @pytest.mark.parametrize(
        "path",
        [
            f".stversions/{BOOK}/book.cj",
            f"@eaDir/{BOOK}/x.seg",
            ".Trash-1000/files/x.seg",
            f"photos/{BOOK}/book.cj",
            f"{BOOK}/.streams/x",
            f"{BOOK}/old/x.seg",
            f"{BOOK}/streams/other/x.seg",
            f"{BOOK}/streams/{STREAM}/{STREAM}/x.seg",
            f"invites/{BOOK}/x.offer",
            f"{BOOK}0/book.cj",
            f"{BOOK}/a\nline",
        ],
    )
    def test_foreign_folders_are_not_entered(self, ground: DriveGround, path: str) -> None:
        """Folders of others, and names that are no text, are left out."""
        ground.plant(path, b"x")
        assert ground.drive.list() == []

    def test_limit(self, ground: DriveGround) -> None:
        """A file of exactly the limit is read; one byte more is refused."""
        ground.plant(SEGMENT, b"12345")
        assert ground.drive.read(SEGMENT, limit_bytes=5) == b"12345"
        with pytest.raises(UnfitFileError):
            ground.drive.read(SEGMENT, limit_bytes=4)

    def test_missing_file(self, ground: DriveGround) -> None:
        """Reading what is not there is "not yet", and removing it is fine."""
        with pytest.raises(NotYetError):
            ground.drive.read(SEGMENT, limit_bytes=5)
        ground.drive.remove(SEGMENT)

    def test_removed(self, ground: DriveGround) -> None:
        """Exactly the file that was named is removed, whatever its name."""
        odd = f"{BOOK}/streams/{STREAM}/x (1).seg"
        ground.plant(odd, b"1")
        ground.drive.publish(SEGMENT, b"2")
        ground.drive.remove(odd)
        assert [file.path for file in ground.drive.list()] == [SEGMENT]

    def test_folder_in_the_way(self, ground: DriveGround) -> None:
        """A folder under a segment's name is neither listed nor read, replaced or removed."""
        ground.plant_folder(SEGMENT)
        assert ground.drive.list() == []
        for act in (
            lambda: ground.drive.read(SEGMENT, limit_bytes=5),
            lambda: ground.drive.publish(SEGMENT, b"x"),
            lambda: ground.drive.publish(SEGMENT, b"x", direct=True),
            lambda: ground.drive.remove(SEGMENT),
        ):
            with pytest.raises(UnfitFileError):
                act()
        assert ground.drive.list() == []

    def test_file_in_the_way(self, ground: DriveGround) -> None:
        """A file in the place of a folder stops publishing below it, and is left alone."""
        ground.plant(f"{BOOK}/streams", b"not a folder")
        with pytest.raises(UnfitFileError):
            ground.drive.publish(SEGMENT, b"x")
        assert [file.path for file in ground.drive.list()] == [f"{BOOK}/streams"]

    def test_root_is_never_made(self, ground: DriveGround) -> None:
        """Without its root a drive says so, reads nothing, and does not make one."""
        ground.take_root_away()
        place = ground.drive.probe()
        assert (place.exists, place.identity) == (False, None)
        with pytest.raises(DriveMissingError):
            ground.drive.list()
        with pytest.raises(DriveMissingError):
            ground.drive.publish(SEGMENT, b"x")
        with pytest.raises(NotYetError):
            ground.drive.read(SEGMENT, limit_bytes=5)
        assert not ground.has_root()

    @pytest.mark.parametrize("path", ["", "/etc/passwd", "../x", f"{BOOK}/../x", "a//b", "a/b/c/d/e", "a\0b"])
    def test_paths_that_leave(self, ground: DriveGround, path: str) -> None:
        """A path that leaves the drive is a mistake of the programmer."""
        for act in (
            lambda: ground.drive.read(path, limit_bytes=5),
            lambda: ground.drive.publish(path, b"x"),
            lambda: ground.drive.remove(path),
        ):
            with pytest.raises(ValueError, match="drive"):
                act()

    @pytest.mark.parametrize("path", [".hidden", f"{BOOK}/Book.cj", "caf\u00e9.seg", "a b", "a:b", "x" * 101, "~$x"])
    def test_names_that_hosts_mistreat(self, ground: DriveGround, path: str) -> None:
        """A name that some host would drop, fold or refuse is never published."""
        with pytest.raises(ValueError, match="drive"):
            ground.drive.publish(path, b"x")
        assert ground.drive.list() == []
