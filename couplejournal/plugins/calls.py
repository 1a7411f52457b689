"""Call plugins so that a failing one harms nobody else.

pluggy keeps the implementations; the calls are our own, since pluggy lets one failing plugin stop the others. Whatever
a plugin raises ends here, but `KeyboardInterrupt`: the person at the keyboard goes first. A report names the plugin,
the hook, the kind of error and the place in the code, and never the error's text: that may be journal text.
"""

from __future__ import annotations

from collections import Counter
from functools import partial
from itertools import islice
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

import pluggy

from couplejournal.errors import PluginError
from couplejournal.plugins.author import HOOKS, JournalPlugin
from couplejournal.plugins.comparing import ComparisonError
from couplejournal.plugins.guards import OversizeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from pluggy import HookimplOpts, HookspecOpts

Answer = TypeVar("Answer")
Give: TypeAlias = "Callable[[str], Mapping[str, object] | None]"

FAILURE_LIMIT: Final = 3
ANSWER_LIMIT: Final = 1_000


class Failures:
    """Count how often each plugin failed; three times, and it rests until the process ends."""

    def __init__(self) -> None:
        """Start with a clean record for everybody."""
        self._count: Counter[str] = Counter()

    def add(self, plugin_id: str) -> None:
        """Count one more failure of a plugin."""
        self._count[plugin_id] += 1

    def is_suspended(self, plugin_id: str) -> bool:
        """Tell whether a plugin has failed too often to be asked again."""
        return self._count[plugin_id] >= FAILURE_LIMIT


IN_THIS_PROCESS: Final = Failures()


class WrongAnswerError(Exception):
    """A plugin answered with what its hook must not give; the message is ours and holds nothing of the answer."""


class WorkerError(Exception):
    """A worker gave no answer; the message is ours and holds nothing of what the plugin said."""


class _OverrideIsImplementation(pluggy.PluginManager):
    """Take every overridden method of `JournalPlugin` as an implementation of the hook of that name."""

    def parse_hookspec_opts(self, module_or_class: object, name: str) -> HookspecOpts | None:
        del module_or_class
        return (
            {"firstresult": False, "historic": False, "warn_on_impl": None, "warn_on_impl_args": None}
            if (name in HOOKS)
            else None
        )

    def parse_hookimpl_opts(self, plugin: object, name: str) -> HookimplOpts | None:
        if name not in HOOKS or getattr(type(plugin), name, None) is getattr(JournalPlugin, name):
            return None
        return {
            "wrapper": False,
            "hookwrapper": False,
            "optionalhook": False,
            "tryfirst": False,
            "trylast": False,
            "specname": None,
        }


class PluginCalls:
    """Hold the plugins that are on and ask them, in the order of their ids."""

    def __init__(self, report: Callable[[str], None], failures: Failures, *, strict: bool = False) -> None:
        """Send one line for each plugin and hook that fails to ``report``; with ``strict``, raise instead."""
        self._manager = _OverrideIsImplementation("couplejournal")
        self._manager.add_hookspecs(JournalPlugin)
        self._report = report
        self._failures = failures
        self._strict = strict
        self._named: set[tuple[str, str]] = set()
        self.has_failed = False

    def add(self, plugin_id: str, plugin: JournalPlugin) -> bool:
        """Take a plugin in and return whether it fits; an override with another signature is a failure like any.

        Raises:
            PluginError: it was refused, and the calls are strict.
        """
        return self.attempt(plugin_id, "loading", lambda: self._manager.register(plugin, plugin_id)) is not None

    def collect(self, hook: str, answer: type[Answer], give: Give) -> list[tuple[str, Answer]]:
        """Ask every plugin that has the hook; return (plugin id, answer) in the order of ids.

        ``give`` returns the arguments for a plugin, or None where it is not to be asked.

        Raises:
            PluginError: a plugin failed, and the calls are strict.
        """
        found: list[tuple[str, Answer]] = []
        for plugin_id, function in self.having(hook):
            arguments = give(plugin_id)
            if arguments is not None:
                answers = self.attempt(plugin_id, hook, partial(_answers, function, answer, arguments))
                found += [(plugin_id, each) for each in answers or ()]
        return found

    def first(self, hook: str, answer: type[Answer], give: Give, *, owner: str | None = None) -> Answer | None:
        """Return the first answer that is not None: of ``owner`` before all others, then in the order of ids.

        Raises:
            PluginError: a plugin failed, and the calls are strict.
        """
        for plugin_id, function in sorted(self.having(hook), key=lambda each: (each[0] != owner, each[0])):
            arguments = give(plugin_id)
            if arguments is not None:
                found = self.attempt(plugin_id, hook, partial(_one, function, answer, arguments))
                if found is not None:
                    return found
        return None

    def tell(self, plugin_id: str, hook: str, event: object) -> None:
        """Call a hook that is told of something and answers nothing, if this plugin has it.

        Raises:
            PluginError: the plugin failed, and the calls are strict.
        """
        for owner, function in self.having(hook):
            if owner == plugin_id:
                self.attempt(plugin_id, hook, partial(_told, function, event))

    def failed(self, place: str) -> set[str]:
        """Return the plugins that failed in a hook since this began."""
        return {plugin_id for plugin_id, where in self._named if where == place}

    def having(self, hook: str) -> list[tuple[str, Callable[..., Any]]]:
        """Return the plugins that override a hook, by id, each with its own method."""
        implementations = getattr(self._manager.hook, hook).get_hookimpls()
        return sorted(((one.plugin_name, one.function) for one in implementations), key=lambda each: each[0])

    def attempt(self, plugin_id: str, place: str, act: Callable[[], Answer]) -> Answer | None:
        """Return what ``act`` returns, or None where it failed or the plugin rests after three failures.

        Raises:
            PluginError: it failed, and the calls are strict.
        """
        if self._failures.is_suspended(plugin_id):
            return None
        try:
            return act()
        except (Exception, SystemExit) as error:  # noqa: BLE001 -- a plugin may raise anything; KeyboardInterrupt passes
            what = _described(error)
        # out of the handler: a strict error must not carry the plugin's own, whose text and frames hold journal text
        self._failed(plugin_id, place, what)
        return None

    def _failed(self, plugin_id: str, place: str, what: str) -> None:
        self._failures.add(plugin_id)
        self.has_failed = True
        line = f"plugin {plugin_id} failed in {place}: {what}"
        if self._strict:
            raise PluginError(line, hint="everything else works without it")
        if (plugin_id, place) not in self._named:
            self._named.add((plugin_id, place))
            self._report(line)
        if self._failures.is_suspended(plugin_id):
            self._report(f"plugin {plugin_id} failed three times and rests until the next start")


def require_answer(value: object, answer: type[Answer]) -> Answer:
    """Return a plugin's answer if it is of the promised type, and of no other that only looks like it.

    Raises:
        WrongAnswerError: it is not.
    """
    if type(value) is not answer:
        raise WrongAnswerError(f"answered with {_name_of(type(value))}, not {answer.__name__}")
    return value


def _answers(ask: Callable[..., Any], answer: type[Answer], arguments: Mapping[str, object]) -> list[Answer]:
    # a hook may be a generator, so its body runs here, under the guard; and it may never end, so it is cut
    return limited(ask(**arguments), answer, count=ANSWER_LIMIT)


def _one(ask: Callable[..., Any], answer: type[Answer], arguments: Mapping[str, object]) -> Answer | None:
    found = ask(**arguments)
    return None if found is None else require_answer(found, answer)


def _told(tell: Callable[..., Any], event: object) -> None:
    if tell(event=event) is not None:
        raise WrongAnswerError("answered where nothing was asked")


def limited(chunks: Iterable[Any], answer: type[Answer], *, count: int) -> list[Answer]:
    """Return what a plugin's iterator gives, cut where it would not end.

    Raises:
        WrongAnswerError: it gives another type than promised, or more than ``count`` values.
    """
    found = list(islice(iter(chunks), count + 1))
    if len(found) > count:
        raise WrongAnswerError(f"answered with more than {count:,} values")
    return [require_answer(each, answer) for each in found]


def _name_of(kind: type) -> str:
    # a class can be made with any text for a name
    return kind.__name__ if kind.__name__.isidentifier() and len(kind.__name__) <= 60 else "an odd type"


def _described(error: BaseException) -> str:
    if isinstance(error, (WrongAnswerError, WorkerError, ComparisonError, OversizeError)):
        return str(error)
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f" at {PurePath(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace is not None else ""
    return _name_of(type(error)) + place
