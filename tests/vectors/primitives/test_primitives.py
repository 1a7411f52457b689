"""Published vectors for the primitives in use: the library, our wrappers around it, and the second implementation."""

from __future__ import annotations

import hashlib
import hmac
import json
import zlib
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.bindings._rust import openssl
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256, SHA512
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from vectors import reference
from vectors.making.worlds import key

from couplejournal.errors import UntrustedDataError
from couplejournal.seal import boxes, wraps
from couplejournal.seal.keys import SUITE, KeyPair, PublicKeys, is_signed

HERE = Path(__file__).parent
STRONG = key("some device").keys
BORDERS = (0, 23, 24, 55, 56, 71, 16_455, 16_456, 16_471, 32_855, 32_856, 32_871)
"""Lengths of a box at which it could be cut: within and after its head, and about its first and second chunk."""
Row = dict[str, Any]


def rows(name: str) -> list[Row]:
    """Return the rows of a file by the names of its columns, bytes where the file has hex."""
    data = json.loads((HERE / f"{name}.json").read_text("utf-8"))
    assert data["source"].startswith("https://")
    assert data["licence"]
    assert data["selected"]
    return [dict(zip(data["columns"], row, strict=True)) for row in data["rows"]]


def raw(row: Row, *names: str) -> list[bytes]:
    """Return values that a row has in hex."""
    return [bytes.fromhex(row[name]) for name in names]


def test_files_are_small() -> None:
    """All of them together stay below 2 MB."""
    assert sum(path.stat().st_size for path in HERE.iterdir() if path.is_file()) < 2_000_000


def test_ed25519() -> None:
    """F3: signatures hold as Wycheproof says; under a key of small order, where it leaves a choice, none does."""
    wrong = []
    for row in rows("ed25519"):
        public, message, signature = raw(row, "public", "message", "signature")
        holds = is_signed(public, signature, message)
        if row["result"] == "acceptable":
            is_weak = "SmallOrderPublicKey" in row["flags"]
            wrong += [row] if is_weak and holds else []
            assert is_weak == reference.is_small_order(public)
        elif holds != (row["result"] == "valid") or holds != reference.is_signed(public, signature, message):
            wrong.append(row)
    assert wrong == []


def test_small_order() -> None:
    """F3: the list of CCTV is the one that arithmetic gives, and each key of it is refused wherever one is taken in."""
    listed = {public for row in rows("small_order") for public in raw(row, "public")}
    ys = {y for row in rows("small_order") for y in [int(row["public"], 16)]}
    assert len(listed) == len(ys) == 14
    near = {(y + delta) % 256 for y in (0, 0xEC, 0xED) for delta in range(-9, 9)}
    tried = {bytes([low]) + public[1:] for public in listed for low in near | {public[0]}}
    assert {public for public in tried if reference.is_small_order(public)} == listed
    for public in listed:
        assert not is_signed(public, (1).to_bytes(32, "little") + bytes(32), b"any message")
        with pytest.raises(UntrustedDataError):
            PublicKeys.of(public + STRONG[32:])


def test_x25519() -> None:
    """F3: shared secrets are Wycheproof's; a public key that gives nothing but zeros is refused, and no other is."""
    for row in rows("x25519"):
        public, private, shared = raw(row, "public", "private", "shared")
        theirs = X25519PublicKey.from_public_bytes(public)
        is_low = "ZeroSharedSecret" in row["flags"]
        if is_low:
            with pytest.raises(ValueError, match="computing shared key"):
                X25519PrivateKey.from_private_bytes(private).exchange(theirs)
            with pytest.raises(UntrustedDataError):
                PublicKeys.of(STRONG[:1216] + public)
            with pytest.raises(reference.OutcomeError):
                reference.strong(STRONG[:1216] + public)
        else:
            assert X25519PrivateKey.from_private_bytes(private).exchange(theirs) == shared
            reference.strong(STRONG[:1216] + public)
        if "NonCanonicalPublic" in row["flags"] and not is_low:
            assert PublicKeys.of(STRONG[:1216] + public).kem[-32:] == public


def test_mlkem_decapsulation() -> None:
    """Secrets are Wycheproof's, also those of ciphertexts that were changed; wrong lengths are refused."""
    for row in rows("mlkem768_decapsulation"):
        seed, ciphertext, secret = raw(row, "seed", "ciphertext", "secret")
        try:
            found = MLKEM768PrivateKey.from_seed_bytes(seed).decapsulate(ciphertext)
        except ValueError:
            found = b"refused"
        assert (found == secret) == (row["result"] == "valid"), row


def test_mlkem_public_keys() -> None:
    """F3: a public key is taken in exactly where it is valid, by couplejournal and by the second implementation."""
    results = set()
    for row in rows("mlkem768_public"):
        (public,) = raw(row, "public")
        keys, is_valid = STRONG[:32] + public + STRONG[1216:], row["result"] == "valid"
        results.add((row["source"], is_valid))
        assert _takes(PublicKeys.of, keys) == is_valid
        assert _takes(reference.strong, keys) == is_valid
    assert len(results) == 3


def _takes(reads: Any, keys: bytes) -> bool:
    try:
        reads(keys)
    except (UntrustedDataError, reference.OutcomeError):
        return False
    return True


def test_mlkem_seeds() -> None:
    """Key generation from a seed of 64 bytes gives the public keys of FIPS 203."""
    for row in rows("mlkem768_seeds"):
        seed, digest = raw(row, "seed", "public_sha256")
        public = MLKEM768PrivateKey.from_seed_bytes(seed).public_key().public_bytes_raw()
        assert hashlib.sha256(public).digest() == digest


@pytest.mark.parametrize(("name", "algorithm"), [("sha256", SHA256), ("sha512", SHA512)])
def test_hkdf(name: str, algorithm: type[SHA256 | SHA512]) -> None:
    """The step of expansion, which is all that couplejournal uses, is HKDF's; too much is refused."""
    for row in rows(f"hkdf_{name}"):
        ikm, salt, info, digest = raw(row, "ikm", "salt", "info", "okm_sha256")
        size = row["size"]
        extracted = hmac.digest(salt or bytes(algorithm.digest_size), ikm, name)
        if row["result"] != "valid":
            with pytest.raises(ValueError, match="larger than"):
                HKDFExpand(algorithm(), size, info)
            continue
        found = HKDFExpand(algorithm(), size, info).derive(extracted)
        assert found == reference.expand(extracted, info, size, name)
        assert hashlib.sha256(found).digest() == digest


@pytest.mark.parametrize(("name", "cipher"), [("aes256gcm", AESGCM), ("chacha20poly1305", ChaCha20Poly1305)])
def test_ciphers(name: str, cipher: type[AESGCM | ChaCha20Poly1305]) -> None:
    """The ciphers below boxes and wraps open what is valid, and nothing else."""
    for row in rows(name):
        secret, nonce, aad, plain, ciphertext = raw(row, "key", "nonce", "aad", "plaintext", "ciphertext")
        if row["result"] == "valid":
            assert cipher(secret).decrypt(nonce, ciphertext, aad) == plain
            assert cipher(secret).encrypt(nonce, plain, aad) == ciphertext
        else:
            with pytest.raises(InvalidTag):
                cipher(secret).decrypt(nonce, ciphertext, aad)


def test_cobblestone() -> None:
    """F2: boxes open as published, by both; under another key or context, or cut at any border, nothing comes out."""
    for row in rows("cobblestone256"):
        secret, context, packed, digest = raw(row, "key", "context", "ciphertext_zlib", "sha512")
        data, plain = zlib.decompress(packed), b""
        for opens in (boxes.open_box, reference.unbox):
            plain = opens(secret, context, data)
            assert (len(plain), hashlib.sha512(plain).digest()) == (row["size"], digest)
            for wrong in ((secret[::-1], context, data), (secret, b"x", data), (secret[:31], context, data)):
                with pytest.raises((UntrustedDataError, reference.OutcomeError)):
                    opens(*wrong)
            for size in (size for size in BORDERS if size < len(data)):
                with pytest.raises((UntrustedDataError, reference.OutcomeError)):
                    opens(secret, context, data[:size])
        assert reference.Box(secret, context, plain, data[:24]) == data


def test_hpke() -> None:
    """X-Wing and HPKE are the draft's: keys from the seed, the shared secret, the key schedule, ten messages."""
    (row,) = rows("hpke")
    info, seed, public, enc, shared, secret, base_nonce = raw(
        row, "info", "skRm", "pkRm", "enc", "shared_secret", "key", "base_nonce"
    )
    ours, theirs = KeyPair(bytes(32), seed), reference.Key(bytes(32), seed)
    assert ours.public.kem == theirs.keys[32:] == public
    one = theirs.mlkem.decapsulate(enc[:1088])
    other = theirs.x25519.exchange(X25519PublicKey.from_public_bytes(enc[1088:]))
    label = rb"\.//^" + b"\\"
    assert hashlib.sha3_256(one + other + enc[1088:] + public[1184:] + label).digest() == shared
    cipher, nonce = reference._hpke(one, other, enc, public[1184:], info)
    assert nonce == base_nonce
    for aad, number, plain, ciphertext in ([bytes.fromhex(part) for part in each] for each in row["encryptions"]):
        assert cipher.decrypt(number, ciphertext, aad) == plain
        assert ChaCha20Poly1305(secret).decrypt(number, ciphertext, aad) == plain
    first = [bytes.fromhex(part) for part in row["encryptions"][0]]
    assert openssl.hpke._decrypt_with_aad(SUITE, enc + first[3], ours.kem, info, first[0]) == first[2]
    assert len(enc) + 32 + 16 == wraps.WRAP_BYTES


def test_argon2id() -> None:
    """RFC 9106 and the others."""
    for row in rows("argon2id"):
        secret, salt, key_, ad, output = raw(row, "passphrase", "salt", "secret", "ad", "output")
        effort = {"iterations": int(row["passes"]), "lanes": int(row["lanes"]), "memory_cost": int(row["memory_kib"])}
        derivation = Argon2id(salt=salt, length=int(row["length"]), ad=ad or None, secret=key_ or None, **effort)
        assert derivation.derive(secret) == output
