"""Which records are of which kind: changed in a draft, put in force by another person."""

from __future__ import annotations

import pytest
from django.db import connection
from django.urls import reverse

from audit.models import Record
from audit.retention import selectors, services
from core import clock
from core.errors import Conflict, Forbidden, InvalidInput
from core.roles import Role
from tests.audit.retention import approver, manager
from tests.core.builders import actor_of, make_user, sign_in

pytestmark = pytest.mark.django_db


def draft():
    actor = manager()
    schedule = services.draft_schedule(reason="kinds", actor=actor, now=clock.now())
    return schedule, actor


def assign(schedule, actor, *pairs):
    return services.change_assignments(
        schedule_id=schedule.pk, assignments=pairs, actor=actor, now=clock.now()
    )


def kinds_in_sql(action: str) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT audit_retention_kinds(%s)", [action])
        return {kind for (kind,) in cursor.fetchall()}


def test_new_kinds_hold_once_another_person_approved_them():
    schedule, actor = draft()
    assign(schedule, actor, ("notice.", "books"), ("notice.", "communication"), ("x.y", "books"))
    assert kinds_in_sql("notice.created") == {"communication"}
    services.submit_schedule(schedule_id=schedule.pk, actor=actor, now=clock.now())
    with pytest.raises(Conflict):
        assign(schedule, actor, ("notice.", "books"))
    services.approve_schedule(schedule_id=schedule.pk, actor=approver(), now=clock.now())
    assert kinds_in_sql("notice.created") == {"books", "communication"}
    assert kinds_in_sql("investor.created") == {"business"}  # no longer assigned
    told = Record.objects.get(action="retention.kinds_assigned")
    assert ["notice.", "communication"] in told.content["before"]
    assert told.content["after"] == [
        ["notice.", "books"], ["notice.", "communication"], ["x.y", "books"],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("pair", "field"),
    [
        (("notice", "books"), "prefix"),
        (("", "books"), "prefix"),
        (("Notice.", "books"), "prefix"),
        (("notice.'; DROP", "books"), "prefix"),
        (("notice.", "stamps"), "kinds"),
    ],
)
def test_what_makes_no_sense_is_refused_by_field(pair, field):
    schedule, actor = draft()
    with pytest.raises(InvalidInput) as refused:
        assign(schedule, actor, pair)
    assert refused.value.field == field


def test_no_kinds_at_all_and_no_right_are_refused():
    schedule, actor = draft()
    with pytest.raises(InvalidInput):
        assign(schedule, actor)
    with pytest.raises(Forbidden):
        assign(schedule, actor_of(make_user(Role.AUDITOR)), ("notice.", "books"))


def posted(**changes: object) -> dict[str, object]:
    rows: dict[str, object] = {
        "row-TOTAL_FORMS": "3",
        "row-INITIAL_FORMS": "0",
        "row-0-beginning": "notice.",
        "row-0-kinds": ["books"],
        "row-1-beginning": "investor.",
        "row-1-kinds": [],
    }
    return rows | changes


def test_the_page_changes_them_and_loses_nothing_that_was_typed(client):
    officer = sign_in(client, make_user(Role.PRIVACY_OFFICER), stepped_up=True)
    officer.post(reverse("retention-draft"), {"reason": "kinds"})
    schedule = selectors.schedules().first()
    page = reverse("retention-kinds", args=[schedule.pk])
    assert 'value="contact.revealed"' in officer.get(page).content.decode()
    twice = officer.post(
        page, posted(**{"row-1-beginning": "notice.", "row-1-kinds": ["business"]})
    )
    assert twice.status_code == 422
    assert "stands in another row already" in twice.content.decode()
    wrong = officer.post(page, posted(**{"row-1-beginning": "Nonsense", "row-1-kinds": ["books"]}))
    assert wrong.status_code == 422
    assert 'value="Nonsense"' in wrong.content.decode()
    assert officer.post(page, posted()).status_code == 302
    schedule.refresh_from_db()
    assert schedule.assignments == [["notice.", "books"]]
    shown = officer.get(reverse("retention-version", args=[schedule.pk])).content.decode()
    assert "Taken out" in shown
    assert "Changed" in shown
