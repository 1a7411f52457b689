"""A made-up couple that writes what a bundled plugin reads, and what an analysis of theirs says."""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Any

from couplejournal.model.kinds import Answer, Step
from couplejournal.plugins import AnalysisRequest, AnalysisResult, Author, Entry, Kind
from couplejournal.plugins.guards import EVERYTHING, cut
from couplejournal.plugins.kinds import as_core_kind
from couplejournal.plugins.views import CutView
from couplejournal.testing.couple import END, Draft
from couplejournal.testing.views import exchanged, view_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from couplejournal.model.content import Content
    from couplejournal.plugins import JournalPlugin, Scope

NOW = END


class Written:
    """Drafts of a couple, each so many days before `NOW`; every plugin kind is at hand by its name."""

    def __init__(self, *plugins: JournalPlugin) -> None:
        self.kinds: dict[str, Kind] = {kind.name: kind for plugin in plugins for kind in plugin.kinds()}
        self.drafts: list[Draft] = []
        self.answers: list[tuple[str, Answer, float]] = []

    def add(
        self,
        author: str,
        content: Content | str,
        *,
        ago: float = 1,
        to: str | None = None,
        audience: str | None = None,
        **fields: Any,
    ) -> str:
        """Write an entry, or one of the plugin's kind that is named, ``ago`` days before `NOW`; return its key."""
        if isinstance(content, str):
            make: Any = as_core_kind(self.kinds[content]).content
            content = make(fields.pop("text", "words" if self.kinds[content].needs_text else ""), **fields)
        key = f"{len(self.drafts)}"
        at = NOW - timedelta(days=ago)
        self.drafts.append(
            Draft(key=key, author=author, content=content, happened_at=at, refers_to=to, audience=audience)  # type: ignore[arg-type]
        )
        return key

    def step(self, author: str, name: str, to: str, *, ago: float = 1, text: str = "") -> str:
        """Take a step."""
        return self.add(author, Step(name, text), ago=ago, to=to)

    def answer(self, author: str, prompt: str, text: str, *, ago: float = 1) -> None:
        """Have a sealed answer opened: it comes of no draft."""
        self.answers.append((author, Answer(prompt, text), ago))

    def says(
        self, run: Callable[[AnalysisRequest], AnalysisResult], *, scope: Scope = "couple", me: str = "ana",
        language: str = "en",
    ) -> AnalysisResult:  # fmt: skip
        """Return what an analysis says to one of the two; one for both must be the same if the two change places."""
        result = run(self._request(self.drafts, scope, me, language))
        if scope == "couple":
            assert run(self._request(exchanged(self.drafts), scope, me, language, is_exchanged=True)) == result
            assert run(self._request(self.drafts, scope, "ben", language)) == result
        return result

    def _request(
        self, drafts: list[Draft], scope: Scope, me: str, language: str, *, is_exchanged: bool = False
    ) -> AnalysisRequest:
        view = cut(view_of(drafts, me=me, kinds=self.kinds.values()), EVERYTHING, scope)
        opened = [self._opened(number, scope, is_exchanged=is_exchanged) for number in range(len(self.answers))]
        entries = sorted([*view.entries(), *opened], key=lambda one: one.happened_at)
        view = CutView(lambda: entries, zone=UTC, me=view.me, people=view.people)
        return AnalysisRequest(view=view, now=NOW, zone=UTC, language=language)

    def _opened(self, number: int, scope: Scope, *, is_exchanged: bool) -> Entry:
        author, answer, ago = self.answers[number]
        at = NOW - timedelta(days=ago)
        person = {"ana": "1", "ben": "2"}[author]
        if is_exchanged:
            person = {"1": "2", "2": "1"}[person]
        who = Author(person, "", is_me=scope == "mine" and author == "ana")
        return Entry(
            id=f"{number:064x}", kind="answer", content=answer, author=who, audience="shared", happened_at=at,
            precision="minute", recorded_at=at,
        )  # fmt: skip
