"""The guards around every test hold."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6])
def test_network_is_refused(family: socket.AddressFamily) -> None:
    """A socket to another machine, or to this one by address, fails the test that opens it."""
    with pytest.raises(AssertionError, match="network"):
        socket.socket(family)
    with pytest.raises(AssertionError, match="address"):
        socket.create_connection(("192.0.2.1", 80))
    with pytest.raises(AssertionError, match="address"):
        socket.getaddrinfo("example.org", 80)


def test_local_sockets_work() -> None:
    """Sockets inside this machine's kernel are left alone."""
    one, other = socket.socketpair()
    with one, other:
        one.sendall(b"x")
        assert other.recv(1) == b"x"


def test_home_is_made_for_the_test(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Home, settings, data and state lie below the temporary folder, and no variable of ours is set."""
    base = tmp_path_factory.getbasetemp()
    assert Path.home().is_relative_to(base)
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR"):
        assert Path(os.environ[name]).is_relative_to(base)
    assert [name for name in os.environ if name.startswith("COUPLEJOURNAL_")] == []
