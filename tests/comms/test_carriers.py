"""A carrier that rejects its template stops the SMS: when planned, released and sent."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comms import audience
from comms.models import Delivery, Exclusion
from comms.services import notices
from core import clock
from core.errors import Conflict
from templates_mgmt.filing import services as filings
from templates_mgmt.filing.rules import STOPPING, Carrier, CarrierStatus, stopped_languages
from tests.builders import (
    actor_of,
    approved_template,
    make_investors,
    make_notice,
    make_planned,
    releaser,
    send_all,
)
from tests.templates_mgmt.builders import reviewer

BOTH = {"parallel": ["sms", "inbox"]}


def say(version, status: str, language: str = "zh-hans", carrier: str = "CMCC") -> None:
    filings.set_carrier(
        version_id=version.pk, language=language, carrier=carrier, template_id="SMS_1",
        status=status, actor=reviewer(), now=clock.now(),
    )  # fmt: skip


@given(
    st.lists(st.tuples(st.sampled_from(["en", "zh-hans"]), st.sampled_from(list(CarrierStatus))))
)
def test_a_language_is_stopped_when_one_carrier_refuses_and_none_approves(said):
    carriers = [Carrier(language, str(n), "1", status) for n, (language, status) in enumerate(said)]
    for language in ("en", "zh-hans"):
        statuses = {status for of, status in said if of == language}
        expected = bool(statuses & STOPPING) and CarrierStatus.APPROVED not in statuses
        assert (language in stopped_languages(carriers)) == expected


@pytest.mark.django_db(transaction=True)
class TestStopped:
    @pytest.mark.parametrize("status", ["pending", "approved", "not_filed"])
    def test_other_words_of_the_carrier_stop_nothing(self, null_providers, status):
        make_investors(1)
        version = approved_template()
        say(version, status)
        notice = make_notice(version, channels=BOTH)
        assert not audience.dry_run(notice, now=clock.now()).excluded
        notices.submit_notice(
            notice_id=notice.pk, actor=actor_of(notice.prepared_by), now=clock.now()
        )

    @pytest.mark.parametrize("status", ["rejected", "suspended"])
    def test_the_dry_run_leaves_out_whom_the_language_would_have_reached(
        self, null_providers, status
    ):
        make_investors(2)
        make_investors(1, language="en")
        version = approved_template()
        say(version, status)
        notice = make_notice(version, channels=BOTH)
        preview = audience.dry_run(notice, now=clock.now())
        assert dict(preview.excluded) == {("sms", "carrier_stopped"): 2}
        assert preview.by_channel["sms"].total() == 1  # English goes on; nobody gets it instead
        assert preview.by_channel["inbox"].total() == 3

    def test_planning_leaves_them_out_too(self, null_providers):
        make_investors(1)
        version = approved_template()
        say(version, "rejected")
        notice = make_planned(version, channels=BOTH)
        assert set(Delivery.objects.filter(notice=notice).values_list("channel", flat=True)) == {
            "inbox"
        }
        assert Exclusion.objects.get().reason == "carrier_stopped"

    def test_an_sms_stopped_in_every_language_is_neither_submitted_nor_released(
        self, null_providers
    ):
        make_investors(1)
        version = approved_template()
        notice = make_notice(version, channels=BOTH)
        given = {"notice_id": notice.pk}
        say(version, "rejected")
        say(version, "rejected", "en")
        with pytest.raises(Conflict) as refused:
            notices.submit_notice(**given, actor=actor_of(notice.prepared_by), now=clock.now())
        assert refused.value.code == "carrier_stopped"
        assert refused.value.details["languages"] == ["en", "zh-hans"]
        say(version, "approved")
        say(version, "approved", "en")
        notices.submit_notice(**given, actor=actor_of(notice.prepared_by), now=clock.now())
        say(version, "suspended")
        say(version, "suspended", "en")
        with pytest.raises(Conflict) as refused:
            notices.release_notice(**given, actor=releaser(), now=clock.now())
        assert refused.value.code == "carrier_stopped"
        notice.refresh_from_db()
        assert notice.state == "ready"

    def test_a_notice_without_sms_does_not_care(self, null_providers):
        make_investors(1)
        version = approved_template()
        say(version, "rejected")
        say(version, "rejected", "en")
        notice = make_planned(version, channels={"parallel": ["inbox"]})
        assert Delivery.objects.filter(notice=notice).count() == 1

    def test_a_word_that_comes_after_planning_stops_what_has_not_gone(self, sms):
        make_investors(2)
        version = approved_template()
        notice = make_planned(version)
        say(version, "rejected")
        send_all()
        assert not sms.given
        rows = Delivery.objects.filter(notice=notice).values_list("state", "last_error")
        assert set(rows) == {("refused", "carrier_stopped")}

    def test_while_another_carrier_approves_it_goes_on(self, sms):
        make_investors(1)
        version = approved_template()
        notice = make_planned(version)
        say(version, "rejected")
        say(version, "approved", carrier="CUCC")
        send_all()
        assert Delivery.objects.get(notice=notice).state == "accepted" and len(sms.given) == 1
