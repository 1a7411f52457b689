"""Behaviour around any drive, one small class each."""

from __future__ import annotations

from couplejournal.drive.interface import Drive, DriveReadOnlyError, Listing, Place


class ReadOnlyDrive:
    """A drive that nothing is written to: for a joiner before its own person has confirmed, and for looking only."""

    def __init__(self, inner: Drive) -> None:
        self._inner = inner

    def probe(self) -> Place:
        """Look at the root alone.

        Raises:
            DriveError: as the inner drive.
        """
        return self._inner.probe()

    def list(self) -> Listing:
        """Return the files.

        Raises:
            DriveError: as the inner drive.
        """
        return self._inner.list()

    def read(self, path: str, *, limit_bytes: int) -> bytes:
        """Return the content of a file.

        Raises:
            DriveError: as the inner drive.
            ValueError: ``path`` leaves the drive.
        """
        return self._inner.read(path, limit_bytes=limit_bytes)

    def publish(self, path: str, data: bytes, *, direct: bool = False) -> None:
        """Refuse.

        Raises:
            DriveReadOnlyError: always.
        """
        del path, data, direct
        raise DriveReadOnlyError("nothing is written to the shared folder yet")

    def remove(self, path: str) -> None:
        """Refuse.

        Raises:
            DriveReadOnlyError: always.
        """
        del path
        raise DriveReadOnlyError("nothing is removed from the shared folder yet")
