"""What a keystore keeps: the seeds of one device, as values that never show themselves.

``repr`` of a `BookSecret` or of `Secrets` holds no secret, so that neither a traceback with locals, a log, nor a
debugger's summary gives one away.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

ROLES: Final = frozenset({"private", "shared", "earlier"})


class BookSecret(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """This device's key for one book.

    ``book`` is the book's id (32 bytes); ``role`` is "private", "shared" or "earlier"; ``sign_seed`` and ``kem_seed``
    (32 bytes each) make the device's key in this book.
    """

    book: bytes
    role: str
    sign_seed: bytes
    kem_seed: bytes

    def __post_init__(self) -> None:
        """Refuse an unknown role.

        Raises:
            ValueError: the role is not one of `ROLES`.
        """
        if self.role not in ROLES:
            raise ValueError("unknown role of a book")

    def __repr__(self) -> str:
        """Show the role and no seed."""
        return f"BookSecret(role={self.role!r}, …)"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """Show the role and no seed to consoles that ask for a richer form."""
        return [("role", self.role)]


class Secrets(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything that this device must keep to itself, and who it is.

    ``name`` and ``device_name`` are for people. ``root_keys`` is public (1,280 bytes, or empty while unknown);
    ``root_seed`` makes the person's root as long as its words were never shown, else None; ``founding_seed`` signs
    `found`; ``pairing`` is the state of an open pairing, or empty. ``msgspec.structs.replace`` makes a changed one.
    """

    name: str
    device_name: str
    root_keys: bytes
    root_seed: bytes | None
    founding_seed: bytes
    books: list[BookSecret]
    pairing: bytes

    def __repr__(self) -> str:
        """Show how many books there are and nothing else."""
        return f"Secrets({len(self.books)} books, …)"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """Show how many books there are to consoles that ask for a richer form."""
        return [("books", len(self.books))]
