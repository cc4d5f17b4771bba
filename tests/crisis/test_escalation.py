"""Calling people out: in order, until one acknowledges, whatever stops in between."""

from __future__ import annotations

import datetime as dt
import threading
from pathlib import Path

import pytest
from django.db import connection, transaction

from audit.models import Record
from comms.peers.smtp import MailPeer
from core.errors import Conflict, InvalidInput, NotFound
from core.models import User
from crisis.escalation import mailing, services
from crisis.escalation.models import Call, Page
from crisis.models import Entry, Incident
from tests.core.builders import actor_of
from tests.crisis.builders import make_actor
from tests.crisis.calling import NOON, incident_under, officer

pytestmark = pytest.mark.django_db
MINUTE = dt.timedelta(minutes=1)


def out(incident: Incident, *roles: str, now: dt.datetime = NOON) -> list[Page]:
    return services.call_out(
        incident=incident, role_codes=list(roles) or None, actor=services.CALLER, now=now
    )


def called(role: str = "operations") -> list[User]:
    """Who was called for a role so far, in order."""
    return [call.person for call in Call.objects.filter(page__role=role).select_related("person")]


def acknowledge(call: Call, now: dt.datetime = NOON) -> Call:
    return services.acknowledge(call_id=call.pk, actor=actor_of(call.person), now=now)


@pytest.fixture
def holder() -> User:
    return officer("holder@example.com")


@pytest.fixture
def deputy() -> User:
    return officer("deputy@example.com")


@pytest.fixture
def incident(holder: User, deputy: User) -> Incident:
    """To be verified; operations are called first, five minutes each, two rounds."""
    made = incident_under(operations=[holder, deputy])
    Page.objects.exists() or out(made)
    return made


def test_the_holder_is_called_first_and_told_on_the_timeline(incident, holder):
    page, call = Page.objects.get(), Call.objects.get()
    assert (page.role, page.state, call.person) == ("operations", "calling", holder)
    assert call.until == NOON + 5 * MINUTE
    told = Record.objects.get(action="call.placed")
    assert (told.incident, told.staff) == (incident.pk, holder.pk)
    assert Entry.objects.filter(kind="call").count() == 1


def test_calling_out_again_calls_nobody_twice(incident):
    assert out(incident) == []
    assert out(incident, "operations") == []
    assert Call.objects.count() == 1


def test_who_does_not_answer_is_followed_by_the_deputy_then_the_next_round(
    incident, holder, deputy
):
    for step in range(1, 4):
        assert services.tick(now=NOON + step * 5 * MINUTE) == 1
    assert called() == [holder, deputy, holder, deputy]
    assert list(Call.objects.values_list("state", flat=True)) == ["missed"] * 3 + ["waiting"]


def test_a_tick_before_the_time_and_a_second_one_move_nothing(incident):
    assert services.tick(now=NOON + 4 * MINUTE) == 0
    assert services.tick(now=NOON + 5 * MINUTE) == 1
    assert services.tick(now=NOON + 5 * MINUTE) == 0
    assert Call.objects.count() == 2


def test_after_a_stop_of_hours_nobody_is_passed_over(incident, holder, deputy):
    later = NOON + dt.timedelta(hours=3)
    assert services.tick(now=later) == 1
    assert called() == [holder, deputy]
    missed, waiting = Call.objects.all()
    assert missed.ended_at == NOON + 5 * MINUTE  # when it happened, not when it was seen
    assert waiting.until == later + 5 * MINUTE
    told = Record.objects.get(action="call.missed")
    assert (told.occurred_at, told.recorded_at) == (NOON + 5 * MINUTE, later)


def test_the_first_acknowledgement_stops_the_paging_at_once(incident, holder):
    acknowledge(Call.objects.get(), NOON + MINUTE)
    page = Page.objects.get()
    assert (page.state, page.answered_by, page.next_at) == ("answered", holder, None)
    for step in range(1, 20):
        assert services.tick(now=NOON + step * 5 * MINUTE) == 0
    assert Call.objects.count() == 1


def test_who_was_called_earlier_may_still_acknowledge_and_stops_the_deputys_call(
    incident, holder, deputy
):
    services.tick(now=NOON + 5 * MINUTE)
    first, second = Call.objects.all()
    acknowledge(first, NOON + 6 * MINUTE)
    second.refresh_from_db()
    assert second.state == "withdrawn"
    with pytest.raises(Conflict, match=str(holder)):
        acknowledge(second, NOON + 7 * MINUTE)
    assert services.tick(now=NOON + 60 * MINUTE) == 0


def test_acknowledging_twice_is_one_acknowledgement(incident):
    call = Call.objects.get()
    acknowledge(call)
    acknowledge(call, NOON + MINUTE)
    assert Record.objects.filter(action="call.acknowledged").count() == 1


def test_nobody_acknowledges_for_another(incident, deputy):
    with pytest.raises(NotFound):
        services.acknowledge(call_id=Call.objects.get().pk, actor=actor_of(deputy), now=NOON)
    assert Page.objects.get().state == "calling"


def test_who_declines_hands_on_with_a_reason(incident, holder, deputy):
    call = Call.objects.get()
    given = {"call_id": call.pk, "actor": actor_of(holder), "now": NOON + MINUTE}
    with pytest.raises(InvalidInput):
        services.decline(reason="  ", **given)
    services.decline(reason="On leave", **given)
    assert called() == [holder, deputy]
    for step in range(1, 4):  # who declined is not asked again
        services.tick(now=NOON + (1 + 5 * step) * MINUTE)
    assert called() == [holder, deputy, deputy]
    assert Page.objects.get(role="operations").state == "exhausted"


def test_an_exhausted_chain_is_recorded_and_the_fallback_is_called(holder):
    compliance = officer()
    incident = incident_under(operations=[holder], compliance=[compliance])
    Page.objects.exists() or out(incident)
    services.tick(now=NOON + 5 * MINUTE)
    services.tick(now=NOON + 10 * MINUTE)
    assert Page.objects.get(role="operations").state == "exhausted"
    assert Record.objects.filter(action="call.exhausted").count() == 1
    assert called("compliance") == [compliance]
    acknowledge(Call.objects.filter(page__role="operations").first(), NOON + 12 * MINUTE)
    assert Page.objects.get(role="operations").state == "answered"


def test_a_role_without_people_is_exhausted_at_once(incident):
    pages = out(incident, "technical")
    assert [page.state for page in pages] == ["exhausted"]
    assert not Call.objects.filter(page__role="technical").exists()


def test_the_order_is_that_of_the_plan_frozen_onto_the_incident(incident, holder, deputy):
    from tests.crisis.calling import put_in_force, staffed

    put_in_force(staffed(operations=[officer()]))
    services.tick(now=NOON + 5 * MINUTE)
    assert called() == [holder, deputy]


def test_stopping_calls_everything_off(incident):
    assert services.stop(incident=incident, actor=services.CALLER, now=NOON) == 1
    assert Page.objects.get().state == "stopped"
    assert Call.objects.get().state == "withdrawn"
    assert services.tick(now=NOON + 60 * MINUTE) == 0


# --- e-mail -----------------------------------------------------------------------------------


@pytest.fixture
def server(tmp_path: Path, settings):
    with MailPeer(tmp_path) as peer:
        settings.SMTP_URL = f"smtp://127.0.0.1:{peer.port}"
        yield peer


def test_the_person_called_gets_one_e_mail_with_a_link_to_a_page(incident, server, holder):
    assert mailing.send_waiting(now=NOON) == 1
    assert mailing.send_waiting(now=NOON) == 0
    (mail,) = server.messages()
    call = Call.objects.get()
    assert (mail["To"], call.mail) == ("holder@example.com", "sent")
    assert f"/crisis/calls/{call.pk}/" in mail.get_content()
    assert incident.code in mail["Subject"]
    assert Record.objects.filter(action="call.mailed", staff=holder.pk).count() == 1


def test_an_e_mail_queued_when_the_acknowledgement_comes_never_leaves(incident, server):
    acknowledge(Call.objects.get())  # no worker ran since the call was placed
    assert mailing.send_waiting(now=NOON + MINUTE) == 0
    assert server.messages() == []
    assert Call.objects.get().mail == "dropped"


def test_an_e_mail_that_a_worker_left_behind_leaves_later_unless_answered(incident, server):
    claimed = mailing._claim(now=NOON)  # and the worker dies
    assert claimed is not None
    assert mailing.send_waiting(now=NOON + MINUTE) == 0  # its lease still runs
    assert mailing.send_waiting(now=NOON + 3 * MINUTE) == 1

    services.tick(now=NOON + 5 * MINUTE)
    second = mailing._claim(now=NOON + 5 * MINUTE)
    assert second is not None
    acknowledge(Call.objects.get(pk=second.pk), NOON + 6 * MINUTE)
    assert mailing.send_waiting(now=NOON + 30 * MINUTE) == 0
    assert len(server.messages()) == 1


def test_a_refused_e_mail_is_tried_again_and_then_given_up(incident, server):
    server.rules.refuse_all = "451 4.3.0 later"
    at = NOON
    for _try in range(8):
        mailing.send_waiting(now=at)
        at += dt.timedelta(minutes=20)
    call = Call.objects.get()
    assert (call.mail, call.mail_tries) == ("failed", 5)


def test_an_exercise_says_so_in_the_e_mail(holder, server):
    from tests.crisis.builders import make_incident
    from tests.crisis.calling import put_in_force, staffed

    put_in_force(staffed(operations=[holder]))
    incident = make_incident(exercise=True, now=NOON)
    Page.objects.exists() or out(incident)
    mailing.send_waiting(now=NOON)
    (mail,) = server.messages()
    assert mail["Subject"].startswith("[EXERCISE]")
    assert "[EXERCISE]" in mail.get_content()


def test_staff_without_an_address_are_called_on_screen_only(server):
    out(incident_under(operations=[officer()]))
    assert mailing.send_waiting(now=NOON) == 0
    assert Call.objects.get().mail == "none"


# --- below Python, and two at once ------------------------------------------------------------


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO crisis_call (id, number, round, at, until, state, reason, mail, mail_tries,"
        " page_id, person_id) SELECT gen_random_uuid(), 7, 1, at, until, 'waiting', '', 'none', 0,"
        " page_id, person_id FROM crisis_call",
        "UPDATE crisis_call SET mail = 'sending'",
        "UPDATE crisis_call SET state = 'missed'",
        "UPDATE crisis_page SET state = 'calling', answered_by_id = NULL, ended_at = NULL,"
        " next_at = now()",
        "DELETE FROM crisis_call",
        "UPDATE crisis_call SET until = now()",
    ],
)
def test_the_database_refuses_after_an_acknowledgement(incident, statement):
    acknowledge(Call.objects.get())
    with pytest.raises(Exception, match=r"over|cannot|denied"), transaction.atomic():
        connection.cursor().execute(statement)


@pytest.mark.django_db(transaction=True)
def test_an_acknowledgement_and_two_ticks_at_the_same_instant(holder, deputy):
    """Whoever comes first: either the deputy was called before the acknowledgement, or never."""
    incident = incident_under(operations=[holder, deputy])
    Page.objects.exists() or out(incident)
    call, at = Call.objects.get(), NOON + 5 * MINUTE
    start = threading.Barrier(3)
    moved: list[int] = []

    def act(do) -> None:
        try:
            start.wait()
            moved.append(do() or 0)
        finally:
            connection.close()

    works = [
        lambda: services.tick(now=at),
        lambda: services.tick(now=at),
        lambda: acknowledge(call, at) and 0,
    ]
    threads = [threading.Thread(target=act, args=[work]) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sum(moved) <= 1
    assert Page.objects.get().state == "answered"
    assert not Call.objects.filter(state="waiting").exists()
    assert Call.objects.count() == 1 + sum(moved)
    assert services.tick(now=at + 60 * MINUTE) == 0


def test_only_who_runs_crises_calls_a_role_again(incident):
    from core.errors import Forbidden
    from core.roles import Role

    given = {"incident_id": incident.pk, "role": "operations", "now": NOON}
    with pytest.raises(Forbidden):
        services.call_again(actor=make_actor(Role.AUTHOR), **given)
    runner = make_actor(Role.CRISIS_OFFICER)
    with pytest.raises(Conflict, match="already"):
        services.call_again(actor=runner, **given)
    acknowledge(Call.objects.get())
    assert services.call_again(actor=runner, **given).state == "calling"
    with pytest.raises(InvalidInput):
        services.call_again(actor=runner, incident_id=incident.pk, role="nobody", now=NOON)
