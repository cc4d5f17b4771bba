"""The crisis plan: the rule of tiers, who is called next, four eyes, and its pages."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit.models import Record
from core import clock
from core.errors import Conflict, Forbidden, FourEyesViolation, InvalidInput, StepUpRequired
from core.models import User
from core.roles import Role
from crisis.incidents.rules import Nature
from crisis.models import CrisisPlan, CrisisPlanVersion
from crisis.plans import cleaning, rules, selectors, services
from crisis.plans.shipped import SHIPPED
from tests.core.builders import actor_of, make_user, sign_in
from tests.crisis.builders import make_actor, make_incident
from tests.crisis.calling import officer, put_in_force, staffed

FOUR = {
    **SHIPPED,
    "levels": [
        {**SHIPPED["levels"][0], "code": code, "rank": rank, "name": {"zh-hans": zh, "en": code}}
        for rank, (code, zh) in enumerate(
            [("fair", "一般"), ("serious", "较大"), ("major", "重大"), ("extreme", "特别重大")], 1
        )
    ],
    "tier_rule": [
        {"when": "investors", "value": "100", "level": "serious"},
        {"when": "investors", "value": "10000", "level": "extreme"},
        {"when": "minutes", "value": "120", "level": "major"},
        {"when": "system", "value": "trading", "level": "major"},
    ],
}


# --- rules ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("nature", "scope", "minutes", "tier"),
    [
        ("technical", {}, 0, "general"),
        ("leak", {}, 0, "major"),
        ("ledger", {}, 0, "major"),
        ("technical", {"investors": 999}, 0, "general"),
        ("technical", {"investors": 1000}, 0, "major"),
        ("technical", {}, 119, "general"),
        ("technical", {}, 120, "major"),
    ],
)
def test_the_shipped_rule_of_tiers(nature, scope, minutes, tier):
    chosen = rules.tier_for({}, nature=nature, scope=scope, minutes=minutes)
    assert chosen.level == tier
    assert rules.why_words(chosen)


def test_more_levels_can_be_configured():
    def tier(**scope: Any) -> str:
        return rules.tier_for(FOUR, nature="technical", scope=scope, minutes=0).level

    assert [tier(), tier(investors=100), tier(investors=10_000)] == ["fair", "serious", "extreme"]
    assert tier(systems=["trading"]) == "major"
    assert rules.is_upgrade(FOUR, old="fair", new="serious")
    assert not rules.is_upgrade(FOUR, old="extreme", new="major")


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    st.sampled_from(list(Nature)), st.integers(0, 20_000), st.integers(0, 10_000),
    st.integers(0, 20_000), st.integers(0, 10_000),
)  # fmt: skip
def test_more_of_anything_never_lowers_the_tier(nature, investors, minutes, more, longer):
    ranks = {each.code: each.rank for each in rules.levels(FOUR)}

    def rank(investors: int, minutes: int) -> int:
        scope = {"investors": investors}
        return ranks[rules.tier_for(FOUR, nature=nature, scope=scope, minutes=minutes).level]

    assert rank(investors + more, minutes + longer) >= rank(investors, minutes)


people = st.lists(st.uuids().map(str), min_size=1, max_size=5, unique=True)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(people, st.integers(1, 4), st.data())
def test_everybody_is_called_once_before_anybody_is_called_again(order, rounds, data):
    declined = frozenset(data.draw(st.sets(st.sampled_from(order))))
    made, calls = 0, []
    while call := rules.next_call(order, made=made, rounds=rounds, declined=declined):
        calls.append(call)
        made = call.number + 1
    willing = [person for person in order if person not in declined]
    assert [call.person for call in calls] == willing * rounds
    assert [call.round for call in calls] == sorted(call.round for call in calls)


def test_the_first_call_goes_to_operations_and_a_level_calls_its_own_roles():
    assert [each.code for each in rules.posts_of(SHIPPED, "")] == ["operations"]
    assert [each.code for each in rules.posts_of(SHIPPED, "major")] == [
        "operations", "technical", "legal", "pr", "compliance",
    ]  # fmt: skip
    assert rules.answer_minutes(SHIPPED, "") == 5
    assert rules.answer_minutes(SHIPPED, "general") == 10


def test_the_shipped_plan_has_empty_roles_and_is_what_the_editor_would_keep():
    assert len(rules.empty_posts(SHIPPED)) == 5
    assert cleaning.clean_plan(SHIPPED, known=frozenset()) == SHIPPED


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"levels": []}, "levels"),
        ({"levels": SHIPPED["levels"] * 2}, "levels"),
        ({"roles": [{**SHIPPED["roles"][0], "code": "Ops team"}]}, "roles.1.code"),
        ({"roles": [{**SHIPPED["roles"][0], "people": ["stranger"]}]}, "roles.1.people"),
        ({"levels": [{**SHIPPED["levels"][0], "roles": ["nobody"]}]}, "levels.1.roles"),
        ({"levels": [{**SHIPPED["levels"][0], "minutes": 0}]}, "levels.1.minutes"),
        (
            {"tier_rule": [{"when": "nature", "value": "rain", "level": "major"}]},
            "tier_rule.1.value",
        ),
        ({"tier_rule": [{"when": "minutes", "value": "x", "level": "major"}]}, "tier_rule.1.value"),
        ({"tier_rule": [{"when": "nature", "value": "leak", "level": "x"}]}, "tier_rule.1.level"),
        ({"escalation": {"first_roles": []}}, "escalation.first_roles"),
    ],
)
def test_a_bad_plan_is_refused_with_its_row(change, field):
    with pytest.raises(InvalidInput) as refused:
        cleaning.clean_plan({**SHIPPED, **change}, known=frozenset())
    assert refused.value.field == field


def test_named_activators_alone_may_start_an_incident_when_there_are_any():
    assert rules.may_activate(SHIPPED, "anybody")
    assert rules.may_activate({**SHIPPED, "activators": ["a"]}, "a")
    assert not rules.may_activate({**SHIPPED, "activators": ["a"]}, "b")


# --- four eyes --------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_plan_in_force_is_frozen_onto_an_incident():
    holder = officer()
    put_in_force(staffed(operations=[holder]))
    incident = make_incident()
    put_in_force(SHIPPED)
    incident.refresh_from_db()
    assert rules.who_is_on_call(incident.plan, "operations") == (str(holder.pk),)
    assert incident.plan["number"] == 2
    assert selectors.frozen_plan()["number"] == 3


@pytest.mark.django_db
def test_the_writer_cannot_put_it_in_force_and_the_other_needs_a_fresh_factor():
    writer, now = make_user(Role.REVIEWER), clock.now()
    actor = actor_of(writer)
    version = services.new_version(plan_id=CrisisPlan.objects.get().pk, actor=actor, now=now)
    services.save(version_id=version.pk, content=FOUR, actor=actor, now=now)
    services.submit(version_id=version.pk, actor=actor, now=now)
    shown = {
        "version_id": version.pk,
        "shown_hash": selectors.version_for(actor, version.pk).content_hash,
    }
    with pytest.raises(FourEyesViolation):
        services.approve(**shown, actor=actor_of(writer), now=clock.now())
    with pytest.raises(StepUpRequired):
        other = actor_of(make_user(Role.REVIEWER), stepped_up=False)
        services.approve(**shown, actor=other, now=clock.now())
    with pytest.raises(Forbidden):
        services.approve(**shown, actor=make_actor(Role.CRISIS_OFFICER), now=clock.now())
    with pytest.raises(Conflict):
        services.approve(
            **{**shown, "shown_hash": "0" * 64}, actor=make_actor(Role.REVIEWER), now=clock.now()
        )
    services.approve(**shown, actor=make_actor(Role.REVIEWER), now=clock.now())
    states = CrisisPlanVersion.objects.order_by("number").values_list("state", flat=True)
    assert list(states) == ["superseded", "approved"]
    verbs = Record.objects.filter(object="crisisplan:house").order_by("id")
    assert [each.action for each in verbs] == [
        f"crisis_plan.{verb}" for verb in ("version_started", "saved", "submitted", "approved")
    ]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE crisis_crisisplanversion SET content = '{}'",
        "DELETE FROM crisis_crisisplanversion",
        "DELETE FROM crisis_crisisplan",
    ],
)
def test_the_database_refuses(statement):
    with pytest.raises(Exception, match=r"cannot|denied"), transaction.atomic():
        connection.cursor().execute(statement)


# --- pages ------------------------------------------------------------------------------------


@pytest.fixture
def writer(client: Client, db: None) -> User:
    user = make_user(Role.CRISIS_OFFICER)
    sign_in(client, user, stepped_up=True)
    return user


def posted(page) -> dict[str, Any]:
    """What a browser would send of an untouched form."""
    return {
        bound.html_name: bound.value() if bound.value() is not None else ""
        for bound in page.context["form"]
        if bound.value() is not False
    }


def test_the_page_says_which_roles_are_empty(client, writer):
    page = client.get(reverse("crisis-plan")).content.decode()
    assert "Roles without anybody" in page
    assert page.count("Nobody</span>") >= 5 or page.count("Nobody") >= 5


def test_a_draft_is_written_shown_with_its_changes_and_put_in_force_by_another(client, writer):
    edit = client.post(reverse("crisis-plan-new")).url
    form = posted(client.get(edit))
    form["roles_1_person0"] = str(writer.pk)
    answer = client.post(edit, {**form, "then": "submit"})
    assert answer.status_code == 302, answer.context["form"].errors
    page = client.get(answer.url).content.decode()
    assert f"<ins>{writer}" in page or str(writer) in page
    assert "What it changes" in page

    approver = Client()
    sign_in(approver, make_user(Role.REVIEWER), stepped_up=True)
    version = CrisisPlanVersion.objects.get(number=2)
    decided = approver.post(
        reverse("crisis-plan-decide", args=[version.pk]),
        {"verb": "approve", "shown_hash": version.content_hash},
    )
    assert decided.status_code == 302
    assert selectors.frozen_plan()["roles"][0]["people"] == [str(writer.pk)]


def test_a_bad_row_is_said_beside_its_field_and_nothing_typed_is_lost(client, writer):
    edit = client.post(reverse("crisis-plan-new")).url
    form = {**posted(client.get(edit)), "levels_1_roles": "nowhere", "roles_2_en": "Engineers"}
    page = client.post(edit, form)
    assert page.status_code == 422
    assert "levels_1_roles" in page.context["form"].errors
    assert "Engineers" in page.content.decode()


def test_a_row_is_added_in_the_blank_ones(client, writer):
    edit = client.post(reverse("crisis-plan-new")).url
    form = posted(client.get(edit))
    form |= {"roles_6_code": "branch", "roles_6_zh": "营业部", "roles_6_en": "Branches"}
    assert client.post(edit, {**form, "then": ""}).status_code == 302
    assert CrisisPlanVersion.objects.get(number=2).content["roles"][5]["code"] == "branch"
