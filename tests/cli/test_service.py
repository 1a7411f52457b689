"""What a service manager is given, on each system: read back with its own kind of parser, and run as it would be."""

from __future__ import annotations

import ast
import configparser
import json
import os
import plistlib
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from cli.conftest import CommandLine
from hypothesis import given, settings
from hypothesis import strategies as st

from couplejournal.cli import service
from couplejournal.cli.servicefiles import COMMAND, KINDS, Kind, Wanted, decoded, encoded, is_ours, text_for
from couplejournal.errors import SetupError

PATIENCE_S = 60.0
TASKS = {"t": "http://schemas.microsoft.com/windows/2004/02/mit/task"}
PLACES = {
    "systemd": ".config/systemd/user/{}.service",
    "launchd": "Library/LaunchAgents/{}.plist",
    "windows": "AppData/Roaming/couplejournal-service/{}.xml",
}
ODD = st.text(st.characters(exclude_categories=["C"]), min_size=1, max_size=30)
WORDS = ["-P", "-m", "couplejournal", *COMMAND]


def wanted(python: str = "/opt/a b/python", **environ: str) -> Wanted:
    """Return what is to run."""
    return Wanted(name="couplejournal", python=python, environ=environ, user="PC\\ana")


def read_unit(text: str) -> dict[str, list[str]]:
    """Return the settings of a unit's service, each with all values that it is given."""
    parser = configparser.RawConfigParser(strict=False, dict_type=_Repeating, delimiters=("=",))
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read_string(text)
    return {name: value.split("\n") for name, value in parser.items("Service")}


class _Repeating(dict):  # type: ignore[type-arg]
    """Keeps all values of a key: the parser hands lists over while it reads."""

    def __setitem__(self, key: object, value: object) -> None:
        if isinstance(value, list) and key in self and isinstance(self[key], list):
            self[key].extend(value)
        else:
            super().__setitem__(key, value)


def words_of(line: str, *, has_variables: bool) -> list[str]:
    """Return the words of a line as systemd.syntax(7) has them: quotes, backslashes, ``%%``, in arguments ``$$``."""
    found = []
    for number, quoted in enumerate(re.findall(r'"((?:[^"\\]|\\.)*)"', line)):
        assert not re.search(r"(?<!%)(?:%%)*%(?!%)", quoted), "a specifier"
        word = re.sub(r"\\(.)", r"\1", quoted).replace("%%", "%")
        if has_variables and number:
            assert not re.search(r"(?<!\$)(?:\$\$)*\$(?!\$)", quoted), "a variable"
            word = word.replace("$$", "$")
        found.append(word)
    return found


def what_a_unit_runs(text: str) -> tuple[list[str], dict[str, str]]:
    """Return the words and the environment that a unit runs."""
    unit = read_unit(text)
    [line] = unit["ExecStart"]
    settings = [words_of(one, has_variables=False) for one in unit.get("Environment", [])]
    return words_of(line, has_variables=True), dict(one.split("=", 1) for [one] in settings)


def what_an_agent_runs(text: str) -> tuple[list[str], dict[str, str]]:
    """Return the words and the environment that an agent runs."""
    agent = plistlib.loads(text.encode())
    return agent["ProgramArguments"], agent["EnvironmentVariables"]


def what_a_task_runs(text: str) -> tuple[str, list[str]]:
    """Return the program that a task runs, and its words."""
    task = ET.fromstring(encoded("windows", text))
    command, line = (task.findtext(f".//t:{name}", "", TASKS) for name in ("Command", "Arguments"))
    return command, windows_words(line)


def windows_words(line: str) -> list[str]:
    """Return the words of a Windows command line, by the rules that the C run-time documents."""
    words: list[str] = []
    word, is_quoted, is_begun, at = "", False, False, 0
    while at < len(line):
        slashes = len(line[at:]) - len(line[at:].lstrip("\\"))
        after = line[at + slashes : at + slashes + 1]
        if slashes:
            word += "\\" * (slashes // 2 if after == '"' else slashes)
            is_begun, at = True, at + slashes
            if after == '"' and slashes % 2:
                word, at = word + '"', at + 1
        elif after == '"':
            is_quoted, is_begun, at = not is_quoted, True, at + 1
        elif after in " \t" and not is_quoted:
            words, word, is_begun, at = ([*words, word] if is_begun else words), "", False, at + 1
        else:
            word, is_begun, at = word + after, True, at + 1
    return [*words, word] if is_begun else words


@given(python=ODD, home=ODD)
def test_every_path_comes_through_a_unit(python: str, home: str) -> None:
    """Whatever a path is made of, systemd reads it as it is: no quote, specifier or variable in it means anything."""
    text = text_for("systemd", wanted("/" + python, COUPLEJOURNAL_HOME=home, PATH="/bin"))
    assert what_a_unit_runs(text) == (["/" + python, *WORDS], {"COUPLEJOURNAL_HOME": home, "PATH": "/bin"})
    assert is_ours(text)


@given(python=ODD, home=ODD)
def test_every_path_comes_through_a_property_list(python: str, home: str) -> None:
    """Whatever a path is made of, launchd reads it as it is."""
    text = text_for("launchd", wanted(python, COUPLEJOURNAL_HOME=home))
    assert what_an_agent_runs(text) == ([python, *WORDS], {"COUPLEJOURNAL_HOME": home})
    assert is_ours(text)


@settings(max_examples=20)
@given(home=ODD)
def test_every_path_comes_through_a_task(home: str) -> None:
    """Whatever a home is made of, the program of a Windows task sets it, and nothing else is run."""
    command, words = what_a_task_runs(text_for("windows", wanted("C:\\P y\\Python.exe", COUPLEJOURNAL_HOME=home)))
    assert command == "C:\\P y\\pythonw.exe"
    assert words[:2] == ["-P", "-c"]
    calls = [node for node in ast.walk(ast.parse(words[2])) if isinstance(node, ast.Call)]
    assert [ast.unparse(call.func) for call in calls] == ["os.environ.update", "main"]
    assert ast.literal_eval(calls[0].args[0]) == {"COUPLEJOURNAL_HOME": home}
    assert f"sys.argv[1:] = {list(COMMAND)}" in words[2]


def test_a_task_without_settings_needs_no_program_of_its_own() -> None:
    """In the usual place a task runs the module, at this person's logon, with no more rights than they have."""
    text = text_for("windows", wanted("C:\\Python\\python.exe"))
    assert what_a_task_runs(text) == ("C:\\Python\\pythonw.exe", WORDS)
    task = ET.fromstring(encoded("windows", text))
    facts = {name: task.findtext(f".//t:{name}", "", TASKS) for name in ("UserId", "RunLevel", "ExecutionTimeLimit")}
    assert facts == {"UserId": "PC\\ana", "RunLevel": "LeastPrivilege", "ExecutionTimeLimit": "PT0S"}
    assert encoded("windows", text)[:2] in (b"\xff\xfe", b"\xfe\xff")


def test_a_unit_starts_again_and_may_little() -> None:
    """A unit tries again after a failure, but not where no journal is; its output reaches no log; it has no network."""
    unit = read_unit(text_for("systemd", wanted()))
    assert (unit["Restart"], unit["RestartPreventExitStatus"]) == (["on-failure"], ["2 10"])
    assert (unit["StandardOutput"], unit["NoNewPrivileges"]) == (["null"], ["yes"])
    assert unit["RestrictAddressFamilies"] == ["AF_UNIX"]
    asks = Wanted(name="x", python="/p", environ={}, needs_network=True)
    assert "AF_INET" in read_unit(text_for("systemd", asks))["RestrictAddressFamilies"][0]


def test_an_agent_starts_again_after_failures_alone() -> None:
    """An agent begins at login, and again when it failed, but not when it was told to end."""
    agent = plistlib.loads(text_for("launchd", wanted()).encode())
    assert (agent["RunAtLoad"], agent["KeepAlive"], agent["Label"]) == (
        True,
        {"SuccessfulExit": False},
        "couplejournal",
    )
    assert agent["StandardOutPath"] == "/dev/null"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("bad", ["/a\nExecStart=/bin/evil", "/a\x00b", "/a\udcffb", "/a\x1bb"])
def test_a_path_that_could_break_a_definition_is_refused(kind: Kind, bad: str) -> None:
    """A line break, or what is no text, in a path or setting is refused in one sentence."""
    with pytest.raises(SetupError, match="cannot stand in"):
        text_for(kind, wanted(bad))
    with pytest.raises(SetupError, match="cannot stand in"):
        text_for(kind, wanted(COUPLEJOURNAL_HOME=bad))


@pytest.mark.parametrize("kind", KINDS)
def test_a_change_by_hand_is_noticed(kind: Kind) -> None:
    """Any change of a definition makes it one that is not ours; its own bytes read back as the same text."""
    text = text_for(kind, wanted())
    assert is_ours(decoded(kind, encoded(kind, text)))
    for changed in (text.replace("python", "pithon", 1), text + "\n", "", text.replace("install ", "install 0", 1)):
        assert not is_ours(changed)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze here")
def test_systemd_itself_finds_no_fault(tmp_path: Path) -> None:
    """`systemd-analyze verify` finds no fault with the unit; before 254 the steps between restarts are new to it."""
    unit = tmp_path / "couplejournal.service"
    unit.write_text(
        text_for("systemd", wanted(sys.executable, COUPLEJOURNAL_HOME=str(tmp_path / 'a "b" $c %d'))), "utf-8"
    )
    done = subprocess.run(
        ["systemd-analyze", "verify", "--user", "--man=no", unit], capture_output=True, text=True, check=False
    )
    said = [
        line for line in done.stderr.splitlines() if "RestartSteps" not in line and "RestartMaxDelaySec" not in line
    ]
    assert [line for line in said if unit.name in line] == []


@pytest.fixture
def ana(command_line: Callable[[str], CommandLine]) -> CommandLine:
    """Ana, with a journal."""
    found = command_line("ana")
    assert found("init", "--name", "Ana", "--no-passphrase").code == 0
    return found


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What the service manager is told; it answers that all is well."""
    calls: list[list[str]] = []

    def run(self: object, command: list[str], *, fails_plainly: bool = False) -> str:
        calls.append(command)
        return "active"

    monkeypatch.setattr(service._Manager, "_run", run)
    return calls


def everything(home: Path) -> Mapping[str, bytes]:
    """Return all files below a folder."""
    return {str(path.relative_to(home)): path.read_bytes() for path in home.rglob("*") if path.is_file()}


@pytest.mark.parametrize("kind", KINDS)
def test_installed_and_removed_without_a_trace(kind: Kind, ana: CommandLine, told: list[list[str]]) -> None:
    """Installing writes one file, doing it again changes nothing, and removing takes away just that file."""
    home = Path(os.environ["HOME"])
    before = everything(home)
    first = ana("service", "install", "--kind", kind)
    [name] = set(everything(home)) - set(before)
    assert (first.code, first.out.splitlines()[0]) == (0, f"written: {home / name}")
    assert re.fullmatch(PLACES[kind].format("couplejournal-[0-9a-f]{8}"), name)
    state = everything(home)
    assert ana("service", "install", "--kind", kind).out.startswith("unchanged: ")
    assert everything(home) == state
    shown = json.loads(ana("service", "status", "--kind", kind, "--json").out)
    assert (shown["schema"], shown["installed"], shown["current"], shown["changed_by_hand"]) == (
        "couplejournal.service/1", True, True, False,
    )  # fmt: skip
    assert ana("service", "remove", "--kind", kind).code == 0
    assert everything(home) == before
    assert ana("service", "remove", "--kind", kind).out == "there is nothing to remove\n"
    assert {call[0] for call in told} == {{"systemd": "systemctl", "launchd": "launchctl", "windows": "schtasks"}[kind]}


def test_what_somebody_changed_stays(ana: CommandLine, told: list[list[str]]) -> None:
    """A definition that was changed by hand is neither replaced nor removed, unless that is said."""
    ana("service", "install", "--kind", "systemd")
    [unit] = Path(os.environ["HOME"], ".config/systemd/user").iterdir()
    unit.write_text(unit.read_text("utf-8") + "Nice=19\n", "utf-8")
    changed = unit.read_bytes()
    told.clear()
    for act in ("install", "remove"):
        done = ana("service", act, "--kind", "systemd")
        assert (done.code, unit.read_bytes(), told) == (1, changed, [])
        assert "changed by hand" in done.err
    assert "changed by hand" in ana("service", "status", "--kind", "systemd").out
    assert ana("service", "remove", "--kind", "systemd", "--force").code == 0
    assert not unit.exists()


def test_two_journals_have_two_services(
    ana: CommandLine, command_line: Callable[[str], CommandLine], told: list[list[str]]
) -> None:
    """Each home has a service of its own, and removing one leaves the other."""
    ben = command_line("ben")
    ben("init", "--name", "Ben", "--no-passphrase")
    for person in (ana, ben):
        person("service", "install", "--kind", "systemd")
    folder = Path(os.environ["HOME"], ".config/systemd/user")
    assert len(list(folder.iterdir())) == 2
    ana("service", "remove", "--kind", "systemd")
    [left] = folder.iterdir()
    assert what_a_unit_runs(left.read_text("utf-8"))[1] == {"COUPLEJOURNAL_HOME": str(ben.home)}


@pytest.mark.parametrize("kind", KINDS)
def test_a_manager_that_is_not_here(kind: Kind, ana: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the manager does not answer or is another system's, the file is there and the commands to type are said."""
    monkeypatch.setenv("PATH", "/nowhere")
    done = ana("service", "install", "--kind", kind)
    assert done.code == 0
    word = {"systemd": "systemctl --user enable", "launchd": "launchctl bootstrap", "windows": "schtasks /Create"}[kind]
    assert f"   {word}" in done.out
    assert "not known" in ana("service", "status", "--kind", kind).out
    assert ana("service", "remove", "--kind", kind).code == 0


def test_nothing_is_installed_without_a_journal(command_line: Callable[[str], CommandLine]) -> None:
    """Without a journal nothing is written; the definition can be looked at all the same."""
    nobody = command_line("nobody")
    before = everything(Path(os.environ["HOME"]))
    assert nobody("service", "install").code == 10
    assert nobody("service", "install", "--print", "--kind", "systemd").out.startswith("# written by couplejournal")
    assert everything(Path(os.environ["HOME"])) == before
    assert "not there" in nobody("service").out


@pytest.mark.long
def test_where_the_passphrase_comes_from_goes_along(
    command_line: Callable[[str], CommandLine], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: list[list[str]]
) -> None:
    """A file or command for the passphrase goes along, never the passphrase; without one it is said that it waits."""
    (tmp_path / "word").write_text("correct horse", "utf-8")
    ana = command_line("ana")
    monkeypatch.setenv("COUPLEJOURNAL_PASSPHRASE_FILE", str(tmp_path / "word"))
    assert ana("init", "--name", "Ana").code == 0
    done = ana("service", "install", "--print", "--kind", "systemd")
    assert what_a_unit_runs(done.out)[1]["COUPLEJOURNAL_PASSPHRASE_FILE"] == str(tmp_path / "word")
    assert "horse" not in done.out
    monkeypatch.delenv("COUPLEJOURNAL_PASSPHRASE_FILE")
    assert "waits until you say `couplejournal unlock`" in ana("service", "install", "--kind", "systemd").err


@pytest.mark.skipif(os.name == "nt", reason="the unit is for systemd")
def test_the_unit_runs_as_the_manager_would_run_it(ana: CommandLine, tmp_path: Path) -> None:
    """The words and the environment of the unit, and nothing else, run a quiet watch that ends with 0 when told to."""
    words, environ = what_a_unit_runs(ana("service", "install", "--print", "--kind", "systemd").out)
    home = {name: os.environ[name] for name in ("HOME", "PYTHONPATH", "XDG_RUNTIME_DIR") if name in os.environ}
    process = subprocess.Popen(
        words, env={**home, **environ}, cwd=tmp_path, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stderr is not None
        assert process.stderr.readline() == "there is no shared folder yet; `couplejournal invite DIR` sets one\n"
        assert ana("note", "written beside it").code == 0
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=PATIENCE_S)
    finally:
        process.kill()
    assert (process.returncode, out, err) == (0, "", "")
