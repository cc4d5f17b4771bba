"""Investors and imports under /api/v1/."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from audit.models import Record
from core.roles import Role
from investors import selectors, tasks
from investors.models import Investor
from tests.core.builders import make_line, make_user, sign_in
from tests.investors.builders import investor, row, write_csv

pytestmark = pytest.mark.django_db


def visit(role: Role, line: str = "retail") -> Client:
    return sign_in(Client(), make_user(role, lines=[make_line(line, line.title())]))


@pytest.fixture
def dispatcher() -> Client:
    return visit(Role.DISPATCHER)


@pytest.fixture
def officer() -> Client:
    return visit(Role.PRIVACY_OFFICER)


@pytest.fixture(autouse=True)
def import_dir(settings, tmp_path: Path) -> None:
    settings.IMPORT_DIR = tmp_path / "imports"


def test_investors_are_listed_masked_page_by_page(dispatcher: Client) -> None:
    made = sorted(str(investor(str(100000 + number))) for number in range(3))
    first = dispatcher.get(reverse("api-investors"), {"size": 2}).json()
    assert [item["id"] for item in first["results"]] == made[:2]
    assert {item["name"] for item in first["results"]} == {"王**"}
    second = dispatcher.get(first["next"]).json()
    assert [item["id"] for item in second["results"]] == made[2:]
    assert second["next"] is None


def test_filters_narrow_and_a_search_is_recorded(dispatcher: Client) -> None:
    english, _chinese = investor("1", language="en"), investor("2", phone="13900000001")
    for query in ({"language": "en"}, {"q": "138-1234-5678"}):
        found = dispatcher.get(reverse("api-investors"), query).json()["results"]
        assert [item["id"] for item in found] == [str(english)]
    assert Record.objects.filter(action="investor.searched").count() == 1
    refused = dispatcher.get(reverse("api-investors"), {"language": "fr"})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == "language"


def test_one_investor_has_masked_contacts_preferences_and_consents(dispatcher: Client) -> None:
    who = investor("1")
    answer = dispatcher.get(reverse("api-investor", args=[who]))
    body = answer.json()
    assert {contact["masked"] for contact in body["contacts"]} == {
        "+86 138****5678",
        "u***@example.com",
    }
    assert {item["topic"] for item in body["preferences"] if item["locked"]} == {
        "risk_alert", "trading_system", "account_security",
    }  # fmt: skip
    assert {item["purpose"]: item["granted"] for item in body["consents"]}["channel.sms"]
    assert "13812345678" not in answer.content.decode()
    assert (
        visit(Role.DISPATCHER, "wealth").get(reverse("api-investor", args=[who])).status_code == 404
    )


def test_consent_is_given_withdrawn_and_listed(officer: Client, dispatcher: Client) -> None:
    who = investor("1", consents=())
    url = reverse("api-investor-consents", args=[who])
    body = {"act": "give", "purpose": "channel.sms", "method": "phone"}
    assert officer.post(url, body, "application/json").status_code == 201
    assert officer.post(url, body, "application/json").status_code == 409
    body["act"] = "withdraw"
    assert officer.post(url, body, "application/json").status_code == 201
    acts = [(act["purpose"], act["action"]) for act in dispatcher.get(url).json()["results"]]
    assert acts == [
        ("channel.sms", "withdrawn"),
        ("channel.sms", "given"),
        ("channel.inbox", "given"),
    ]
    assert dispatcher.post(url, body, "application/json").status_code == 403


def test_a_preference_is_set_unless_a_rule_forbids_it(officer: Client) -> None:
    who = investor("1")
    url = reverse("api-investor-preferences", args=[who])
    body = {"topic": "market_news", "channel": "sms", "wanted": False}
    assert officer.post(url, body, "application/json").status_code == 200
    assert not selectors.current_standing([who], "market_news")[who].sms_wanted
    refused = officer.post(url, {**body, "topic": "risk_alert"}, "application/json")
    assert (refused.status_code, refused.json()["code"]) == (409, "mandatory_topic")


def test_a_file_is_imported_and_its_rejections_are_listed(
    dispatcher: Client, tmp_path: Path
) -> None:
    make_line("retail")
    path = write_csv(tmp_path / "in.csv", [row(), row(ref="2", phone="12")], encoding="gb18030")
    form = {
        "file": SimpleUploadedFile("in.csv", path.read_bytes()),
        "line": "retail",
        "mapping": '{"columns": {"opened_on": null}}',
    }
    answer = dispatcher.post(reverse("api-imports"), form)
    assert answer.status_code == 202, answer.json()
    assert answer.json()["state"] == "queued"
    batch_id = answer.json()["id"]
    tasks.run_import.apply(args=[batch_id])
    done = dispatcher.get(answer["Location"]).json()
    assert (done["state"], done["totals"]["created"], done["by_reason"]) == (
        "done", 1, {"phone_too_short": 1},
    )  # fmt: skip
    assert done["columns"]["opened_on"] is None
    rejected = dispatcher.get(reverse("api-import-rejections", args=[batch_id])).json()
    assert [(item["line"], item["column"], item["code"]) for item in rejected["results"]] == [
        (3, "手机", "phone_too_short")
    ]
    assert Investor.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"line": "nowhere"}, 404, "line"),
        ({"mapping": "nonsense"}, 422, "mapping"),
        ({"mapping": '{"columns": {"ref": "x"}}'}, 422, "columns.ref"),
        ({"file": SimpleUploadedFile("x.csv", b"\x89PNG\0\0")}, 422, "file"),
    ],
)
def test_an_import_that_cannot_be_made_names_the_field(
    dispatcher: Client, tmp_path: Path, change: dict[str, object], status: int, field: str
) -> None:
    path = write_csv(tmp_path / "in.csv", [row()])
    form = {"file": SimpleUploadedFile("in.csv", path.read_bytes()), "line": "retail", **change}
    refused = dispatcher.post(reverse("api-imports"), form)
    assert refused.status_code == status
    named = {error["field"] for error in refused.json().get("errors", [])}
    assert field in named | {refused.json().get("field")}
