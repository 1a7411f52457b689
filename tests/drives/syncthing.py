"""Two Syncthings on this machine's loopback that keep two folders in step; nothing of it leaves the machine."""

from __future__ import annotations

import json
import os
import subprocess
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from drives.people import find, until
from drives.running import ENDS_WITHIN_S, Program, free_port
from drives.scenario import digests

WATCHER_DELAY_S = 1
KEY = "for-tests-on-the-loopback"
FOLDER = "ours"
OPTIONS = {
    "globalAnnounceEnabled": "false", "localAnnounceEnabled": "false", "relaysEnabled": "false", "natEnabled": "false",
    "crashReportingEnabled": "false", "urAccepted": "-1", "autoUpgradeIntervalH": "0", "startBrowser": "false",
    "stunKeepaliveStartS": "0", "reconnectionIntervalS": "1", "setLowPriority": "false",
    "announceLANAddresses": "false",
}  # fmt: skip
ENVIRON = {"STNOUPGRADE": "1", "STNODEFAULTFOLDER": "1", "STNORESTART": "1"}


class Side:
    """One Syncthing with the folder that it keeps in step."""

    def __init__(self, work: Path, name: str) -> None:
        self.folder, self._home, self._log = work / f"{name}-folder", work / f"{name}-syncthing", work / f"{name}.log"
        self.folder.mkdir()
        self.port, self._api = free_port(), free_port()
        self.program: Program | None = None
        subprocess.run(
            [str(find("syncthing")), "generate", "--home", str(self._home)],
            check=True, capture_output=True, timeout=60, env={**os.environ, **ENVIRON},
        )  # fmt: skip
        made = ET.parse(self._home / "config.xml").getroot()
        self._version = made.get("version", "35")
        self.id = str(next(one.get("id") for one in made.findall("device")))

    def settle(self, other: Side) -> None:
        """Write the settings: one folder, one other device, and no way out of this machine."""
        root = ET.Element("configuration", version=self._version)
        folder = ET.SubElement(
            root, "folder", id=FOLDER, label=FOLDER, path=str(self.folder), type="sendreceive", rescanIntervalS="60",
            fsWatcherEnabled="true", fsWatcherDelayS=str(WATCHER_DELAY_S),
        )  # fmt: skip
        for one in (self, other):
            ET.SubElement(folder, "device", id=one.id)
            device = ET.SubElement(root, "device", id=one.id, name=one.id[:7])
            ET.SubElement(device, "address").text = f"tcp://127.0.0.1:{one.port}"
        gui = ET.SubElement(root, "gui", enabled="true", tls="false")
        for name, value in {"address": f"127.0.0.1:{self._api}", "apikey": KEY}.items():
            ET.SubElement(gui, name).text = value
        options = ET.SubElement(root, "options")
        for name, value in {**OPTIONS, "listenAddress": f"tcp://127.0.0.1:{self.port}"}.items():
            ET.SubElement(options, name).text = value
        ET.ElementTree(root).write(self._home / "config.xml")

    def start(self) -> None:
        """Start it."""
        command = [str(find("syncthing")), "serve", "--home", str(self._home), "--no-browser", "--no-restart"]
        self.program = Program(command, self._log, environ=ENVIRON)

    def is_ready(self) -> bool:
        """Say whether it is connected with the other and has nothing to do."""
        try:
            links = self._ask("system/connections")["connections"].values()
            return any(link["connected"] for link in links) and self._ask("db/status", FOLDER)["state"] == "idle"
        except OSError:
            return False

    def _ask(self, what: str, folder: str = "") -> Any:
        address = f"http://127.0.0.1:{self._api}/rest/{what}" + (f"?folder={folder}" if folder else "")
        request = urllib.request.Request(address, headers={"X-API-Key": KEY})
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with direct.open(request, timeout=5) as answer:
            return json.load(answer)


class Syncthings:
    """The pair."""

    prefix: Sequence[str] = ()
    sends_again_s = 0.0

    def __init__(self, work: Path) -> None:
        self.sides = [Side(work, "ana"), Side(work, "ben")]
        for side, other in (self.sides, self.sides[::-1]):
            side.settle(other)
        self.ana, self.ben = (side.folder for side in self.sides)
        self.kills = 0

    def begin(self) -> None:
        """Start both, and wait until they are connected."""
        for side in self.sides:
            side.start()
        for side in self.sides:
            assert side.program is not None
            side.program.wait_for(side.is_ready)

    @contextmanager
    def away(self) -> Iterator[None]:
        """Ben's Syncthing does not run."""
        self._end(self.sides[1])
        yield
        self.sides[1].start()

    @contextmanager
    def cut(self) -> Iterator[None]:
        """Now the one, now the other is killed, and started again."""
        side = self.sides[self.kills % 2]
        assert side.program is not None
        side.program.kill()
        self.kills += 1
        yield
        side.start()

    def listed(self) -> list[dict[str, str]]:
        """Return what lies in both folders, once they are equal."""
        lists: list[dict[str, str]] = []

        def are_equal() -> bool:
            lists[:] = [digests(side.folder, beside=(".stfolder",)) for side in self.sides]
            return lists[0] == lists[1]

        until(are_equal)
        return lists

    def end(self) -> None:
        """End both."""
        for side in self.sides:
            self._end(side)

    def _end(self, side: Side) -> None:
        if side.program is not None:
            side.program.end()
            until(lambda: not side.program or not side.program.is_running, patience_s=ENDS_WITHIN_S)
