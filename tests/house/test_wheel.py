"""What a user installs: one wheel with the library, its types and the bundled plugins."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest
from house.tree import CHECKOUT, SHIPPED, files

PROJECT = tomllib.loads((CHECKOUT / "pyproject.toml").read_text("utf-8"))["project"]


def built(source: Path, target: Path, kind: str) -> Path:
    """Return the archive that hatchling makes of a source tree."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(target)]
    done = subprocess.run(command, cwd=source, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    [path] = target.iterdir()
    return path


def contents(wheel: Path) -> dict[str, bytes]:
    """Return every file of a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Return the files of a wheel that is built from the checkout."""
    return contents(built(CHECKOUT, tmp_path_factory.mktemp("wheel"), "wheel"))


def test_wheel_holds_the_sources_and_nothing_else(wheel: dict[str, bytes]) -> None:
    """Each shipped file of the checkout is in the wheel under its installed name; beside them only metadata is."""
    names = [path.relative_to(CHECKOUT).as_posix() for path in files(CHECKOUT, *SHIPPED)]
    expected = {
        "couplejournal_plugins" + name.removeprefix("plugins") if name.startswith("plugins/") else name
        for name in names
    }
    assert {name for name in wheel if ".dist-info/" not in name} == expected


def test_wheel_ships_types_and_licence(wheel: dict[str, bytes]) -> None:
    """The marker for type checkers and the licence are in the wheel."""
    assert wheel["couplejournal/py.typed"] == b""
    [licence] = [name for name in wheel if name.endswith("/licenses/LICENSE")]
    assert wheel[licence] == (CHECKOUT / "LICENSE").read_bytes()


def test_every_plugin_has_its_entry_point_and_manifest(wheel: dict[str, bytes]) -> None:
    """Each folder of plugins/ is a package with a manifest and an entry point, and no entry point leads nowhere."""
    named = PROJECT["entry-points"]["couplejournal.plugins"]
    folders = {
        name.split("/")[1] for name in wheel if name.startswith("couplejournal_plugins/") and name.count("/") > 1
    }
    assert named == {name: f"couplejournal_plugins.{name}" for name in folders}
    for name in folders:
        assert f"couplejournal_plugins/{name}/__init__.py" in wheel
        assert f"couplejournal_plugins/{name}/couplejournal.toml" in wheel


def test_commands_lead_to_a_function(wheel: dict[str, bytes]) -> None:
    """Both commands name a module of the wheel and a function that it defines."""
    assert set(PROJECT["scripts"]) == {"couplejournal", "cj"}
    for target in PROJECT["scripts"].values():
        module, _, function = target.partition(":")
        assert f"def {function}(".encode() in wheel[module.replace(".", "/") + ".py"]


def test_version_is_said_once_and_the_same() -> None:
    """`couplejournal.__version__` is the version of pyproject.toml, without reading metadata."""
    code = "import couplejournal; print(couplejournal.__version__)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == PROJECT["version"]


def test_what_is_tested_is_what_is_installed() -> None:
    """Under `make`, no package comes from the folder that the tests lie in."""
    if not sys.flags.safe_path:
        pytest.skip("run on the sources; `make test` runs on the installed wheel")
    for name in ("couplejournal", "couplejournal_plugins"):
        found = importlib.util.find_spec(name)
        assert found is not None
        assert found.submodule_search_locations
        assert all(Path(place).is_relative_to(sys.prefix) for place in found.submodule_search_locations)


@pytest.mark.long
def test_source_archive_makes_the_same_wheel(wheel: dict[str, bytes], tmp_path: Path) -> None:
    """A wheel made of the source archive equals the one made of the checkout."""
    with tarfile.open(built(CHECKOUT, tmp_path / "sdist", "sdist")) as archive:
        for member in archive:  # by hand: the first releases of Python 3.11 know no extraction filter
            if (data := archive.extractfile(member)) is not None:
                (tmp_path / member.name).parent.mkdir(parents=True, exist_ok=True)
                (tmp_path / member.name).write_bytes(data.read())
    [source] = tmp_path.glob("couplejournal-*")
    again = contents(built(source, tmp_path / "again", "wheel"))
    assert again == wheel
