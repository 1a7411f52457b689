from __future__ import annotations

import base64
import json
import os
import random
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from couplejournal.testing.couple import correspondence, everything_written
from couplejournal.testing.leaks import RUN_BYTES, Leak, Needles, is_trivial

if TYPE_CHECKING:
    from collections.abc import Callable

TEXT = "We lay on the warm stones and gave the stars wrong names."
NEEDLES = Needles.of([TEXT, "短い", "Ein Nein ist auch gut."])


def in_base64(phase: int) -> Callable[[str], bytes]:
    """Return how a run looks in base64 when something stands before and after it."""
    return lambda run: base64.b64encode(b"\x07" * phase + run.encode() + b"\xf5")


ENCODERS: dict[str, Callable[[str], bytes]] = {
    "utf-8": str.encode,
    "utf-16-le": lambda run: run.encode("utf-16-le"),
    "utf-16-be": lambda run: run.encode("utf-16-be"),
    "hex": lambda run: run.encode().hex().encode(),
    "hex-upper": lambda run: run.encode().hex().upper().encode(),
    "base64-0": in_base64(0),
    "base64-1": in_base64(1),
    "base64-2": in_base64(2),
}


@pytest.mark.parametrize("encoding", ENCODERS)
@pytest.mark.parametrize("before", range(9))
@pytest.mark.parametrize("start", [0, 1, 2, 20, len(TEXT) - RUN_BYTES])
def test_every_run_of_twelve_is_found(encoding: str, before: int, start: int) -> None:
    """A run from any place of a text, at any place of a file, in each encoding: found, and where it stands."""
    planted = ENCODERS[encoding](TEXT[start : start + RUN_BYTES])
    data = b"\xee" * before + planted + b"\xff" * 5
    found = NEEDLES.search_bytes(data)
    # the base64 of a run that begins within a group of three is one of its text in one of the three phases
    assert any(name.rstrip("012") == encoding.rstrip("012") for _, name in found), found
    assert all(before <= offset < before + len(planted) for offset, _ in found)


def test_eleven_are_not_a_run() -> None:
    """Eleven bytes of a text prove nothing and are not reported."""
    assert NEEDLES.search_bytes(b"\xff" + TEXT[:11].encode() + b"\xff") == []
    assert NEEDLES.search_bytes(b"") == []


@given(
    text=st.text(min_size=12, max_size=60),
    before=st.binary(max_size=40),
    after=st.binary(max_size=40),
    cut=st.integers(0, 200),
)
def test_search_is_what_a_slow_search_finds(text: str, before: bytes, after: bytes, cut: int) -> None:
    """For any text and surroundings the search says the same as looking for each run one by one."""
    coded = text.encode()
    run = coded[cut % (len(coded) - 11) :][:RUN_BYTES]
    data = before + run + after
    runs = {coded[at : at + RUN_BYTES] for at in range(len(coded) - RUN_BYTES + 1)}
    pieces = [data[at : at + RUN_BYTES] for at in range(len(data))]
    slowly = any(piece in runs and not is_trivial(piece) for piece in pieces)
    assert ("utf-8" in {name for _, name in Needles.of([text]).search_bytes(data)}) == slowly


@pytest.mark.parametrize("run", ["            ", "------------", "haha" * 3, "abcabcabcabc", "🎶🎶🎶", "\n\n" * 6])
def test_trivial_runs_are_no_leak(run: str) -> None:
    """What only repeats a unit of one to four bytes says nothing."""
    assert is_trivial(run.encode())
    assert Needles.of([f"{run}{run}"]).search_bytes(run.encode()) == []


@pytest.mark.parametrize("encoding", ENCODERS)
def test_spaces_are_no_leak_in_any_encoding(encoding: str) -> None:
    """A row of spaces is trivial however it is encoded."""
    assert Needles.of([f"a{' ' * 40}b"]).search_bytes(ENCODERS[encoding](" " * 30)) == []


def test_text_around_a_trivial_run_is_found() -> None:
    """A run that begins with spaces and goes on is none of the trivial ones."""
    needles = Needles.of([f"list:{' ' * 20}milk and bread"])
    assert needles.search_bytes(b"x" + b" " * 8 + b"milk" + b"x") == [(1, "utf-8")]
    assert needles.search_bytes(b" " * 4096) == []


def test_two_texts_make_no_run_together() -> None:
    """The end of one text and the beginning of the next are no run."""
    needles = Needles.of(["the sea at six", "rain until noon"])
    assert needles.search_bytes(b"at six" + b"\xff" * 8 + b"rain until") == []
    assert needles.search_bytes(b"rain until n") == [(0, "utf-8")]


def test_json_with_escaped_letters_is_found() -> None:
    """A file in which every foreign letter is written as an escape is no hiding place."""
    data = json.dumps({"text": "今夜、五分だけ"}).encode()
    assert {name for _, name in Needles.of(["今夜、五分だけ何も言わずに"]).search_bytes(data)} == {"json"}


def test_urlsafe_base64_is_found() -> None:
    """The alphabet for addresses and names counts too."""
    text = "\xfb\xff\xbf ÿþýüûúÿþýüûú??>>??>>"
    data = base64.urlsafe_b64encode(text.encode())
    assert b"-" in data or b"_" in data
    assert any(name.startswith("base64url") for _, name in Needles.of([text]).search_bytes(data))


def test_files_folders_and_names(tmp_path: Path) -> None:
    """Files at any depth and the names of files and folders are searched; each leak says where, and no word of it."""
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "deep" / "er" / "clean").write_bytes(os.urandom(5_000))
    (tmp_path / "deep" / "er" / "leak").write_bytes(b"x" * 99 + TEXT[5:30].encode("utf-16-le"))
    (tmp_path / "deep" / f"{TEXT[:14]}.txt").touch()
    (tmp_path / f"{TEXT[7:20].encode().hex()}").mkdir()
    leaks = NEEDLES.search([tmp_path / "deep", str(tmp_path)])
    # "hex-upper" and "utf-16-be" are there too, as far as digits have no case and a zero byte stands on both sides
    assert {leak for leak in leaks if leak.encoding not in {"hex-upper", "utf-16-be"}} == {
        Leak(tmp_path / "deep" / "er" / "leak", 99, "utf-16-le"),
        Leak(tmp_path / "deep" / f"{TEXT[:14]}.txt", 0, "utf-8", "name"),
        Leak(tmp_path / TEXT[7:20].encode().hex(), 0, "hex", "name"),
    }
    assert NEEDLES.search([tmp_path / "deep" / "er" / "leak"])[0] == Leak(
        tmp_path / "deep" / "er" / "leak", 99, "utf-16-le"
    )
    assert not any(Needles.of([TEXT]).search_bytes(leak.encoding.encode()) for leak in leaks)


def test_run_across_the_pieces_of_a_large_file(tmp_path: Path) -> None:
    """A file is read piece by piece, and a run that lies across two pieces is found at its true place."""
    path = tmp_path / "large"
    for shift in range(RUN_BYTES + 1):
        place = (1 << 20) - shift
        path.write_bytes(bytes(place) + TEXT[:RUN_BYTES].encode() + bytes(1_000))
        assert NEEDLES.search([path]) == [Leak(path, place, "utf-8")]
    path.write_bytes(bytes(3_000_001) + TEXT.encode().hex().encode())
    assert Leak(path, 3_000_001, "hex") in NEEDLES.search([path])


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_links_are_not_followed_but_read(tmp_path: Path) -> None:
    """A link leads nowhere; the name that it points to is searched. A missing path is passed over."""
    (tmp_path / "link").symlink_to(f"nowhere/{TEXT[:15]}")
    assert NEEDLES.search([tmp_path, tmp_path / "missing"]) == [Leak(tmp_path / "link", 8, "utf-8", "name")]


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="nothing is unreadable here")
def test_what_cannot_be_read_is_not_called_clean(tmp_path: Path) -> None:
    """A file that may not be read is an error and not a clean one."""
    path = tmp_path / "barred"
    path.write_bytes(b"x")
    path.chmod(0)
    with pytest.raises(PermissionError):
        NEEDLES.search([path])


def test_sample_data_against_noise() -> None:
    """The whole correspondence is not found in noise of every alphabet, and any twelve bytes of it are found in it."""
    texts = everything_written(correspondence(300))
    needles = Needles.of(texts)
    dice = random.Random("noise")
    noise = dice.randbytes(400_000)
    clean = noise + noise[:60_000].hex().encode() + base64.b64encode(noise[:60_000])
    assert needles.search_bytes(clean) == []
    for text in texts[::11]:
        coded = text.encode()
        if len(coded) >= RUN_BYTES:
            start = dice.randrange(len(coded) - RUN_BYTES + 1)
            planted = clean[:777] + coded[start : start + RUN_BYTES] + clean[777:2_000]
            assert (777, "utf-8") in needles.search_bytes(planted)


@pytest.mark.parametrize("spelling", ["bytes", "hex", "hex-upper", "base64-0", "base64-1", "base64-2"])
@pytest.mark.parametrize("start", [0, 1, 2, 3, 20])
def test_every_run_of_a_secret_is_found(spelling: str, start: int) -> None:
    """Twelve bytes of a key, as they are or spelt in letters, are found; eleven are not."""
    secret = bytes(range(128, 160))
    found = Needles.of_secrets([secret, b"another secret of some length"])
    run = secret[start : start + RUN_BYTES]
    spelt = {
        "bytes": run,
        "hex": run.hex().encode(),
        "hex-upper": run.hex().upper().encode(),
        **{f"base64-{phase}": base64.b64encode(b"\x07" * phase + run + b"\xf5") for phase in range(3)},
    }[spelling]
    assert found.search_bytes(b"before" + spelt + b"behind")
    assert not found.search_bytes(secret[start : start + RUN_BYTES - 1])
