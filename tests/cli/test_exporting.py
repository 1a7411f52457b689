"""``export``: a copy to keep, what is said about it, and how a sealed one is opened again."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from cli.conftest import CommandLine

import couplejournal as cj
from couplejournal.seal import age
from couplejournal.seal.keys import KeyPair
from couplejournal.seal.recovery import words_of
from couplejournal.testing.couples import pair


@pytest.fixture
def ana(command_line: Callable[[str], CommandLine]) -> CommandLine:
    """Return Ana's command line, with a little in her journal."""
    run = command_line("ana")
    assert run("init", "--name", "Ana", "--no-passphrase").code == 0
    assert run("note", "mine alone").code == 0
    assert run("note", "soft words", "--tender", "tender").code == 0
    return run


def words(home: Path) -> str:
    """Return the recovery words, which nobody was shown yet."""
    with cj.open(home=home) as journal:
        seed = journal.device.secrets.root_seed
    assert seed is not None
    return " ".join(words_of(seed))


def test_a_copy_is_written_and_said_to_be_open(ana: CommandLine, tmp_path: Path) -> None:
    """One line says how much went where; what is left out and that nothing is sealed is told beside it."""
    done = ana("export", str(tmp_path / "out"))
    assert (done.code, done.out) == (0, f"1 entry in {tmp_path / 'out'}\n")
    assert "left out, since marked tender: 1 entry; --tender takes them along" in done.err
    assert "whoever can open these files can read them" in done.err
    assert "mine alone" in (tmp_path / "out" / "journal.txt").read_text("utf-8")
    assert json.loads(ana("export", str(tmp_path / "all"), "--tender", "--json").out) == {
        "schema": "couplejournal.export/1", "folder": str(tmp_path / "all"), "entries": 2, "left_out": 0,
        "files": ["entries.jsonl", "rest.jsonl", "journal.txt", "README.txt", "journal.json"], "sealed": False,
        "lacking": [],
    }  # fmt: skip


def test_a_refusal_says_why_and_what_next(ana: CommandLine, tmp_path: Path) -> None:
    """A full folder, one of the journal, a wrong recipient, contradicting words: each has its sentence."""
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").touch()
    for args, code, said in (
        ((str(tmp_path / "full"),), 1, "that folder is not empty"),
        ((str(ana.home / "config" / "x"),), 1, "belongs to the journal itself"),
        ((str(tmp_path / "out"), "--age", "age1ana"), 1, "a letter is wrong or missing"),
        ((), 2, "which folder?"),
        (("--identity", str(tmp_path / "out")), 2, "stands alone"),
        (("--identity", "--json"), 2, "stands alone"),
        (("--identity", "--age", "age1ana"), 2, "stands alone"),
        (("--open", "x", str(tmp_path / "out"), "--tender"), 2, "--tender does not go with --open"),
        (("--open", "x", str(tmp_path / "out"), "--age", "age1ana"), 2, "--age does not go with --open"),
        (("--open", "x", str(tmp_path / "out"), "--json"), 2, "--json does not go with --open"),
        (("--open", str(tmp_path / "none"), str(tmp_path / "out")), 1, "recovery words"),
    ):
        done = ana("export", *args)
        assert (done.code, done.out) == (code, "")
        assert said in done.err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("is_terminal", [False, True])
def test_the_words_open_what_was_sealed_for_them(ana: CommandLine, tmp_path: Path, *, is_terminal: bool) -> None:
    """A copy sealed for the recovery words opens where there is no journal, with words from stdin or typed."""
    made = ana("export", str(tmp_path / "out"), "--to-recovery")
    assert (made.code, "recovery words were never shown" in made.err) == (0, True)
    typed = words(ana.home) + "\n"
    ana.home = tmp_path / "bare machine"
    sealed = str(tmp_path / "out" / "journal.tar.age")
    done = ana("export", "--open", sealed, str(tmp_path / "back"), stdin=typed, terminal=is_terminal)
    assert (done.code, done.out) == (0, f"5 files in {tmp_path / 'back'}\n")
    assert "mine alone" in (tmp_path / "back" / "journal.txt").read_text("utf-8")
    assert not ana.home.exists()
    wrong = ana("export", "--open", sealed, str(tmp_path / "x"), stdin=" ".join(words_of(b"x" * 32)))
    assert (wrong.code, "somebody else" in wrong.err) == (1, True)
    identity = ana("export", "--identity", stdin=typed).out
    assert identity.startswith("AGE-SECRET-KEY-PQ-1")
    assert ana("export", "--open", sealed, str(tmp_path / "again"), stdin=identity).code == 0


def test_the_page_beside_a_sealed_copy_names_the_age_that_opens_it(ana: CommandLine, tmp_path: Path) -> None:
    """A post-quantum recipient needs age 1.3, and README.txt says so; an ordinary one does not."""
    hybrid = age.recipient_text(KeyPair(b"a" * 32, b"b" * 32).public.kem)
    assert hybrid.startswith("age1pq1")
    plain = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"
    for recipient, is_said in ((hybrid, True), (plain, False)):
        done = ana("export", str(tmp_path / recipient[:8]), "--age", recipient)
        assert done.code == 0, done.err
        assert ("age 1.3 or newer" in (tmp_path / recipient[:8] / "README.txt").read_text("utf-8")) == is_said


def test_mistyped_words_are_not_repeated(ana: CommandLine) -> None:
    """What was typed stays out of the error."""
    done = ana("export", "--identity", stdin="zebra zebra pineapple")
    assert (done.code, done.out) == (1, "")
    assert "pineapple" not in done.err


def test_stock_age_and_tar_open_an_export(ana: CommandLine, tmp_path: Path) -> None:
    """The line that the README in the folder gives works with the programs that it names."""
    stock, keygen, tar = (shutil.which(name) for name in ("age", "age-keygen", "tar"))
    if stock is None or keygen is None or tar is None:
        pytest.skip("the programs age and tar are not installed")
    made = subprocess.run([keygen, "-o", tmp_path / "IDENTITY.txt"], capture_output=True, check=True, text=True)
    recipient = made.stderr.split()[-1]
    assert ana("export", str(tmp_path / "out"), "--age", recipient, "--tender").code == 0
    sealed = tmp_path / "out" / "journal.tar.age"
    command: list[str | Path] = [stock, "--decrypt", "-i", tmp_path / "IDENTITY.txt", sealed]
    plain = subprocess.run(command, capture_output=True, check=True).stdout
    subprocess.run([tar, "-x", "-C", tmp_path], input=plain, check=True)
    unpacked = tmp_path / "couplejournal-export"
    assert len(list(unpacked.iterdir())) == 5
    assert "soft words" in (unpacked / "journal.txt").read_text("utf-8")


def test_a_copy_without_the_private_book_says_so(tmp_path: Path, command_line: Callable[[str], CommandLine]) -> None:
    """Where the private book cannot be read, the rest is written, each file says what lacks, and it ends with 3."""
    made = pair(tmp_path)
    made.journals[0].add(cj.Note("mine alone"))
    made.journals[0].add(cj.Bid("for both"))
    private = made.journals[0].home.replica(made.journals[0].device.private.folder)
    made.close()
    run = command_line("ana")
    assert run("export", str(tmp_path / "whole")).code == 0
    assert "NOT WHOLE" not in (tmp_path / "whole" / "README.txt").read_text("utf-8")
    (private / "book.cj").unlink()
    done = run("export", str(tmp_path / "out"), "--json")
    assert (done.code, json.loads(done.out)["lacking"]) == (3, ["private"])
    assert "THIS COPY IS NOT WHOLE. Of the private entries nothing is in it" in " ".join(done.err.split())
    for name in ("README.txt", "journal.txt"):
        assert "THIS COPY IS NOT WHOLE" in (tmp_path / "out" / name).read_text("utf-8")
    assert json.loads((tmp_path / "out" / "journal.json").read_text("utf-8"))["lacking"] == ["private"]
    assert "for both" in (tmp_path / "out" / "journal.txt").read_text("utf-8")
    both = run("export", str(tmp_path / "both"), "--shared")
    assert both.code == 0
    assert "NOT WHOLE" not in (tmp_path / "both" / "README.txt").read_text("utf-8")
