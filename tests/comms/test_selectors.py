"""Progress, the inbox, where a template was used, and whether a code is ours."""

from __future__ import annotations

import pytest

from comms import selectors
from comms.models import Delivery, Tally
from comms.services import sending
from core import clock
from core.errors import NotFound
from tests.builders import (
    actor_of,
    approved_template,
    make_investor,
    make_investors,
    make_notice,
    make_planned,
    send_all,
)

pytestmark = pytest.mark.django_db(transaction=True)


def test_progress_counts_what_is_settled_and_how_fast(null_providers):
    make_investors(4)
    notice = make_planned()
    now = clock.now()
    assert selectors.notice_progress(notice.pk, now=now).open == 4
    sending.send_batch(worker="test", now=now, limit=3)
    progress = selectors.notice_progress(notice.pk, now=clock.now())
    assert (progress.total, progress.settled, progress.open) == (4, 3, 1)
    assert progress.by_channel_state == {"sms": {"queued": 1, "accepted": 3}}
    assert progress.rate_per_s > 0 and progress.seconds_left is not None


def test_tallies_are_exact_whoever_changes_deliveries(null_providers):
    make_investors(5)
    make_planned()
    send_all()
    Delivery.objects.filter(pk=Delivery.objects.first().pk).update(state="delivered", evidence=20)
    sums: dict[tuple, int] = {}
    for row in Tally.objects.all():
        key = (row.channel, row.state, row.evidence)
        sums[key] = sums.get(key, 0) + row.delta
    assert {key: n for key, n in sums.items() if n} == {
        ("sms", "accepted", 10): 4,
        ("sms", "delivered", 20): 1,
    }


def test_a_detail_shows_the_message_and_its_events_to_those_who_may_see(null_providers):
    make_investor()
    notice = make_planned()
    send_all()
    actor = actor_of(notice.prepared_by)
    detail = selectors.delivery_detail(actor, Delivery.objects.get().pk)
    assert detail.matches_commitment and [event.kind for event in detail.events] == ["accepted"]
    from tests.builders import make_line, make_user

    elsewhere = actor_of(make_user("dispatcher", lines=[make_line("wealth", "Wealth")]))
    with pytest.raises(NotFound):
        selectors.delivery_detail(elsewhere, detail.delivery.pk)


def test_an_inbox_shows_its_own_messages_only(null_providers, settings):
    settings.CHANNEL_PROVIDERS = {"inbox": [{"name": "inbox", "kind": "inbox"}]}
    reader, other = make_investors(2)
    notice = make_planned(channels={"parallel": ["inbox"]})
    send_all()
    (item,) = selectors.inbox_of(reader)
    assert (item.subject, item.code) == ("交易系统中断", notice.code)
    assert selectors.inbox_item(reader, item.delivery_id) == item
    with pytest.raises(NotFound):
        selectors.inbox_item(other, item.delivery_id)


def test_where_a_template_was_used(null_providers):
    version = approved_template()
    used = make_notice(version)
    make_notice()
    found = selectors.where_used(actor_of(used.prepared_by), version.template_id)
    assert list(found) == [used]


def test_only_a_released_notices_code_is_genuine(null_providers):
    make_investor()
    draft, sent = make_notice(), make_planned()
    typed = sent.code.lower().replace("-", " ")
    assert selectors.check_code(typed).genuine
    assert selectors.check_code(typed).title == sent.title
    for wrong in (draft.code, "ABCD-EFGH", "", "%", sent.code[:4]):
        assert not selectors.check_code(wrong).genuine
