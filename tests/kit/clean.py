"""A clean environment: this Python, what couplejournal declares that it needs, and wheels that were just built."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import venv
from collections.abc import Iterable, Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from house.test_wheel import PROJECT

_NAME = re.compile(r"[\w.-]+")


def _needed(wanted: Iterable[str]) -> Iterator[Distribution]:
    """Yield the distributions that requirements name, and what those need; what another system needs is not here."""
    seen: set[str] = set()
    waiting = list(wanted)
    while waiting:
        found = _NAME.match(waiting.pop())
        name = "" if found is None else found[0].lower()
        if name in seen:
            continue
        seen.add(name)
        try:
            one = distribution(name)
        except PackageNotFoundError:
            continue
        yield one
        waiting += [each for each in one.requires or () if "extra ==" not in each]


class CleanEnvironment:
    """An environment that shares nothing with the one of these tests but the packages that are declared."""

    def __init__(self, folder: Path) -> None:
        """Make it, with links to what couplejournal and its kit need, and without couplejournal."""
        self.home = folder / "home"
        self.home.mkdir(parents=True)
        made = venv.EnvBuilder(symlinks=os.name != "nt")
        made.create(folder / "venv")
        self.bin = folder / "venv" / ("Scripts" if os.name == "nt" else "bin")
        site = Path(self.run("-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip())
        for one in _needed([*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["testing"]]):
            for top in {file.parts[0] for file in one.files or ()} - {"..", "__pycache__"}:
                (site / top).symlink_to(Path(str(one.locate_file(top))))

    def install(self, *wheels: Path) -> None:
        """Install wheels, which must find here all that they need."""
        command = [
            sys.executable,
            "-m",
            "pip",
            "--python",
            str(self.bin / "python"),
            "install",
            "--no-index",
            "--quiet",
        ]
        self._done([*command, "--disable-pip-version-check", *map(str, wheels)])

    def run(self, *args: str, cwd: Path | None = None) -> str:
        """Run its Python and return what it printed."""
        return self._done([str(self.bin / "python"), *args], cwd)

    def cli(self, *args: str) -> str:
        """Run couplejournal as it was installed there, and return what it printed as data."""
        return self._done([str(self.bin / "couplejournal"), "--no-input", *args])

    def _done(self, command: list[str], cwd: Path | None = None) -> str:
        own = {
            "HOME": str(self.home), "COUPLEJOURNAL_HOME": str(self.home / "cj"), "PYTHONSAFEPATH": "1",
            "LANG": "C.UTF-8", "TMPDIR": str(self.home),
        }  # fmt: skip
        kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
        done = subprocess.run(
            command, cwd=cwd or self.home, env={**kept, **own}, capture_output=True, text=True, check=False, timeout=300
        )
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
        return done.stdout
