"""Risks over HTTP: the whole way of one risk, what is refused and where, and counts of queries."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from audit.models import Record
from core import clock
from core.roles import Role
from crisis import panels
from crisis.models import Acceptance, Control, Link, Risk, RiskMatrixVersion, Round
from crisis.risks.controls import services as controls
from crisis.risks.links import services as links
from crisis.risks.links.rules import End
from crisis.risks.matrix.rules import SHIPPED, content_of
from crisis.risks.rules import quarter_of, quarters_back
from tests.builders import dispatcher, make_notice
from tests.core.builders import actor_of, make_line, make_user, sign_in
from tests.crisis.builders import make_incident
from tests.crisis.risks.builders import (
    assess,
    editor,
    make_accepted,
    make_control,
    make_open,
    make_round,
    note,
    today,
)

pytestmark = pytest.mark.django_db


def signed_in(*roles: Role) -> Client:
    return sign_in(Client(), make_user(*roles), stepped_up=True)


@pytest.fixture
def officer() -> Client:
    return signed_in(Role.CRISIS_OFFICER)


@pytest.fixture
def second() -> Client:
    return signed_in(Role.REVIEWER)


def test_a_risk_from_the_first_word_to_its_acceptance(officer: Client, second: Client) -> None:
    owner = make_user(Role.AUTHOR)
    words = {
        "kind": "data", "title": "Addresses are out of date", "department": "Operations",
        "owner_id": owner.pk, "description": "Mail bounces.", "causes": "",
    }  # fmt: skip
    answer = officer.post(reverse("risk-new"), words)
    risk = Risk.objects.get()
    page = reverse("risk-detail", args=[risk.pk])
    assert answer.headers["Location"] == page

    refused = officer.post(reverse("risk-open", args=[risk.pk]))
    assert refused.status_code == 422 and "Assess it without controls" in refused.content.decode()
    for stage, likelihood in (("inherent", 90), ("current", 60), ("residual", 30)):
        given = {"stage": stage, "likelihood": likelihood, "impact": 80, "why": "Last year."}
        assert officer.post(reverse("risk-assess", args=[risk.pk]), given).status_code == 302
    assert officer.post(reverse("risk-open", args=[risk.pk])).status_code == 302

    given = {"reason": "Low cost.", "expires_on": today() + dt.timedelta(days=30)}
    assert officer.post(reverse("risk-propose", args=[risk.pk]), given).status_code == 302
    found = Acceptance.objects.get()
    assert "Proposed by" in second.get(page).content.decode()
    decide = reverse("risk-acceptance", args=[found.pk])
    assert second.post(decide, {"verb": "approve"}).status_code == 302
    risk.refresh_from_db()
    assert risk.state == "accepted"
    assert second.post(decide, {"verb": "revoke", "reason": ""}).status_code == 422
    assert second.post(decide, {"verb": "revoke", "reason": "Grew."}).status_code == 302
    closing = {"verb": "close", "reason": "Gone."}
    assert officer.post(reverse("risk-move", args=[risk.pk]), closing).status_code == 302
    assert Risk.objects.get().state == "closed"


def test_an_acceptance_asks_for_the_second_factor() -> None:
    from tests.crisis.risks.builders import make_proposed

    found = make_proposed()
    cold = sign_in(Client(), make_user(Role.REVIEWER))
    answer = cold.post(reverse("risk-acceptance", args=[found.pk]), {"verb": "approve"})
    assert "step-up" in answer.headers.get("Location", "")
    assert Acceptance.objects.get().state == "proposed"


def test_what_is_refused_stands_at_its_field_and_nothing_is_lost(officer: Client) -> None:
    risk = make_open(editor(), inherent=(50, 50), current=(40, 40))
    given = {"stage": "current", "likelihood": 60, "impact": 40, "why": "A longer thought."}
    answer = officer.post(reverse("risk-assess", args=[risk.pk]), given)
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "never smaller than with them" in text and "A longer thought." in text


def test_a_stale_edit_is_told(officer: Client) -> None:
    risk = make_open()
    given = {
        "kind": "data", "title": "Mine", "department": "Ops", "owner_id": risk.owner_id,
        "shown_at": (risk.changed_at - dt.timedelta(seconds=1)).isoformat(),
    }  # fmt: skip
    answer = officer.post(reverse("risk-edit", args=[risk.pk]), given)
    assert answer.status_code == 422 and "Nothing was overwritten" in answer.content.decode()
    given["shown_at"] = risk.changed_at.isoformat()
    assert officer.post(reverse("risk-edit", args=[risk.pk]), given).status_code == 302


def test_filters_narrow_the_list(officer: Client) -> None:
    high = make_open(current=(90, 100), title="Big", department="Legal")
    low = make_open(current=(5, 5), title="Small", kind="data")
    for query, wanted in (
        ("level=high", high), ("level=low", low), ("kind=data", low), ("q=Big", high),
        ("department=Legal", high), (f"owner={low.owner_id}", low),
        (f"q={high.code}", high),
    ):  # fmt: skip
        text = officer.get(f"{reverse('risk-list')}?{query}").content.decode()
        found = {risk for risk in (high, low) if reverse("risk-detail", args=[risk.pk]) in text}
        assert found == {wanted}, query
    text = officer.get(f"{reverse('risk-list')}?state=closed").content.decode()
    assert "No risk fits" in text


def test_the_list_goes_on_page_by_page(officer: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    actor = editor()
    from tests.crisis.risks.builders import make_draft

    codes = {make_draft(actor, title=f"Risk {n}").code for n in range(53)}
    first = officer.get(reverse("risk-list"))
    second_url = first.context["next_url"]
    second_page = officer.get(reverse("risk-list") + second_url)
    shown = [row.risk.code for page in (first, second_page) for row in page.context["rows"]]
    assert len(shown) == 53 and set(shown) == codes


def test_a_control_with_its_evidence(officer: Client) -> None:
    owner = make_user()
    given = {
        "title": "Ledger check", "kind": "detective", "frequency": "daily",
        "owner_id": owner.pk, "source": "ledger_verified", "description": "",
    }  # fmt: skip
    officer.post(reverse("risk-control-new"), given)
    control = Control.objects.get()
    page = reverse("risk-control", args=[control.pk])
    assert "never verified" in officer.get(page).content.decode()
    seen = {
        "works": "1", "seen": "Ran it by hand.", "on": today(), "link": "",
        "expires_on": today() + dt.timedelta(days=5),
    }  # fmt: skip
    assert (
        officer.post(reverse("risk-control-evidence", args=[control.pk]), seen).status_code == 302
    )
    assert "Ran it by hand." in officer.get(page).content.decode()
    seen["expires_on"] = today()
    answer = officer.post(reverse("risk-control-evidence", args=[control.pk]), seen)
    assert answer.status_code == 422

    risk = make_open()
    attach = reverse("risk-control-attach", args=[risk.pk])
    assert officer.post(attach, {"control_id": control.pk, "strength": 95}).status_code == 422
    assert officer.post(attach, {"control_id": control.pk, "strength": 40}).status_code == 302
    text = officer.get(reverse("risk-detail", args=[risk.pk])).content.decode()
    assert "By the rule" in text
    use = risk.uses.get()
    detach = reverse("risk-control-detach", args=[use.pk])
    assert officer.post(detach, {"reason": "Replaced."}).status_code == 302
    retire = reverse("risk-control-retire", args=[control.pk])
    assert officer.post(retire, {"reason": "Old."}).status_code == 302
    given["title"] = "Other"
    edit = officer.post(reverse("risk-control-edit", args=[control.pk]), given)
    assert edit.status_code == 422 and "retired" in edit.content.decode()


def test_a_round_from_its_plan_to_its_minutes() -> None:
    chair = make_user(Role.CRISIS_OFFICER)
    client = sign_in(Client(), chair)
    given = {
        "quarter": quarter_of(today()), "planned_on": today(), "chair_id": chair.pk,
        "departments": "Operations\nTechnology",
    }  # fmt: skip
    assert client.post(reverse("risk-round-new"), given).status_code == 302
    found = Round.objects.get()
    close = reverse("risk-round-close", args=[found.pk])
    early = client.post(close, {"minutes": "A long text."})
    assert early.status_code == 422 and "A long text." in early.content.decode()
    for department in ("Operations", "Technology"):
        row = {"person_id": make_user().pk, "department": department, "presence": "present"}
        noted = client.post(reverse("risk-round-attendance", args=[found.pk]), row)
        assert noted.status_code == 302
    assert client.post(close, {"minutes": "We met."}).status_code == 302
    text = client.get(reverse("risk-round", args=[found.pk])).content.decode()
    assert "We met." in text and "Note attendance" not in text


def test_an_overdue_round_is_shown(officer: Client) -> None:
    actor = editor()
    first = today().replace(day=1)
    if first == today():
        pytest.skip("the first of a month: no earlier day in it")
    make_round(actor, planned_on=first, quarter=quarter_of(first))
    for name in ("risk-list", "risk-rounds"):
        assert "verdue" in officer.get(reverse(name)).content.decode()


def test_the_matrix_under_four_eyes(officer: Client, second: Client) -> None:
    officer.post(reverse("risk-matrix-new"))
    version = RiskMatrixVersion.objects.get(state="draft")
    edit = reverse("risk-matrix-edit", args=[version.pk])
    form = officer.get(edit).context["form"]
    data = {name: form[name].value() for name in form.fields}
    data["likelihood_2_low"] = 15
    answer = officer.post(edit, data)
    assert answer.status_code == 422
    assert "likelihood_2_low" in answer.context["form"].errors
    data |= {"likelihood_1_high": 15, "then": "submit"}
    assert officer.post(edit, data).status_code == 302
    version.refresh_from_db()
    page = reverse("risk-matrix-version", args=[version.pk])
    given = {"verb": "approve", "shown_hash": version.content_hash}
    assert "every risk keeps its level" in second.get(page).content.decode()
    decide = reverse("risk-matrix-decide", args=[version.pk])
    assert second.post(decide, given).status_code == 302
    assert second.get(reverse("risk-matrix")).status_code == 200
    assert RiskMatrixVersion.objects.get(state="approved").likelihood[0]["high"] == 15
    assert content_of(SHIPPED)["likelihood"][0]["high"] == 10


def test_the_heat_map_shows_numbers_and_movement(officer: Client) -> None:
    actor, before = editor(), clock.now() - dt.timedelta(days=120)
    risk = make_open(actor, current=(90, 100))
    assess(risk, "residual", 80, 100, actor=actor, now=before)
    assess(risk, "residual", 5, 20, actor=actor)
    quarter = quarters_back(today(), 2)[1]
    answer = officer.get(reverse("risk-heat-map"), {"stage": "residual", "since": quarter})
    text = answer.content.decode()
    assert 'class="moved"' in text and "Smaller" in text and "80 % × 100 %" in text
    assert answer.context["heat"].rows[0].direction == "down"
    assert "No risk is on this map" not in text
    for wrong in ({"since": "x"}, {"stage": "x"}):
        assert officer.get(reverse("risk-heat-map"), wrong).status_code == 422


def test_links_stand_at_both_ends_and_stay_visible_when_taken_back() -> None:
    officer = sign_in(Client(), make_user(Role.CRISIS_OFFICER, lines=[make_line()]))
    risk, incident, notice = make_open(), make_incident(), make_notice(actor=dispatcher())
    page = reverse("risk-detail", args=[risk.pk])
    for kind, target in (("incident", incident.code), ("notice", str(notice.pk))):
        given = {"kind": kind, "target": target, "why": "It came true.", "next": page}
        answer = officer.post(reverse("risk-link", args=["risk", risk.pk]), given)
        assert answer.headers["Location"] == page
    text = officer.get(page).content.decode()
    assert incident.code in text
    stranger = signed_in(Role.CRISIS_OFFICER)
    again = {"kind": "notice", "target": str(notice.pk), "next": page}
    assert stranger.post(reverse("risk-link", args=["risk", risk.pk]), again).status_code == 404
    link = Link.objects.get(other_kind="incident")
    given = {"why": "Another cause.", "next": page}
    officer.post(reverse("risk-unlink", args=[link.pk]), given)
    text = officer.get(page).content.decode()
    assert "Another cause." in text and "<del>" in text


def test_a_notice_shows_its_risks_and_a_stranger_to_the_line_sees_no_title() -> None:
    notice = make_notice(actor=dispatcher(), title="Secret notice")
    insider = make_user(Role.CRISIS_OFFICER, lines=[make_line()])
    actor = actor_of(insider)
    risk = make_open(actor)
    links.link(
        one=End("risk", risk.pk), other=End("notice", notice.pk), actor=actor, now=clock.now()
    )
    client = sign_in(Client(), insider)
    text = client.get(reverse("notice-detail", args=[notice.pk])).content.decode()
    assert risk.code in text
    outsider = signed_in(Role.CRISIS_OFFICER)
    text = outsider.get(reverse("risk-detail", args=[risk.pk])).content.decode()
    assert "Secret notice" not in text and "may not see" in text


def test_an_alert_shows_its_links_and_other_records_show_none() -> None:
    from audit import alarms, sequencer
    from core.actor import system

    actor = editor()
    risk = make_open(actor)
    alarms.sound("audit.signing_refused", actor=system("t"), now=clock.now(), payload={})
    alert = Record.objects.get(action="audit.signing_refused")
    links.link(one=End("risk", risk.pk), other=End("alert", alert.pk), actor=actor, now=clock.now())
    sequencer.catch_up(now=clock.now())
    auditor = signed_in(Role.AUDITOR)
    text = auditor.get(reverse("record-detail", args=[alert.pk])).content.decode()
    assert risk.title in text
    other = Record.objects.filter(action="risk.created").first()
    assert other is not None
    text = auditor.get(reverse("record-detail", args=[other.pk])).content.decode()
    assert 'id="links"' not in text
    text = auditor.get(reverse("risk-detail", args=[risk.pk])).content.decode()
    assert reverse("record-detail", args=[alert.pk]) in text


def test_the_panel_of_an_incident() -> None:
    actor, incident = editor(), make_incident()
    risk = make_open(actor)
    links.link(
        one=End("risk", risk.pk), other=End("incident", incident.pk), actor=actor, now=clock.now()
    )
    shown = {each["name"]: each for each in panels.built(incident, actor, clock.now())}
    assert [row.far.title for row in shown["risk-links"]["links"]] == [str(risk)]
    blind = actor_of(make_user(Role.DISPATCHER))
    names = {each["name"] for each in panels.built(incident, blind, clock.now())}
    assert "risk-links" not in names


@pytest.mark.parametrize("form", ["csv", "pdf"])
def test_the_register_goes_out_with_a_record(officer: Client, form: str) -> None:
    make_open(kind="data")
    make_open(kind="process")
    answer = officer.post(reverse("risk-export"), {"format": form, "kind": "data"})
    assert answer.status_code == 200 and f".{form}" in answer.headers["Content-Disposition"]
    record = Record.objects.get(action="risk.register_exported")
    assert json.loads(record.payload)["rows"] == 1


def test_the_overview_tells_what_waits(second: Client) -> None:
    from tests.crisis.risks.builders import make_proposed

    found = make_proposed()
    assert found.risk.code in second.get(reverse("overview")).content.decode()


def queries(client: Client, address: str) -> int:
    client.get(address)
    with CaptureQueriesContext(
        connection,
    ) as caught:
        assert client.get(address).status_code == 200
    return len(caught)


def test_pages_cost_the_same_for_one_and_for_many(officer: Client) -> None:
    actor = editor()

    def one_more() -> Risk:
        risk = make_accepted(risk=make_open(actor)).risk
        for source in ("ledger_verified", "drill", ""):
            control = make_control(actor, source=source)
            note(control, actor=actor)
            controls.attach(
                risk_id=risk.pk, control_id=control.pk, strength=5, actor=actor, now=clock.now()
            )
        return risk

    risk = one_more()
    quarter = quarters_back(today(), 2)[1]
    heat = f"{reverse('risk-heat-map')}?since={quarter}"
    addresses = [reverse("risk-list"), heat, reverse("risk-controls"), reverse("risk-rounds")]
    make_round(actor)
    before = [queries(officer, address) for address in addresses]
    for _each in range(4):
        one_more()
        make_round(actor)
    assert [queries(officer, address) for address in addresses] == before

    page = reverse("risk-detail", args=[risk.pk])
    few = queries(officer, page)
    for source in ("ledger_verified", "drill", ""):
        control = make_control(actor, source=source)
        note(control, actor=actor)
        controls.attach(
            risk_id=risk.pk, control_id=control.pk, strength=5, actor=actor, now=clock.now()
        )
    assess(risk, "current", 41, 60, actor=actor)
    assert queries(officer, page) == few


def test_the_api_lists_creates_assesses_and_links(officer: Client) -> None:
    owner = make_user()
    given = {
        "kind": "process", "title": "A", "department": "Ops", "owner_id": str(owner.pk),
    }  # fmt: skip

    def ask(method: str, path: str, body: object = None) -> tuple[int, dict]:
        answer = officer.generic(
            method, f"/api/v1/risks/{path}", json.dumps(body), content_type="application/json"
        )
        return answer.status_code, answer.json()

    status, made = ask("POST", "", given)
    assert (status, made["state"]) == (201, "draft")
    body = {"stage": "inherent", "likelihood": 90, "impact": 100, "why": "w"}
    status, assessed = ask("POST", f"{made['id']}/assessments/", body)
    assert (status, assessed["likelihood"]) == (201, 90)
    status, read = ask("GET", f"{made['id']}/")
    assert read["points"]["inherent"]["level"] == "high"
    other = make_open()
    status, link = ask("POST", f"{made['id']}/links/", {"kind": "risk", "target_id": str(other.pk)})
    assert (status, link["ended"]) == (201, False)
    assert len(ask("GET", f"{made['id']}/links/")[1]) == 1
    status, page = ask("GET", "?kind=process")
    assert [row["id"] for row in page["results"]] == [made["id"]]
    status, _problem = ask("POST", "", {**given, "owner_id": str(other.pk)})
    assert status == 422
