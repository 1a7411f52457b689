"""What every `couplejournal.disk.Disk` promises, as tests: see `couplejournal.testing.contracts`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path

import pytest

from couplejournal.disk import Disk
from couplejournal.errors import StoreError


class DiskContract(ABC):
    """What every `couplejournal.disk.Disk` promises. A class of a test module inherits from it and makes a disk."""

    @abstractmethod
    def make(self) -> Disk:
        """Return a disk on which a folder below ``tmp_path`` can be made."""

    @pytest.fixture
    def disk(self, tmp_path: Path) -> Disk:
        """Return a disk with a folder ``a/b`` on it."""
        made = self.make()
        made.make_folder(tmp_path / "a" / "b", private=True)
        return made

    @pytest.mark.parametrize("durable", [False, True])
    def test_what_was_written_is_read(self, disk: Disk, tmp_path: Path, *, durable: bool) -> None:
        """New, replaced and appended files are read back whole, and nothing else lies beside them."""
        path, log = tmp_path / "a" / "file", tmp_path / "a" / "log"
        assert disk.read(path, limit_bytes=10) is None
        disk.write_new(path, b"one")
        assert disk.read(path, limit_bytes=3) == b"one"
        for data in (b"longer", b"", bytes(range(256))):
            disk.replace(path, data, durable=durable, private=True)
            assert disk.read(path, limit_bytes=256) == data
        for _ in range(2):
            disk.append(log, b"more", durable=durable)
        assert disk.read(log, limit_bytes=8) == b"moremore"
        assert names(disk, tmp_path / "a") == ["b", "file", "log"]

    def test_listing_says_what_lies_there(self, disk: Disk, tmp_path: Path) -> None:
        """A listing holds the names of one folder alone, with their sizes, and tells files from folders."""
        disk.write_new(tmp_path / "a" / "file", b"12345")
        disk.write_new(tmp_path / "a" / "b" / "deeper", b"")
        listed = {entry.name: (entry.size_bytes, entry.is_file) for entry in disk.list(tmp_path / "a")}
        assert listed["file"] == (5, True)
        assert listed.keys() == {"b", "file"}
        assert not {entry.name: entry for entry in disk.list(tmp_path / "a")}["b"].is_file

    def test_what_is_not_there_is_no_error(self, disk: Disk, tmp_path: Path) -> None:
        """Reading, listing and removing what is not there say so quietly."""
        assert disk.read(tmp_path / "a" / "none", limit_bytes=1) is None
        assert disk.read(tmp_path / "none" / "none", limit_bytes=1) is None
        assert disk.list(tmp_path / "none" / "none") == []
        disk.remove(tmp_path / "a" / "none")

    def test_a_folder_is_made_with_those_above_it(self, disk: Disk, tmp_path: Path) -> None:
        """Folders are made at any depth; one that is there is no error and keeps what it holds."""
        deep = tmp_path / "c" / "d" / "e"
        disk.make_folder(deep)
        disk.write_new(deep / "file", b"x")
        disk.make_folder(deep, private=True)
        assert (names(disk, tmp_path / "c"), names(disk, deep)) == (["d"], ["file"])

    def test_removed(self, disk: Disk, tmp_path: Path) -> None:
        """Exactly the file that was named is removed, and can be made anew."""
        for name in ("file", "file2"):
            disk.write_new(tmp_path / "a" / name, name.encode())
        disk.remove(tmp_path / "a" / "file")
        assert names(disk, tmp_path / "a") == ["b", "file2"]
        disk.write_new(tmp_path / "a" / "file", b"again")
        assert disk.read(tmp_path / "a" / "file", limit_bytes=9) == b"again"

    def test_what_cannot_be_is_our_own_error(self, disk: Disk, tmp_path: Path) -> None:
        """A file beyond the limit, a folder in a file's place, and a missing folder are a `StoreError` of one line."""
        disk.write_new(tmp_path / "a" / "file", b"12345")
        acts: tuple[Callable[[], object], ...] = (
            lambda: disk.read(tmp_path / "a" / "file", limit_bytes=4),
            lambda: disk.read(tmp_path / "a" / "b", limit_bytes=4),
            lambda: disk.write_new(tmp_path / "none" / "file", b"x"),
            lambda: disk.replace(tmp_path / "none" / "file", b"x"),
            lambda: disk.append(tmp_path / "none" / "file", b"x", durable=True),
        )
        for act in acts:
            with pytest.raises(StoreError) as caught:
                act()
            assert "\n" not in str(caught.value)
            assert str(tmp_path) not in str(caught.value)


def names(disk: Disk, folder: Path) -> list[str]:
    """Return the names in a folder, sorted."""
    return sorted(listed.name for listed in disk.list(folder))
