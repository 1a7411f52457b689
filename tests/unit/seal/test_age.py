"""Files of the age format: what is written opens, and what was touched does not."""

from __future__ import annotations

import base64
import hashlib
import json
import zlib

import pytest
from house.tree import CHECKOUT
from hypothesis import given
from hypothesis import strategies as st

from couplejournal.errors import UntrustedDataError
from couplejournal.seal import age, bech32
from couplejournal.seal.agereading import HybridIdentity, PlainIdentity, identity_of, opened
from couplejournal.seal.keys import Root
from couplejournal.testing.clocks import FakeSystem

# The examples of c2sp.org/age: an identity of each type, and its recipient (of the long one the SHA-256).
PLAIN_IDENTITY = "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX"
PLAIN_RECIPIENT = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj"
HYBRID_IDENTITY = "AGE-SECRET-KEY-PQ-1XX76JRALNLXDMEW0CRK45QMCCH4X06SE84UN3VPM33W6HWDX0H3SK3ZQFR"
HYBRID_RECIPIENT_SHA256 = "a091dd7e0ee9d62b75173dcc98441a0424baa941e66a8776e570a4ae60ff61ea"

ROOT_SEED = b"r" * 32
PAIRS: dict[str, tuple[age.PlainRecipient | age.HybridRecipient, PlainIdentity | HybridIdentity]] = {
    "plain": (age.recipient_of(PLAIN_RECIPIENT), identity_of(PLAIN_IDENTITY)),
    "hybrid": (age.HybridRecipient(Root(ROOT_SEED).public.kem), HybridIdentity(ROOT_SEED)),
}
FULL = age.CHUNK_BYTES
VECTORS: dict[str, str] = json.loads((CHECKOUT / "tests/published/cctv-age.json").read_text("ascii"))["vectors"]


def made(type_: str, plain: bytes = b"a few words", *, piece_bytes: int = 40_000) -> bytes:
    """Return an age file of a text that comes in pieces."""
    pieces = (plain[at : at + piece_bytes] for at in range(0, len(plain), piece_bytes))
    return b"".join(age.sealed([PAIRS[type_][0]], pieces, FakeSystem().random_bytes))


@pytest.mark.parametrize("type_", PAIRS)
@pytest.mark.parametrize("size", [0, 1, FULL - 1, FULL, FULL + 1, 2 * FULL, 3 * FULL + 5])
def test_what_is_sealed_opens(type_: str, size: int) -> None:
    """A text of any length, to the byte around a chunk's border, comes back whole."""
    plain = hashlib.shake_256(b"text").digest(size)
    file = made(type_, plain)
    head = file.index(b"--- ") + 4 + 43 + 1
    assert len(file) == head + 16 + size + 16 * max(1, -(-size // FULL))
    assert opened([PAIRS[type_][1]], file) == plain


@given(st.lists(st.binary(max_size=3000), max_size=60), st.sampled_from(sorted(PAIRS)))
def test_the_pieces_do_not_matter(pieces: list[bytes], type_: str) -> None:
    """However a text is cut into pieces, the file holds the same."""
    recipient, identity = PAIRS[type_]
    file = b"".join(age.sealed([recipient], pieces * 3, FakeSystem().random_bytes))
    assert opened([identity], file) == b"".join(pieces * 3)


def test_the_examples_of_the_specification_hold() -> None:
    """The identities that the specification prints have the recipients that it prints."""
    prefix, secret = bech32.decode(PLAIN_IDENTITY)
    assert (prefix, secret) == ("AGE-SECRET-KEY-", b"\x42" * 32)
    assert opened([PlainIdentity(secret)], made("plain")) == b"a few words"
    prefix, seed = bech32.decode(HYBRID_IDENTITY)
    recipient = age.recipient_text(Root(seed).public.kem)
    assert (prefix, hashlib.sha256(recipient.encode()).hexdigest()) == ("AGE-SECRET-KEY-PQ-", HYBRID_RECIPIENT_SHA256)
    assert age.identity_text(seed) == HYBRID_IDENTITY


def test_a_root_is_an_age_identity() -> None:
    """The seed behind the recovery words opens what is sealed for the public half that every device knows."""
    recipient = age.recipient_of(age.recipient_text(Root(ROOT_SEED).public.kem))
    file = b"".join(age.sealed([recipient], [b"ours"], FakeSystem().random_bytes))
    assert opened([identity_of(age.identity_text(ROOT_SEED))], file) == b"ours"


def test_each_of_several_recipients_opens_the_file() -> None:
    """A file for three opens with each of their identities, and with no other."""
    seeds = [bytes([number]) * 32 for number in range(4)]
    recipients = [age.HybridRecipient(Root(seed).public.kem) for seed in seeds[:3]]
    file = b"".join(age.sealed(recipients, [b"ours"], FakeSystem().random_bytes))
    for seed in seeds[:3]:
        assert opened([HybridIdentity(seed)], file) == b"ours"
    with pytest.raises(UntrustedDataError, match="somebody else"):
        opened([HybridIdentity(seeds[3]), PAIRS["plain"][1]], file)


def test_types_of_recipients_are_not_mixed() -> None:
    """A post-quantum recipient stands beside no other: the weaker would decide; none or too many are refused too."""
    plain, hybrid = PAIRS["plain"][0], PAIRS["hybrid"][0]
    for recipients in ([plain, hybrid], [], [plain] * 21):
        with pytest.raises(ValueError, match="recipients"):
            list(age.sealed(recipients, [b""], FakeSystem().random_bytes))


@pytest.mark.parametrize("type_", PAIRS)
def test_a_changed_byte_anywhere_is_noticed(type_: str) -> None:
    """A flipped bit in every byte of the header, and of what follows, opens nothing and raises our error alone."""
    file = made(type_)
    for at in range(len(file)):
        for bit in (0, 5):
            changed = bytearray(file)
            changed[at] ^= 1 << bit
            with pytest.raises(UntrustedDataError):
                opened([PAIRS[type_][1]], bytes(changed))


@pytest.mark.parametrize("type_", PAIRS)
def test_a_cut_file_gives_nothing(type_: str) -> None:
    """Cut at every length of a small file, at each border of chunks of a large one, or made longer: not a byte."""
    small, large = made(type_), made(type_, bytes(2 * FULL + 9))
    start = large.index(b"--- ") + 48 + 16
    borders = [start + number * (FULL + 16) + off for number in (0, 1, 2) for off in (-1, 0, 1)]
    cut = [small[:end] for end in range(len(small))] + [large[:end] for end in borders] + [small + b"\0", large + b"\0"]
    swapped = large[:start] + large[start + FULL + 16 : start + 2 * (FULL + 16)] + large[start : start + FULL + 16]
    for file in [*cut, swapped + large[start + 2 * (FULL + 16) :]]:
        with pytest.raises(UntrustedDataError):
            opened([PAIRS[type_][1]], file)


@given(st.binary(max_size=400))
def test_no_bytes_break_the_reader(data: bytes) -> None:
    """Whatever is offered, alone or behind the first lines of a header, the one error raised is ours."""
    for file in (data, b"age-encryption.org/v1\n" + data, b"age-encryption.org/v1\n-> X25519 " + data):
        with pytest.raises(UntrustedDataError):
            opened([PAIRS["plain"][1], PAIRS["hybrid"][1]], file)


@pytest.mark.parametrize(
    "text",
    [
        "", "age1", "ana", "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwk", PLAIN_RECIPIENT.upper(),
        PLAIN_RECIPIENT[:-1], PLAIN_RECIPIENT.replace("z", "Z", 1), PLAIN_IDENTITY, bech32.encode("age", bytes(31)),
        bech32.encode("age1pq", b"\xff" * 1216), bech32.encode("age1pq", bytes(32)),
        bech32.encode("age1tag", bytes(33)),
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHsKLqeplhpW+uObz5dvMgjz1OxfM/XXUB+VHtZ6isGN",
        "age1\u00e9" + "q" * 60,
        "age1" + "q" * 100_000,
    ],
)  # fmt: skip
def test_what_is_no_recipient_is_refused(text: str) -> None:
    """Misspelt, of another type, of a wrong length or no key at all: refused before anything is written."""
    with pytest.raises(UntrustedDataError):
        age.recipient_of(text)


@pytest.mark.parametrize(
    "text", ["", PLAIN_RECIPIENT, PLAIN_IDENTITY.lower(), PLAIN_IDENTITY[:-1] + "Z", "AGE-PLUGIN-1"]
)
def test_what_is_no_identity_is_refused(text: str) -> None:
    """An identity in lower case, misspelt or of another type opens nothing; the error does not repeat it."""
    with pytest.raises(UntrustedDataError) as refused:
        identity_of(text)
    assert not text or text not in str(refused.value)


@pytest.mark.parametrize("weak", [bytes(32), (1).to_bytes(32, "little")])
def test_a_weak_recipient_is_refused(weak: bytes) -> None:
    """A key of low order, alone or inside a hybrid one, would let anybody read: nothing is written for it."""
    hybrid = Root(ROOT_SEED).public.kem[:-32] + weak
    for text in (bech32.encode("age1pq", hybrid), bech32.encode("age", weak)):
        recipient = age.recipient_of(text)
        with pytest.raises(UntrustedDataError, match="weak"):
            list(age.sealed([recipient], [b""], FakeSystem().random_bytes))


@given(st.binary(max_size=200), st.sampled_from(["age", "age1pq", "x"]))
def test_bech32_comes_back(data: bytes, prefix: str) -> None:
    """Whatever is spelt is read again, in capitals too, and one wrong letter is always noticed."""
    text = bech32.encode(prefix, data)
    assert bech32.decode(text) == (prefix, data)
    assert bech32.decode(text.upper()) == (prefix.upper(), data)
    letters = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
    for at in range(len(prefix) + 1, len(text)):
        wrong = letters[(letters.index(text[at]) + 1) % 32]
        with pytest.raises(UntrustedDataError):
            bech32.decode(text[:at] + wrong + text[at + 1 :])


def vector(name: str) -> tuple[dict[str, str], list[PlainIdentity | HybridIdentity], bytes]:
    """Return what a published vector says of itself, its identities, and the file."""
    head, _, file = base64.b64decode(VECTORS[name]).partition(b"\n\n")
    lines = [line.split(": ", 1) for line in head.decode().splitlines()]
    says = {line[0]: line[1] for line in lines}
    identities = [identity_of(value) for key, value in lines if key == "identity"]
    return says, identities, zlib.decompress(file) if says.get("compressed") == "zlib" else file


@pytest.mark.parametrize("name", VECTORS)
def test_published_vector(name: str) -> None:
    """Each vector of C2SP/CCTV (tests/published/cctv-age.json names source and licence) ends as it says."""
    says, identities, file = vector(name)
    if says["expect"] == "success":
        assert hashlib.sha256(opened(identities, file)).hexdigest() == says["payload"]
        return
    reasons = {"no match": "somebody else", "HMAC failure": "was changed", "payload failure": "cut or changed"}
    with pytest.raises(UntrustedDataError, match=reasons.get(says["expect"], "malformed|weak|age file|somebody else")):
        opened(identities, file)


def test_the_published_vectors_are_all_there() -> None:
    """The vectors hold both types, and far more failures than successes."""
    expected = [vector(name)[0]["expect"] for name in VECTORS]
    assert len(expected) == 85
    assert sum(name.startswith("hybrid") for name in VECTORS) == 18
    assert expected.count("success") == 18
