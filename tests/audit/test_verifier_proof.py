"""The verifier on one record alone, and with the keys of witnesses: real signatures, real
processes, no database."""

from __future__ import annotations

import subprocess
import sys
from base64 import b64encode
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from audit import merkle
from audit.export import verifier
from audit.log.proof import TlogProof
from audit.note import Checkpoint, Cosigner, Note, Signer, sign_checkpoint, sign_note

ORIGIN = "log.example/test"
LEAVES = [b'{"n":%d}' % n for n in range(300)]


def secret(name: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(sha256(name.encode()).digest())


LOG = Signer(ORIGIN, secret("log"))
WITNESS = Cosigner("witness.example/w", secret("witness"))
STRANGER = Cosigner("stranger.example/w", secret("stranger"))


def inclusion(index: int, size: int) -> tuple[bytes, list[bytes]]:
    """The root of the first `size` leaves, and the proof of one of them."""
    hashes = [merkle.leaf_hash(leaf) for leaf in LEAVES[:size]]
    tiles = merkle.grow_tiles(0, hashes, lambda _tiles: {})

    def read(wanted):
        return {tile: tiles[tile] for tile in wanted}

    return merkle.tree_root(size, read), merkle.inclusion_proof(index, size, read)


def cosigned(size: int, root: bytes) -> bytes:
    head = Checkpoint(ORIGIN, size, root)
    note = sign_checkpoint(head, LOG)
    signatures = (*note.signatures, WITNESS.cosign(head, timestamp=1_800_000_000))
    return bytes(Note(note.text, signatures))


@pytest.fixture
def proof(tmp_path: Path) -> Path:
    """`one.tlog-proof` of leaf 77 of 300, and `one.json` beside it."""
    root, path = inclusion(77, 300)
    text = str(TlogProof(77, tuple(path), cosigned(300, root)))
    (tmp_path / "one.json").write_bytes(LEAVES[77])
    (tmp_path / "one.tlog-proof").write_text(text)
    return tmp_path / "one.tlog-proof"


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-I", "-S", verifier.__file__, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONIOENCODING": "utf-8"},
    )


def on(proof: Path, *more: object, key: object = LOG.verifier) -> subprocess.CompletedProcess[str]:
    entry = proof.with_name("one.json")
    return run("--check-proof", proof, "--entry", entry, "--key", key, *more)


def test_one_record_is_proved(proof, tmp_path):
    done = on(proof, "--witness", WITNESS.verifier)
    assert (done.returncode, done.stderr) == (0, "")
    assert "The record is in that log, at place 77." in done.stdout
    assert "Cosigned by witness.example/w at 2027-01-15 08:00:00 UTC" in done.stdout
    (tmp_path / "key").write_text(f"{LOG.verifier}\n")
    assert on(proof, key=tmp_path / "key").returncode == 0


def test_another_key_or_a_witness_that_did_not_sign_is_refused(proof):
    done = on(proof, key=Signer(ORIGIN, secret("other")).verifier)
    assert (done.returncode, "not signed by" in done.stderr) == (1, True)
    done = on(proof, "--witness", STRANGER.verifier)
    assert (done.returncode, "is not cosigned by the witness stranger" in done.stderr) == (1, True)
    done = on(proof, "--witness", LOG.verifier)
    assert (done.returncode, "--witness" in done.stderr) == (1, True)
    assert "The proof does NOT hold." in done.stderr


def test_another_record_is_refused(proof):
    proof.with_name("one.json").write_bytes(LEAVES[78])
    done = on(proof)
    assert (done.returncode, "is not the record that" in done.stderr) == (1, True)


def test_every_flipped_byte_of_the_proof_is_found(proof):
    data, keys = proof.read_bytes(), str(LOG.verifier)
    entry = proof.with_name("one.json")
    verifier.check_proof(proof, entry, keys, [str(WITNESS.verifier)])
    for at in range(len(data)):
        proof.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        with pytest.raises(verifier.Wrong):
            verifier.check_proof(proof, entry, keys, [str(WITNESS.verifier)])


@pytest.mark.parametrize(
    "arguments",
    [
        ["--check-proof", "nowhere", "--entry", "nowhere", "--key", "k"],
        ["--check-proof", __file__, "--key", "k"],
        ["--check-proof", __file__, "--entry", __file__],
        [".", "--check-proof", __file__, "--entry", __file__, "--key", "k"],
        [".", "--entry", __file__],
        [],
    ],
)
def test_wrong_usage(arguments):
    assert run(*arguments).returncode == 2


@given(st.integers(1, 300), st.data())
def test_its_inclusion_check_agrees_with_ours(size, data):
    index = data.draw(st.integers(0, size - 1))
    root, path = inclusion(index, size)
    leaf = merkle.leaf_hash(LEAVES[index])
    assert verifier.included(leaf, index, size, root, path)
    assert not verifier.included(leaf, index + 1, size, root, path)
    assert not verifier.included(leaf, index, size, root, [*path, leaf])
    if path:
        assert not verifier.included(leaf, index, size, root, path[:-1])


def test_the_text_that_is_signed_is_of_one_kind_only(proof):
    """A note of the log about something else does not stand in for a checkpoint."""
    head = proof.read_text().partition("\n\n")[0]
    other = bytes(sign_note("Vouchsafe\n300\n" + b64encode(bytes(32)).decode() + "\n", LOG))
    proof.write_text(f"{head}\n\n{other.decode()}")
    assert on(proof).returncode == 1
