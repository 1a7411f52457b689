"""Import a plugin from its folder and make it: in this process, and in a worker, which needs nothing else for it."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location

from couplejournal.errors import PluginError
from couplejournal.plugins.author import JournalPlugin


def load_package(target: str, package: str, folder: str | os.PathLike[str]) -> JournalPlugin:
    """Import a plugin from its folder alone and make it. What its own code raises goes through: the caller guards.

    ``target`` is ``package.module:Class``, as the manifest has it.

    Raises:
        PluginError: the target is not in its package, or is no `JournalPlugin`.
    """
    module_name, _, attribute = target.partition(":")
    if module_name != package and not module_name.startswith(package + "."):
        raise PluginError("a plugin's target is not in its own package")
    _import(package, os.fspath(folder))
    made = getattr(import_module(module_name), attribute, None)
    if not (isinstance(made, type) and issubclass(made, JournalPlugin)):
        raise PluginError("a plugin's target is no JournalPlugin")
    return made()


def _import(package: str, folder: str) -> None:
    start = os.path.join(folder, "__init__.py")  # noqa: PTH118 - a worker does without pathlib
    loaded = sys.modules.get(package)
    # an editable install comes to the same files by a link
    if loaded is not None and os.path.realpath(str(loaded.__file__)) == os.path.realpath(start):
        return
    for name in [name for name in sys.modules if name == package or name.startswith(package + ".")]:
        del sys.modules[name]
    spec = spec_from_file_location(package, start, submodule_search_locations=[folder])
    if spec is None or spec.loader is None:
        raise PluginError("a plugin's package cannot be loaded")
    module = module_from_spec(spec)
    sys.modules[package] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        sys.modules.pop(package, None)  # half a module must not pass for a whole one next time
        raise
