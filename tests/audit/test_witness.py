"""The log and a witness in two processes, over real HTTP: cosigning, catching up, forks refused."""

from __future__ import annotations

import datetime as dt
import socket
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import httpx
import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction
from django.db.utils import ProgrammingError

from audit import alarms, keys, sequencer, verify
from audit.models import Attestor, Checkpoint, Cosignature, Record, Verification
from audit.note import VerifierKey, open_checkpoint
from audit.witnessing import selectors, services
from audit.witnessing.policy import policy_text, trust, witnesses
from core.errors import Misconfigured
from tests.audit.builders import NOW, as_superuser, grow, remembered, write
from tests.audit.exports import ready, run_verifier
from tests.forked import Forked, forked

ROOT = Path(__file__).resolve().parent.parent.parent

pytestmark = pytest.mark.django_db(transaction=True)


@dataclass
class Running:
    """A witness in a process of its own."""

    process: subprocess.Popen[str] | Forked
    key: VerifierKey
    url: str
    directory: Path

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait()


def started(directory: Path, *options: str) -> Running:
    """Start `manage.py witness` for this log on a free port."""
    command = [sys.executable, "manage.py", "witness", *_words(directory, *options)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return _running(process, process.stdout, directory)


def forked_off(directory: Path) -> Running:
    """The same, in a fork of this process: for tests that look at what the log makes of it."""
    process = forked("witness", *_words(directory))
    return _running(process, process.stdout, directory)


def _words(directory: Path, *options: str) -> list[str]:
    return ["--dir", str(directory), "--port", "0", "--log", str(keys.verifier_key()), *options]


def _running(process: Any, said: IO[str], directory: Path) -> Running:
    key = VerifierKey.parse(said.readline().strip())
    return Running(process, key, said.readline().split()[0].rstrip("/"), directory)


@pytest.fixture
def witness(tmp_path: Path) -> Iterator[Running]:
    """A running witness that the log is configured to ask."""
    running = forked_off(tmp_path / "witness")
    settings.LEDGER_WITNESSES = [f"{running.key} {running.url}"]
    yield running
    running.stop()
    settings.LEDGER_WITNESSES = []


def later(minutes: int) -> dt.datetime:
    return NOW + dt.timedelta(minutes=minutes)


def attestor() -> Attestor:
    return Attestor.objects.get()


# --- cosigning ------------------------------------------------------------------------------


def test_checkpoints_are_cosigned_kept_and_published(witness, client):
    for size in (3, 300, 1):
        grow(size)
        assert services.ask_witnesses(now=NOW) == 1
    assert services.ask_witnesses(now=NOW) == 0, "the newest one is cosigned already"
    assert list(Cosignature.objects.values_list("size", flat=True)) == [304, 303, 3]

    published = client.get("/checkpoint").content
    opened = open_checkpoint(published, keys.verifier_key(), [witness.key])
    assert opened.checkpoint.size == 304
    assert list(opened.cosigned_at) == [witness.key]
    kept = httpx.get(f"{witness.url}/checkpoint/{keys.verifier_key().name.replace('/', '%2F')}")
    assert kept.content == published, "what the witness remembers is what the log publishes"
    assert verify.check_log(against=kept.text).ok


def test_several_witnesses_are_asked_each_for_itself(witness, tmp_path):
    grow(5)
    services.ask_witnesses(now=NOW)
    second = started(tmp_path / "second", "--name", "second.example/w")
    try:
        settings.LEDGER_WITNESSES.append(f"{second.key} {second.url}")
        grow(5)
        assert services.ask_witnesses(now=NOW) == 2
    finally:
        second.stop()
    names = Cosignature.objects.filter(size=10).values_list("key", flat=True)
    assert set(names) == {str(witness.key), str(second.key)}


def test_a_witness_that_knows_more_than_we_remember_is_caught_up_with(witness):
    """The memory of how far the witness came is lost: it tells us itself."""
    grow(7)
    services.ask_witnesses(now=NOW)
    Attestor.objects.all().delete()
    grow(4)
    assert services.ask_witnesses(now=NOW) == 1
    assert selectors.published().size == 11


def test_a_restarted_witness_goes_on(witness):
    grow(7)
    services.ask_witnesses(now=NOW)
    assert witness.stop() == 0
    again = started(witness.directory)
    try:
        assert again.key == witness.key
        settings.LEDGER_WITNESSES = [f"{again.key} {again.url}"]
        grow(4)
        assert services.ask_witnesses(now=NOW) == 1
    finally:
        again.stop()


def test_the_proof_of_a_record_is_at_a_cosigned_checkpoint(witness):
    from audit.selectors import inclusion_of

    grow(5)
    services.ask_witnesses(now=NOW)
    record = Record.objects.filter(action="test.done").first()
    assert record is not None
    grow(5)
    proof = inclusion_of(record.pk)
    assert proof is not None
    assert proof.size == 5
    opened = open_checkpoint(proof.checkpoint.encode(), keys.verifier_key(), [witness.key])
    assert list(opened.cosigned_at) == [witness.key]
    newest = Record.objects.filter(action="test.done").first()
    assert newest is not None
    assert inclusion_of(newest.pk).size == 10, "not cosigned yet: the newest checkpoint covers it"


def test_the_checkpoint_of_an_export_is_cosigned(witness):
    notice = uuid.uuid4()
    write(3, action="notice.created", notice=notice)
    bag = Path(ready(notice=notice).path)
    signed = (bag / "data" / "checkpoint").read_bytes()
    assert list(open_checkpoint(signed, keys.verifier_key(), [witness.key]).cosigned_at)
    said = run_verifier(bag, "--key", str(keys.verifier_key()))
    assert said.returncode == 0, said.stdout
    assert f"Cosigned by {witness.key.name}" in said.stdout
    said = run_verifier(bag, "--witness", str(witness.key))
    assert (said.returncode, "the witness whose key you gave" in said.stdout) == (0, True)
    other = VerifierKey(witness.key.name, bytes(31) + b"\1", witness.key.type)
    said = run_verifier(bag, "--witness", str(other))
    assert (said.returncode, "is not cosigned by the witness" in said.stderr) == (1, True)


def test_with_a_quorum_nothing_is_published_before_it_is_cosigned(witness, client):
    settings.LEDGER_WITNESS_QUORUM = 1
    try:
        grow(5)
        assert client.get("/checkpoint").status_code == 404
        services.ask_witnesses(now=NOW)
        grow(2)
        assert client.get("/checkpoint").content.split(b"\n")[1] == b"5"
        services.ask_witnesses(now=NOW)
        assert client.get("/checkpoint").content.split(b"\n")[1] == b"7"
        assert "quorum quorum" in policy_text(witnesses())
    finally:
        settings.LEDGER_WITNESS_QUORUM = 0
    assert "quorum none" in policy_text(witnesses())


def test_the_newest_cosigned_checkpoint_has_an_address_of_its_own(witness, client):
    grow(5)
    assert client.get("/checkpoint").content.split(b"\n")[1] == b"5"
    assert client.get("/checkpoint?cosigned").status_code == 404
    services.ask_witnesses(now=NOW)
    grow(2)
    assert client.get("/checkpoint").content.split(b"\n")[1] == b"7"
    cosigned = client.get("/checkpoint?cosigned").content
    opened = open_checkpoint(cosigned, keys.verifier_key(), [witness.key])
    assert (opened.checkpoint.size, list(opened.cosigned_at)) == (5, [witness.key])


# --- what goes wrong ------------------------------------------------------------------------


def test_a_fork_is_refused_by_the_witness_and_raises_an_alarm(witness, admin_conninfo):
    """The whole database and the file outside are replaced by another history, signed with the
    log's own key: only the witness can tell, and does."""
    grow(6)
    services.ask_witnesses(now=NOW)
    remembered().unlink()
    connection.close()
    from tests.conftest import empty_database

    empty_database(admin_conninfo)
    heard: list[alarms.Alarm] = []
    alarms.listen(heard.append)
    try:
        write(9, action="test.other")
        sequencer.sequence_once(now=NOW)
        assert services.ask_witnesses(now=NOW) == 0
    finally:
        alarms.forget(heard.append)
    assert "422" in attestor().error
    assert Record.objects.filter(action="audit.witness_refused").count() == 1
    assert [alarm.action for alarm in heard] == ["audit.witness_refused"]
    assert alarms.standing().witness
    assert not Cosignature.objects.exists()
    assert len(list((witness.directory / "evidence").iterdir())) == 1
    services.ask_witnesses(now=later(1))
    assert Record.objects.filter(action="audit.witness_refused").count() == 1, "said once"

    second = started(witness.directory.parent / "second", "--name", "second.example/w")
    try:
        settings.LEDGER_WITNESSES.append(f"{second.key} {second.url}")
        assert services.ask_witnesses(now=later(2)) == 1
    finally:
        second.stop()
    assert alarms.standing().witness, "another witness that knows no better does not end it"
    Attestor.objects.filter(name=str(witness.key)).update(held_at=later(3))
    assert not alarms.standing().witness


def test_a_log_that_was_cut_off_is_refused(witness, admin_conninfo):
    grow(6)
    services.ask_witnesses(now=NOW)
    remembered().unlink()
    connection.close()
    from tests.conftest import empty_database

    empty_database(admin_conninfo)
    grow(3)
    assert services.ask_witnesses(now=NOW) == 0
    assert "restored from an older backup" in attestor().error
    assert Record.objects.filter(action="audit.witness_refused").exists()


def test_a_witness_that_is_away_is_shown_recorded_once_and_asked_again(witness):
    grow(3)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    settings.LEDGER_WITNESSES = [f"{witness.key} http://127.0.0.1:{port}"]
    assert services.ask_witnesses(now=NOW) == 0
    assert (attestor().failures, attestor().tried_at) == (1, NOW)
    assert "ConnectError" in attestor().error
    assert services.ask_witnesses(now=NOW) == 0
    assert attestor().failures == 1, "it rests"
    services.ask_witnesses(now=later(1))
    assert attestor().failures == 2
    assert Record.objects.filter(action="audit.attestation_failed").count() == 1
    assert selectors.witness_states()[0].state == "failed"

    settings.LEDGER_WITNESSES = [f"{witness.key} {witness.url}"]
    assert services.ask_witnesses(now=later(10)) == 1
    assert (attestor().failures, attestor().error) == (0, "")
    assert selectors.witness_states()[0].state == "ok"


def test_a_cosignature_by_another_key_is_not_kept(witness, tmp_path):
    grow(3)
    other = started(tmp_path / "other")
    try:
        settings.LEDGER_WITNESSES = [f"{witness.key} {other.url}"]
        assert services.ask_witnesses(now=NOW) == 0
    finally:
        other.stop()
    assert "no cosignature by" in attestor().error
    assert not Cosignature.objects.exists()


def test_sequencing_does_not_wait_for_witnesses(witness):
    """With a witness that accepts connections and never answers, publishing asks nobody."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings.LEDGER_WITNESSES = [f"{witness.key} http://127.0.0.1:{silent.getsockname()[1]}"]
        grow(3)
        assert Checkpoint.objects.count() == 1
        silent.settimeout(0.01)
        with pytest.raises(TimeoutError):
            silent.accept()


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("nonsense http://x", "name+keyid"),
        ("{log} http://x", "not a witness's"),
        ("{key} ftp://x", "not http"),
    ],
)
def test_a_wrong_setting_is_named(witness, line, says):
    settings.LEDGER_WITNESSES = [line.format(log=keys.verifier_key(), key=witness.key)]
    with pytest.raises(Misconfigured) as refused:
        witnesses()
    assert says in str(refused.value)


def test_a_local_witness_is_trusted_by_file(witness):
    settings.LEDGER_WITNESSES = []
    assert witnesses() == []
    trust(witness.key, "http://127.0.0.1:1")
    trust(witness.key, witness.url)
    try:
        assert [(each.key, each.url) for each in witnesses()] == [(witness.key, witness.url)]
    finally:
        (Path(settings.KEY_DIR) / "witnesses").unlink()


# --- verification ---------------------------------------------------------------------------


def test_cosignatures_are_checked_again(witness, admin_conninfo):
    grow(3)
    services.ask_witnesses(now=NOW)
    assert verify.check_log().ok
    assert verify.check_log().attested == (1, 0)
    for damage, code in [
        ("UPDATE audit_cosignature SET line = replace(line, 'A', 'B')", "cosignature_wrong"),
        ("UPDATE audit_cosignature SET cosigned_at = cosigned_at - interval '1 day'",
         "cosignature_wrong"),
        ("UPDATE audit_cosignature SET size = 99", "cosignature_stray"),
    ]:  # fmt: skip
        connection.close()
        as_superuser_on_cosignatures(admin_conninfo, damage)
        assert code in verify.check_log().counts
    settings.LEDGER_WITNESSES = []


def as_superuser_on_cosignatures(conninfo: str, statement: str) -> None:
    as_superuser(
        conninfo,
        "ALTER TABLE audit_cosignature DISABLE TRIGGER audit_cosignature_append_only",
        statement,
        "ALTER TABLE audit_cosignature ENABLE ALWAYS TRIGGER audit_cosignature_append_only",
    )


def test_a_key_that_is_not_trusted_does_not_verify(witness):
    grow(3)
    services.ask_witnesses(now=NOW)
    settings.LEDGER_WITNESSES = [str(witness.key)]
    assert verify.check_log().ok, "a witness that is asked no more is still trusted"
    assert selectors.witness_states()[0].state == "archived"
    settings.LEDGER_WITNESSES = []
    assert verify.check_log().counts == {"cosignature_wrong": 1}


@pytest.mark.parametrize("table", ["audit_cosignature", "audit_timestamp"])
@pytest.mark.parametrize("act", ["UPDATE {} SET size = 1", "DELETE FROM {}", "TRUNCATE {}"])
def test_the_application_may_only_add(table, act):
    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(act.format(table))


# --- alarms ---------------------------------------------------------------------------------


def test_a_failed_verification_is_an_alarm_until_one_holds(admin_conninfo):
    grow(3)
    assert not alarms.standing()
    as_superuser(admin_conninfo, "DELETE FROM audit_tile WHERE level = 0")
    heard: list[alarms.Alarm] = []

    def broken(alarm: alarms.Alarm) -> None:
        raise RuntimeError("a listener that fails")

    alarms.listen(broken)
    alarms.listen(heard.append)
    try:
        assert not verify.verify_log(now=NOW).ok
    finally:
        alarms.forget(heard.append)
        alarms.forget(broken)
    assert [alarm.action for alarm in heard] == ["audit.verification_failed"]
    said = Record.objects.get(action="audit.verification_failed")
    assert said.content["findings"] == {"tile_missing": 1}
    assert said.object == f"verification:{Verification.objects.get().pk}"
    assert alarms.standing().verification == NOW
    Verification.objects.create(started_at=NOW, finished_at=NOW, ok=True)
    assert not alarms.standing()


def test_a_refusal_to_sign_is_an_alarm_until_one_signs():
    grow(3)
    remembered().write_text("damaged")
    with pytest.raises(sequencer.LedgerForked) as refused:
        sequencer.publish(now=NOW)
    assert sequencer.report_refusal(refused.value, now=NOW)
    assert not sequencer.report_refusal(refused.value, now=NOW)
    assert alarms.standing().signing == NOW
    remembered().write_text(Checkpoint.objects.get().note)
    sequencer.catch_up(now=later(1))
    assert not alarms.standing()
    assert sequencer.report_refusal(refused.value, now=later(2)), "the same again is a new alarm"
    assert alarms.standing().signing == later(2)


# --- the command ----------------------------------------------------------------------------


def test_the_key_is_printed_and_stays(tmp_path, capsys):
    call_command("witness", "--dir", str(tmp_path / "w"), "--key")
    call_command("witness", "--dir", str(tmp_path / "w"), "--key")
    first, second = capsys.readouterr().out.split()
    assert first == second
    assert VerifierKey.parse(first).type == 0x04
    assert (tmp_path / "w" / "key").stat().st_mode & 0o077 == 0


def test_the_pages_of_a_witness(witness):
    assert str(witness.key) in httpx.get(f"{witness.url}/").text
    for path in ("/checkpoint/", "/checkpoint/other", "/add-checkpoint", "/x"):
        assert httpx.get(f"{witness.url}{path}").status_code == 404
    assert httpx.post(f"{witness.url}/other", content=b"x").status_code == 404
    assert httpx.post(f"{witness.url}/add-checkpoint", content=b"x").status_code == 400
    assert httpx.post(f"{witness.url}/add-checkpoint", content=b"x" * 200_000).status_code == 413


# --- what remains ---------------------------------------------------------------------------


def test_an_answer_that_was_lost_is_asked_for_again(witness, admin_conninfo):
    """The witness remembered and died before it answered, or we died before we kept it."""
    grow(6)
    services.ask_witnesses(now=NOW)
    Attestor.objects.all().delete()
    connection.close()
    as_superuser_on_cosignatures(admin_conninfo, "DELETE FROM audit_cosignature")
    assert services.ask_witnesses(now=later(1)) == 1
    assert Cosignature.objects.get().size == 6


def test_a_log_that_changed_its_key_is_served_with_both(witness):
    from audit.keyring import services as keyring
    from audit.keyring.models import Reason

    grow(4)
    services.ask_witnesses(now=NOW)
    old = keys.verifier_key()
    try:
        keyring.rotate(actor=services.WITNESSING, now=NOW, reason=Reason.SCHEDULED)
        sequencer.catch_up(now=NOW)
        assert keys.verifier_key() != old
        assert services.ask_witnesses(now=NOW) == 0
        assert "403" in attestor().error
        witness.stop()
        again = started(witness.directory, "--log", str(old))
        try:
            settings.LEDGER_WITNESSES = [f"{again.key} {again.url}"]
            assert services.ask_witnesses(now=later(10)) == 1
        finally:
            again.stop()
        assert policy_text(witnesses()).count("log ") == 2
        assert verify.check_log().ok
    finally:
        (Path(settings.KEY_DIR) / "ledger.key").unlink()


def test_the_tasks_are_on_the_schedule_and_run(witness):
    from audit import tasks

    scheduled = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert {tasks.ask_witnesses.name, tasks.ask_time_stamp.name, tasks.verify_nightly.name} <= (
        scheduled
    )
    grow(2)
    assert tasks.ask_witnesses() == 1
    assert tasks.ask_time_stamp() is False


def test_the_time_of_the_nightly_verification_is_a_setting():
    from portal.env import daily

    schedule = daily("05:07")
    assert (schedule.hour, schedule.minute) == ({5}, {7})
    for wrong in ("24:00", "5:07", "0507", ""):
        with pytest.raises(ValueError, match="HH:MM"):
            daily(wrong)


def test_settings_that_cannot_work_are_found_at_the_start(witness, tmp_path):
    from audit.log.system_checks import attestation_settings

    assert attestation_settings(None) == []
    settings.LEDGER_WITNESS_QUORUM, settings.LEDGER_TSA_URL = 2, "http://127.0.0.1:1/"
    try:
        assert [each.id for each in attestation_settings(None)] == ["audit.E001", "audit.E003"]
        settings.LEDGER_WITNESSES = ["nonsense"]
        settings.LEDGER_TSA_ROOTS = str(tmp_path / "none.pem")
        assert [each.id for each in attestation_settings(None)] == ["audit.E002", "audit.E004"]
    finally:
        settings.LEDGER_WITNESS_QUORUM = 0
        settings.LEDGER_TSA_URL = settings.LEDGER_TSA_ROOTS = ""
