"""A report to a regulator by page and API: written, approved by another, handed in."""

from __future__ import annotations

import datetime as dt
import io
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.models import Record
from core import clock
from core.roles import Role
from crisis.clocks.models import Clock
from crisis.incidents.rules import MomentKind
from crisis.models import RegulatorReportVersion
from crisis.reports import panels, pdf
from tests.core.builders import make_user, sign_in
from tests.crisis.builders import make_actor, make_incident
from tests.crisis.test_clocks import reach

pytestmark = pytest.mark.django_db


def officer(client: Client) -> Client:
    return sign_in(client, make_user(Role.CRISIS_OFFICER), stepped_up=True)


def compliance(client: Client) -> Client:
    return sign_in(client, make_user(Role.REVIEWER), stepped_up=True)


@pytest.fixture
def dora() -> Clock:
    incident = make_incident(title="Orders cannot be placed", exercise=True)
    reach(incident, MomentKind.MAJOR, clock.now())
    return incident.clocks.get(code="dora_initial")


def started(client: Client, dora: Clock) -> RegulatorReportVersion:
    client.post(reverse("regulator-report-start", args=[dora.pk]))
    return RegulatorReportVersion.objects.get(state="draft")


def words(version: RegulatorReportVersion, **changes: str) -> dict[str, object]:
    given = {"text": "Filled", "long": "Filled", "time": "2026-03-02 14:05+01:00", "number": "7"}
    answers = {
        field.name: version.answers[field.name] or given[field.kind]
        for field in version.report.form.fields
    }
    return {**answers, "revision": version.revision, **changes}


def approved(client: Client, dora: Clock) -> RegulatorReportVersion:
    version = started(client, dora)
    edit = reverse("regulator-report-edit", args=[version.pk])
    client.post(edit, {**words(version), "then": "submit"})
    version.refresh_from_db()
    compliance(Client()).post(
        reverse("regulator-report-decide", args=[version.pk]),
        {"verb": "approve", "shown_hash": version.content_hash},
    )
    version.refresh_from_db()
    return version


def test_from_the_clock_to_the_receipt(client: Client, dora: Clock) -> None:
    officer(client)
    assert (
        "Write the report" in client.get(reverse("clock-detail", args=[dora.pk])).content.decode()
    )
    version = approved(client, dora)
    assert version.state == "approved"
    page = reverse("regulator-report", args=[version.pk])
    shown = client.get(page).content.decode()
    assert "It was handed in" in shown and "EXERCISE" in shown
    answer = client.post(
        reverse("regulator-report-hand-in", args=[version.pk]),
        {
            "how": "portal", "reference": "CA-17", "receipt_text": "",
            "at": timezone.localtime().strftime("%Y-%m-%dT%H:%M"),
            "receipt": SimpleUploadedFile("receipt.pdf", b"%PDF-1.7 x"),
        },
    )  # fmt: skip
    assert answer.status_code == 302, answer.content.decode()
    dora.refresh_from_db()
    assert dora.state == "met"
    shown = client.get(page).content.decode()
    assert "CA-17" in shown and "receipt.pdf" in shown
    version = RegulatorReportVersion.objects.get(pk=version.pk)
    taken = client.post(reverse("regulator-report-receipt", args=[version.submission.pk]))
    assert taken.content == b"%PDF-1.7 x"
    assert taken["Content-Disposition"].startswith("attachment")
    assert "report" in client.get(reverse("clock-detail", args=[dora.pk])).content.decode()
    listed = client.get(reverse("regulator-report-list")).content.decode()
    assert "Handed in" in listed and "EXERCISE" in listed


def test_gaps_are_saved_and_named_when_submitted(client: Client, dora: Clock) -> None:
    version = started(officer(client), dora)
    edit = reverse("regulator-report-edit", args=[version.pk])
    refused = client.post(edit, {**words(version, contact="", what="Typed"), "then": "submit"})
    page = refused.content.decode()
    assert refused.status_code == 422
    assert "Contact person" in page and "Typed" in page
    version.refresh_from_db()
    assert (version.state, version.answers["what"]) == ("draft", "Typed")
    bad = client.post(edit, {**words(version, since="yesterday")})
    assert bad.status_code == 422 and "offset" in bad.content.decode()


def test_a_hand_in_without_a_receipt_keeps_what_was_typed(client: Client, dora: Clock) -> None:
    version = approved(officer(client), dora)
    answer = client.post(
        reverse("regulator-report-hand-in", args=[version.pk]),
        {"how": "phone", "reference": "CA-18", "at": "2020-01-01T00:00:00", "receipt_text": "x"},
    )
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "CA-18" in page and "between the approval and now" in page


def test_the_pdf_of_an_exercise_says_so(client: Client, dora: Clock) -> None:
    version = started(officer(client), dora)
    answer = client.post(reverse("regulator-report-pdf", args=[version.pk]))
    assert answer.content[:5] == b"%PDF-"
    assert "EXERCISE" in answer["Content-Disposition"]
    assert pdf.data_of(version)["exercise"] is True
    assert Record.objects.filter(action="report.downloaded").count() == 1
    assert io.BytesIO(answer.content).getbuffer().nbytes > 5000


def test_the_panel_of_the_incident(dora: Clock) -> None:
    given = (dora.incident, make_actor(Role.CRISIS_OFFICER), clock.now())
    panel = panels.build(*given)
    assert panel is not None
    assert {each.state for each in panel["reports"]} == {"missing"}
    assert panels.build(make_incident(), *given[1:]) is None


class TestApi:
    def post(self, client: Client, name: str, pk: object, **data: object):
        return client.post(
            reverse(name, args=[pk]), data, content_type="application/json",
            headers={"Idempotency-Key": str(uuid4())},
        )  # fmt: skip

    def test_clocks_are_read_paused_and_gone_on_with(self, client: Client) -> None:
        incident = make_incident()
        only = incident.clocks.get()
        officer(client)
        url = f"{reverse('api-clocks')}?incident={incident.pk}"
        listed = client.get(url).json()["results"]
        assert [each["code"] for each in listed] == ["verify"]
        assert listed[0]["row"]["source"]
        assert client.get(f"{reverse('api-clocks')}?incident=x").status_code == 422 or 400
        paused = self.post(client, "api-clock-pause", only.pk, reason="Power")
        assert (paused.status_code, paused.json()["state"]) == (200, "paused")
        assert self.post(client, "api-clock-pause", only.pk, reason="Again").status_code == 409
        assert self.post(client, "api-clock-resume", only.pk, reason="On").status_code == 200

    def test_the_table_is_read(self, client: Client) -> None:
        answer = officer(client).get(reverse("api-clock-table")).json()
        assert {row["code"]: row["enabled"] for row in answer["rows"]}["csrc_incident"] is False
        one = client.get(reverse("api-clock-table-version", args=[answer["id"]]))
        assert one.json() == answer

    def test_four_eyes_hold_in_the_api(self, client: Client, dora: Clock) -> None:
        both = make_user(Role.CRISIS_OFFICER, Role.REVIEWER)
        sign_in(client, both, stepped_up=True)
        made = self.post(client, "api-regulator-report-start", dora.pk)
        assert made.status_code == 201
        version = RegulatorReportVersion.objects.get()
        answers = {k: v for k, v in words(version).items() if k != "revision"}
        saved = client.put(
            reverse("api-regulator-report", args=[version.pk]), {"answers": answers},
            content_type="application/json",
        )  # fmt: skip
        assert saved.status_code == 200
        assert self.post(client, "api-regulator-report-version-submit", version.pk).json()[
            "state"
        ] == "in_review"  # fmt: skip
        version.refresh_from_db()
        shown = {"shown_hash": version.content_hash}
        refused = self.post(client, "api-regulator-report-version-approve", version.pk, **shown)
        assert (refused.status_code, refused.json()["code"]) == (403, "four_eyes")
        other = compliance(Client())
        done = self.post(other, "api-regulator-report-version-approve", version.pk, **shown)
        assert done.json()["state"] == "approved"
        handed = self.post(
            client, "api-regulator-report-hand-in", version.pk, how="phone", reference="T-1",
            at=(clock.now() - dt.timedelta(seconds=0)).isoformat(), receipt_text="Ms X took it",
        )  # fmt: skip
        assert handed.status_code == 201
        assert handed.json()["submission"]["reference"] == "T-1"
        listed = client.get(reverse("api-regulator-reports")).json()["results"]
        assert [each["code"] for each in listed] == ["dora_initial"]
