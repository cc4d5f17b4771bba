"""Writing, reviewing and handing in a report; each step one record `report.<verb>`."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _text
from django.utils.translation import gettext_lazy as _

from audit.leaf import Subjects
from audit.record import record
from core.access import require
from core.actor import Actor
from core.clock import isoformat
from core.errors import Conflict, InvalidInput, NotFound
from core.reviewed import steps
from core.reviewed.rules import State
from core.roles import Capability
from crisis.clocks import services as clocks
from crisis.clocks.models import Clock
from crisis.clocks.rules import REPORT
from crisis.clocks.rules import State as ClockState
from crisis.clocks.services.ending import clean_reason
from crisis.clocks.services.table import require_keeper
from crisis.incidents import timeline
from crisis.incidents.rules import EntryKind, commitment
from crisis.reports import rules
from crisis.reports.models import RegulatorReport, RegulatorReportVersion, ReportSubmission
from crisis.reports.selectors import facts_of

MAX_TEXT = 2000


@transaction.atomic
def start(*, clock_id: UUID, actor: Actor, now: dt.datetime) -> RegulatorReportVersion:
    """A draft of the report that a clock asks for, pre-filled from the incident; or, when there
    is a report, a draft with the words of its newest version.

    Raises Forbidden, NotFound, Conflict `no_report`, `clock_over` or `in_work`.
    """
    require_keeper(actor)
    clock = (
        Clock.objects.select_for_update(of=("self",))
        .select_related("incident")
        .filter(pk=clock_id)
        .first()
    )
    if clock is None:
        raise NotFound(_("There is no such clock."))
    if clock.row["met_by"] != REPORT:
        raise Conflict(_("No report meets this clock."), code="no_report")
    if clock.state in {ClockState.CANCELLED, ClockState.LAPSED}:
        raise Conflict(_("This clock was called off."), code="clock_over")
    report, new = RegulatorReport.objects.get_or_create(clock=clock, defaults={"created_at": now})
    content: dict[str, Any] = {}
    if new:
        answers = rules.prefilled(report.form, facts_of(clock, actor))
        content = {"answers": answers, "salt": secrets.token_hex(16)}
    return steps.start(
        RegulatorReportVersion, report, actor=actor, now=now, verb="started", **content
    )


@transaction.atomic
def save(
    *,
    version_id: UUID,
    answers: Mapping[str, Any],
    actor: Actor,
    now: dt.datetime,
    revision: int | None = None,
) -> RegulatorReportVersion:
    """Replace the answers of a draft. Raises InvalidInput `answers.<name>`, or Conflict
    `stale_draft` when somebody saved since `revision`."""
    require_keeper(actor)
    version = steps.locked(RegulatorReportVersion, version_id, draft=True)
    steps.require_fresh(version, revision)
    version.answers = rules.clean_answers(version.report.form, answers)
    version.salt = secrets.token_hex(16)
    steps.save(version, actor=actor, now=now)
    return version


@transaction.atomic
def submit(*, version_id: UUID, actor: Actor, now: dt.datetime) -> RegulatorReportVersion:
    """Send a draft to a second person. Raises InvalidInput for the first field that is empty."""
    require_keeper(actor)
    version = steps.locked(RegulatorReportVersion, version_id, draft=True)
    if empty := rules.missing(version.report.form, version.answers):
        raise InvalidInput(
            _("Still to be filled in: %(names)s.")
            % {"names": ", ".join(field.label for field in empty)},
            code="required",
            field=f"answers.{empty[0].name}",
        )
    steps.submit(version, actor=actor, now=now)
    return version


@transaction.atomic
def approve(
    *, version_id: UUID, shown_hash: str, actor: Actor, now: dt.datetime
) -> RegulatorReportVersion:
    """Approve exactly what was shown, as compliance that wrote none of it, with a fresh second
    factor. It may then be handed in."""
    steps.require_person(actor, Capability.CRISIS_APPROVE)
    version = steps.locked(RegulatorReportVersion, version_id)
    return steps.approve(version, shown_hash=shown_hash, actor=actor, now=now)


@transaction.atomic
def return_version(
    *, version_id: UUID, reason: str, actor: Actor, now: dt.datetime
) -> RegulatorReportVersion:
    """Give a version back with a reason; work goes on in a new one."""
    steps.require_person(actor, Capability.CRISIS_APPROVE)
    reason = clean_reason(reason)
    version = steps.locked(RegulatorReportVersion, version_id)
    return steps.give_back(version, reason=reason, actor=actor, now=now)


@transaction.atomic
def hand_in(
    *,
    version_id: UUID,
    how: str,
    reference: str,
    at: dt.datetime,
    actor: Actor,
    now: dt.datetime,
    receipt_text: str = "",
    receipt_name: str = "",
    receipt: bytes | None = None,
) -> ReportSubmission:
    """Record that the approved version was handed in at `at`, with its receipt. That meets the
    clock at `at`, and starts or moves what counts from it.

    Raises Forbidden, NotFound, Conflict `not_approved` or `handed_in`, InvalidInput `how`,
    `reference`, `at` (not before the approval, not to come), `receipt_text` or `receipt`.
    """
    person = require_keeper(actor)
    version = steps.locked(RegulatorReportVersion, version_id)
    if version.state != State.APPROVED:
        raise Conflict(_("Only what a second person approved is handed in."), code="not_approved")
    if ReportSubmission.objects.filter(version=version).exists():
        raise Conflict(_("This version was handed in already."), code="handed_in")
    approved = version.decided_at or now
    if at > now or at < _to_the_minute(approved):
        raise InvalidInput(
            _("Give a time between the approval and now."), code="out_of_range", field="at"
        )
    at = max(at, approved)  # a time given to the minute may seem to lie before it
    fields = _clean(how, reference, receipt_text, receipt_name, receipt)
    done = ReportSubmission.objects.create(
        version=version, at=at, recorded_at=now, by_id=person, **fields
    )
    _tell(done, actor=actor, now=now)
    clock = version.report.clock
    clocks.meet(
        incident=clock.incident, code=clock.code, at=at, actor=actor, now=now,
        detail={"report": str(version.report_id), "version": version.number},
    )  # fmt: skip
    return done


@transaction.atomic
def take(*, version_id: UUID, actor: Actor, now: dt.datetime) -> RegulatorReportVersion:
    """A version to be made a PDF of. Recorded: the words leave the product."""
    require(actor, Capability.CRISIS_VIEW)
    version = steps.locked(RegulatorReportVersion, version_id)
    _record("downloaded", version, actor, now, {"content_hash": version.content_hash})
    return version


@transaction.atomic
def take_receipt(*, submission_id: UUID, actor: Actor, now: dt.datetime) -> ReportSubmission:
    """A submission whose receipt file leaves the product. Recorded. Raises NotFound."""
    require(actor, Capability.CRISIS_VIEW)
    done = (
        ReportSubmission.objects.select_related("version__report__clock__incident")
        .filter(pk=submission_id, receipt__isnull=False)
        .first()
    )
    if done is None:
        raise NotFound(_("There is no such receipt."))
    _record("receipt_downloaded", done.version, actor, now, {"receipt_sha256": done.receipt_sha256})
    return done


def _to_the_minute(at: dt.datetime) -> dt.datetime:
    """People note times to the minute, so the minute of the approval counts as after it."""
    return at.replace(second=0, microsecond=0)


def _clean(how: str, reference: str, text: str, name: str, receipt: bytes | None) -> dict[str, Any]:
    if how not in set(rules.How):
        raise InvalidInput(_("Say how it was handed in."), field="how")
    reference, text = " ".join(reference.split()), text.strip()
    if not reference or len(reference) > 120:
        raise InvalidInput(
            _("Give the reference that the regulator answered with, up to 120 characters."),
            field="reference",
        )
    if len(text) > MAX_TEXT:
        raise InvalidInput(_("At most 2000 characters."), code="too_long", field="receipt_text")
    if not text and not receipt:
        raise InvalidInput(
            _("Keep a receipt: the file, or in words who took it and when."), field="receipt_text"
        )
    fields: dict[str, Any] = {"how": how, "reference": reference, "receipt_text": text}
    if receipt:
        fields |= {
            "receipt_type": rules.receipt_type(receipt),
            "receipt_name": name.replace("\r", "").replace("\n", "")[-200:],
            "receipt_sha256": hashlib.sha256(receipt).hexdigest(),
            "receipt": receipt,
        }
    return fields


def _tell(done: ReportSubmission, *, actor: Actor, now: dt.datetime) -> None:
    clock = done.version.report.clock
    words = _text("Report handed in: %(name)s, reference %(reference)s") % {
        "name": clock.duty.label,
        "reference": done.reference,
    }
    entry = timeline.add_entry(
        clock.incident, EntryKind.REPORT, words, actor=actor, now=now, at=done.at,
        detail={"clock": str(clock.pk), "code": clock.code, "version": done.version.number},
    )  # fmt: skip
    payload = {
        "content_hash": done.version.content_hash,
        "at": isoformat(done.at),
        "how": done.how,
        "reference_commitment": commitment(bytes(entry.salt), done.reference),
        "receipt_sha256": done.receipt_sha256,
        "receipt_text_commitment": commitment(bytes(entry.salt), done.receipt_text),
        "proof": timeline.entry_proof(entry),
    }
    _record("handed_in", done.version, actor, now, payload, occurred_at=done.at)


def _record(
    verb: str,
    version: RegulatorReportVersion,
    actor: Actor,
    now: dt.datetime,
    payload: Mapping[str, Any],
    occurred_at: dt.datetime | None = None,
) -> None:
    record(
        action=f"report.{verb}",
        actor=actor,
        now=now,
        subjects=Subjects(incident=version.ledger_incident, object=version.object_ref),
        payload={**version.ledger_facts, "number": version.number, **payload},
        occurred_at=occurred_at,
    )
