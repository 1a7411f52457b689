"""People before one folder, and what a host or a thief of the words can lay into it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import couplejournal as cj
from couplejournal.journal import Journal
from couplejournal.ops import codec, domains
from couplejournal.pairing.meeting import FOLDER as INVITES
from couplejournal.seal import boxes
from couplejournal.seal import invite as sealing
from couplejournal.seal.invite import InviteKeys, Join
from couplejournal.testing.couples import Couple
from couplejournal.testing.disks import MemoryDisk
from couplejournal.testing.drives import DriveSim


class Room:
    """Ana, Ben and Eve, each with a journal of one, before one folder."""

    def __init__(self, tmp_path: Path) -> None:
        self.sim = DriveSim(1)
        self.couple = Couple(tmp_path, disk=lambda _: MemoryDisk())
        self.ana, self.ben, self.eve = (self.couple.start(name) for name in ("Ana", "Ben", "Eve"))
        for journal in self.couple:
            journal.place.use(self.sim.face(0))

    @property
    def files(self) -> dict[str, bytes]:
        """Return what lies in the folder."""
        return {path: file.data for path, file in self.sim.views[0].items()}

    def plant(self, path: str, data: bytes) -> None:
        """Put a file into the folder, as its host can."""
        self.sim.plant(0, path, data)

    def suffixed(self, suffix: str) -> str:
        """Return the one path that ends like this."""
        [path] = [path for path in self.files if path.endswith(suffix)]
        return path

    def is_without_books(self) -> bool:
        """Return whether the folder holds pairing files at most."""
        return all(path.startswith(INVITES) for path in self.files)

    def sync(self, *journals: Journal) -> None:
        """Sync a few times."""
        for _ in range(3):
            for journal in journals:
                journal.sync()


def invited(room: Room) -> tuple[cj.Invitation, str]:
    """Return Ana's invite and its words."""
    invitation = room.ana.pairing.invite()
    return invitation, " ".join(invitation.words)


def joined(journal: Journal, typed: str) -> cj.Joining:
    """Let somebody type the words, and look once."""
    journal.pairing.join(typed)
    journal.sync()
    return joining_of(journal)


def joining_of(journal: Journal) -> cj.Joining:
    """Return the open joining."""
    found = journal.pairing.current
    assert isinstance(found, cj.Joining)
    return found


def is_alone(journal: Journal) -> bool:
    """Return whether a device has its private book and no other: nothing was founded, admitted or copied."""
    disk, home = journal.device.disk, journal.home
    return journal.device.shared is None and len({item.name for item in disk.list(home.data)}) == 1


def sealed_join(secret: bytes, offer: bytes, join: Join, sign: Callable[[bytes], bytes]) -> bytes:
    """Return the file of an answer, signed however one likes."""
    inner = codec.encode(join)
    signed = codec.encode((inner, sign(sealing._join_message(offer, inner))))
    return boxes.seal_box(InviteKeys.of(secret).join_key, domains.domain("join"), sealing._padded(signed))
