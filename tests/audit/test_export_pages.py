"""The export pages and their API, through HTTP."""

from __future__ import annotations

import io
import json
import uuid
import zipfile

import pytest
from django.test import Client
from django.urls import reverse

from audit.export import building
from audit.models import Export
from core import clock
from core.roles import Role
from tests.audit.builders import write
from tests.audit.exports import ready, requested
from tests.core.builders import actor_of, last_record, make_user, sign_in
from tests.recorded import recorded

pytestmark = pytest.mark.django_db(transaction=True)
LETTER = {"reason": "Letter 12", "recipient": "监管局"}


def signed_in(*roles: Role, stepped_up: bool = True) -> Client:
    return sign_in(Client(), make_user(*roles), stepped_up=stepped_up)


@pytest.fixture
def auditor() -> Client:
    return signed_in(Role.AUDITOR)


@pytest.fixture
def told() -> uuid.UUID:
    """A notice that the ledger knows."""
    notice = uuid.uuid4()
    write(3, action="notice.created", notice=notice)
    return notice


def text_of(response) -> str:
    return response.content.decode()


# --- pages ----------------------------------------------------------------------------------


def test_from_asking_to_downloading(auditor, told):
    page = auditor.get(reverse("export-new"), {"notice": str(told)})
    assert f'value="{told}" selected' in text_of(page)
    regulator = make_user(Role.REGULATOR)
    body = {"notice": str(told), **LETTER, "recipient_user": str(regulator.pk)}
    answer = auditor.post(reverse("export-new"), body)
    export = Export.objects.get()
    detail = reverse("export-detail", args=[export.pk])
    assert answer["Location"] == detail
    assert "another person must approve" in text_of(auditor.get(detail))
    officer = signed_in(Role.PRIVACY_OFFICER)
    assert "Your decision" in text_of(officer.get(detail))
    assert "Your decision" not in text_of(auditor.get(detail))
    done = officer.post(reverse("export-approve", args=[export.pk]))
    assert (done.status_code, done["Location"]) == (302, detail)
    live = reverse("export-live", args=[export.pk])
    assert "hx-trigger" in text_of(auditor.get(live))
    building.build_export(export_id=export.pk, now=clock.now())
    assert "hx-trigger" not in text_of(auditor.get(live))
    for client in (auditor, sign_in(Client(), regulator, stepped_up=True)):
        assert "Download" in text_of(client.get(detail))
        download = reverse("export-download", args=[export.pk])
        assert client.get(download).status_code == 405
        data = b"".join(client.post(download).streaming_content)
        names = zipfile.ZipFile(io.BytesIO(data)).namelist()
        assert f"vouchsafe-export-{export.pk}/data/verify.py" in names
        assert last_record("export.downloaded").object == f"export:{export.pk}"
    assert str(told) in text_of(auditor.get(reverse("export-list")))


@pytest.mark.parametrize(
    "data",
    [
        LETTER,
        {**LETTER, "period_from": "2026-03-02"},
        {**LETTER, "period_from": "2026-03-02", "period_to": "2026-02-01"},
        {**LETTER, "period_from": "2026-03-02", "period_to": "2026-03-02", "reason": ""},
        {**LETTER, "period_from": "2026-03-02", "period_to": "2026-03-02", "recipient": ""},
        {**LETTER, "investor": "nobody"},
        {**LETTER, "incident": str(uuid.uuid4())},
    ],
)
def test_a_bad_request_is_shown_beside_its_field(data, auditor):
    answer = auditor.post(reverse("export-new"), data)
    assert answer.status_code == 422
    assert "aria-invalid" in text_of(answer)
    assert Export.objects.count() == 0


def test_refusing_without_a_reason_is_shown_beside_the_field(told):
    export = requested(notice=told, now=clock.now())
    reviewer = signed_in(Role.REVIEWER)
    refuse = reverse("export-refuse", args=[export.pk])
    answer = reviewer.post(refuse, {"reason": ""})
    assert (answer.status_code, "aria-invalid" in text_of(answer)) == (422, True)
    assert reviewer.post(refuse, {"reason": "Too wide"}).status_code == 302
    assert "Too wide" in text_of(reviewer.get(reverse("export-detail", args=[export.pk])))


def test_withdrawing(told):
    user = make_user(Role.AUDITOR)
    export = requested(notice=told, by=actor_of(user), now=clock.now())
    client = sign_in(Client(), user, stepped_up=True)
    withdraw = reverse("export-withdraw", args=[export.pk])
    assert client.post(withdraw, {"reason": " "}).status_code == 422
    assert client.post(withdraw, {"reason": "Wrong one"}).status_code == 302
    assert "Wrong one" in text_of(client.get(reverse("export-detail", args=[export.pk])))


def test_without_a_fresh_second_factor_one_is_sent_to_step_up(told):
    answer = signed_in(Role.AUDITOR, stepped_up=False).get(reverse("export-new"))
    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("step-up"))
    export = requested(notice=told, now=clock.now())
    officer = signed_in(Role.PRIVACY_OFFICER, stepped_up=False)
    answer = officer.post(reverse("export-approve", args=[export.pk]))
    assert answer["Location"].startswith(reverse("step-up"))
    export.refresh_from_db()
    assert export.state == "requested"


def test_a_failure_is_explained(auditor, told):
    export = requested(notice=told, now=clock.now())
    steps = ({"state": "approved", "decided_by": uuid.uuid4(), "decided_at": clock.now()},
             {"state": "building"}, {"state": "failed", "error": "Record 7"})  # fmt: skip
    for step in steps:
        with recorded():
            Export.objects.filter(pk=export.pk).update(**step)
    assert "Record 7" in text_of(auditor.get(reverse("export-detail", args=[export.pk])))


def test_a_foreign_export_does_not_exist(told):
    """Regulators and approvers see their own only: 404 on every route, and not in the list."""
    export = ready(notice=told, now=clock.now())
    for client in (signed_in(Role.REGULATOR), signed_in(Role.PRIVACY_OFFICER)):
        for name in ("detail", "live"):
            assert client.get(reverse(f"export-{name}", args=[export.pk])).status_code == 404
        for name in ("withdraw",):
            answer = client.post(reverse(f"export-{name}", args=[export.pk]), {"reason": "x"})
            assert answer.status_code == 404
        assert client.get(reverse("api-export", args=[export.pk])).status_code == 404
        assert str(export.pk) not in text_of(client.get(reverse("export-list")))
        assert client.get(reverse("api-exports")).json()["results"] == []
    regulator = signed_in(Role.REGULATOR)
    assert regulator.post(reverse("export-download", args=[export.pk])).status_code == 404
    assert regulator.get(reverse("export-new")).status_code == 403


def test_a_leaked_copy_is_traced_by_its_watermark(auditor, told):
    made, other = (ready(notice=told, now=clock.now()) for _ in range(2))
    typed = made.watermark.lower().replace("-", " ")
    page = text_of(auditor.get(reverse("export-list"), {"mark": typed}))
    assert str(made.pk) in page
    assert str(other.pk) not in page
    assert "has this watermark" in text_of(auditor.get(reverse("export-list"), {"mark": "nothing"}))


# --- the API --------------------------------------------------------------------------------


def send(client: Client, name: str, export: uuid.UUID | None = None, **body: object):
    address = reverse(name, args=[export] if export else [])
    return client.post(address, json.dumps(body), content_type="application/json")


def test_exports_by_api(auditor, told):
    made = send(auditor, "api-exports", notice=str(told), **LETTER)
    assert (made.status_code, made.json()["state"]) == (201, "requested")
    export = Export.objects.get()
    assert made["Location"] == reverse("api-export", args=[export.pk])
    assert send(auditor, "api-export-approve", export.pk).status_code == 403
    officer = signed_in(Role.REVIEWER)
    approved = send(officer, "api-export-approve", export.pk)
    assert (approved.status_code, approved.json()["state"]) == (200, "approved")
    assert send(auditor, "api-export-download", export.pk).status_code == 409
    building.build_export(export_id=export.pk, now=clock.now())
    assert auditor.get(made["Location"]).json()["state"] == "ready"
    answer = send(auditor, "api-export-download", export.pk)
    assert answer["Content-Type"] == "application/zip"
    listed = auditor.get(reverse("api-exports")).json()["results"]
    assert [row["id"] for row in listed] == [str(export.pk)]
    gone = send(auditor, "api-export-withdraw", export.pk, reason="Sent by post")
    assert gone.json()["state"] == "withdrawn"


def test_refusing_by_api(told):
    export = requested(notice=told, now=clock.now())
    officer = signed_in(Role.REVIEWER)
    assert send(officer, "api-export-refuse", export.pk).status_code == 422
    answer = send(officer, "api-export-refuse", export.pk, reason="Too wide")
    assert answer.json()["state"] == "refused"


def test_who_has_both_rights_does_not_approve_their_own(told):
    both = signed_in(Role.AUDITOR, Role.REVIEWER)
    made = send(both, "api-exports", notice=str(told), **LETTER).json()
    answer = send(both, "api-export-approve", made["id"])
    assert (answer.status_code, answer.json()["code"]) == (403, "four_eyes")
    page = both.post(reverse("export-approve", args=[made["id"]]))
    assert page.status_code == 403


@pytest.mark.parametrize(
    ("field", "body"),
    [
        ("notice", LETTER),
        ("reason", {"notice": str(uuid.uuid4()), "recipient": "x"}),
        ("recipient", {"notice": str(uuid.uuid4()), "reason": "x"}),
        ("period_to", {**LETTER, "period_from": "2026-03-02T00:00:00Z"}),
        ("notice", {**LETTER, "notice": str(uuid.uuid4())}),
    ],
)
def test_a_bad_request_names_the_field(field, body, auditor):
    answer = send(auditor, "api-exports", **body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == field


def test_the_second_factor_is_asked_for(told):
    answer = send(
        signed_in(Role.AUDITOR, stepped_up=False), "api-exports", notice=str(told), **LETTER
    )
    assert (answer.status_code, answer.json()["code"]) == (403, "step_up_required")


def test_others_may_not():
    assert signed_in(Role.AUTHOR).get(reverse("api-exports")).status_code == 403
