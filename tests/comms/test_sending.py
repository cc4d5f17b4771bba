"""Sending on a real database with real channel classes."""

from __future__ import annotations

import pytest

from audit.models import Record
from comms.models import Delivery, DeliveryEvent
from comms.services import closing
from core import clock
from tests.builders import make_investors, make_planned, send_all

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_batch_goes_out_with_an_event_and_a_record_each(null_providers):
    make_investors(5)
    notice = make_planned()
    assert send_all() == 5
    assert set(Delivery.objects.values_list("state", flat=True)) == {"accepted"}
    assert DeliveryEvent.objects.filter(kind="accepted").count() == 5
    assert Record.objects.filter(action="delivery.accepted", notice=notice.pk).count() == 5
    assert closing.finish_notices(now=clock.now()) == 1
