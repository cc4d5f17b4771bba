"""Between release and sending: a consent withdrawn, a wording recalled."""

from __future__ import annotations

import pytest
from django.test import Client

from comms import tasks
from comms.models import Delivery, Notice
from core.roles import Role
from tests.builders import approved_template, make_investors
from tests.flows.people import at_desk, page, post, prepared, release

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("null_providers"),
]


@pytest.fixture
def preparer() -> Client:
    return at_desk(Role.DISPATCHER)


@pytest.fixture
def queued(preparer) -> Notice:
    """A notice to two investors, released by a second person and planned, nothing sent yet."""
    make_investors(2)
    notice = prepared(preparer, approved_template(), "sms")
    release(preparer, notice, status=403)
    release(at_desk(Role.RELEASER), notice)
    assert states() == ["queued", "queued"]
    return notice


def states() -> list[str]:
    return sorted(Delivery.objects.values_list("state", flat=True))


def test_a_consent_withdrawn_after_release_is_respected_and_said(queued, preparer) -> None:
    leaves, stays = Delivery.objects.order_by("id")
    words = {"act": "withdraw", "purpose": "channel.sms", "method": "phone"}
    post(preparer, "investor-consent", leaves.investor_id, status=403, **words)
    post(at_desk(Role.PRIVACY_OFFICER), "investor-consent", leaves.investor_id, **words)
    tasks.send()
    leaves.refresh_from_db()
    stays.refresh_from_db()
    assert (leaves.state, leaves.last_error) == ("refused", "no_consent")
    assert stays.state == "accepted"
    assert "No consent" in page(preparer, "delivery-detail", leaves.pk)
    assert "No consent" not in page(preparer, "delivery-detail", stays.pk)


def test_a_wording_recalled_while_queued_goes_to_nobody(queued) -> None:
    version = queued.version
    words = {"verb": "recall", "shown_hash": version.content_hash, "reason": "wrong hour"}
    post(at_desk(Role.AUTHOR), "version-decide", version.pk, status=403, **words)
    post(at_desk(Role.REVIEWER), "version-decide", version.pk, **words)
    tasks.send()
    tasks.sweep()
    assert {"accepted", "sending", "queued"}.isdisjoint(states())
    queued.refresh_from_db()
    assert queued.state == "cancelled"
    assert queued.counts["recalled"] == {"gone": 0, "stopped": 2}
    assert "recalled" in page(at_desk(Role.RELEASER), "notice-detail", queued.pk).lower()
