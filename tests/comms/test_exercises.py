"""An exercise reaches no investor: proved where messages leave, and below Python."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
from django.db import Error, IntegrityError, connection, transaction
from django.urls import reverse
from psycopg.errors import CheckViolation

from comms import unsubscribe
from comms.channels.base import provider
from comms.channels.exercise import provider_for
from comms.models import Delivery, DeliveryEvent, InboxMessage, Notice, Tally
from comms.recreating.selectors import recreate
from comms.selectors import check_code
from comms.services import claiming, closing, fallback, optout, recovery
from comms.services.notices import correct_notice
from core import clock
from core.actor import system
from core.errors import Misconfigured, NotFound
from core.roles import Role
from portal.dashboard import Overview
from portal.selfservice.selectors import check
from tests.builders import (
    actor_of,
    dispatcher,
    make_investor,
    make_investors,
    make_line,
    make_planned,
    make_user,
    send_all,
)
from tests.comms.visitors import visitor
from tests.portal.peers import Peers, running

pytestmark = pytest.mark.django_db(transaction=True)
EVERYWHERE = {"parallel": ["sms", "email", "inbox"]}


@pytest.fixture
def peers(tmp_path, settings) -> Iterator[Peers]:
    with running(tmp_path, settings) as both:
        yield both


def exercise(**changes) -> Notice:
    return make_planned(channels=EVERYWHERE, exercise=True, **changes)


def nothing_left(peers: Peers) -> bool:
    return not (peers.sms.accepted() or peers.mail.kept() or InboxMessage.objects.exists())


def test_an_exercise_is_planned_and_written_and_sends_nothing(peers):
    make_investors(4)
    exercise()
    send_all()
    assert nothing_left(peers)
    found = set(Delivery.objects.values_list("state", "provider"))
    assert found == {("accepted", "exercise")}
    assert Delivery.objects.count() == 12


def test_the_same_notice_for_real_does_send(peers):
    make_investors(4)
    make_planned(channels=EVERYWHERE)
    send_all()
    assert len(peers.sms.accepted()) == len(peers.mail.kept()) == InboxMessage.objects.count() == 4


def test_fallbacks_and_repeats_of_an_exercise_send_nothing(peers):
    make_investors(2)
    make_planned(channels={"parallel": ["sms"], "fallback": ["email"]}, exercise=True)
    claimed = claiming.claim_batch(
        actor=system("w"), now=clock.now(), limit=10, channel=None, lease=claiming.LEASE
    )
    assert claimed is not None and claimed.provider.name == "exercise"  # its worker dies here
    later = clock.now() + dt.timedelta(hours=6)
    assert recovery.recover_expired(now=later) == 2
    send_all(now=later)
    fallback.advance(now=later + dt.timedelta(hours=6))
    send_all(now=later + dt.timedelta(hours=6))
    assert set(Delivery.objects.values_list("channel", "state")) == {
        ("sms", "accepted"),
        ("email", "accepted"),
    }
    assert nothing_left(peers)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE comms_notice SET exercise = false",
        "UPDATE comms_delivery SET state = 'sending', provider = 'gateway'",
        "UPDATE comms_delivery SET state = 'sending'",
        "ALTER TABLE comms_notice DISABLE TRIGGER ALL",
        "SET session_replication_role = replica",
        "DROP TRIGGER comms_notice_exercise ON comms_notice",
    ],
)
def test_no_sql_of_the_application_makes_an_exercise_real(peers, statement):
    make_investors(2)
    exercise()
    with pytest.raises(Error), transaction.atomic():
        connection.cursor().execute(statement)
    send_all()
    assert nothing_left(peers)


def test_an_application_that_forgets_the_sink_is_stopped_before_the_provider(peers, monkeypatch):
    """The hand-over itself with a real provider: the database refuses before anything leaves."""
    make_investors(2)
    exercise()
    monkeypatch.setattr(claiming, "provider_for", lambda name, *, exercise: provider(name))
    with pytest.raises(CheckViolation, match="sink"):
        send_all()
    assert nothing_left(peers)


def test_the_sink_takes_nothing_real(peers, monkeypatch):
    make_investors(1)
    make_planned()
    sink = provider_for("sms", exercise=True)
    monkeypatch.setattr(claiming, "provider_for", lambda name, *, exercise: sink)
    with pytest.raises(CheckViolation, match="sink"):
        send_all()


def test_no_event_says_that_somebody_else_accepted_an_exercise(peers):
    make_investors(1)
    notice = exercise()
    delivery = notice.deliveries.first()
    for kind, by in (("accepted", "gateway"), ("accepted", ""), ("delivered", "inbox")):
        with pytest.raises(IntegrityError, match="sink"), transaction.atomic():
            DeliveryEvent.objects.create(
                delivery=delivery, notice=notice.pk, kind=kind, provider=by,
                at=clock.now(), recorded_at=clock.now(),
            )  # fmt: skip


def test_no_inbox_holds_an_exercise(peers):
    make_investors(1)
    delivery = exercise().deliveries.get(channel="inbox")
    with pytest.raises(IntegrityError, match="inbox"), transaction.atomic():
        InboxMessage.objects.create(
            delivery=delivery, investor_id=delivery.investor_id, notice_id=delivery.notice_id,
            language="en", body_sealed=b"x", created_at=clock.now(),
        )  # fmt: skip


def test_every_message_of_an_exercise_says_so_and_is_made_again(peers):
    make_investor(language="en")
    exercise(version=None)
    send_all()
    for delivery in Delivery.objects.select_related("notice"):
        made = recreate(delivery)
        assert made is not None and made.proven
        assert made.message.text.startswith("[EXERCISE]")
        if delivery.channel != "sms":
            assert made.message.subject.startswith("[EXERCISE]")
            assert "[EXERCISE]" in made.message.html


def test_the_public_knows_nothing_of_an_exercise(peers):
    make_investors(1)
    notice = exercise()
    send_all()
    assert check(notice.code).notice is None
    assert not check_code(notice.code).genuine
    token = unsubscribe.token_of(notice.deliveries.first().pk)
    with pytest.raises(NotFound):
        optout.way_out(token)


def test_tables_that_leave_the_product_say_so(peers):
    make_investors(1)
    notice = exercise()
    client = visitor(Role.AUDITOR, stepped_up=True)

    def table(name: str, *args: object) -> str:
        answer = client.post(reverse(name, args=args) + "?format=csv")
        return b"".join(answer.streaming_content).decode()

    assert "【演练】" in table("notice-list-export")
    told = table("notice-deliveries-export", notice.pk)
    assert told.count("EXERCISE") == 1 + notice.deliveries.count()


def test_figures_leave_exercises_out(peers):
    make_investors(3)
    exercise()
    send_all()
    assert Tally.objects.exists()
    seen = Overview(actor_of(make_user(Role.RELEASER, lines=[make_line()])), clock.now(), dt.UTC)
    assert seen.notices == []
    assert seen.overall.attempted == 0


def test_what_corrects_an_exercise_is_one(peers):
    make_investors(1)
    notice = exercise()
    send_all()
    closing.finish_notices(now=clock.now())
    correction = correct_notice(
        notice_id=notice.pk, version_id=notice.version_id, values=notice.values, reason="wrong",
        actor=dispatcher(), now=clock.now(),
    )  # fmt: skip
    assert correction.exercise


def test_no_configured_provider_may_take_the_name_of_the_sink(settings):
    settings.CHANNEL_PROVIDERS = {"sms": [{"name": "exercise", "kind": "null"}]}
    with pytest.raises(Misconfigured):
        provider("sms")
