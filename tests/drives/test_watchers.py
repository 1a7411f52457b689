"""Two people, each with a watcher that runs, at one folder of this machine."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from drives.people import Person, meet, texts, until

pytestmark = pytest.mark.drives
ENTRIES = 6


def test_two_watchers_over_one_folder(tmp_path: Path) -> None:
    """What both write at once, in processes of their own, each watcher prints, and both journals hold."""
    folder = tmp_path / "ours"
    folder.mkdir()
    ana, ben = Person(tmp_path / "ana"), Person(tmp_path / "ben")
    meet(folder, ana, ben)
    written = {name: {f"{name} {number}" for number in range(ENTRIES)} for name in ("Ana", "Ben")}
    outputs = {"Ana": tmp_path / "ana.out", "Ben": tmp_path / "ben.out"}
    with ana.watching(outputs["Ana"]), ben.watching(outputs["Ben"]), ThreadPoolExecutor(2) as both:
        done = [
            both.submit(person, "add", "appreciation", text, "--no-sync")
            for number in range(ENTRIES)
            for person, text in ((ana, f"Ana {number}"), (ben, f"Ben {number}"))
        ]
        assert [one.result().code for one in done] == [0] * len(done)
        everything = written["Ana"] | written["Ben"]
        until(lambda: all(text in out.read_text("utf-8") for text in everything for out in outputs.values()))
    assert texts(ana) == texts(ben) == everything
    assert [path for path in folder.rglob("*") if path.name.startswith("~$")] == []
