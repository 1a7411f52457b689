"""What holds for every test: no network, no real home, no surprise."""

from __future__ import annotations

import importlib.util
import os
import socket
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

CHECKOUT = Path(__file__).resolve().parents[1]

# "ci" and "long" take the same examples in each run. "fresh" and "soak" draw anew, from a printed seed.
_QUIET = [HealthCheck.too_slow, HealthCheck.data_too_large]
settings.register_profile("ci", derandomize=True, database=None, deadline=None, print_blob=True, max_examples=50)
settings.register_profile("long", settings.get_profile("ci"), max_examples=1000, suppress_health_check=_QUIET)
settings.register_profile("fresh", settings.get_profile("long"), derandomize=False, max_examples=2000)
settings.register_profile("soak", settings.get_profile("fresh"), max_examples=50_000)
settings.load_profile("ci")

if not sys.flags.safe_path and importlib.util.find_spec("couplejournal_plugins") is None:
    # `python -m pytest` from a bare checkout: give plugins/ its installed name, here and in child processes.
    sys.path.append(str(CHECKOUT / "tools" / "dev"))
    os.environ["PYTHONPATH"] = os.pathsep.join([str(CHECKOUT), str(CHECKOUT / "tools" / "dev")])


def pytest_configure(config: pytest.Config) -> None:
    """Draw the seed of a random run here, before the workers start, so that all take the same and it can be printed."""
    if config.getoption("--hypothesis-profile") in {"fresh", "soak"} and config.getoption("--hypothesis-seed") is None:
        config.option.hypothesis_seed = str(int.from_bytes(os.urandom(4), "big"))


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Say what is tested and with which examples."""
    found = importlib.util.find_spec("couplejournal")
    source = found is not None and found.origin == str(CHECKOUT / "couplejournal" / "__init__.py")
    seed = config.getoption("--hypothesis-seed")
    return [
        f"couplejournal: {'the sources of the checkout' if source else 'the installed wheel'}",
        f"properties: {f'--hypothesis-seed={seed}' if seed else 'the same examples in each run'}",
    ]


@pytest.fixture(autouse=True)
def _own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give each test a home of its own, so that no test reads or writes a real journal."""
    home = tmp_path_factory.mktemp("home")
    for name in [name for name in os.environ if name.startswith("COUPLEJOURNAL_")]:
        monkeypatch.delenv(name)
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(home))
    for name, folder in {
        "XDG_CONFIG_HOME": ".config",
        "XDG_DATA_HOME": ".local/share",
        "XDG_STATE_HOME": ".local/state",
        "XDG_CACHE_HOME": ".cache",
        "XDG_RUNTIME_DIR": ".run",
        "APPDATA": "AppData/Roaming",
        "LOCALAPPDATA": "AppData/Local",
    }.items():
        monkeypatch.setenv(name, str(home / folder))
    (home / ".run").mkdir(mode=0o700)


@pytest.fixture(autouse=True)
def _no_network(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse every socket but those of this machine's own file system; real drives may need more."""
    if request.node.get_closest_marker("drives"):
        return
    make = socket.socket.__init__

    def guarded(self: socket.socket, family: int = -1, *args: Any, **options: Any) -> None:
        if family != getattr(socket, "AF_UNIX", None) and options.get("fileno") is None:
            raise AssertionError("a test reached for the network")
        make(self, family, *args, **options)

    def refused(*_args: object, **_options: object) -> None:
        raise AssertionError("a test asked for the address of a name")

    monkeypatch.setattr(socket.socket, "__init__", guarded)
    monkeypatch.setattr(socket, "getaddrinfo", refused)
    monkeypatch.setattr(socket, "gethostbyname", refused)
