"""Statements, bulletins, notices for exactly those whom an incident hit, and internal words."""

from __future__ import annotations

import io

import openpyxl
import pytest
from django.db import Error, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit.models import Record
from comms.models import Delivery, Notice
from comms.services import notices, planning
from core import clock
from core.errors import Conflict, Forbidden, InvalidInput, StepUpRequired
from core.roles import Role
from crisis.clocks.models import Clock
from crisis.incidents.rules import MomentKind
from crisis.incidents.services.common import reach
from crisis.models import Entry, IncidentNotice
from crisis.statements import services
from crisis.statements.lists import read_list
from crisis.statements.models import Statement
from crisis.statements.selectors import (
    affected_of,
    internal_updates,
    public_incidents,
    public_statements,
    speakers,
)
from investors import vault
from investors.candidates import count_candidates
from investors.models import Investor
from investors.rules.audience import Audience
from tests.builders import approved_template, make_investors, releaser, send_all
from tests.core.builders import actor_of, make_line, make_user
from tests.crisis.builders import make_incident
from tests.crisis.speaking import approver, make_draft, make_published, officer

pytestmark = pytest.mark.django_db


@pytest.fixture
def null_providers(settings) -> None:
    settings.CHANNEL_PROVIDERS = {"sms": [{"name": "null-sms", "kind": "null"}]}


def hit(ids, **names) -> None:
    Investor.objects.filter(pk__in=ids).update(**names)


def statement(incident, affected, **changes) -> Notice:
    version = changes.pop("version", None) or approved_template()
    return services.make_statement(
        incident_id=incident.pk, version_id=version.pk, affected=affected,
        values={"since": "09:30"}, criticality="important", channels={"parallel": ["sms"]},
        reason="orders fail", actor=changes.pop("actor", None) or officer(), now=clock.now(),
    )  # fmt: skip


def got_it(notice: Notice) -> set:
    return set(Delivery.objects.filter(notice=notice).values_list("investor", flat=True))


def test_from_the_incident_to_exactly_those_whom_it_hit(null_providers):
    hit_ids, others = make_investors(3), make_investors(4)
    hit(hit_ids, systems=["order gateway"])
    hit(others, systems=["fund shop"])
    incident = make_incident(scope={"systems": ["Order Gateway"]})
    author = officer()
    notice = statement(incident, affected_of(incident), actor=author)
    notices.submit_notice(notice_id=notice.pk, actor=author, now=clock.now())
    with pytest.raises(Forbidden):
        notices.release_notice(notice_id=notice.pk, actor=author, now=clock.now())
    notices.release_notice(notice_id=notice.pk, actor=releaser(), now=clock.now())
    planning.plan_notice(notice_id=notice.pk, now=clock.now())
    send_all()
    assert got_it(notice) == set(hit_ids)
    assert set(notice.deliveries.values_list("state", flat=True)) == {"accepted"}
    link = IncidentNotice.objects.get(notice=notice)
    assert (link.incident_id, link.found) == (incident.pk, 3)
    assert Record.objects.filter(action="statement.notice_made", notice=notice.pk).exists()
    assert Entry.objects.filter(incident=incident, detail__notice=str(notice.pk)).exists()


NAMES = st.lists(st.sampled_from(["a", "b", "c"]), max_size=2, unique=True)


@settings(deadline=None, max_examples=40,
          suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip
@given(st.lists(st.tuples(NAMES, NAMES), min_size=1, max_size=6), NAMES, NAMES, st.booleans())
def test_the_query_finds_whom_the_definition_finds(people, systems, branches, anyone):
    """Of both filters, or of any: by the database and by the definition."""
    with transaction.atomic():
        for pk, (uses, at) in zip(make_investors(len(people)), people, strict=True):
            hit([pk], systems=sorted(uses), branches=sorted(at))
        query = {"systems": systems, "branches": branches, "line": "retail"}
        audience = Audience.from_json(query | ({"hit": "any"} if anyone else {}))
        found = count_candidates(audience)
        transaction.set_rollback(True)
    asked = [(0, set(systems)), (1, set(branches))]
    asked = [(part, names) for part, names in asked if names]
    join = any if anyone and asked else all
    expected = sum(join(names & set(person[part]) for part, names in asked) for person in people)
    assert found == expected


def test_old_audiences_are_written_as_before():
    old = {"line": "retail", "languages": ["en"]}
    assert Audience.from_json(old).to_json() == old
    new = Audience.from_json({"systems": ["  Ｏrder  Gateway "], "hit": "any"})
    assert new.to_json() == {"systems": ["order gateway"], "hit": "any"}
    with pytest.raises(InvalidInput) as refused:
        Audience.from_json({"systems": ["a"], "hit": "none"})
    assert refused.value.field == "audience.hit"


def test_an_exercise_makes_exercises_and_a_real_incident_none():
    make_investors(1)
    drill, real = make_incident(exercise=True), make_incident()
    assert statement(drill, {"everyone": True}).exercise
    notice = statement(real, {"everyone": True})
    assert not notice.exercise
    with pytest.raises(Error), transaction.atomic():
        IncidentNotice.objects.create(
            incident=drill,
            notice=notice,
            found=1,
            made_at=clock.now(),
            made_by_id=officer().user_id,
        )


def book(*rows: str) -> bytes:
    made = openpyxl.Workbook()
    for row in ("客户号", *rows):
        made.active.append([row])
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_list_names_investors_and_errors_by_row(kind):
    one, two = make_investors(2)
    refs = [vault.open_profile(key, bytes(Investor.objects.get(pk=pk).profile)).ref
            for pk, key in _keys([one, two])]  # fmt: skip
    rows = [refs[0], "NOBODY-1", "bad number!", refs[1]]
    data = book(*rows) if kind == "xlsx" else "\n".join(["客户号", *rows]).encode()
    found = read_list(data, officer())
    assert set(found.ids) == {one, two}
    assert [(problem.line, problem.shown) for problem in found.problems] == [
        (3, "NOBODY-1"), (4, "bad number!"),
    ]  # fmt: skip


def _keys(ids):
    from audit import sealing

    return sealing.keys_of(ids).items()


def test_a_list_without_customer_numbers_says_what_it_has():
    with pytest.raises(InvalidInput) as refused:
        read_list(b"city,street\nA,B\n", officer())
    assert refused.value.field == "upload" and "city" in str(refused.value)


def test_a_list_of_another_line_finds_nobody():
    make_investors(1)
    stranger = actor_of(make_user(Role.CRISIS_OFFICER, lines=[make_line("wealth")]))
    pk = Investor.objects.get().pk
    ref = vault.open_profile(dict(_keys([pk]))[pk], bytes(Investor.objects.get().profile)).ref
    found = read_list(f"ref\n{ref}\n".encode(), stranger)
    assert found.ids == [] and len(found.problems) == 1


def test_a_second_person_with_a_fresh_factor_publishes_and_the_words_never_change():
    incident, author = make_incident(), approver()
    made = make_draft(incident, actor=author)
    assert public_incidents(clock.now()) == []
    with pytest.raises(Forbidden):
        services.publish(statement_id=made.pk, actor=author, now=clock.now())
    with pytest.raises(Forbidden):
        services.publish(statement_id=made.pk, actor=officer(), now=clock.now())
    stale = actor_of(make_user(Role.REVIEWER, lines=[make_line()]), stepped_up=False)
    with pytest.raises(StepUpRequired):
        services.publish(statement_id=made.pk, actor=stale, now=clock.now())
    services.publish(statement_id=made.pk, actor=approver(), now=clock.now())
    (shown,) = public_incidents(clock.now())
    assert shown.newest.texts["en"]["title"] == "Trading system outage"
    assert "09:30" in shown.newest.texts["zh-hans"]["body"]


@pytest.mark.parametrize(
    "change",
    [
        "texts = '{}'", "places = '{internal}'", "phase = 'resolved'", "state = 'draft'",
        "published_by_id = drafted_by_id", "incident_id = gen_random_uuid()",
    ],
)  # fmt: skip
def test_the_database_keeps_a_published_statement(change):
    make_published()
    with pytest.raises(Error), transaction.atomic():
        connection.cursor().execute(f"UPDATE crisis_statement SET {change}")


@pytest.mark.parametrize(
    "change",
    [
        "state = 'published', published_at = now(), published_by_id = drafted_by_id",
        "texts = '{\"en\": {}}'", "published_at = now()",
    ],
)  # fmt: skip
def test_the_database_wants_a_second_person(change):
    make_draft()
    with pytest.raises(Error), transaction.atomic():
        connection.cursor().execute(f"UPDATE crisis_statement SET {change}")


def test_no_statement_of_an_exercise_is_public():
    make_published(make_incident(exercise=True))
    assert public_incidents(clock.now()) == [] and public_statements() == []
    assert Statement.objects.published().count() == 1


def test_a_recalled_wording_is_not_published():
    from templates_mgmt import services as templates

    made = make_draft()
    templates.recall(version_id=made.version_id, reason="wrong", actor=approver(), now=clock.now())
    with pytest.raises(Conflict):
        services.publish(statement_id=made.pk, actor=approver(), now=clock.now())


def test_words_for_one_investor_are_no_statement():
    with pytest.raises(InvalidInput) as refused:
        make_draft(version=approved_template())
    assert refused.value.field == "version_id"


def test_internal_words_stay_internal():
    incident = make_incident()
    make_published(incident)
    services.note(
        incident_id=incident.pk, text="Vendor blames us", actor=officer(), now=clock.now()
    )
    assert [entry.text for entry in internal_updates(incident)] == ["Vendor blames us"]
    told = Record.objects.get(action="statement.noted")
    assert "Vendor" not in told.payload
    public = public_incidents(clock.now())[0].statements
    assert "Vendor" not in str([each.texts for each in public])


def test_a_bulletin_inside_the_firm_needs_no_second_person():
    author = officer()
    made = make_draft(kind="bulletin", places=["internal"], actor=author)
    services.publish(statement_id=made.pk, actor=author, now=clock.now())
    assert public_incidents(clock.now()) == []


def test_a_published_bulletin_meets_the_clock_of_its_day():
    incident, now = make_incident(), clock.now()
    reach(incident, MomentKind.VERIFIED, at=now, actor=officer(), now=now)
    live = Clock.objects.filter(incident=incident, code="bulletin")
    assert live.count() == 1
    make_published(incident, kind="bulletin", places=["internal", "public"])
    assert live.get(round=1).state == "met"
    assert live.filter(round=2, state="running").exists()


def test_a_dropped_draft_says_why_and_stays_dropped():
    made = make_draft()
    with pytest.raises(InvalidInput):
        services.drop(statement_id=made.pk, reason=" ", actor=officer(), now=clock.now())
    services.drop(statement_id=made.pk, reason="superseded", actor=officer(), now=clock.now())
    with pytest.raises(Conflict):
        services.publish(statement_id=made.pk, actor=approver(), now=clock.now())


def test_only_those_named_speak_for_the_firm():
    incident = make_incident()
    assert speakers(incident) == []
    with pytest.raises(InvalidInput) as refused:
        make_draft(incident, spokesperson=officer().user_id)
    assert refused.value.field == "spokesperson"


@pytest.mark.parametrize(
    ("name", "value"),
    [("kind", "poem"), ("phase", "fine"), ("places", []), ("places", ["moon"])],
)
def test_a_bad_choice_names_its_field(name, value):
    with pytest.raises(InvalidInput) as refused:
        make_draft(**{name: value})
    assert refused.value.field == name


@pytest.mark.parametrize("role", [Role.AUTHOR, Role.AUDITOR, Role.ADMINISTRATOR])
def test_others_may_not_draft(role):
    with pytest.raises(Forbidden):
        make_draft(actor=actor_of(make_user(role, lines=[make_line()])))
