"""The adapter to the keychain of the operating system."""

from __future__ import annotations

import sys

import pytest

from couplejournal.errors import UnlockError
from couplejournal.store.keychain import SystemKeychain, system_keychain


class Backend:
    """A backend of keyring in memory."""

    priority = 5.0

    def __init__(self) -> None:
        """Begin empty."""
        self.items: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, name: str) -> str | None:
        """Return the value."""
        return self.items.get((service, name))

    def set_password(self, service: str, name: str, value: str) -> None:
        """Keep the value."""
        self.items[service, name] = value

    def delete_password(self, service: str, name: str) -> None:
        """Remove the value, or fail as keyring does."""
        del self.items[service, name]


def test_a_keychain_keeps_gives_and_removes() -> None:
    """The adapter to keyring keeps bytes under a name; foreign values under our name are nothing."""
    backend = Backend()
    chain = SystemKeychain(backend)
    assert chain.get("a") is None
    chain.put("a", b"\0secret\xff")
    assert chain.get("a") == b"\0secret\xff"
    assert chain.remove("a")
    assert not chain.remove("a")
    backend.set_password("couplejournal", "a", "not hex")
    assert chain.get("a") is None


def test_a_keychain_that_raises_anything_is_one_sentence() -> None:
    """Errors of backends, which may quote anything, end in the adapter."""

    class Raising(Backend):
        def get_password(self, service: str, name: str) -> str | None:
            raise RuntimeError(f"dbus: {service} {name} quoted")

    with pytest.raises(UnlockError) as caught:
        SystemKeychain(Raising()).get("a")
    assert "quoted" not in str(caught.value) + caught.value.hint


def test_without_the_package_the_keychain_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where keyring is not installed, the error names it."""
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(UnlockError, match="keyring"):
        system_keychain()
