"""Importing: what is written, what is refused, and what a second import does."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from audit.canonical import canonical_text
from audit.models import Record, SubjectKey
from core.errors import Conflict, Forbidden, InvalidInput, NotFound
from core.roles import Role
from investors import selectors, services
from investors.importing import service
from investors.importing.errorfile import stored_rows
from investors.models import ConsentEntry, ContactPoint, ImportBatch, ImportRejection, Investor
from investors.rules import SMS
from tests.audit.retention import no_duties
from tests.investors import builders
from tests.investors.builders import NOW, row, run, write_csv

pytestmark = pytest.mark.django_db


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "in.csv"


def only() -> Investor:
    return Investor.objects.get()


def test_a_row_becomes_an_investor_with_contacts_consents_and_a_record(path: Path) -> None:
    result = run(write_csv(path, [row()]))
    assert (result.read, result.created, result.rejected) == (1, 1, 0)
    investor = only()
    assert selectors.open_profiles([investor.pk])[investor.pk] == ("100001", "王小明")
    contacts = {contact.kind: contact.pk for contact in ContactPoint.objects.all()}
    assert selectors.open_contacts(contacts.values()) == {
        contacts["phone"]: "+8613812345678",
        contacts["email"]: "wang@example.com",
    }
    assert (investor.language, investor.time_zone, investor.risk_level) == (
        "zh-hans", "Asia/Shanghai", "R3",
    )  # fmt: skip
    assert investor.reach == 2
    acts = {entry.purpose: entry for entry in ConsentEntry.objects.all()}
    assert set(acts) == {"channel.sms", "channel.email", "channel.inbox"}
    assert acts["channel.inbox"].legal_basis == "contract"
    told = Record.objects.get(action="investor.imported", investor=investor.pk)
    payload = json.loads(told.payload)
    assert payload["line"] == 2
    assert payload["consents"] == {name: f"given {acts[name].pk}" for name in acts}
    assert canonical_text(payload) == told.payload


def test_nothing_personal_reaches_the_ledger_or_the_plain_columns(path: Path) -> None:
    run(write_csv(path, [row(), row(ref="100002", phone="12")]))
    plain = "".join(Record.objects.values_list("payload", flat=True))
    plain += json.dumps(list(ImportRejection.objects.values("line", "column", "code", "problems")))
    for secret in ("13812345678", "wang@example.com", "王小明", "100002"):
        assert secret not in plain


def test_the_same_file_again_changes_nothing(path: Path) -> None:
    write_csv(path, [row(), row(ref="100002", phone="")])
    run(path)
    before = Record.objects.filter(investor__isnull=False).count()
    again = run(path)
    assert (again.created, again.updated, again.unchanged) == (0, 0, 2)
    assert Record.objects.filter(investor__isnull=False).count() == before


def test_the_same_content_written_otherwise_is_unchanged(path: Path) -> None:
    run(write_csv(path, [row()]))
    other = row(phone="+86 138 1234 5678", time_zone="UTC+8", language="zh-CN", opened="20190301")
    assert run(write_csv(path, [other], encoding="gb18030")).unchanged == 1


def test_a_changed_row_updates_what_changed_and_says_what(path: Path) -> None:
    run(write_csv(path, [row()]))
    result = run(write_csv(path, [row(phone="13900000001", risk_level="R5", name="王大明")]))
    assert (result.created, result.updated) == (0, 1)
    investor = only()
    assert investor.risk_level == "R5"
    assert selectors.open_profiles([investor.pk])[investor.pk].name == "王大明"
    phones = ContactPoint.objects.filter(kind="phone").order_by("rank")
    values = selectors.open_contacts([phone.pk for phone in phones])
    assert [(phone.rank, values[phone.pk]) for phone in phones] == [
        (0, "+8613900000001"),
        (1, "+8613812345678"),
    ]
    told = json.loads(Record.objects.get(action="investor.updated").payload)
    assert told["changed"] == ["phone", "profile", "risk_level"]


def test_a_number_that_comes_back_keeps_its_state(path: Path) -> None:
    run(write_csv(path, [row()]))
    first = ContactPoint.objects.get(kind="phone")
    services.suppress_contact(
        contact_id=first.pk, reason="hard_bounce", actor=builders.privacy_officer(), now=NOW
    )
    run(write_csv(path, [row(phone="13900000001")]))
    assert only().reach == 2
    run(write_csv(path, [row()]))
    first.refresh_from_db()
    assert (first.rank, first.state, only().reach) == (0, "suppressed", 1)


def test_a_blank_contact_or_a_missing_column_takes_nothing_away(path: Path) -> None:
    run(write_csv(path, [row()]))
    run(write_csv(path, [row(phone="", email="")]))
    assert ContactPoint.objects.filter(rank=0).count() == 2
    assert run(write_csv(path, [("100001",)], header=("客户号",))).unchanged == 1
    assert only().risk_level == "R3"


def test_a_files_yes_does_not_overturn_a_withdrawal_but_its_no_counts(path: Path) -> None:
    run(write_csv(path, [row()]))
    investor = only()
    services.withdraw_consent(
        investor_id=investor.pk, purpose=SMS, method="phone",
        actor=builders.privacy_officer(), now=NOW,
    )  # fmt: skip
    run(write_csv(path, [row(sms="Y", mail="N", name="王二明")]))
    standing = selectors.current_standing([investor.pk], "risk_alert")[investor.pk]
    assert (standing.sms_consent, standing.email_consent) == (False, False)
    assert only().reach == 0


def test_identical_repeats_are_merged_and_contradictory_ones_named(path: Path) -> None:
    rows = [row(), row(phone="138-1234-5678"), row(phone="13900000001")]
    result = run(write_csv(path, rows))
    assert (result.created, result.merged, result.rejected) == (1, 1, 1)
    rejection = ImportRejection.objects.get()
    assert (rejection.line, rejection.column, rejection.code) == (
        4,
        "客户号",
        "repeated_differently",
    )
    assert rejection.problems[0]["args"] == {"first": 2}


def test_a_good_row_is_taken_although_a_bad_one_had_its_number(path: Path) -> None:
    result = run(write_csv(path, [row(phone="12"), row()]))
    assert (result.created, result.by_reason) == (1, {"phone_too_short": 1})


def test_repeats_are_found_across_chunks(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "CHUNK", 2)
    rows = [row(ref=str(number)) for number in range(1, 6)]
    result = run(write_csv(path, [*rows, rows[0], row(ref="2", name="x")]))
    assert (result.created, result.merged, result.by_reason) == (5, 1, {"repeated_differently": 1})


def test_all_problems_of_a_row_are_told(path: Path, tmp_path: Path) -> None:
    errors = tmp_path / "errors.csv"
    bad = row(name="=cmd()", phone="1.91380E+10", email="a@b.example\nBcc: c@d.example")
    result = run(write_csv(path, [bad]), errors_path=errors)
    assert result.by_reason == {"formula": 1}
    codes = [problem["code"] for problem in ImportRejection.objects.get().problems]
    assert codes == ["formula", "phone_scientific", "email_header_injection"]
    with errors.open(encoding="utf-8-sig", newline="") as handle:
        line = next(csv.DictReader(handle))
    assert line["_line"] == "2"
    assert line["_column"] == "姓名; 手机; 邮箱"
    assert "1.91380E+10" in line["_reason"]
    assert line["姓名"] == "'=cmd()"


def test_the_error_file_can_be_mended_and_imported(path: Path, tmp_path: Path) -> None:
    errors, mended = tmp_path / "errors.csv", tmp_path / "mended.csv"
    rows = [row(), row(ref="2", phone="12"), row(ref="3", email="a@@example.com"), row(ref="4")]
    run(write_csv(path, rows), errors_path=errors)
    assert run(errors).rejected == 2  # as it is, it is rejected again, with nothing lost
    with errors.open(encoding="utf-8-sig", newline="") as handle:
        lines = list(csv.DictReader(handle))
    lines[0]["手机"], lines[1]["邮箱"] = "'+86 139 0000 0002", "a@example.com"
    write_csv(mended, [line.values() for line in lines], header=lines[0], encoding="utf-8-sig")
    result = run(mended)
    assert (result.created, result.rejected) == (2, 0)
    assert Investor.objects.count() == 4


def test_the_error_file_can_be_made_again_from_the_sealed_rows(path: Path, tmp_path: Path) -> None:
    errors = tmp_path / "errors.csv"
    result = run(write_csv(path, [row(phone="12"), row(ref="")]), errors_path=errors)
    headers = ImportBatch.objects.get().mapping["headers"]
    with errors.open(encoding="utf-8-sig", newline="") as handle:
        assert list(csv.reader(handle)) == list(stored_rows(result.batch_id, headers))


def test_no_error_file_without_errors(path: Path, tmp_path: Path) -> None:
    run(write_csv(path, [row()]), errors_path=tmp_path / "errors.csv")
    assert not (tmp_path / "errors.csv").exists()


def test_a_customer_of_another_line_is_not_touched(path: Path) -> None:
    run(write_csv(path, [row()]))
    wealth = builders.line("wealth")
    result = run(
        write_csv(path, [row(phone="13900000001")]),
        line_id=wealth.pk,
        actor=builders.importer(wealth),
    )
    assert result.by_reason == {"belongs_elsewhere": 1}
    assert ContactPoint.objects.count() == 2


def test_an_erased_investor_is_not_brought_back(path: Path) -> None:
    run(write_csv(path, [row()]))
    no_duties()
    SubjectKey.objects.filter(subject=only().pk).update(wrapped=None, destroyed_at=NOW)
    assert run(write_csv(path, [row(phone="13900000001")])).by_reason == {"erased": 1}


def test_the_right_and_the_line_are_needed(path: Path) -> None:
    write_csv(path, [row()])
    with pytest.raises(Forbidden):
        run(path, actor=builders.staff(Role.AUDITOR, builders.line()))
    with pytest.raises(NotFound):
        run(path, actor=builders.importer(builders.line("wealth")))
    assert not ImportBatch.objects.exists()


def test_a_file_without_customer_numbers_names_what_is_missing(path: Path) -> None:
    write_csv(path, [("a", "b")], header=("姓名", "手机"))
    with pytest.raises(InvalidInput) as refused:
        run(path)
    assert refused.value.field == "columns.ref"


def test_a_crash_leaves_a_failed_batch_that_the_next_import_completes(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "CHUNK", 2)
    write_csv(path, [row(ref=str(number)) for number in range(1, 8)])

    def stop(read: int, expected: int) -> None:
        if read >= 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(path, progress=stop)
    batch = ImportBatch.objects.get()
    assert (batch.state, batch.error, batch.totals["created"]) == ("failed", "KeyboardInterrupt", 4)
    assert Investor.objects.count() == 4
    again = run(path)
    assert (again.created, again.unchanged) == (3, 4)


def test_a_batch_that_a_dead_process_left_running_is_said_to_have_failed(path: Path) -> None:
    dead = ImportBatch.objects.create(file_name="x.csv", state="running", created_at=NOW)
    run(write_csv(path, [row()]))
    dead.refresh_from_db()
    assert (dead.state, dead.error) == ("failed", "interrupted")


def test_only_one_import_runs_at_a_time(path: Path, admin_conninfo: str) -> None:
    import psycopg

    write_csv(path, [row()])
    with psycopg.connect(admin_conninfo) as other:
        other.execute("SELECT pg_advisory_lock(%s)", [service.LOCK])
        assert selectors.import_is_alive()
        with pytest.raises(Conflict) as refused:
            run(path)
    assert refused.value.code == "import_running"
    assert run(path).created == 1
    assert not selectors.import_is_alive()


def test_progress_counts_rows(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "CHUNK", 2)
    seen: list[tuple[int, int]] = []
    run(
        write_csv(path, [row(ref=str(number)) for number in range(1, 6)]),
        progress=lambda read, expected: seen.append((read, expected)),
    )
    assert list(dict.fromkeys(seen)) == [(2, 5), (4, 5), (5, 5)]


@pytest.mark.django_db(transaction=True)
def test_reading_and_writing_side_by_side_give_the_same(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "CHUNK", 2)
    rows = [row(ref=str(number)) for number in range(1, 8)]
    write_csv(path, [*rows, rows[0], row(ref="9", phone="12")])
    errors = tmp_path / "errors.csv"
    result = run(path, errors_path=errors)
    assert (result.read, result.created, result.merged, result.rejected) == (9, 7, 1, 1)
    assert Investor.objects.count() == 7
    assert errors.read_text("utf-8-sig").count("\n") == 2
    assert run(path).unchanged == 7


@pytest.mark.django_db(transaction=True)
def test_what_the_writer_cannot_write_fails_the_batch_and_keeps_the_rest(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "CHUNK", 2)
    write_csv(path, [row(ref=str(number)) for number in range(1, 10)])
    create = service.writing.create

    done = []

    def failing(encoded):
        if len(done) == 2:
            raise OSError("disk full")
        done.append(encoded.people)
        create(encoded)

    monkeypatch.setattr(service.writing, "create", failing)
    with pytest.raises(OSError, match="disk full"):
        run(path)
    assert ImportBatch.objects.get().state == "failed"
    assert Investor.objects.count() == 4
    monkeypatch.setattr(service.writing, "create", create)
    assert run(path).created == 5
