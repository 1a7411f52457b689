"""A pack as a plugin like any other, so that one way of asking does for all of them."""

from __future__ import annotations

from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from couplejournal.disk import RealDisk
from couplejournal.errors import PluginError
from couplejournal.plugins.author import JournalPlugin
from couplejournal.plugins.manifest import PACK_LIMIT_BYTES
from couplejournal.plugins.packs import read_pack
from couplejournal.plugins.packstexts import nearest
from couplejournal.plugins.values import Analysis, Exercise, ExerciseStep, Prompt, Rendered

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from couplejournal.plugins.kinds import Kind
    from couplejournal.plugins.packs import Pack, PackMetric
    from couplejournal.plugins.result import AnalysisResult
    from couplejournal.plugins.values import AnalysisRequest, PromptRequest, RenderRequest


class PackPlugin(JournalPlugin):
    """Answers the hooks with what stands in a pack."""

    def __init__(self, pack: Pack | Callable[[], Pack]) -> None:
        """Stand for a pack that was read and is sound, or for what reads it when it is first needed."""
        self._given = pack

    @classmethod
    def beside(cls, module_file: str, name: str = "pack.toml") -> PackPlugin:
        """Return the pack that lies beside a module (its ``__file__``), for a plugin of code that begins with one.

        It is read when a hook first needs it, which raises `PluginError` where it is not there or not sound.
        """
        return cls(partial(_beside, Path(module_file).with_name(name)))

    @cached_property
    def _pack(self) -> Pack:
        return self._given() if callable(self._given) else self._given

    def kinds(self) -> Iterable[Kind]:
        """Return the kinds that it declares."""
        return self._pack.kinds

    def prompts(self, request: PromptRequest) -> Iterable[Prompt]:
        """Return its questions, each in the language that comes nearest."""
        for prompt in self._pack.prompts:
            language, text = prompt.text.for_tag(request.language)
            yield Prompt(
                id=prompt.id, text=text, kind=prompt.kind, language=language, texts=dict(prompt.text.texts)
            )  # fmt: skip

    def exercises(self) -> Iterable[Exercise]:
        """Return its exercises, each in every language that its title has; whoever asks takes the nearest."""
        for exercise in self._pack.exercises:
            for language, title in exercise.title.texts.items():
                steps = tuple(
                    ExerciseStep(text=text.for_tag(language)[1], seconds=seconds) for text, seconds in exercise.steps
                )
                yield Exercise(id=exercise.id, title=title, steps=steps, writes=exercise.writes, language=language)

    def render(self, request: RenderRequest) -> Rendered | None:
        """Return an entry of a kind of its own as the template shows it."""
        templates = self._pack.templates.get(request.entry.kind)
        if not templates:
            return None
        blocks = templates[nearest(templates, request.language)].filled(request.entry)
        return None if blocks is None else Rendered(blocks=blocks)

    def analyses(self) -> Iterable[Analysis]:
        """Return its metrics."""
        return [
            Analysis(
                id=metric.id,
                title=metric.title.for_tag("en")[1],
                run=partial(_run, metric),
                scope="couple" if metric.measure.is_for_both else "mine",
            )
            for metric in self._pack.metrics
        ]


def _beside(path: Path) -> Pack:
    data = RealDisk().read(path, limit_bytes=2 * PACK_LIMIT_BYTES)
    if data is None:
        raise PluginError("the pack of a plugin is not where it should be")
    return read_pack(data)


def _run(metric: PackMetric, request: AnalysisRequest) -> AnalysisResult:
    label, words = (text.for_tag(request.language)[1] for text in (metric.title, metric.words))
    return attrs.evolve(metric.measure, label=label, words=words).run(request)
