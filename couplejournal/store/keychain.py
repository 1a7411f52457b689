"""The keychain of the operating system, through the optional package ``keyring``.

A keychain here is a place that the system guards. Backends of ``keyring`` that keep nothing, or keep it readable in a
file, are refused with the reason (docs/spec/format.md 11). ``keyring`` takes a tenth of a second to load, so that
happens only when a keychain is really asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

from couplejournal.errors import UnlockError

if TYPE_CHECKING:
    from collections.abc import Callable

SERVICE: Final = "couplejournal"
RECOMMENDED_PRIORITY: Final = 1  # keyring's own line between what it recommends and what it merely can do
_REFUSED_MODULES: Final = ("keyring.backends.null", "keyring.backends.fail", "keyrings.alt")
_HINT: Final = "use a passphrase, or set up the system's keychain (Keychain, Credential Manager, Secret Service)"


class Keychain(Protocol):
    """A guarded place for a few small secrets, each under a name."""

    def get(self, name: str) -> bytes | None:
        """Return the secret, or None where there is none."""

    def put(self, name: str, secret: bytes) -> None:
        """Keep a secret under a name that may exist."""

    def remove(self, name: str) -> bool:
        """Remove a secret and return whether there was one."""


class SystemKeychain:
    """The keychain that ``keyring`` found; `system_keychain` makes it."""

    def __init__(self, backend: Any) -> None:
        """Take a backend of ``keyring``.

        Raises:
            UnlockError: the backend keeps nothing, or keeps it readable.
        """
        self._backend = _require_safe(backend)

    def get(self, name: str) -> bytes | None:
        """Return the secret, or None where there is none.

        Raises:
            UnlockError: the keychain is locked or fails.
        """
        value = _asking(lambda: self._backend.get_password(SERVICE, name))
        try:
            return None if value is None else bytes.fromhex(value)
        except (ValueError, TypeError):
            return None  # somebody else's value under our name opens nothing

    def put(self, name: str, secret: bytes) -> None:
        """Keep a secret, and look whether it is really there.

        Raises:
            UnlockError: the keychain is locked, fails, or forgets at once.
        """
        _asking(lambda: self._backend.set_password(SERVICE, name, secret.hex()))
        if self.get(name) != secret:
            raise UnlockError("the system's keychain did not keep what it was given", hint=_HINT)

    def remove(self, name: str) -> bool:
        """Remove a secret and return whether there was one.

        Raises:
            UnlockError: the keychain is locked or fails.
        """
        if _asking(lambda: self._backend.get_password(SERVICE, name)) is None:
            return False
        _asking(lambda: self._backend.delete_password(SERVICE, name))
        return True


def system_keychain() -> Keychain:
    """Return the system's keychain.

    Raises:
        UnlockError: ``keyring`` is not installed, or has no backend that may be trusted with a key.
    """
    try:
        import keyring  # optional, and slow to load
    except ImportError:
        raise UnlockError(
            "the system's keychain needs the Python package 'keyring', which is not installed",
            hint="install keyring, or use a passphrase",
        ) from None
    return SystemKeychain(_asking(keyring.get_keyring))


def _asking(question: Callable[[], Any]) -> Any:
    """Ask the backend; whatever it raises (its own errors, D-Bus, the system's) ends here as one sentence."""
    try:
        return question()
    except Exception:  # noqa: BLE001 - backends raise anything, and their texts are not ours to show
        raise UnlockError(
            "the system's keychain is locked or does not answer", hint="unlock it, or use a passphrase"
        ) from None


def _require_safe(backend: Any) -> Any:
    """Return a backend that may hold a key; of a chain the first alone, so that nothing falls through to a worse."""
    chain = getattr(backend, "backends", None)
    if chain is not None:
        backend = next(iter(chain), None)
    reason = _why_unsafe(backend)
    if reason:
        raise UnlockError(f"the keychain of this system is not safe for keys: {reason}", hint=_HINT)
    return backend


def _why_unsafe(backend: Any) -> str:
    """Return the reason against a backend; empty if there is none."""
    origins = [f"{kind.__module__}.{kind.__qualname__}" for kind in type(backend).__mro__]
    if backend is None or any(origin.startswith(_REFUSED_MODULES[:2]) for origin in origins):
        return "there is no keychain behind it, and nothing would be kept"
    if any(origin.startswith(_REFUSED_MODULES[2]) or "plain" in origin.lower() for origin in origins):
        return "it writes what it is given into a file that others can read"
    try:
        priority = backend.priority
    except Exception:  # noqa: BLE001 - a backend that cannot work here says so by raising anything
        return "it does not work here"
    return "" if priority >= RECOMMENDED_PRIORITY else "keyring itself does not recommend it"
