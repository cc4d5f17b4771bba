"""What a witness cosigns and what it refuses (C2SP tlog-witness, add-checkpoint)."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.note import Checkpoint, parse_note, parse_signatures
from audit.witness.core import Answer, Witness
from audit.witness.memory import Memory, MemoryUnusable
from audit.witness.protocol import SIZE_TYPE, RequestError, read_request, write_request
from tests.audit.builders import Crash, dying
from tests.audit.witnesses import ORIGIN, PlainLog

NOW = 1_772_440_000


def witness_in(directory: Path, *logs: PlainLog) -> Witness:
    """A witness whose memory lies in `directory`, made anew as after a restart."""
    memory = Memory(directory)
    cosigner = memory.cosigner("witness.example/w")
    return Witness(cosigner, memory, [log.signer.verifier for log in logs])


@pytest.fixture
def log() -> PlainLog:
    return PlainLog(300)


@pytest.fixture
def witness(tmp_path: Path, log: PlainLog) -> Witness:
    return witness_in(tmp_path / "w", log)


def cosigned(witness: Witness, log: PlainLog, size: int, answer: Answer) -> None:
    """The answer is a genuine cosignature on that size, and the witness remembers it."""
    assert answer.status == 200, answer.body
    (signature,) = parse_signatures(answer.body)
    assert witness.cosigner.verifier.verify(log.note(size).text, signature) == NOW
    kept = witness.memory.latest(ORIGIN)
    assert kept is not None
    assert Checkpoint.parse(kept.text).size == size
    assert signature in kept.signatures


def test_a_log_is_cosigned_step_by_step(witness, log):
    for old, new in [(0, 1), (1, 1), (1, 5), (5, 256), (256, 300)]:
        cosigned(witness, log, new, witness.add_checkpoint(log.request(old, new), now=NOW))


def test_a_restart_forgets_nothing(witness, log, tmp_path):
    witness.add_checkpoint(log.request(0, 200), now=NOW)
    again = witness_in(tmp_path / "w", log)
    assert again.cosigner.verifier == witness.cosigner.verifier
    answer = again.add_checkpoint(log.request(0, 300), now=NOW)
    assert (answer.status, answer.body, answer.type) == (409, b"200\n", SIZE_TYPE)


def test_another_old_size_is_told_the_right_one(witness, log):
    witness.add_checkpoint(log.request(0, 7), now=NOW)
    answer = witness.add_checkpoint(log.request(6, 9), now=NOW)
    assert (answer.status, answer.body, answer.type) == (409, b"7\n", SIZE_TYPE)


def test_a_fork_is_refused_and_kept_as_evidence(witness, log, tmp_path):
    witness.add_checkpoint(log.request(0, 100), now=NOW)
    fork = PlainLog(300, branch="other")
    for body in (fork.request(100, 200), fork.request(100, 200)):
        assert witness.add_checkpoint(body, now=NOW).status == 422
    same_size = witness.add_checkpoint(fork.request(100, 100), now=NOW)
    assert same_size.status == 409
    assert same_size.type != SIZE_TYPE
    kept = sorted((tmp_path / "w" / "evidence").iterdir())
    assert len(kept) == 2
    sizes = {
        Checkpoint.parse(parse_note(read_request(p.read_bytes()).note).text).size for p in kept
    }
    assert sizes == {100, 200}
    cosigned(witness, log, 101, witness.add_checkpoint(log.request(100, 101), now=NOW))


def test_a_shorter_log_is_refused(witness, log):
    witness.add_checkpoint(log.request(0, 100), now=NOW)
    assert witness.add_checkpoint(log.request(0, 50), now=NOW).status == 409
    beyond = write_request(100, [], bytes(log.note(50)))
    assert witness.add_checkpoint(beyond, now=NOW).status == 400


def test_a_proof_where_none_is_due_is_refused(witness, log):
    body = write_request(0, [bytes(32)], bytes(log.note(5)))
    assert witness.add_checkpoint(body, now=NOW).status == 422
    assert witness.memory.latest(ORIGIN) is None


def test_unknown_logs_and_unsigned_checkpoints_are_refused(witness, log):
    stranger = PlainLog(5, origin="other.example/log")
    assert witness.add_checkpoint(stranger.request(0, 5), now=NOW).status == 404
    forged = bytes(log.note(5)).replace(b"log.example/test ", b"log.example/test2 ")
    assert witness.add_checkpoint(write_request(0, [], forged), now=NOW).status == 403
    assert witness.memory.latest(ORIGIN) is None


@pytest.mark.parametrize(
    "body",
    [
        b"", b"old 0", b"old 0\n\n", b"old 00\n\n{note}", b"old -1\n\n{note}", b"size 0\n\n{note}",
        b"old 0\nAAAA\n\n{note}", b"old 0\n!\n\n{note}", b"old 0\n\nno note\n",
        b"old 0\n" + b"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n" * 64 + b"\n{note}",
        b"old 0\n\n" + b"x" * 200_000,
    ],
)  # fmt: skip
def test_what_is_malformed_is_refused(witness, log, body):
    answer = witness.add_checkpoint(body.replace(b"{note}", bytes(log.note(5))), now=NOW)
    assert answer.status == 400
    assert answer.body.strip()


def test_a_damaged_memory_is_never_taken_for_an_empty_one(witness, log, tmp_path):
    witness.add_checkpoint(log.request(0, 100), now=NOW)
    (kept,) = (tmp_path / "w" / "logs").iterdir()
    kept.write_bytes(kept.read_bytes()[:40])
    with pytest.raises(MemoryUnusable, match=str(kept)):
        witness.add_checkpoint(log.request(0, 100), now=NOW)


def test_a_key_whose_memory_is_gone_is_not_used(witness, log, tmp_path):
    (tmp_path / "w" / "logs").rmdir()
    with pytest.raises(MemoryUnusable, match="is gone"):
        witness_in(tmp_path / "w", log)


def test_two_witnesses_never_share_a_memory(tmp_path):
    with (
        Memory(tmp_path / "w"),
        pytest.raises(MemoryUnusable, match="another witness"),
        Memory(tmp_path / "w"),
    ):
        pass


def test_requests_at_once_never_roll_back(witness, log):
    """Of many requests from the same size one wins; the others are told the new size."""
    bodies = [log.request(0, size) for size in range(1, 41)]
    answers: list[Answer] = []
    threads = [
        threading.Thread(
            target=lambda body=body: answers.append(witness.add_checkpoint(body, now=NOW))
        )
        for body in bodies
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status for answer in answers) == [200] + [409] * 39


@pytest.mark.parametrize("before", [True, False])
def test_a_crash_around_the_memory_forks_nothing(witness, log, tmp_path, monkeypatch, before):
    """It dies just before or just after it remembered: the next one goes on from what is there,
    and nothing was cosigned that is not remembered."""
    witness.add_checkpoint(log.request(0, 100), now=NOW)
    monkeypatch.setattr(witness.memory, "remember", dying(witness.memory.remember, before=before))
    with pytest.raises(Crash):
        witness.add_checkpoint(log.request(100, 200), now=NOW)
    again = witness_in(tmp_path / "w", log)
    size = 100 if before else 200
    fork = PlainLog(300, branch="other")
    assert again.add_checkpoint(fork.request(size, 300), now=NOW).status == 422
    cosigned(again, log, 200, again.add_checkpoint(log.request(size, 200), now=NOW))


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_whatever_is_asked_the_witness_signs_one_history(tmp_path_factory, data):
    """Two histories that part somewhere, submitted in any order with any old size: what is
    cosigned is always a prefix of one of them."""
    honest, fork = PlainLog(40), PlainLog(40)
    part = data.draw(st.integers(0, 39))
    fork.hashes[part:] = PlainLog(40, branch="x").hashes[part:]
    witness = witness_in(tmp_path_factory.mktemp("w"), honest)
    signed: list[tuple[int, bytes]] = []
    steps = st.tuples(st.sampled_from([honest, fork]), st.integers(0, 40), st.integers(0, 40))
    for log, old, new in data.draw(st.lists(steps, max_size=12)):
        if old <= new and witness.add_checkpoint(log.request(old, new), now=NOW).status == 200:
            signed.append((new, log.root(new)))
    assert [size for size, _root in signed] == sorted(size for size, _root in signed)
    assert any(all(log.root(size) == root for size, root in signed) for log in (honest, fork))


@given(
    old=st.integers(0, 2**63 - 1), proof=st.lists(st.binary(min_size=32, max_size=32), max_size=63)
)
def test_what_is_written_is_read_back(old, proof):
    note = bytes(PlainLog(3).note(3))
    read = read_request(write_request(old, proof, note))
    assert (read.old_size, list(read.proof), read.note) == (old, proof, note)


def test_a_proof_too_long_is_not_written():
    with pytest.raises(ValueError, match="63"):
        write_request(1, [bytes(32)] * 64, b"")
    with pytest.raises(RequestError, match="line 1"):
        read_request(b"old 9223372036854775808\n\nx\n")
