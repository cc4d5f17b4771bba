"""The pages: start, log, verify, close; small, safe, and the same without JavaScript."""

from __future__ import annotations

import re
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from audit.models import Record
from core import clock
from core.roles import Role
from crisis.incidents.services import writing
from crisis.models import Attachment, Entry, Incident
from tests.core.builders import last_record, make_user, sign_in
from tests.crisis.builders import make_actor, make_incident, make_verified

pytestmark = pytest.mark.django_db
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 60


@pytest.fixture(autouse=True)
def own_directory(settings: Any, tmp_path: Any) -> None:
    settings.INCIDENT_DIR = tmp_path / "incidents"


@pytest.fixture
def officer(client: Client) -> Client:
    return sign_in(client, make_user(Role.CRISIS_OFFICER), stepped_up=True)


def page(incident: Incident, name: str = "detail", **given: Any) -> str:
    return reverse(f"incident-{name}", args=[incident.pk])


def text_of(answer: Any) -> str:
    return answer.content.decode()


def test_from_the_alarm_to_the_close_by_forms_alone(officer: Client) -> None:
    started = officer.post(reverse("incident-new"), {"title": "Orders fail"})
    incident = Incident.objects.get()
    assert started.url == page(incident)
    assert "Verify" in text_of(officer.get(page(incident), headers={"Accept-Language": "en"}))
    form = {"nature": "technical", "systems": "trading, app", "investors": "10"}
    assert officer.post(page(incident, "verify"), form).url == page(incident)
    assert (
        officer.post(page(incident, "tier"), {"tier": "major", "reason": "More."}).status_code
        == 302
    )
    assert officer.post(page(incident, "restore"), {}).status_code == 302
    refused = officer.post(page(incident, "close"), {"closing": "Mended."})
    assert refused.status_code == 422
    assert "DORA" in text_of(refused)
    closing = {"closing": "Mended.", "despite": "Reports follow."}
    assert officer.post(page(incident, "close"), closing).status_code == 302
    incident.refresh_from_db()
    assert (incident.state, incident.scope["systems"]) == ("closed", ["app", "trading"])


@pytest.mark.parametrize(
    ("name", "form", "field"),
    [
        ("verify", {"nature": "technical"}, "systems"),
        ("verify", {"nature": "leak", "systems": "x", "tier": "general"}, "reason"),
        ("moment", {"kind": "extortion_paid", "at": "2020-01-01T10:00"}, "at"),
        ("dismiss", {"reason": ""}, "reason"),
    ],
)
def test_a_refusal_stands_beside_its_field(
    officer: Client, name: str, form: dict[str, str], field: str
) -> None:
    incident = make_incident()
    refused = officer.post(page(incident, name), form)
    assert refused.status_code == 422
    assert field in refused.context["form"].errors


def test_a_line_by_form_leads_back_and_one_by_a_program_says_nothing(officer: Client) -> None:
    incident = make_incident()
    plain = officer.post(page(incident, "log"), {"text": "Called the vendor."})
    assert plain.url == f"{page(incident)}#timeline"
    again = {"text": "Vendor is on it.", "client_id": str(uuid4()),
             "written_at": "2026-01-05T10:00:00.000Z"}  # fmt: skip
    for _ in range(2):
        answer = officer.post(page(incident, "log"), again, headers={"HX-Request": "true"})
        assert (answer.status_code, answer.content) == (204, b"")
    entry = Entry.objects.get(text="Vendor is on it.")
    assert entry.written_at is not None and entry.written_at.year == 2026
    shown = text_of(officer.get(page(incident)))
    assert "Called the vendor." in shown


def test_a_refused_line_keeps_its_words(officer: Client) -> None:
    incident = make_incident()
    form = {"text": "See the file", "file": SimpleUploadedFile("x.exe", b"MZ\0\0")}
    refused = officer.post(page(incident, "log"), form)
    assert refused.status_code == 422
    assert "See the file" in text_of(refused)
    assert "data-guard" in text_of(refused)
    htmx = {"text": "", "file": SimpleUploadedFile("x.exe", b"MZ\0\0")}
    said = officer.post(page(incident, "log"), htmx, headers={"HX-Request": "true"})
    assert said.status_code == 422
    assert said["Content-Type"].startswith("text/plain")


def test_a_file_is_handed_out_to_be_saved(officer: Client) -> None:
    incident = make_incident()
    html = b"<html><script>alert(1)</script>"
    officer.post(page(incident, "log"), {"text": "", "file": SimpleUploadedFile("a.html", html)})
    kept = Attachment.objects.get()
    answer = officer.post(reverse("incident-file", args=[kept.pk]))
    assert b"".join(answer.streaming_content) == html
    assert answer["Content-Disposition"] == 'attachment; filename="a.html"'
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Type"] == "text/plain"
    assert "sandbox" in answer["Content-Security-Policy"]
    assert Record.objects.filter(action="incident.file_downloaded").count() == 1
    assert officer.get(reverse("incident-file", args=[kept.pk])).status_code == 405


def test_the_moving_part_is_sent_only_when_something_was_written(officer: Client) -> None:
    incident = make_incident()
    lines = incident.entries.count()
    url = page(incident, "live")
    assert officer.get(url, {"lines": lines}).status_code == 204
    writing.log(
        incident_id=incident.pk, text="New.", actor=make_actor(Role.DISPATCHER), now=clock.now()
    )
    assert "New." in text_of(officer.get(url, {"lines": lines}))


def test_a_busy_incident_is_a_small_page(
    officer: Client, django_assert_max_num_queries: Any
) -> None:
    incident = make_verified(make_actor(Role.CRISIS_OFFICER), nature="leak")
    writer = make_actor(Role.DISPATCHER)
    for n in range(60):
        writing.log(
            incident_id=incident.pk,
            text=f"Line {n}: " + "word " * 15,
            actor=writer,
            now=clock.now(),
        )
    with django_assert_max_num_queries(60):
        shown = officer.get(page(incident))
    assert len(shown.content) < 60_000
    older = re.search(r'href="([^"]*cursor=[^"]*)#timeline"', text_of(shown))
    assert older is not None
    assert "Line 0:" not in text_of(shown)
    earlier = text_of(officer.get(older.group(1).replace("&amp;", "&")))
    assert "Line 10:" in earlier
    assert "hx-get" not in earlier.split('id="incident-live"')[1].split(">")[0]


def test_the_number_of_queries_does_not_grow(
    officer: Client, django_assert_num_queries: Any
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    first = make_incident()
    with CaptureQueriesContext(connection) as few:
        officer.get(reverse("incident-list"))
    for n in range(8):
        make_incident(f"Number {n}", exercise=bool(n % 2))
    with CaptureQueriesContext(connection) as many:
        officer.get(reverse("incident-list"))
    assert len(many) == len(few)
    assert first.is_open


@pytest.mark.parametrize("name", ["", "live", "verify", "picture", "moment"])
def test_an_exercise_says_so_everywhere(officer: Client, name: str) -> None:
    drill = make_incident("A drill", exercise=True)
    if name == "live":
        return
    shown = officer.get(page(drill, name or "detail"), headers={"Accept-Language": "en"})
    assert "EXERCISE" in text_of(shown) or "演练" in text_of(shown)


def test_the_list_can_be_narrowed(officer: Client) -> None:
    make_incident("Gateway down")
    make_incident("Tidal wave", exercise=True)
    found = text_of(officer.get(reverse("incident-list"), {"kind": "real"}))
    assert "Gateway down" in found and "Tidal wave" not in found
    nothing = text_of(officer.get(reverse("incident-list"), {"q": "nowhere"}))
    assert "Gateway down" not in nothing


def test_the_file_for_the_board_is_a_pdf_and_recorded(officer: Client) -> None:
    incident = make_verified(make_actor(Role.CRISIS_OFFICER), nature="leak", exercise=True)
    answer = officer.post(page(incident, "report"))
    assert answer.content.startswith(b"%PDF")
    assert answer["Content-Disposition"] == f'attachment; filename="{incident.code}.pdf"'
    import hashlib

    facts = last_record("incident.report_downloaded").facts
    assert facts["sha256"] == hashlib.sha256(answer.content).hexdigest()


def test_what_the_file_for_the_board_says(officer: Client) -> None:
    from crisis.incidents import report

    actor = make_actor(Role.CRISIS_OFFICER)
    incident = make_verified(actor, nature="leak")
    entry = writing.log(
        incident_id=incident.pk, text="Photo.", uploads=[SimpleUploadedFile("p.png", PNG)],
        actor=actor, now=clock.now(),
    )  # fmt: skip
    facts = report.facts(incident, clock.now())
    assert facts["tiers"][0]["tier"] == ["重大", "Major"]
    assert {"GDPR 个人数据泄露通知"} <= {each["label"][0] for each in facts["clocks"]}
    assert facts["entries"][-1]["files"][0]["sha256"] == entry.attachments.get().sha256
    ledger = set(map(str, Record.objects.filter(incident=incident.pk).values_list("id", flat=True)))
    assert {each["id"] for each in facts["records"]} == ledger


def test_the_worker_lies_below_the_pages_and_holds_no_data(client: Client) -> None:
    answer = client.get(reverse("incident-worker"))
    assert reverse("incident-worker").startswith(reverse("incident-list"))
    assert answer["Content-Type"].startswith("text/javascript")
    assert answer["Cache-Control"] == "no-cache"


def test_pictures_have_their_figures_beside_them(officer: Client) -> None:
    incident = make_verified(make_actor(Role.CRISIS_OFFICER))
    drawn = text_of(officer.get(page(incident, "picture")))
    assert "<svg" in drawn and "<table" in drawn
    times = text_of(officer.get(reverse("incident-responses")))
    assert incident.code in times and "<svg" in times


def test_an_unknown_incident_is_not_found(officer: Client) -> None:
    assert officer.get(reverse("incident-detail", args=[uuid4()])).status_code == 404
