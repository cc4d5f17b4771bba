"""Scenes of filing records and re-reviews."""

from __future__ import annotations

from core import clock
from core.models import User
from templates_mgmt.filing import services as filings
from templates_mgmt.filing.due import due_mails
from templates_mgmt.filing.models import ReReview
from templates_mgmt.filing.services import reminding
from tests.completeness.catalogue import Act, scene
from tests.completeness.scenes.core import REASON, call
from tests.core.builders import actor_of
from tests.templates_mgmt.builders import make_draft, make_submitted, reviewer
from tests.templates_mgmt.filing import CARRIERS, TERMS, approve, days, make_filed

_SERVICES = "templates_mgmt.filing.services"


@scene(f"{_SERVICES}.keeping.save_filing")
def _save() -> Act:
    version = make_draft()
    words = {"version_id": version.pk, "carriers": CARRIERS, **TERMS}
    return call(filings.save_filing, actor=actor_of(version.created_by), **words)


@scene(f"{_SERVICES}.keeping.shorten")
def _shorten() -> Act:
    version = approve(make_filed())
    words = {"version_id": version.pk, "reason": REASON, "expires_at": clock.now() + days(2)}
    return call(filings.shorten, actor=reviewer(), **words)


@scene(f"{_SERVICES}.keeping.set_carrier")
def _carrier() -> Act:
    words = {"language": "en", "status": "pending", "template_id": "7"}
    version = make_submitted()
    return call(filings.set_carrier, version_id=version.pk, actor=reviewer(), **words)


def _due():
    return approve(make_filed(review_due=clock.now().date() + days(1)))


@scene(f"{_SERVICES}.rereviewing.open_due")
def _open() -> Act:
    _due()
    return lambda: filings.open_due(now=clock.now() + days(2))


@scene(f"{_SERVICES}.rereviewing.keep")
def _keep() -> Act:
    _due()
    filings.open_due(now=clock.now() + days(2))
    row = ReReview.objects.get()
    return call(filings.keep, rereview_id=row.pk, reason=REASON, actor=reviewer())


@scene(f"{_SERVICES}.rereviewing.remind_overdue")
def _remind() -> Act:
    make_submitted()
    return lambda: filings.remind_overdue(now=clock.now() + days(30))


def _overdue(now):
    person = User.objects.get(pk=reviewer().user_id)
    person.email = "reviewer@example.com"
    person.save(update_fields=["email"])
    return person, due_mails(now)[person]


@scene(f"{_SERVICES}.counting.follow_reach")
def _follow() -> Act:
    from comms import reach
    from templates_mgmt.filing import usage

    version = approve(make_filed(communication_class="correspondence"))
    many = usage.Reach(26, clock.now().date(), 26)

    def act() -> int:
        usage.register_reach(lambda _versions: {version.pk: many})
        try:
            return filings.follow_reach(now=clock.now())
        finally:
            usage.register_reach(reach.busiest)

    return act


@scene(f"{_SERVICES}.reminding.mail_overdue")
def _mail() -> Act:
    make_submitted()
    now = clock.now() + days(30)
    _overdue(now)
    return lambda: filings.mail_overdue(send=lambda mail: "", now=now)


@scene(f"{_SERVICES}.reminding.claim_mail")
def _claim_mail() -> Act:
    make_submitted()
    now = clock.now() + days(30)
    person, items = _overdue(now)
    return lambda: reminding.claim_mail(person=person, items=items, now=now)


@scene(f"{_SERVICES}.reminding.settle_mail")
def _settle_mail() -> Act:
    make_submitted()
    now = clock.now() + days(30)
    person, items = _overdue(now)
    rows = reminding.claim_mail(person=person, items=items, now=now)
    return lambda: reminding.settle_mail(person=person, rows=rows.values(), code="", now=now)


@scene(f"{_SERVICES}.exporting.export_filing")
def _export() -> Act:
    version = approve(make_filed())
    return call(filings.export_filing, version_id=version.pk, form="csv", actor=reviewer())


@scene(f"{_SERVICES}.exporting.export_period")
def _export_period() -> Act:
    approve(make_filed())
    today = clock.now().date()
    words = {"since": today, "until": today, "form": "json"}
    return call(filings.export_period, actor=reviewer(), **words)
