"""What this machine keeps plugins from, tier by tier, each by a name: for the screen that asks, `doctor` and the docs.

What depends on the system is tried: a worker is started, gives up what it can, and tells. Nothing is promised that was
not seen to hold; and what holds on no system is said as well.
"""

from __future__ import annotations

import os
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Literal

import attrs

from couplejournal.plugins.worker import MEMORY_LIMIT_BYTES, OUTPUT_LIMIT_BYTES, SECONDS, tried

if TYPE_CHECKING:
    from collections.abc import Mapping

ALWAYS: Final[Mapping[str, str]] = {
    "time": f"it ends after {SECONDS} seconds at the latest",
    "answer": f"it can answer with {OUTPUT_LIMIT_BYTES // 1024**2} MiB at most",
    "keys": "it gets no keys, no passphrase, no environment, and no entry that it may not read",
}
"""What holds for a worker on every system."""

TRIED: Final[Mapping[str, tuple[str, str]]] = {
    "network": ("it has no network", "it could use the network"),
    "journal": (
        "the journal's own folders, with the keystore, are hidden from it",
        "it could read the journal's own folders, where the keystore lies sealed",
    ),
    "leftovers": ("whatever it starts ends with it", "it could start processes that go on after it"),
    "processes": (
        "it can start no other process",
        "it could start other processes, as many as the system lets you",
    ),
    "memory": (
        f"it has at most {MEMORY_LIMIT_BYTES // 1024**2:,} MiB of memory",
        "it could take as much memory as there is",
    ),
    "writing": ("it can write nothing into a file", "it could write files where you can"),
}
"""What depends on the system: in words where it holds, and where it does not."""

NEVER: Final[Mapping[str, str]] = {
    "reading": "it could read your other files, where you can read them",
    "removing": "it could empty, rename or remove your other files, where you can",
}
"""What no system keeps a worker from yet."""

AS_ROOT: Final = "you are root, whom the limit on processes does not hold"
IN_PROCESS: Final[Mapping[str, str]] = {
    "promise": "what stands above is a promise of whoever wrote it",
    "keys": "it could read your keys and every entry that this device holds, while the journal is open",
    "time": "it could go on until you interrupt it",
    "printing": "it could print whatever it likes",
    "ending": "it could end the program at once; what was saved is safe",
    "everything": "it could do whatever else you can: files, network, other programs",
}
"""What nothing keeps a trusted plugin from: it runs in this process."""
NOTHING_RUNS: Final = "all of it, since nothing runs: it is read and checked"


@attrs.frozen
class Enforced:
    """Say what holds here for the plugins of a tier, and what does not, in words by their names."""

    kept: Mapping[str, str]
    open: Mapping[str, str]


@lru_cache(maxsize=1)
def in_a_worker() -> Enforced:
    """Return what this machine keeps an isolated plugin from, and what it does not; a worker is started, and tries."""
    found = tried()
    kept = {name: words[0] for name, words in TRIED.items() if found.get(name) is True}
    left = {name: words[1] for name, words in TRIED.items() if name not in kept}
    if "processes" in left and hasattr(os, "geteuid") and os.geteuid() == 0:
        left["processes"] += f" ({AS_ROOT})"
    return Enforced({**ALWAYS, **kept}, {**left, **NEVER})


def of_tier(tier: Literal["pack", "isolated", "trusted"]) -> Enforced:
    """Return what this machine keeps the plugins of a tier from, and what it does not."""
    if tier == "isolated":
        return in_a_worker()
    return Enforced({"everything": NOTHING_RUNS}, {}) if tier == "pack" else Enforced({}, IN_PROCESS)
