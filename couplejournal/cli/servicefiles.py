"""What a service manager reads so that `sync --watch` runs in the background: a unit, a property list, a task. Pure.

Each text holds a mark with a hash of itself, so that what somebody changed by hand is neither replaced nor removed.
"""

from __future__ import annotations

import hashlib
import plistlib
import re
from collections.abc import Mapping
from subprocess import list2cmdline  # how Windows reads a line of words; nothing is run here
from typing import Final, Literal, TypeAlias
from xml.etree import ElementTree as ET  # it only writes here

import attrs

from couplejournal.errors import SetupError

Kind: TypeAlias = Literal["systemd", "launchd", "windows"]
KINDS: Final[tuple[Kind, ...]] = ("systemd", "launchd", "windows")
COMMAND: Final = ("--no-input", "sync", "--watch")
DESCRIPTION: Final = "Keep the journal of couplejournal up to date"
NEVER_AGAIN: Final = (2, 10)  # exit codes that no later try changes: usage, no journal here
RETRY_S: Final = 30
_NO_TEXT: Final = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_NO_DIGEST: Final = "0" * 16
_MARK: Final = re.compile(r"written by couplejournal service install ([0-9a-f]{16})")


@attrs.frozen(kw_only=True)
class Wanted:
    """What is to run: ``python`` is the interpreter, ``environ`` what it needs beyond what the session gives.

    ``user`` is the account of a Windows task. ``needs_network``: a command of the person's own gives the passphrase,
    and may have to ask elsewhere for it.
    """

    name: str
    python: str
    environ: Mapping[str, str]
    user: str = ""
    needs_network: bool = False


def text_for(kind: Kind, wanted: Wanted) -> str:
    """Return the whole definition.

    Raises:
        SetupError: a path or a setting cannot stand in it.
    """
    for value in (wanted.python, *wanted.environ.values()):
        if _NO_TEXT.search(value):
            raise SetupError("a path or setting with control characters cannot stand in a service's definition")
    text = {"systemd": _systemd, "launchd": _launchd, "windows": _windows}[kind](wanted)
    return _MARK.sub(f"written by couplejournal service install {_digest(text)}", text, count=1)


def encoded(kind: Kind, text: str) -> bytes:
    """Return the bytes of a definition, as its reader wants them."""
    return text.encode("utf-16" if kind == "windows" else "utf-8")


def decoded(kind: Kind, data: bytes) -> str:
    """Return the text of a definition; bytes that are none show as such."""
    return data.decode("utf-16" if kind == "windows" else "utf-8", "replace")


def is_ours(text: str) -> bool:
    """Return whether a definition is, letter by letter, one that was written here."""
    found = _MARK.search(text)
    return found is not None and found[1] == _digest(text)


def _digest(text: str) -> str:
    blank = _MARK.sub(f"written by couplejournal service install {_NO_DIGEST}", text, count=1)
    return hashlib.sha256(blank.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _mark() -> str:
    return f"written by couplejournal service install {_NO_DIGEST}; `couplejournal service remove` takes it away"


def _systemd(wanted: Wanted) -> str:
    """Return a unit of a user's own manager.

    No sandbox that needs a file system of its own: folders that are mounted later, and files of the partner's, must
    look there as they do everywhere else. Steps between restarts are for systemd 254; older ones keep the first pause.
    """
    start = " ".join([_quoted(wanted.python), *(_quoted(word, is_argument=True) for word in _arguments())])
    settings = "".join(f"Environment={_quoted(f'{name}={value}')}\n" for name, value in sorted(wanted.environ.items()))
    families = "AF_UNIX AF_INET AF_INET6 AF_NETLINK" if wanted.needs_network else "AF_UNIX"
    return f"""# {_mark()}
[Unit]
Description={DESCRIPTION}
StartLimitIntervalSec=0

[Service]
Type=exec
ExecStart={start}
{settings}StandardOutput=null
StandardError=journal
Restart=on-failure
RestartSec={RETRY_S}
RestartSteps=6
RestartMaxDelaySec=1800
RestartPreventExitStatus={" ".join(map(str, NEVER_AGAIN))}
TimeoutStopSec=20
Nice=10
NoNewPrivileges=yes
LockPersonality=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RestrictAddressFamilies={families}
SystemCallArchitectures=native

[Install]
WantedBy=default.target
"""


def _arguments() -> list[str]:
    return ["-P", "-m", "couplejournal", *COMMAND]


def _quoted(text: str, *, is_argument: bool = False) -> str:
    """Return a word as systemd reads it: quoted, with its specifiers and, in arguments, its variables kept as text."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return '"' + (escaped.replace("$", "$$") if is_argument else escaped) + '"'


def _launchd(wanted: Wanted) -> str:
    """Return a property list of a user's own agents."""
    wishes = {
        "Label": wanted.name,
        "ProgramArguments": [wanted.python, *_arguments()],
        "EnvironmentVariables": dict(wanted.environ),
        "RunAtLoad": True,
        "KeepAlive": {"SuccessfulExit": False},
        "ThrottleInterval": RETRY_S,
        "ProcessType": "Background",
        "LowPriorityIO": True,
        "StandardOutPath": "/dev/null",
    }
    text = plistlib.dumps(wishes).decode("utf-8")
    return text.replace("<plist ", f"<!-- {_mark()} -->\n<plist ", 1)


def _windows(wanted: Wanted) -> str:
    """Return a task of the Windows Task Scheduler: at logon, without rights of an administrator, on batteries too."""
    root = ET.Element("Task", version="1.2", xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task")
    about = ET.SubElement(root, "RegistrationInfo")
    ET.SubElement(about, "Description").text = f"{DESCRIPTION}; {_mark()}"
    logon = ET.SubElement(ET.SubElement(root, "Triggers"), "LogonTrigger")
    ET.SubElement(logon, "Enabled").text = "true"
    principal = ET.SubElement(ET.SubElement(root, "Principals"), "Principal", id="Author")
    if wanted.user:
        ET.SubElement(logon, "UserId").text = wanted.user
        ET.SubElement(principal, "UserId").text = wanted.user
    ET.SubElement(principal, "LogonType").text = "InteractiveToken"
    ET.SubElement(principal, "RunLevel").text = "LeastPrivilege"
    _add_task_settings(ET.SubElement(root, "Settings"))
    act = ET.SubElement(ET.SubElement(root, "Actions", Context="Author"), "Exec")
    ET.SubElement(act, "Command").text = _windowless(wanted.python)
    ET.SubElement(act, "Arguments").text = list2cmdline(_windows_arguments(wanted.environ))
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-16"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _add_task_settings(settings: ET.Element) -> None:
    for name, value in (
        ("MultipleInstancesPolicy", "IgnoreNew"),
        ("DisallowStartIfOnBatteries", "false"),
        ("StopIfGoingOnBatteries", "false"),
        ("StartWhenAvailable", "true"),
        ("ExecutionTimeLimit", "PT0S"),
        ("Priority", "7"),
    ):
        ET.SubElement(settings, name).text = value
    again = ET.SubElement(settings, "RestartOnFailure")
    ET.SubElement(again, "Interval").text = "PT1M"
    ET.SubElement(again, "Count").text = "999"


def _windows_arguments(environ: Mapping[str, str]) -> list[str]:
    """Return what follows the interpreter; a task has no environment of its own, so it is set in the program."""
    if not environ:
        return _arguments()
    code = (
        f"import os, sys; os.environ.update({dict(environ)!r}); sys.argv[1:] = {list(COMMAND)!r}; "
        "from couplejournal.__main__ import main; main()"
    )
    return ["-P", "-c", code]


def _windowless(python: str) -> str:
    """Return the interpreter that opens no window, beside the one that does."""
    folder, separator, name = python.rpartition("\\")
    return f"{folder}{separator}pythonw.exe" if name.casefold() == "python.exe" else python
