"""The log as others see it: its files over HTTP and on disk, proof files, what pages draw."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from base64 import b64encode
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from audit import keys, merkle, sequencer, verify
from audit.log.drawing import chain_of_evidence, ladder, steps
from audit.log.proof import ProofRefused, TlogProof, check_proof
from audit.models import Checkpoint, Record, Verification
from audit.note import Checkpoint as Head
from audit.note import Cosigner, Note
from core.roles import Role
from tests.audit.builders import NOW, as_superuser, grow, remembered, write
from tests.audit.witnesses import PlainLog
from tests.core.builders import last_record, make_user, sign_in

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture
def auditor(client: Client) -> Client:
    return sign_in(client, make_user(Role.AUDITOR))


# --- files ----------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_static_files_are_the_same_bytes_as_http(auditor, tmp_path):
    grow(3, 300, 1)
    write(2)
    sequencer.place(limit=10)  # placed, not signed: neither shows it
    call_command("ledger_tiles", "--out", str(tmp_path / "static"))
    files = [path for path in (tmp_path / "static").rglob("*") if path.is_file()]
    names = {path.relative_to(tmp_path / "static").as_posix() for path in files}
    assert {"checkpoint", "tile/0/000", "tile/0/000.p/3", "tile/0/001.p/47", "tile/0/001.p/48",
            "tile/entries/001.p/48", "tile/entries/000", "tile/1/000.p/1"} <= names  # fmt: skip
    assert not any(name.endswith((".p/50", ".p/306")) for name in names)
    for path in files:
        name = path.relative_to(tmp_path / "static").as_posix()
        assert auditor.get(f"/{name}").content == path.read_bytes(), name


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("path", ["/checkpoint", "/tile/0/000", "/tile/entries/000.p/3"])
def test_an_etag_saves_the_bytes(auditor, path):
    grow(3, 253)
    answer = auditor.get(path)
    assert answer["ETag"] == f'"{sha256(answer.content).hexdigest()[:32]}"'
    again = auditor.get(path, headers={"If-None-Match": answer["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again["Cache-Control"] == answer["Cache-Control"]
    head = auditor.head(path)
    assert (head.status_code, head.content, head["ETag"]) == (200, b"", answer["ETag"])
    grow(1)
    changed = auditor.get(path, headers={"If-None-Match": answer["ETag"]}).status_code
    assert changed == (200 if path == "/checkpoint" else 304)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("asked", "packed"),
    [("gzip", True), ("br, gzip;q=0.5", True), ("*", True), ("gzip;q=0", False), ("", False),
     ("identity", False), ("xgzip", False)],
)  # fmt: skip
def test_entries_are_compressed_for_those_who_ask(auditor, asked, packed):
    grow(20)
    plain = auditor.get("/tile/entries/000.p/20").content
    answer = auditor.get("/tile/entries/000.p/20", headers={"Accept-Encoding": asked})
    assert (answer.headers.get("Content-Encoding") == "gzip") is packed
    assert (gzip.decompress(answer.content) if packed else answer.content) == plain
    assert (len(answer.content) < len(plain)) is packed
    assert "Accept-Encoding" in answer["Vary"]
    assert merkle.decode_entries(plain)


@pytest.mark.django_db(transaction=True)
def test_what_was_not_published_is_not_there(auditor):
    grow(3, 2)
    for path in ("tile/0/000.p/4", "tile/entries/000.p/4", "tile/0/000", "tile/entries/000",
                 "tile/0/000.p/6", "tile/1/000.p/1", "tile/0/000.p/0", "tile/0/000.p/05",
                 "tile/64/000.p/3", "tile/0/0.p/3", "tile/0/x000/000.p/3"):  # fmt: skip
        assert auditor.get(f"/{path}").status_code == 404, path
    for path in ("checkpoint", "tile/0/000.p/3", "tile/0/000.p/5", "tile/entries/000.p/3"):
        assert auditor.get(f"/{path}").status_code == 200, path
        assert auditor.post(f"/{path}").status_code == 405, path


# --- proof files ----------------------------------------------------------------------------


def proof_of(log: PlainLog, entries: list[bytes], index: int) -> TlogProof:
    tiles = merkle.grow_tiles(0, log.hashes, lambda _tiles: {})
    path = merkle.inclusion_proof(index, len(entries), lambda wanted: {t: tiles[t] for t in wanted})
    return TlogProof(index, tuple(path), bytes(log.note(len(entries))))


def log_of(size: int) -> tuple[PlainLog, list[bytes]]:
    entries = [b"entry %d" % n for n in range(size)]
    log = PlainLog(size)
    log.hashes = merkle.leaf_hashes(entries)
    return log, entries


def cosigner(name: str) -> Cosigner:
    return Cosigner(name, Ed25519PrivateKey.from_private_bytes(sha256(name.encode()).digest()))


@given(size=st.integers(1, 300), data=st.data())
def test_what_is_written_is_read_and_proves(size, data):
    index = data.draw(st.integers(0, size - 1))
    log, entries = log_of(size)
    extra = data.draw(st.binary(max_size=9))
    made = proof_of(log, entries, index)
    proof = TlogProof(made.index, made.path, made.note, extra)
    assert TlogProof.parse(str(proof).encode()) == proof
    proved = check_proof(proof, entries[index], logs=[log.signer.verifier])
    assert (proved.index, proved.checkpoint.size) == (index, size)
    with pytest.raises(ProofRefused):
        check_proof(proof, entries[index] + b"x", logs=[log.signer.verifier])


def test_every_flipped_byte_of_a_proof_is_caught():
    log, entries = log_of(11)
    whole = str(proof_of(log, entries, 4)).encode()
    for at in range(len(whole)):
        damaged = bytearray(whole)
        damaged[at] ^= 0x01
        with pytest.raises(ProofRefused):
            check_proof(TlogProof.parse(bytes(damaged)), entries[4], logs=[log.signer.verifier])


def test_a_quorum_is_counted_in_trusted_witnesses():
    log, entries = log_of(3)
    one, two = cosigner("one.example/w"), cosigner("two.example/w")
    note, proof = log.note(3), proof_of(log, entries, 1)
    head = Head.parse(note.text)
    signed = note.signed_also_by(one.cosign(head, 7), two.cosign(head, 9))
    proof = TlogProof(proof.index, proof.path, bytes(signed))
    trusted = [one.verifier]
    proved = check_proof(proof, entries[1], logs=[log.signer.verifier], witnesses=trusted, quorum=1)
    assert proved.cosigned_at == {"one.example/w": 7}
    with pytest.raises(ProofRefused, match="2 are asked for"):
        check_proof(proof, entries[1], logs=[log.signer.verifier], witnesses=trusted, quorum=2)
    unsigned = TlogProof(proof.index, proof.path, bytes(Note(note.text, signed.signatures[1:])))
    with pytest.raises(ProofRefused):
        check_proof(unsigned, entries[1], logs=[log.signer.verifier], witnesses=trusted)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "line 1"),
        ("c2sp.org/tlog-proof@v1\nindex 1\n", "no empty line"),
        ("c2sp.org/tlog-proof@v1\nindex 01\n\nx", "line 2"),
        ("c2sp.org/tlog-proof@v1\nextra !\nindex 1\n\nx", "line 2"),
        ("c2sp.org/tlog-proof@v1\nextra AA==\nindx 1\n\nx", "line 3"),
        ("c2sp.org/tlog-proof@v1\nindex 1\nAAAA\n\nx", "line 3"),
    ],
)
def test_a_malformed_proof_names_its_line(text, says):
    with pytest.raises(ProofRefused, match=says):
        TlogProof.parse(text.encode())


@pytest.mark.django_db(transaction=True)
def test_a_record_is_proved_by_its_two_files_alone(auditor, tmp_path):
    """Downloaded by the auditor, checked by the command without a database."""
    write(9)
    sequencer.catch_up(now=NOW)
    record = Record.objects.filter(action="test.done").first()
    assert record is not None
    proof, entry = tmp_path / "r.tlog-proof", tmp_path / "r.json"
    proof.write_bytes(auditor.get(reverse("record-proof", args=[record.pk])).content)
    entry.write_bytes(auditor.get(reverse("record-leaf", args=[record.pk])).content)
    assert last_record("audit.leaf_taken").object == f"record:{record.pk}"
    assert json.loads(entry.read_bytes())["id"] == str(record.pk)

    def run(*options: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "manage.py", "check_proof", str(proof), "--entry", str(entry)]
        return subprocess.run([*command, *options], cwd=ROOT, capture_output=True, text=True)

    key = str(keys.verifier_key())
    good = run("--key", key, "--json")
    assert good.returncode == 0, good.stderr
    assert json.loads(good.stdout)["size"] == Checkpoint.objects.latest("size").size
    assert run("--key", key, "--quorum", "1").returncode == 1
    assert run("--key", "nonsense").returncode == 2
    assert run("--key", str(cosigner("x.example/w").verifier)).returncode == 2
    entry.write_bytes(entry.read_bytes() + b" ")
    wrong = run("--key", key)
    assert (wrong.returncode, "NOT proved" in wrong.stdout) == (1, True)


@pytest.mark.django_db(transaction=True)
def test_only_those_who_browse_get_a_leaf(client):
    write(1)
    record = Record.objects.get(action="test.done")
    sign_in(client, make_user(Role.AUTHOR))
    assert client.get(reverse("record-leaf", args=[record.pk])).status_code == 403
    assert not Record.objects.filter(action="audit.leaf_taken").exists()


# --- drawings and pages ---------------------------------------------------------------------


@given(size=st.integers(1, 600), data=st.data())
def test_the_steps_of_a_proof_lead_to_the_root(size, data):
    """Each step covers the leaves that it says: together with the leaf, all of them, once."""
    index = data.draw(st.integers(0, size - 1))
    log, entries = log_of(size)
    path = proof_of(log, entries, index).path
    taken = steps(index, size, log.hashes[index], path)
    assert len(taken) == len(path)
    assert (taken[-1].result if taken else log.hashes[0]) == log.root(size)
    covered = [index]
    for step in taken:
        assert step.sibling == merkle.root_from_hashes(log.hashes[step.first : step.last + 1])
        assert step.left is (step.last < index)
        covered += range(step.first, step.last + 1)
    assert sorted(covered) == list(range(size))


def test_drawings_stay_within_their_frames():
    drawing = chain_of_evidence()
    for box in drawing.boxes:
        assert 0 <= box.x <= drawing.width - box.width
        assert 0 <= box.y <= drawing.height - box.height
    drawn = ladder([True, False, True])
    assert len(drawn.nodes) == 4
    assert len(drawn.arrows) == 6
    for box in (*drawn.nodes, *drawn.siblings):
        assert 0 <= box.x <= drawn.width - box.width
        assert 0 <= box.y <= drawn.height - box.height


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_what_is_proven_is_open_to_everybody(client, language):
    client.cookies["django_language"] = language
    page = client.get(reverse("ledger-proven"))
    assert page.status_code == 200
    assert b64encode(bytes([1]) + keys.verifier_key().public_key).decode()[:20] in (
        page.content.decode().replace("&#x2B;", "+")
    )
    policy = client.get(reverse("ledger-policy")).content.decode()
    assert policy.startswith(f"log {keys.verifier_key()}\n")


@pytest.mark.django_db(transaction=True)
def test_an_alarm_stands_on_every_page_of_those_who_must_act(client, admin_conninfo):
    grow(3)
    as_superuser(admin_conninfo, "DELETE FROM audit_tile WHERE level = 0")
    verify.verify_log(now=NOW)
    for role, sees in [(Role.AUDITOR, True), (Role.CRISIS_OFFICER, True), (Role.AUTHOR, False)]:
        sign_in(client, make_user(role))
        page = client.get(reverse("account")).content.decode()
        assert ("The log does not verify" in page) is sees, role
    Verification.objects.create(started_at=NOW, finished_at=NOW, ok=True)
    sign_in(client, make_user(Role.AUDITOR))
    assert "The log does not verify" not in client.get(reverse("account")).content.decode()


@pytest.mark.django_db(transaction=True)
def test_a_refusal_to_sign_stands_on_the_page(auditor):
    grow(3)
    remembered().write_text("damaged")
    with pytest.raises(sequencer.LedgerForked) as refused:
        sequencer.publish(now=NOW)
    sequencer.report_refusal(refused.value, now=NOW)
    assert auditor.get(reverse("audit-ledger")).content.decode().count("Signing is refused") == 2


@pytest.mark.django_db(transaction=True)
def test_a_verification_that_is_overdue_is_said(auditor):
    grow(1)
    Verification.objects.create(started_at=NOW, finished_at=NOW, ok=True)
    assert "overdue" in auditor.get(reverse("audit-ledger")).content.decode()
