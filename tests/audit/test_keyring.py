"""Changing the log's key: the tree goes on, and what the old key signed stays checked."""

from __future__ import annotations

import base64
import datetime as dt
import io
import json
import uuid

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.management import CommandError, call_command
from django.db import connection

from audit import keys, sequencer
from audit.keyring import services
from audit.keyring.models import KeyRotation, Reason
from audit.keyring.statement import Statement, keyring, open_statement, sign_statement
from audit.models import Checkpoint, Record
from audit.note import Checkpoint as Head
from audit.note import NoteError, Signer, sign_checkpoint
from audit.verify import check_log
from core import crypto
from core.actor import system
from core.errors import Conflict, Forbidden
from core.roles import Role
from tests.audit.builders import NOW, Crash, as_superuser, dying, grow, remembered, staff, write
from tests.audit.exports import built, run_verifier

ROOT = b"r" * 32
OPERATOR = system("operator")


@pytest.fixture(autouse=True)
def own_keys(settings, tmp_path):
    """These tests use keys up: each has a folder of its own."""
    settings.KEY_DIR = tmp_path / "keys"
    for name in ("kek", "index-key"):
        crypto.create_key_file(name)


def rotate(**options: object) -> KeyRotation:
    return services.rotate(**{"actor": OPERATOR, "now": NOW, "reason": Reason.SCHEDULED, **options})


def signer(number: int, name: str = "example.com/log") -> Signer:
    return Signer(name, Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32))


def change(old: int, new: int, size: int) -> tuple[int, bytes]:
    statement = Statement(
        signer(old).verifier, signer(new).verifier, size, ROOT, NOW, Reason.SCHEDULED.value
    )
    return size, bytes(sign_statement(statement, signer(old), signer(new)))


# --- the chain ------------------------------------------------------------------------------


def test_the_chain_leads_back_to_the_first_key():
    ring = keyring(signer(3).verifier, [change(2, 3, 90), change(1, 2, 40)])
    assert ring.broken is None
    assert [ring.key_for(size) for size in (0, 1, 40, 41, 90, 91, 10**9)] == [
        signer(number).verifier for number in (1, 1, 1, 2, 2, 3, 3)
    ]
    assert [each.size for each in ring.statements] == [40, 90]


@pytest.mark.parametrize(
    "links",
    [
        [change(2, 4, 90), change(1, 2, 40)],  # ends in a key that is not ours
        [change(2, 3, 90), change(1, 4, 40)],  # does not join up
        [change(2, 3, 90), change(1, 2, 90)],  # out of order
        [(91, change(2, 3, 90)[1])],  # another row's statement
        [(90, change(2, 3, 90)[1].replace(b"scheduled", b"people"))],
        [(90, b"".join(change(2, 3, 90)[1].splitlines(keepends=True)[:-1]))],  # one signature
        [(90, b"nonsense")],
    ],
)
def test_a_chain_that_breaks_gives_no_key_for_what_lies_before(links):
    ring = keyring(signer(3).verifier, links)
    assert ring.broken is not None
    assert ring.key_for(10**6) == signer(3).verifier
    with pytest.raises(NoteError, match="no key is known"):
        ring.key_for(1)


def test_a_statement_is_read_only_as_it_is_written():
    _size, data = change(1, 2, 40)
    assert open_statement(data, signer(2).verifier).at == NOW
    with pytest.raises(NoteError):
        open_statement(data.replace(b"\n40\n", b"\n040\n"), signer(2).verifier)
    with pytest.raises(NoteError, match="other keys"):
        sign_statement(open_statement(data, signer(2).verifier), signer(1), signer(3))


# --- in the log -----------------------------------------------------------------------------

database = pytest.mark.django_db(transaction=True)


@database
def test_each_checkpoint_verifies_under_the_key_that_was_in_force():
    grow(4, 3)
    first = keys.verifier_key()
    kept = remembered().read_text()
    row = rotate()
    second = keys.verifier_key()
    grow(5)
    rotate(reason=Reason.PEOPLE)
    grow(1)
    assert first != second != keys.verifier_key()
    assert (row.size, row.old, row.new) == (7, str(first), str(second))
    sizes = {size: keys.keyring().key_for(size) for size in (4, 7, 8, 13)}
    assert sizes == {4: first, 7: first, 8: second, 13: second}
    for checkpoint in Checkpoint.objects.all():
        assert keys.keyring().open(checkpoint.note.encode()).checkpoint.size == checkpoint.size
    result = check_log(against=kept)
    assert (result.counts, result.against) == ({}, 7)
    told = Record.objects.filter(action="audit.key_rotated").order_by("id")
    assert [each.content["reason"] for each in told] == ["scheduled", "people"]


@database
def test_the_old_key_signs_nothing_more():
    grow(4)
    old = keys.signer()
    rotate()
    newest = Checkpoint.objects.first()
    assert newest is not None
    forged = sign_checkpoint(Head(old.name, newest.size, bytes(newest.root)), old)
    with pytest.raises(NoteError):
        keys.keyring().open(bytes(forged))
    assert not (keys.Path(keys.settings.KEY_DIR) / "ledger-next.key").exists()


@database
@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
@pytest.mark.parametrize(
    ("module", "step"),
    [
        (keys, "next_signer"), (services, "sign_statement"), (services, "record"),
        (keys, "_promote"), (sequencer, "catch_up"),
    ],
)  # fmt: skip
def test_a_crash_on_the_way_leaves_one_key_in_force(module, step, before, monkeypatch):
    grow(4)
    old = str(keys.verifier_key())
    with monkeypatch.context() as patch:
        patch.setattr(module, step, dying(getattr(module, step), before=before))
        with pytest.raises(Crash):
            rotate()
    connection.close()
    changed = KeyRotation.objects.first()
    assert str(keys.verifier_key()) == (old if changed is None else changed.new)
    write(3)
    assert sequencer.catch_up(now=NOW) == 0
    rotate()
    assert check_log().counts == {}


@database
def test_people_need_the_right_and_a_fresh_step_up():
    grow(4)
    with pytest.raises(Forbidden):
        rotate(actor=staff(Role.AUDITOR))
    with pytest.raises(Forbidden):
        rotate(actor=staff(Role.ADMINISTRATOR, now=NOW - dt.timedelta(hours=1)))
    assert rotate(actor=staff(Role.ADMINISTRATOR)).size == 4


@database
def test_a_key_that_signed_nothing_is_not_changed():
    with pytest.raises(Conflict, match="not signed anything"):
        rotate()


@database
def test_a_forged_change_of_keys_is_found_and_opens_nothing(admin_conninfo):
    grow(4)
    other = signer(9, keys.verifier_key().name)
    newest = Checkpoint.objects.first()
    assert newest is not None
    statement = Statement(
        other.verifier, keys.verifier_key(), newest.size, bytes(newest.root), NOW, "scheduled"
    )
    note = f"{statement.text}\n{other.sign(statement.text).line}"
    KeyRotation.objects.create(
        size=4, rotated_at=NOW, old=str(other.verifier), new=str(keys.verifier_key()),
        reason="scheduled", note=note,
    )  # fmt: skip
    assert check_log().counts == {
        "key_rotation": 1, "checkpoint_signature": 1, "remembered_signature": 1,
    }  # fmt: skip
    write(1)
    with pytest.raises(sequencer.LedgerForked):
        sequencer.sequence_once(now=NOW)


@database
def test_a_change_of_keys_that_was_taken_out_is_found(admin_conninfo):
    grow(4)
    rotate()
    as_superuser(
        admin_conninfo,
        "ALTER TABLE audit_keyrotation DISABLE TRIGGER audit_keyrotation_append_only",
        "DELETE FROM audit_keyrotation",
        "ALTER TABLE audit_keyrotation ENABLE ALWAYS TRIGGER audit_keyrotation_append_only",
    )
    assert check_log().counts == {"checkpoint_signature": 1}  # that of 4 leaves, by the old key


@database
def test_nobody_edits_a_change_of_keys():
    grow(4)
    rotate()
    for deed in ("UPDATE audit_keyrotation SET size = 9", "DELETE FROM audit_keyrotation"):
        with pytest.raises(Exception, match="denied"), connection.cursor() as cursor:
            cursor.execute(deed)


@database
def test_keys_from_the_environment_are_changed_too(monkeypatch):
    monkeypatch.setenv("VOUCHSAFE_LEDGER", base64.b64encode(b"\1" * 32).decode())
    monkeypatch.setenv("VOUCHSAFE_LEDGER_NEXT", base64.b64encode(b"\2" * 32).decode())
    grow(4)
    rotate()
    assert keys.signer().private_key.private_bytes_raw() == b"\2" * 32
    monkeypatch.setenv("VOUCHSAFE_LEDGER", base64.b64encode(b"\2" * 32).decode())
    monkeypatch.delenv("VOUCHSAFE_LEDGER_NEXT")
    grow(2)
    assert check_log().counts == {}


@database
def test_an_export_after_a_change_is_checked_with_any_key_of_the_log(tmp_path):
    notice, all_keys = uuid.uuid4(), tmp_path / "known-keys"
    write(5, action="notice.created", notice=notice)
    sequencer.catch_up(now=NOW)
    first = str(keys.verifier_key())
    rotate()
    bag = built(notice)
    all_keys.write_text(run())
    for known in (str(all_keys), str(keys.verifier_key()), first):
        done = run_verifier(bag, "--key", known)
        assert done.returncode == 0, done.stderr
    assert run_verifier(bag, "--key", str(signer(9).verifier)).returncode == 1


# --- the command ----------------------------------------------------------------------------


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command("ledger_key", *arguments, stdout=out)
    return out.getvalue()


@database
def test_the_command_changes_the_key_and_prints_all():
    grow(4)
    first = str(keys.verifier_key())
    assert run() == f"{first}\n"
    second = run("--rotate", "--reason", "scheduled").splitlines()[0]
    assert run() == f"{second}\n{first}\n"
    periods = json.loads(run("--json"))
    assert [(each["key"], each["after"], each["until"]) for each in periods] == [
        (second, 4, None), (first, None, 4),
    ]  # fmt: skip


@database
def test_the_command_wants_a_reason():
    grow(4)
    with pytest.raises(CommandError) as caught:
        run("--rotate")
    assert caught.value.returncode == 2
    assert KeyRotation.objects.count() == 0
