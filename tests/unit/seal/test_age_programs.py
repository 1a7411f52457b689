"""Files of the age format in the hands of other programs: stock age, and a post-quantum one."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from house.tree import CHECKOUT

from couplejournal.seal import age
from couplejournal.seal.agereading import HybridIdentity, identity_of, opened
from couplejournal.seal.keys import Root
from couplejournal.testing.clocks import FakeSystem

SEED = bytes(range(32))
TEXTS = [b"", b"a few words", bytes(65_536), b"long " * 40_000]
TYPAGE = CHECKOUT / ".venv-programs" / "node_modules" / "age-encryption" / "dist" / "index.js"
OPEN_IT = """
import { readFileSync, writeFileSync } from "node:fs";
const { Decrypter, Encrypter, identityToRecipient } = await import(process.argv[2]);
const [act, identity, from, to] = process.argv.slice(3);
const recipient = await identityToRecipient(identity);
if (act === "recipient") { writeFileSync(to, recipient); process.exit(0); }
const tool = act === "open" ? new Decrypter() : new Encrypter();
if (act === "open") tool.addIdentity(identity); else tool.addRecipient(recipient);
const data = new Uint8Array(readFileSync(from));
writeFileSync(to, act === "open" ? await tool.decrypt(data, "uint8array") : await tool.encrypt(data));
"""


def run(*command: str | Path, data: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """Run a program with stdin."""
    return subprocess.run([str(part) for part in command], input=data, capture_output=True, check=False, timeout=60)


@pytest.fixture
def stock(tmp_path: Path) -> tuple[str, Path, age.PlainRecipient | age.HybridRecipient]:
    """Return the ordinary age program, the file of an identity that it made, and the recipient."""
    program, keygen = shutil.which("age"), shutil.which("age-keygen")
    if program is None or keygen is None:
        pytest.skip("the program age is not installed")
    made = run(keygen, "-o", tmp_path / "key.txt")
    assert made.returncode == 0
    lines = (tmp_path / "key.txt").read_text("ascii").splitlines()
    (recipient,) = [line.split()[-1] for line in lines if line.startswith("# public key:")]
    return program, tmp_path / "key.txt", age.recipient_of(recipient)


@pytest.mark.parametrize("plain", TEXTS, ids=len)
def test_stock_age_opens_what_we_seal(
    plain: bytes, stock: tuple[str, Path, age.PlainRecipient | age.HybridRecipient]
) -> None:
    """What is sealed here for an identity that age-keygen made, age opens; a changed file it refuses."""
    program, key, recipient = stock
    file = b"".join(age.sealed([recipient], [plain], FakeSystem().random_bytes))
    done = run(program, "--decrypt", "-i", key, data=file)
    assert (done.returncode, done.stdout) == (0, plain)
    assert run(program, "--decrypt", "-i", key, data=file[:-1] + bytes([file[-1] ^ 1])).returncode != 0


@pytest.mark.parametrize("plain", TEXTS, ids=len)
def test_we_open_what_stock_age_seals(
    plain: bytes, tmp_path: Path, stock: tuple[str, Path, age.PlainRecipient | age.HybridRecipient]
) -> None:
    """What age seals for its own recipient opens here with its identity."""
    program, key, _ = stock
    (tmp_path / "plain").write_bytes(plain)
    sealed = run(program, "-e", "-i", key, tmp_path / "plain")
    assert sealed.returncode == 0
    (identity,) = [line for line in key.read_text("ascii").splitlines() if line.startswith("AGE-SECRET-KEY-1")]
    assert opened([identity_of(identity)], sealed.stdout) == plain


@pytest.fixture
def typage(tmp_path: Path) -> tuple[str | Path, ...]:
    """Return the command that runs age's own TypeScript implementation, which knows post-quantum recipients."""
    node = shutil.which("node")
    if node is None or not TYPAGE.is_file():
        pytest.skip("node, or its package age-encryption in .venv-programs, is not installed")
    (tmp_path / "open.mjs").write_text(OPEN_IT, "ascii")
    return node, tmp_path / "open.mjs", TYPAGE.as_uri()


@pytest.mark.parametrize("plain", TEXTS[1::2], ids=len)
def test_a_post_quantum_program_opens_what_we_seal(
    plain: bytes, tmp_path: Path, typage: tuple[str | Path, ...]
) -> None:
    """What is sealed here for a root opens there with the identity that the recovery words spell; not when changed."""
    recipient = age.HybridRecipient(Root(SEED).public.kem)
    file = b"".join(age.sealed([recipient], [plain], FakeSystem().random_bytes))
    (tmp_path / "file.age").write_bytes(file)
    done = run(*typage, "open", age.identity_text(SEED), tmp_path / "file.age", tmp_path / "plain")
    assert (done.returncode, (tmp_path / "plain").read_bytes()) == (0, plain), done.stderr
    (tmp_path / "file.age").write_bytes(file[:-1] + bytes([file[-1] ^ 1]))
    assert run(*typage, "open", age.identity_text(SEED), tmp_path / "file.age", tmp_path / "x").returncode != 0


def test_we_open_what_a_post_quantum_program_seals(tmp_path: Path, typage: tuple[str | Path, ...]) -> None:
    """What is sealed there for the same identity opens here, and both spell its recipient alike."""
    plain = TEXTS[-1]
    (tmp_path / "plain").write_bytes(plain)
    for act, to in (("seal", "file.age"), ("recipient", "recipient")):
        done = run(*typage, act, age.identity_text(SEED), tmp_path / "plain", tmp_path / to)
        assert done.returncode == 0, done.stderr
    assert opened([HybridIdentity(SEED)], (tmp_path / "file.age").read_bytes()) == plain
    assert (tmp_path / "recipient").read_text("ascii") == age.recipient_text(Root(SEED).public.kem)
