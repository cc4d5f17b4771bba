"""Notices and deliveries through the API, as programs and people call it."""

from __future__ import annotations

import uuid

import pytest
from django.test import Client
from django.urls import reverse

from comms.models import Delivery, Notice
from core import clock, services
from core.roles import Capability, Role
from tests.builders import (
    actor_of,
    approved_template,
    make_investors,
    make_line,
    make_notice,
    make_planned,
    make_user,
    send_all,
)

from .visitors import visitor

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("null_providers")]
URL = "/api/v1/notices/"


def draft(version, **changes) -> dict:
    return {
        "version_id": str(version.pk),
        "criticality": "important",
        "channels": {"parallel": ["sms"], "fallback": ["email"]},
        "audience": {"everyone": True},
        "values": {"since": "09:30"},
        "reason": "the trading system was down",
        **changes,
    }


def post(client: Client, path: str, body: dict | None = None, **headers: str):
    return client.post(path, body or {}, content_type="application/json", headers=headers)


def step(client: Client, notice_id, name: str, **body: str):
    return post(client, f"{URL}{notice_id}/{name}/", body)


@pytest.fixture
def dispatcher() -> Client:
    return visitor(Role.DISPATCHER)


def test_a_draft_is_made_once_per_idempotency_key(dispatcher):
    body = draft(approved_template())
    first = post(dispatcher, URL, body, **{"Idempotency-Key": "k-1"})
    again = post(dispatcher, URL, body, **{"Idempotency-Key": "k-1"})
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert first["Location"] == f"{URL}{first.json()['id']}/"
    notice = Notice.objects.get()
    assert first.json()["code"] == notice.code
    assert dispatcher.get(first["Location"]).json()["state"] == "draft"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"audience": {}}, "audience"),
        ({"audience": {"languages": ["fr"]}}, "audience.languages.0"),
        ({"channels": {"parallel": []}}, "channels.parallel"),
        ({"channels": {"parallel": ["pigeon"]}}, "channels.parallel.0"),
        ({"criticality": "critical"}, "channels"),
        ({"values": {}}, "values.since"),
        ({"values": {"since": "09:30", "until": "10:00"}}, "values.until"),
        ({"reason": ""}, "reason"),
        ({"version_id": "x"}, "version_id"),
    ],
)
def test_a_bad_draft_names_the_field(dispatcher, changes, field):
    answer = post(dispatcher, URL, draft(approved_template(), **changes))
    assert answer.status_code == 422
    assert answer["Content-Type"] == "application/problem+json"
    assert field in {error["field"] for error in answer.json()["errors"]}
    assert not Notice.objects.exists()


def test_an_unknown_version_is_not_found(dispatcher):
    body = draft(approved_template(), version_id=str(uuid.uuid4()))
    assert post(dispatcher, URL, body).status_code == 404


def test_the_way_from_draft_to_release_by_two_people(dispatcher):
    make_investors(2)
    notice_id = post(dispatcher, URL, draft(approved_template())).json()["id"]
    submitted = step(dispatcher, notice_id, "submit")
    assert (submitted.status_code, submitted.json()["state"]) == (200, "ready")
    assert submitted.json()["dry_run"]["candidates"] == 2
    assert step(dispatcher, notice_id, "release").status_code == 403

    stale = step(visitor(Role.RELEASER), notice_id, "release")
    assert (stale.status_code, stale.json()["code"]) == (403, "step_up_required")
    released = step(visitor(Role.RELEASER, stepped_up=True), notice_id, "release")
    assert (released.status_code, released.json()["state"]) == (200, "released")


def test_a_key_prepares_and_never_releases():
    make_investors(1)
    owner = make_user(Role.DISPATCHER, Role.RELEASER, lines=[make_line()])
    key = services.create_api_key(
        name="desk",
        owner_id=owner.pk,
        scopes=[
            Capability.NOTICES_VIEW, Capability.NOTICES_PREPARE, Capability.NOTICES_RELEASE
        ],
        actor=actor_of(make_user(Role.ADMINISTRATOR)),
        now=clock.now(),
    )  # fmt: skip
    bearer = {"Authorization": f"Bearer {key.token}"}
    made = post(Client(), URL, draft(approved_template()), **bearer)
    assert made.status_code == 201
    path = f"{URL}{made.json()['id']}/"
    assert post(Client(), f"{path}submit/", **bearer).status_code == 200
    refused = post(Client(), f"{path}release/", **bearer)
    assert (refused.status_code, refused.json()["code"]) == (403, "four_eyes")


def test_pause_resume_cancel_need_a_reason_and_the_right_state():
    make_investors(1)
    notice = make_planned()
    client = visitor(Role.RELEASER, stepped_up=True)
    assert step(client, notice.pk, "pause").json()["errors"][0]["field"] == "reason"
    assert step(client, notice.pk, "resume", reason="x").status_code == 409
    assert step(client, notice.pk, "pause", reason="wrong hour").json()["state"] == "paused"
    assert step(client, notice.pk, "resume", reason="right hour").json()["state"] == "sending"
    cancelled = step(client, notice.pk, "cancel", reason="not needed").json()
    assert (cancelled["state"], cancelled["state_reason"]) == ("cancelled", "not needed")


def test_a_refused_submission_says_who_cannot_be_served(dispatcher):
    make_investors(2, name="")
    notice = make_notice()
    answer = step(dispatcher, notice.pk, "submit")
    assert (answer.status_code, answer.json()["code"]) == (422, "missing_values")
    assert answer.json()["details"]["missing"] == {"name": 2}


def test_a_releaser_gives_it_back(dispatcher):
    make_investors(1)
    notice = make_notice()
    step(dispatcher, notice.pk, "submit")
    answer = step(visitor(Role.RELEASER), notice.pk, "take-back", reason="the time is wrong")
    assert (answer.status_code, answer.json()["state"]) == (200, "draft")


def test_progress_and_deliveries():
    make_investors(3)
    make_investors(1, consents=["inbox"])
    notice = make_planned()
    client = visitor(Role.AUDITOR)
    before = client.get(f"{URL}{notice.pk}/progress/").json()
    assert (before["planned"], before["total"], before["settled"]) == (True, 3, 0)
    send_all()
    after = client.get(f"{URL}{notice.pk}/progress/").json()
    assert after["settled"] == 3
    page = client.get(f"{URL}{notice.pk}/deliveries/?size=2&state=accepted").json()
    assert len(page["results"]) == 2
    rest = client.get(page["next"].removeprefix("http://127.0.0.1:8000")).json()
    ids = [row["id"] for row in page["results"] + rest["results"]]
    assert len(set(ids)) == len(ids) == 3
    one = client.get(reverse("api-delivery", args=[ids[0]])).json()
    assert one["evidence"] == "accepted"
    assert [event["kind"] for event in one["events"]] == ["accepted"]
    left_out = client.get(f"{URL}{notice.pk}/exclusions/").json()["results"]
    assert [row["reason"] for row in left_out] == ["no_consent"]


def test_lists_are_filtered_and_of_ones_own_lines():
    notice = make_notice(title="Outage on Monday")
    ours, theirs = visitor(Role.RELEASER), visitor(Role.RELEASER, "wealth")
    assert [row["id"] for row in ours.get(f"{URL}?q=outage").json()["results"]] == [str(notice.pk)]
    assert ours.get(f"{URL}?state=done").json()["results"] == []
    assert theirs.get(URL).json()["results"] == []
    assert theirs.get(f"{URL}{notice.pk}/").status_code == 404
    assert theirs.get(f"{URL}{notice.pk}/progress/").status_code == 404
    assert theirs.get(f"{URL}{notice.pk}/deliveries/").status_code == 404


def test_strangers_and_other_roles_are_refused():
    make_investors(1)
    make_planned()
    delivery = Delivery.objects.get()
    assert Client().get(URL).status_code == 401
    assert visitor(Role.SUPERVISOR).get(URL).status_code == 403
    assert visitor(Role.SUPERVISOR).get(f"/api/v1/deliveries/{delivery.pk}/").status_code == 403
    assert visitor(Role.AUDITOR).get(f"/api/v1/deliveries/{delivery.pk}/").status_code == 200
    assert post(visitor(Role.AUDITOR), URL, {}).status_code == 403
    assert visitor(Role.AUDITOR).get(f"{URL}?cursor=x").status_code == 422
