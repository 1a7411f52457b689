"""Opening a journal of 100,000 entries and listing the last ten."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from benchmarks.figures import Figures, ms, paired, python, timed
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

import couplejournal as cj
from couplejournal.testing.bulk import fill

pytestmark = pytest.mark.bench

COUNT = 100_000
ROUNDS = 5
LISTING = """
import json, resource, sys, time
begun = time.perf_counter()
import couplejournal as cj
with cj.open(home=sys.argv[1]) as journal:
    last = list(journal.entries(limit=10, newest_first=True))
took = time.perf_counter() - begun
unit = 1 if sys.platform == "darwin" else 1024
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
print(json.dumps({"took_s": took, "peak_bytes": peak, "listed": len(last)}))
"""


def test_listing_the_last_ten_of_100_000(tmp_path: Path, figures: Figures) -> None:
    """Opening and listing costs at most 150 times reading and decrypting the same bytes, and under 500 MB."""
    home = tmp_path / "home"
    with cj.create("Ana", home=home, passphrase=cj.NO_PASSPHRASE) as journal:
        fill(journal, COUNT)
    box, nonce = ChaCha20Poly1305(bytes(32)), bytes(12)
    floor_folder = tmp_path / "floor"
    floor_folder.mkdir()
    for number, segment in enumerate(home.rglob("*.seg")):
        (floor_folder / str(number)).write_bytes(box.encrypt(nonce, segment.read_bytes(), None))
    peaks = []

    def floor() -> float:
        return timed(lambda: [box.decrypt(nonce, path.read_bytes(), None) for path in floor_folder.iterdir()])

    def listing() -> float:
        done = subprocess.run(python("-c", LISTING, str(home)), check=True, capture_output=True)
        said = json.loads(done.stdout)
        assert said["listed"] == 10
        peaks.append(said["peak_bytes"])
        return float(said["took_s"])

    ratio, low, high = paired(floor, listing, rounds=ROUNDS)
    said = f"{ms([high])} against {ms([low])}"
    figures.require("open 100,000 entries and list ten", ratio, "times", 150, said=said)
    figures.require("memory for it", max(peaks) / 1e6, "MB", 500)
