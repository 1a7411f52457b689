from __future__ import annotations

import re
import sys
import tomllib
from datetime import UTC
from pathlib import Path

import pytest
from couplejournal_plugins.bids import Bids
from couplejournal_plugins.bids.questions import ENGLISH, GERMAN
from unit.plugins.written import NOW

from couplejournal import plugins
from couplejournal.plugins import PromptRequest

FOLDER = Path(str(sys.modules[Bids.__module__].__file__)).parent
KINDS = {"bid", "note", "appreciation"}
# words that would guess who the two are, hurry them, or keep an account
UNWELCOME = re.compile(
    r"\b(husband|wife|spouse|married|marriage|girlfriend|boyfriend|he|she|his|her|him|should|must|owe|often|"
    r"Mann|Frau|Ehe\w*|verheiratet|Freundin|er|sie|ihm|sein\w*|ihre[mnrs]?|musst|solltest|schuldest|oft)\b",
    re.IGNORECASE,
)


def asked(language: str) -> list[plugins.Prompt]:
    """Return the questions of the plugin."""
    return list(Bids().prompts(PromptRequest(now=NOW, zone=UTC, language=language)))


@pytest.mark.parametrize(("language", "known"), [("en", "en"), ("de", "de"), ("de-AT", "de"), ("de_DE", "de"), ("ja", "en"), ("", "en")])  # fmt: skip  # noqa: E501
def test_questions_in_english_and_german(language: str, known: str) -> None:
    """At least twelve questions in the asked language, or in English where it is another."""
    prompts = asked(language)
    assert len(prompts) >= 12
    assert {prompt.language for prompt in prompts} == {known}
    assert len({prompt.text for prompt in prompts}) == len(prompts)
    assert {prompt.kind for prompt in prompts} <= KINDS


def test_both_languages_have_the_same_questions() -> None:
    """A question keeps its id and its kind in every language."""
    assert {key: kind for key, (kind, _) in ENGLISH.items()} == {key: kind for key, (kind, _) in GERMAN.items()}


@pytest.mark.parametrize("language", ["en", "de"])
def test_questions_guess_and_push_nothing(language: str) -> None:
    """No question guesses gender or marriage, says what one should do, or asks how often."""
    for prompt in asked(language):
        assert not UNWELCOME.search(prompt.text), prompt.text
        assert prompt.text.endswith("?")


def test_manifest_matches_the_plugin() -> None:
    """The manifest names the hooks that are overridden, and asks for no network."""
    manifest = next(found for found in plugins.available() if found.id == "bids")
    overridden = [name for name in ("analyses", "prompts") if name in vars(Bids)]
    assert sorted(manifest.provides.hooks) == overridden
    assert manifest.permissions.network == ()
    assert set(manifest.why) <= {"read", "kinds", "network"}
    assert tomllib.loads((FOLDER / "couplejournal.toml").read_text("utf-8"))["target"].endswith(":Bids")


def test_imports_nothing_but_the_public_api() -> None:
    """A bundled plugin has the means of any other: couplejournal.plugins and couplejournal.testing."""
    for path in FOLDER.glob("*.py"):
        for module in re.findall(r"^\s*(?:from|import) (couplejournal[\w.]*)", path.read_text("utf-8"), re.MULTILINE):
            assert module.startswith(("couplejournal.plugins", "couplejournal.testing", "couplejournal_plugins.bids"))


def test_every_shared_analysis_is_for_the_couple() -> None:
    """The one analysis is for both, and its title holds no name."""
    (analysis,) = Bids().analyses()
    assert (analysis.id, analysis.scope) == ("turning-toward", "couple")
