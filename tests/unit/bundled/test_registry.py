"""What holds for every bundled plugin, whichever there are."""

from __future__ import annotations

import importlib
import re
import sys
from collections import Counter
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from unit.bundled.life import life
from unit.bundled.writing import NOW

from couplejournal import plugins
from couplejournal.model.kinds import core_kinds
from couplejournal.plugins.packs import read_pack
from couplejournal.testing.hosts import overridden, plugin_host
from couplejournal.testing.plugins import PluginContract
from couplejournal.testing.views import sample, view_of

if TYPE_CHECKING:
    from couplejournal.plugins import JournalPlugin
    from couplejournal.plugins.packs import Pack
    from couplejournal.testing.couple import Draft

BUNDLED = {manifest.id: manifest for manifest in plugins.available()}
STEPS = {"safety", "backing", "closeness", "care", "bids", "presence", "repair", "direction"}


def made(name: str) -> JournalPlugin:
    """Return a bundled plugin."""
    module, _, target = BUNDLED[name].target.partition(":")
    plugin: JournalPlugin = getattr(importlib.import_module(module), target)()
    return plugin


def folder(name: str) -> Path:
    """Return where a bundled plugin lies."""
    return Path(str(sys.modules[type(made(name)).__module__].__file__)).parent


def pack_of(name: str) -> Pack | None:
    """Return the pack that a plugin begins with, None where it has none."""
    path = folder(name) / "pack.toml"
    return read_pack(path.read_bytes()) if path.exists() else None


PACKS = {name: pack for name in BUNDLED if (pack := pack_of(name)) is not None}


def test_every_step_of_the_article_has_its_plugin() -> None:
    """Each of the eight steps is a part that works, with questions and with something to do together."""
    assert set(BUNDLED) >= STEPS
    for name in STEPS:
        assert {"prompts", "exercises"} <= set(BUNDLED[name].provides.hooks)
        assert PACKS[name].prompts
        assert PACKS[name].exercises


@pytest.mark.parametrize("name", BUNDLED)
def test_manifest_matches_the_plugin(name: str) -> None:
    """The manifest names the hooks that are overridden, asks for no network, and says why it reads what it reads."""
    manifest = BUNDLED[name]
    assert sorted(manifest.provides.hooks) == sorted(overridden(made(name)))
    assert manifest.permissions.network == ()
    assert set(manifest.why) == ({"read", "kinds"} if manifest.permissions.read else set())
    pack = PACKS.get(name)
    assert pack is None or pack.id == name


@pytest.mark.parametrize("name", BUNDLED)
def test_imports_nothing_but_the_public_api(name: str) -> None:
    """A bundled plugin has the means of any other: couplejournal.plugins and couplejournal.testing."""
    allowed = ("couplejournal.plugins", "couplejournal.testing", f"couplejournal_plugins.{name}")
    for path in folder(name).rglob("*.py"):
        for module in re.findall(r"^\s*(?:from|import) (couplejournal[\w.]*)", path.read_text("utf-8"), re.MULTILINE):
            assert module.startswith(allowed), path


@pytest.mark.parametrize("name", BUNDLED)
def test_it_asks_how_it_could_be_used_to_control(name: str) -> None:
    """Each says at its top how somebody who wants to control the other would use it, and what is done about that."""
    assert "How would a controlling partner use this?" in str(sys.modules[type(made(name)).__module__].__doc__)


@pytest.mark.parametrize("name", PACKS)
def test_every_text_is_there_in_both_languages(name: str) -> None:
    """Whatever is read on a screen is there in English and in German, and not the same text twice."""
    pack = PACKS[name]
    texts = [prompt.text for prompt in pack.prompts]
    texts += [text for one in pack.exercises for text in (one.title, *(step for step, _ in one.steps))]
    for text in texts:
        assert set(text.texts) == {"en", "de"}
        assert text.texts["en"] != text.texts["de"]
    for language in ("en", "de"):
        counted = Counter(text.texts[language] for text in texts)
        assert max(counted.values()) == 1 or set(counted) >= {"Now the other way round.", "Jetzt umgekehrt."} & set(counted)  # fmt: skip  # noqa: E501


def test_prompts_and_exercises_lead_to_kinds_that_there_are() -> None:
    """What somebody is led to write is of a kind of the core or of a bundled plugin, and no two plugins share one."""
    own = [kind.name for pack in PACKS.values() for kind in pack.kinds]
    assert max(Counter(own).values()) == 1
    known = {*core_kinds(), *own}
    led = {prompt.kind for pack in PACKS.values() for prompt in pack.prompts}
    led |= {one.writes for pack in PACKS.values() for one in pack.exercises if one.writes}
    assert led <= known
    assert {one for pack in PACKS.values() for kind in pack.kinds for one in kind.part_of} <= known
    assert {kind for manifest in BUNDLED.values() for kind in manifest.permissions.kinds} <= known


def test_what_is_about_oneself_is_private() -> None:
    """S1: check-ins, heat, feelings, what one noticed or wrote in the third person, and wishes are for oneself."""
    private = {kind.name for pack in PACKS.values() for kind in pack.kinds if kind.default_audience == "private"}
    assert private == {"checkin", "feeling", "heat", "lifestyle", "noticing", "reappraisal", "wish"}


def test_nothing_about_consent_or_the_body_is_a_kind() -> None:
    """S16: no kind and no field records consent, cycles, weight, spending, places or how often."""
    words = re.compile(r"consent|cycle|period|weight|calorie|spend|location|gps|sex|frequency|streak|score|points")
    for pack in PACKS.values():
        for kind in pack.kinds:
            assert not words.search(kind.name)
            assert not any(words.search(field.name) for field in kind.fields)


def test_one_is_enough_to_end_and_two_to_agree() -> None:
    """S8: what holds for both needs both to begin, and either alone ends it; nothing needs both to end."""
    for pack in PACKS.values():
        for kind in pack.kinds:
            for row in kind.lifecycle.transitions if kind.lifecycle else ():
                if row.step == "agree":
                    assert row.by in {"both", "other"}
                if row.step in {"withdraw", "cancel", "set-aside", "let-go", "take-back", "reopen", "pause"}:
                    assert row.by != "both"


@pytest.mark.parametrize("name", BUNDLED)
def test_shared_results_have_no_scope_of_their_own(name: str) -> None:
    """S3: a result for both has a title without a person, and what is for oneself says so by its scope."""
    for analysis in made(name).analyses():
        assert analysis.scope in {"couple", "mine"}
        assert not re.search(r"\b(you|your|his|her)\b", analysis.title)
        assert analysis.scope == "couple" or re.search(r"\b(me|I|it has been|slow change)\b", analysis.title)


@pytest.mark.parametrize("name", BUNDLED)
def test_questions_in_another_language_are_in_english(name: str) -> None:
    """Somebody with a language that there is not gets English; an Austrian gets German."""
    for tag, known in (("de-AT", "de"), ("ja", "en"), ("", "en")):
        request = plugins.PromptRequest(now=NOW, zone=UTC, language=tag)
        assert {prompt.language for prompt in made(name).prompts(request)} <= {known}


@pytest.mark.parametrize("name", sorted(BUNDLED))
class TestContract(PluginContract):
    """The contract of every plugin, for each of the bundled ones."""

    @pytest.fixture(autouse=True)
    def _of(self, name: str) -> None:
        self.name = name

    def make_plugin(self) -> JournalPlugin:
        """Return the plugin that is tried."""
        return made(self.name)

    def manifest_data(self) -> bytes | None:
        """Return its manifest."""
        return (folder(self.name) / "couplejournal.toml").read_bytes()

    def sample(self, count: int) -> list[Draft]:
        """Return the year of a couple, in the kinds of this plugin too, and the sample couple beside it."""
        return sorted([*life(made(self.name)), *sample(count)], key=lambda one: one.happened_at)

    def test_each_analysis_has_something_to_say(self) -> None:
        """Over that year each analysis has a result, but for one that reads sealed answers, which no draft makes."""
        plugin = self.make_plugin()
        host = plugin_host(plugin, view_of(self.sample(200), kinds=plugin.kinds()), permissions=self._permissions)
        silent = {one.id.rpartition("/")[2] for one in host.analyze() if one.result is None or not one.result.is_enough}
        assert silent == {"direction": {"alignment"}, "hardtalks": {"ready"}}.get(self.name, set())

    @pytest.mark.long
    def test_a_worker_gives_the_same_answers(self) -> None:
        """In a process of its own every hook gives what it gives in this one."""
        super().test_a_worker_gives_the_same_answers()

    @pytest.mark.long
    def test_many_entries_are_no_failure(self) -> None:
        """Every hook answers over 10,000 entries."""
        super().test_many_entries_are_no_failure()
