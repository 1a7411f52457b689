"""Keys from seeds, and keys that prove or keep nothing."""

from __future__ import annotations

import hashlib
import sys

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey

from couplejournal.errors import SetupError, UntrustedDataError
from couplejournal.seal import keys
from couplejournal.seal.keys import KEYS_BYTES, KeyPair, PublicKeys, Root, RootKeys, is_signed, sign_public, sign_with

P = 2**255 - 19
Y8 = 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826
SMALL_ORDER = sorted(
    {
        (y | sign << 255).to_bytes(32, "little")
        for y in (0, 1, P - 1, P, P + 1, Y8, P - Y8)
        for sign in (0, 1)
    }
)  # fmt: skip
LOW_ORDER_X25519 = [
    bytes(32), b"\x01" + bytes(31), (P - 1).to_bytes(32, "little"), P.to_bytes(32, "little"),
    (P + 1).to_bytes(32, "little"),
    bytes.fromhex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"),
    bytes.fromhex("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157"),
]  # fmt: skip


def own() -> KeyPair:
    """Return the key of the vector."""
    return KeyPair(bytes(range(32)), bytes(range(32, 64)))


def test_seeds_give_the_keys_of_the_vector() -> None:
    """The same seeds give the same public keys and ids for ever."""
    pair = own()
    assert pair.public.sign.hex() == "03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8"
    assert hashlib.sha256(pair.public.kem).hexdigest() == (
        "a1f324bc0701f1234fbba7b11901023b3644f3bb8c6eb4ee4368d7e859eb6228"
    )
    assert pair.id.hex() == "5f6e3cdc17c83753d67e4b3707636b0211455427c1010b4f60a52ca076f4efca"
    framed = b"couplejournal/v1 key\0" + len(pair.public.raw).to_bytes(4) + pair.public.raw
    assert pair.id == hashlib.sha256(framed).digest()
    assert PublicKeys.of(pair.public.raw) == pair.public


def test_the_hybrid_pair_is_that_of_x_wing() -> None:
    """The KEM half follows from SHAKE256(seed, 96), as X-Wing has it: 64 bytes for ML-KEM, 32 for X25519."""
    expanded = hashlib.shake_256(bytes(range(32, 64))).digest(96)
    mlkem = MLKEM768PrivateKey.from_seed_bytes(expanded[:64]).public_key().public_bytes_raw()
    assert own().public.kem[: len(mlkem)] == mlkem
    assert len(own().public.kem) == len(mlkem) + 32


def test_a_root_is_that_of_the_vector() -> None:
    """One seed gives the root, its founding key and the person's id, the same for ever."""
    root = Root(bytes(range(64, 96)))
    public = RootKeys.of(root.root_keys)
    assert root.id.hex() == "ac412ddfc36d24dc335a7434312659ece58673ad93b57257bbaec2bc86fafc95"
    assert public.person.hex() == "46f7b17637ff41939a317526927808b3"
    assert hashlib.sha256(root.root_keys).hexdigest() == (
        "609ed208a1eb36cfbb761d5be4aaaf2143c7fbb9950bcb6e2916df6b405dd12a"
    )
    assert public.founding == sign_public(root.founding_seed)
    assert public.keys == root.public
    assert public.raw == root.root_keys


@pytest.mark.parametrize("sign", SMALL_ORDER, ids=lambda key: key.hex()[:6] + key.hex()[-4:])
def test_small_order_signing_keys_are_refused(sign: bytes) -> None:
    """Each of the 14 encodings under which one signature fits every message is refused, for devices and founders."""
    with pytest.raises(UntrustedDataError, match="weak"):
        PublicKeys.of(sign + own().public.kem)
    with pytest.raises(UntrustedDataError, match="weak"):
        RootKeys.of(own().public.raw + sign)
    with pytest.raises(UntrustedDataError, match="weak"):
        RootKeys.of(sign + own().public.kem + own().public.sign)


def test_there_are_fourteen_such_encodings_and_they_are_dangerous() -> None:
    """The list is complete, and the first of them is why: a constant signature fits every message."""
    assert len(SMALL_ORDER) == 14
    identity = (1).to_bytes(32, "little")
    for number in range(50):
        Ed25519PublicKey.from_public_bytes(identity).verify(identity + bytes(32), b"message %d" % number)


@pytest.mark.parametrize("point", LOW_ORDER_X25519, ids=lambda key: key.hex()[:8])
def test_low_order_exchange_keys_are_refused(point: bytes) -> None:
    """A key whose X25519 half would give everybody the same secret is refused."""
    pair = own()
    with pytest.raises(UntrustedDataError, match="weak"):
        PublicKeys.of(pair.public.raw[:-32] + point)


@pytest.mark.parametrize(
    "kem",
    [b"\xff" * 1184 + bytes(range(32)), own().public.kem[:-1], own().public.kem + b"\0", b""],
    ids=["not canonical", "short", "long", "empty"],
)
def test_malformed_exchange_keys_are_refused(kem: bytes) -> None:
    """A KEM half that is not canonical or has another length is refused by the library's own error."""
    with pytest.raises(UntrustedDataError):
        PublicKeys.of(own().public.sign + kem)


@pytest.mark.parametrize("size", [0, 1, KEYS_BYTES - 1, KEYS_BYTES + 1])
def test_lengths_are_checked(size: int) -> None:
    """Keys of any other length are refused."""
    with pytest.raises(UntrustedDataError, match="length"):
        PublicKeys.of(bytes(size))
    with pytest.raises(UntrustedDataError, match="length"):
        RootKeys.of(bytes(size))


def test_signatures_hold_for_one_key_and_one_message() -> None:
    """A signature holds; with another key, another message or another length it does not, and nothing is raised."""
    seed, message = bytes(range(32)), b"words"
    signature, public = sign_with(seed, message), sign_public(seed)
    assert is_signed(public, signature, message)
    assert own().sign(message) == signature
    assert not is_signed(public, signature, b"other words")
    assert not is_signed(sign_public(bytes(32)), signature, message)
    for bad in (b"", signature[:-1], signature + b"\0", bytes(64)):
        assert not is_signed(public, bad, message)
    for bad in (b"", public[:-1], public + b"\0", b"\xff" * 32):
        assert not is_signed(bad, signature, message)
    order = 2**252 + 27742317777372353535851937790883648493
    raised = (int.from_bytes(signature[32:], "little") + order).to_bytes(32, "little")
    assert not is_signed(public, signature[:32] + raised, message)  # the same signature, written another way


def test_nothing_shows_a_key() -> None:
    """Printing a key pair shows no seed."""
    assert repr(own()) == "KeyPair(…)"
    assert "KeyPair" in repr(Root(bytes(32)))


def test_without_the_hybrid_kem_there_is_a_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Attack 62: on a library without ML-KEM the start fails with a sentence; nothing falls back to X25519."""
    keys.require_hybrid_kem()
    from cryptography.exceptions import UnsupportedAlgorithm

    class Lacking:
        @staticmethod
        def from_seed_bytes(_seed: bytes) -> object:
            raise UnsupportedAlgorithm("not here")

    monkeypatch.setattr(keys, "MLKEM768PrivateKey", Lacking)
    with pytest.raises(SetupError, match="ML-KEM") as caught:
        keys.require_hybrid_kem()
    assert "install" in caught.value.hint
    assert "\n" not in str(caught.value)


def test_the_arithmetic_is_done_on_the_right_end() -> None:
    """The check reads keys little-endian: read the other way it would let 13 of the 14 pass."""
    assert sys.byteorder in {"little", "big"}
    turned = [key[::-1] for key in SMALL_ORDER]
    assert sum(int.from_bytes(key, "little") & ((1 << 255) - 1) in keys._SMALL_ORDER_Y for key in turned) < 3
