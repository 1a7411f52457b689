"""Pairing files and beginnings of books are found by content, and junk costs little."""

from __future__ import annotations

from couplejournal.errors import UntrustedDataError
from couplejournal.pairing import meeting
from couplejournal.testing.drives import CountingDrive, DriveSim

SECRET = bytes(range(16))
BOOK = "0" * 32


def accepted(data: bytes) -> bytes:
    """Accept what begins with a word."""
    if not data.startswith(b"good"):
        raise UntrustedDataError("no")
    return data[4:]


def test_paths_say_nothing_of_the_secret() -> None:
    """Names of offer and answer are equal but for their end, and hold no byte of the secret."""
    offer, join = meeting.offer_path(SECRET), meeting.join_path(SECRET)
    assert offer.removesuffix(".offer") == join.removesuffix(".join")
    assert SECRET.hex()[:8] not in offer


def test_a_file_is_known_by_its_content() -> None:
    """The right name comes first, then any name that holds it; what is refused, empty or torn is passed over."""
    sim = DriveSim(1)
    drive, path = sim.face(0), meeting.offer_path(SECRET)
    assert meeting.find(drive, path, accepted) is None
    sim.plant(0, path, b"")
    sim.plant(0, path.replace(".offer", " (1).offer"), b"good copy")
    sim.plant(0, "invites/other.offer", b"good other")
    assert meeting.find(drive, path, accepted) == (b"good copy", b" copy")
    sim.plant(0, path, b"good one")
    assert meeting.find(drive, path, accepted) == (b"good one", b" one")
    assert meeting.has(drive, path, b"good copy", set())
    assert not meeting.has(drive, path, b"good other", set())


def test_junk_costs_a_bounded_number_of_reads() -> None:
    """Thousands of planted files are not all read, and the one with the right name is read first."""
    sim = DriveSim(1)
    path = meeting.offer_path(SECRET)
    for number in range(2000):
        sim.plant(0, path.replace(".offer", f" {number}.offer"), b"junk")
        sim.plant(0, f"{number:032x}/x.cj", b"junk")
    drive = CountingDrive(sim.face(0))
    assert meeting.find(drive, path, accepted) is None
    assert drive.counts["read"] <= meeting.FILES_LIMIT
    sim.plant(0, path, b"good")
    drive.clear()
    assert meeting.find(drive, path, accepted) == (b"good", b"")
    assert drive.counts["read"] == 1
    drive.clear()
    assert len(list(meeting.geneses(drive))) <= meeting.GENESES_LIMIT


def test_the_beginning_of_a_known_book_is_read_first() -> None:
    """The named folder first, its right name before others; large files and other depths are left alone."""
    sim = DriveSim(1)
    sim.plant(0, f"{BOOK}/book (1).cj", b"copy")
    sim.plant(0, f"{BOOK}/book.cj", b"it")
    sim.plant(0, f"{'1' * 32}/book.cj", b"another")
    sim.plant(0, f"{BOOK}/streams/{BOOK}/x.seg", b"segment")
    sim.plant(0, f"{BOOK}/large.cj", bytes(meeting.GENESIS_LIMIT_BYTES + 1))
    assert list(meeting.geneses(sim.face(0), BOOK)) == [b"it", b"copy", b"another"]
