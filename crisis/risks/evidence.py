"""What the product itself sees of controls: evidence that is asked for, not written down (R3).

A source is a question to what the product keeps. It answers how the control stands now, since
when that is known, and in words. Each is one or two queries; pages ask each source once.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.db.models import F, Max, Q, Sum
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from audit import alarms
from audit.access_review import selectors as access_reviews
from audit.models import Verification
from audit.timestamping.models import Timestamp
from audit.witnessing.models import Cosignature
from comms.models import Notice, Tally
from crisis.incidents.models import Incident
from crisis.incidents.rules import State as IncidentState
from crisis.risks.controls.rules import Evidence, Standing
from templates_mgmt.models import TemplateVersion

MOST_FAILED = 5  # percent of a month's deliveries; above it the control does not work
WINDOW = dt.timedelta(days=30)
ATTEMPTED = ("accepted", "delivered", "failed", "unconfirmed")

Read = Callable[[dt.datetime], Evidence]


@dataclass(frozen=True, slots=True)
class Source:
    """A question to the product. `route` is the page where a reader can look for herself."""

    code: str
    label: str | Promise
    read: Read
    route: str


SOURCES: dict[str, Source] = {}


def source(code: str, label: str | Promise, route: str) -> Callable[[Read], Read]:
    """Registers a question under `code`."""

    def add(read: Read) -> Read:
        SOURCES[code] = Source(code, label, read, route)
        return read

    return add


def asked(codes: Iterable[str], now: dt.datetime) -> dict[str, Evidence]:
    """The answers of the sources named; codes that name none are left out."""
    return {code: SOURCES[code].read(now) for code in set(codes) if code in SOURCES}


def _aged(
    at: dt.datetime | None, longest: dt.timedelta, now: dt.datetime, *, said: str, never: str
) -> Evidence:
    """Works while the newest event is at most `longest` ago, out of date after."""
    if at is None:
        return Evidence(Standing.UNPROVEN, never)
    return Evidence(Standing.WORKS if now - at <= longest else Standing.STALE, said, at)


@source("ledger_verified", _("The whole ledger was verified"), "audit-ledger")
def ledger_verified(now: dt.datetime) -> Evidence:
    """The last finished verification found nothing, at most 36 hours ago."""
    last = Verification.objects.filter(ok__isnull=False).order_by("-id").first()
    if last is not None and not last.ok:
        said = gettext("The last verification failed.")
        return Evidence(Standing.FAILS, said, last.finished_at or last.started_at)
    said = gettext("The last verification of %(size)s records found nothing wrong.") % {
        "size": last.size if last else 0
    }
    at = (last.finished_at or last.started_at) if last else None
    never = gettext("The ledger was never verified.")
    return _aged(at, dt.timedelta(hours=36), now, said=said, never=never)


@source("deliveries", _("Few deliveries fail"), "notice-list")
def deliveries(now: dt.datetime) -> Evidence:
    """Of the deliveries of the last 30 days' notices, at most 5 % failed."""
    recent = Notice.objects.filter(released_at__gte=now - WINDOW).values("pk")
    rows = (
        Tally.objects.filter(notice__in=recent, state__in=ATTEMPTED)
        .values_list("state")
        .annotate(total=Sum("delta"))
    )
    by_state = dict(rows)
    attempted, failed = sum(by_state.values()), by_state.get("failed", 0)
    if not attempted:
        return Evidence(Standing.UNPROVEN, gettext("Nothing was sent in the last 30 days."))
    figures = {"failed": failed, "all": attempted, "share": f"{100 * failed / attempted:.1f}"}
    words = gettext("%(failed)s of %(all)s deliveries failed in the last 30 days (%(share)s %%).")
    standing = Standing.WORKS if are_few(failed, attempted) else Standing.FAILS
    return Evidence(standing, words % figures, now)


def are_few(failed: int, attempted: int) -> bool:
    """Whether at most 5 % of what was attempted failed."""
    return 100 * failed <= MOST_FAILED * attempted


@source("witness", _("Outside witnesses cosign the ledger"), "audit-ledger")
def witness(now: dt.datetime) -> Evidence:
    """A witness cosigned within 24 hours, and none refuses."""
    if refused := alarms.standing().witness:
        return Evidence(Standing.FAILS, gettext("A witness refused to cosign."), refused)
    at = Cosignature.objects.aggregate(at=Max("cosigned_at"))["at"]
    return _aged(
        at, dt.timedelta(hours=24), now, said=gettext("A witness cosigned a checkpoint."),
        never=gettext("No witness has cosigned yet."),
    )  # fmt: skip


@source("time_stamp", _("The ledger is time-stamped outside"), "audit-ledger")
def time_stamp(now: dt.datetime) -> Evidence:
    """A time-stamping authority stamped a checkpoint within two days."""
    at = Timestamp.objects.aggregate(at=Max("attested_at"))["at"]
    return _aged(
        at, dt.timedelta(days=2), now, said=gettext("A checkpoint was time-stamped."),
        never=gettext("No checkpoint was time-stamped yet."),
    )  # fmt: skip


@source("templates_by_two", _("Wordings are approved by a second person"), "template-list")
def templates_by_two(now: dt.datetime) -> Evidence:
    """Every version decided in 90 days was decided by somebody who wrote none of it."""
    recent = TemplateVersion.objects.filter(
        state__in=["approved", "superseded"], decided_at__gte=now - dt.timedelta(days=90)
    )
    alone = Q(contributors__user=F("decided_by"))
    found = recent.aggregate(newest=Max("decided_at"), alone=Max("decided_at", filter=alone))
    if found["alone"]:
        said = gettext("A wording was approved by somebody who wrote it.")
        return Evidence(Standing.FAILS, said, found["alone"])
    return _aged(
        found["newest"], dt.timedelta(days=90), now,
        said=gettext("Every wording approved in 90 days was approved by a second person."),
        never=gettext("No wording was approved in the last 90 days."),
    )  # fmt: skip


@source("drill", _("Drills are held"), "incident-list")
def drill(now: dt.datetime) -> Evidence:
    """An exercise was finished within half a year."""
    done = Incident.objects.filter(exercise=True, state=IncidentState.CLOSED)
    return _aged(
        done.aggregate(at=Max("closed_at"))["at"], dt.timedelta(days=183), now,
        said=gettext("A drill was held and closed."), never=gettext("No drill was finished yet."),
    )  # fmt: skip


@source("access_review", _("Access is reviewed each quarter"), "access-reviews")
def access_review(now: dt.datetime) -> Evidence:
    """The access review of the quarter that has ended is signed."""
    signed = access_reviews.signed_until()
    if signed is None:
        return Evidence(Standing.UNPROVEN, gettext("No access review was signed yet."))
    if access_reviews.is_due(now):
        return Evidence(
            Standing.STALE, gettext("The review of the last quarter is missing."), signed
        )
    return Evidence(Standing.WORKS, gettext("The last access review is signed."), signed)
