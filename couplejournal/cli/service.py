"""Run `sync --watch` in the background: write what the system's service manager reads, take it away, show it."""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

import click

from couplejournal.cli import asking
from couplejournal.cli.opening import has_journal, json_option
from couplejournal.cli.output import print_json
from couplejournal.cli.rendering import clean_line, say, table, talk
from couplejournal.cli.settings import Act, ActGroup
from couplejournal.errors import NoJournalError, SetupError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from couplejournal.cli.servicefiles import Kind, Wanted

HOME_VARIABLE: Final = "COUPLEJOURNAL_HOME"
FOLDER_VARIABLES: Final = ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME")
LIMIT_BYTES: Final = 1 << 16
PATIENCE_S: Final = 30
WAITS: Final = {
    "passphrase": "after each start of the machine it waits until you say `couplejournal unlock`",
    "keychain": "it takes the key from the system's keychain, and tries again until that is open",
}


def _kind_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add ``--kind``."""
    return click.option(
        "--kind", type=click.Choice(["systemd", "launchd", "windows"]), metavar="KIND",
        help="systemd, launchd or windows; left out: this system's own.",
    )(command)  # fmt: skip


@click.group(cls=ActGroup)
@click.pass_context
def service(ctx: click.Context) -> None:
    """Keep this device up to date in the background: `sync --watch`, begun at each login by the system itself."""
    if ctx.invoked_subcommand is None:
        ctx.invoke(status, kind=None, as_json=False)


@service.command(cls=Act, short_help="Begin it now, and at each login.")
@_kind_option
@click.option("--print", "is_shown", is_flag=True, help="Print the definition; write and start nothing.")
@click.option("--force", is_flag=True, help="Replace a definition that somebody changed by hand.")
def install(*, kind: str | None, is_shown: bool, force: bool) -> int:
    """Write a systemd user unit, a launchd agent or a Windows task, and start it. Doing it again changes nothing.

    It runs this very installation of couplejournal with this journal. Nothing secret is written into it.
    """
    from couplejournal.cli import servicefiles

    manager = _Manager(kind)
    text = servicefiles.text_for(manager.kind, manager.wanted())
    if is_shown:
        click.echo(text, nl=False)
        return 0
    if not has_journal():
        raise NoJournalError("there is no journal here yet", hint="make one with 'couplejournal init'")
    found = manager.text()
    if found != text:
        manager.require_ours(found, force=force)
        manager.write(text)
    say(f"{'unchanged' if found == text else 'written'}: {clean_line(str(manager.path))}")
    manager.tell_of_commands(manager.start_commands(), done="it runs, and begins at each login")
    waits = "" if asking.has_passphrase_setting() else WAITS.get(_keys_mode(), "")
    if waits:
        talk(waits)
    return 0


@service.command(cls=Act, short_help="End it, and take its definition away.")
@_kind_option
@click.option("--force", is_flag=True, help="Remove a definition that somebody changed by hand, too.")
def remove(*, kind: str | None, force: bool) -> int:
    """End what `install` began, and remove the one file that it wrote. The journal stays as it is."""
    manager = _Manager(kind)
    found = manager.text()
    if found is None:
        say("there is nothing to remove")
        return 0
    manager.require_ours(found, force=force)
    manager.tell_of_commands(manager.stop_commands(), done="it does not run any more")
    manager.disk.remove(manager.path)
    manager.run_quietly(manager.settle_commands())
    say(f"removed: {clean_line(str(manager.path))}")
    return 0


@service.command(cls=Act, short_help="Show whether it is there, and runs.")
@_kind_option
@json_option
def status(*, kind: str | None, as_json: bool) -> None:
    """Show whether the definition is there and is the present one, and whether the system says that it runs."""
    from couplejournal.cli import servicefiles

    manager = _Manager(kind)
    found = manager.text()
    is_current = found is not None and found == servicefiles.text_for(manager.kind, manager.wanted())
    is_ours = found is not None and servicefiles.is_ours(found)
    runs = None if found is None else manager.runs()
    if as_json:
        print_json("service/1", {
            "kind": manager.kind, "name": manager.name, "path": str(manager.path), "installed": found is not None,
            "current": is_current, "changed_by_hand": found is not None and not is_ours, "runs": runs,
        })  # fmt: skip
        return
    state = "not there; `couplejournal service install` writes it"
    if found is not None:
        state = "as it should be" if is_current else "of another installation, or an older one: install it again"
        state = state if is_ours else "changed by hand"
    rows = [("definition", clean_line(str(manager.path))), ("", state)]
    if found is not None:
        rows.append(("runs", {True: "yes", False: "no", None: "not known; the system does not say"}[runs]))
    click.echo("\n".join(table(rows)))


class _Manager:
    """The service manager of a system: where its definitions lie, and which commands it takes."""

    def __init__(self, kind: str | None) -> None:
        """Take the kind that was asked for, or this system's own."""
        from couplejournal.disk import RealDisk

        self.kind: Kind = cast("Kind", kind) if kind is not None else _own_kind()
        self.disk = RealDisk()
        home = _chosen_home()
        self.name = "couplejournal" + (f"-{hashlib.sha256(os.fsencode(home)).hexdigest()[:8]}" if home else "")
        self.path = _definition_path(self.kind, self.name)

    def wanted(self) -> Wanted:
        """Return what is to run: this interpreter, with what the environment says of this journal."""
        from couplejournal.cli.servicefiles import Wanted

        environ = os.environ
        kept = {name: environ[name] for name in FOLDER_VARIABLES if environ.get(name)}
        home = _chosen_home()
        if home:
            kept = {HOME_VARIABLE: home}
        if environ.get(asking.FILE_VARIABLE):
            kept[asking.FILE_VARIABLE] = _absolute(environ[asking.FILE_VARIABLE])
        command = environ.get(asking.COMMAND_VARIABLE, "")
        if command:  # the person's own: it is found and works as it does here
            kept |= {asking.COMMAND_VARIABLE: command, "PATH": environ.get("PATH", os.defpath)}
        account = "\\".join(part for part in (environ.get("USERDOMAIN"), environ.get("USERNAME")) if part)
        return Wanted(
            name=self.name, python=sys.executable, environ=kept, user=account if self.kind == "windows" else "",
            needs_network=bool(command),
        )  # fmt: skip

    def text(self) -> str | None:
        """Return the definition that is there, None where there is none."""
        from couplejournal.cli import servicefiles

        if not any(one.name == self.path.name for one in self.disk.list(self.path.parent)):
            return None
        data = self.disk.read(self.path, limit_bytes=LIMIT_BYTES)
        return None if data is None else servicefiles.decoded(self.kind, data)

    def write(self, text: str) -> None:
        """Write the definition, for the owner's eyes."""
        from couplejournal.cli import servicefiles

        self.disk.make_folder(self.path.parent)
        self.disk.replace(self.path, servicefiles.encoded(self.kind, text), private=True)

    def require_ours(self, text: str | None, *, force: bool) -> None:
        """Refuse what somebody else wrote or changed.

        Raises:
            SetupError: it is not as `install` wrote it, and that was not allowed.
        """
        from couplejournal.cli import servicefiles

        if text is not None and not servicefiles.is_ours(text) and not force:
            raise SetupError(
                "the definition was written or changed by hand, so it stays", hint="--force replaces or removes it"
            )

    def start_commands(self) -> list[list[str]]:
        """Return the commands that begin it now and at each login."""
        if self.kind == "systemd":
            ours = ["systemctl", "--user"]
            return [[*ours, "daemon-reload"], [*ours, "enable", self.path.name], [*ours, "restart", self.path.name]]
        if self.kind == "launchd":
            return [["launchctl", "bootstrap", _session(), str(self.path)]]
        return [["schtasks", "/Create", "/TN", self.name, "/XML", str(self.path), "/F"],
                ["schtasks", "/Run", "/TN", self.name]]  # fmt: skip

    def stop_commands(self) -> list[list[str]]:
        """Return the commands that end it, now and for good."""
        if self.kind == "systemd":
            return [["systemctl", "--user", "disable", "--now", self.path.name]]
        if self.kind == "launchd":
            return [["launchctl", "bootout", f"{_session()}/{self.name}"]]
        return [["schtasks", "/Delete", "/TN", self.name, "/F"]]

    def settle_commands(self) -> list[list[str]]:
        """Return the commands after which the manager has forgotten a definition that is gone."""
        return [["systemctl", "--user", "daemon-reload"]] if self.kind == "systemd" else []

    def tell_of_commands(self, commands: Sequence[list[str]], *, done: str) -> None:
        """Run what the manager is to be told, or say the commands to type where it is not here or does not answer."""
        if self.kind == "launchd" and commands == self.start_commands():
            self.run_quietly(self.stop_commands())  # it takes nothing twice
        if self.kind == "windows" and commands == self.stop_commands():
            self.run_quietly([["schtasks", "/End", "/TN", self.name]])
        for number, command in enumerate(commands):
            if self._run(command) is None:
                say("now type:" if self.kind == _own_kind() else "there, type:")
                for left in commands[number:]:
                    click.echo("   " + _as_typed(left, self.kind))
                return
        say(done)

    def run_quietly(self, commands: Sequence[list[str]]) -> None:
        """Run commands of which it does not matter whether they do anything."""
        for command in commands:
            self._run(command)

    def runs(self) -> bool | None:
        """Return whether the manager says that it runs; None where it does not say."""
        if self.kind == "systemd":
            said = self._run(["systemctl", "--user", "is-active", self.path.name], fails_plainly=True)
            return None if said not in ("active", "activating", "inactive", "failed") else said.startswith("activ")
        if self.kind == "launchd":
            said = self._run(["launchctl", "print", f"{_session()}/{self.name}"])
            return None if said is None else "state = running" in said
        said = self._run(["schtasks", "/Query", "/TN", self.name, "/FO", "CSV", "/NH"])
        return None if said is None else "Running" in said

    def _run(self, command: list[str], *, fails_plainly: bool = False) -> str | None:
        """Run a command of this system's own manager and return what it prints; None where that is to no avail."""
        import subprocess

        if self.kind != _own_kind():
            return None
        try:
            done = subprocess.run(  # noqa: S603 - fixed words and our own path, without a shell
                command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", check=False,
                timeout=PATIENCE_S,
            )  # fmt: skip
        except (OSError, subprocess.TimeoutExpired):
            return None
        return done.stdout.strip() if done.returncode == 0 or fails_plainly else None


def _own_kind() -> Kind:
    return "launchd" if sys.platform == "darwin" else "windows" if sys.platform == "win32" else "systemd"


def _keys_mode() -> str:
    from couplejournal.disk import RealDisk
    from couplejournal.store.home import Home
    from couplejournal.store.keystore import Keystore

    return Keystore.mode_in(Home.locate(None, os.environ), RealDisk()) or ""


def _chosen_home() -> str:
    """Return the folder of this journal, where one was chosen; empty for the system's own places."""
    chosen = os.environ.get(HOME_VARIABLE, "")
    return _absolute(chosen) if chosen else ""


def _absolute(path: str) -> str:
    return str(Path(path).expanduser().absolute())


def _definition_path(kind: Kind, name: str) -> Path:
    """Return where a system's manager looks for the definitions of a user's own services."""
    home = Path.home()
    if kind == "systemd":
        given = os.environ.get("XDG_CONFIG_HOME", "")
        config = Path(given) if Path(given).is_absolute() else home / ".config"
        return config / "systemd" / "user" / f"{name}.service"
    if kind == "launchd":
        return home / "Library" / "LaunchAgents" / f"{name}.plist"
    given = os.environ.get("APPDATA", "")
    return (Path(given) if given else home / "AppData" / "Roaming") / "couplejournal-service" / f"{name}.xml"


def _session() -> str:
    return f"gui/{os.getuid()}" if hasattr(os, "getuid") else "gui/501"


def _as_typed(command: list[str], kind: Kind) -> str:
    """Return a command as it is typed at a shell of its system."""
    import shlex
    from subprocess import list2cmdline

    return list2cmdline(command) if kind == "windows" else shlex.join(command)
