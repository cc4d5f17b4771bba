"""The main path, step by step, on the running product. Each step is a function that returns
what it counted; a step that does not hold raises StepFailed and says what it saw."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings

from audit.models import Checkpoint, Cosignature, Leaf, Pending, Timestamp
from comms.models import Delivery, InboxMessage, Notice, RawReceipt
from comms.rules import OPEN, DeliveryState, NoticeState
from comms.services import receipts
from core import clock
from core.actor import Actor, investor
from core.errors import FourEyesViolation, VouchsafeError
from core.models import BusinessLine
from core.roles import Capability
from portal.demo import people
from portal.demo.extract import write_extract
from portal.demo.self_service import investor_on_the_web

Progress = Callable[[int, int], None]


class StepFailed(Exception):
    """A step of the demo did not hold."""


@dataclass
class Walk:
    """What the steps hand on to each other, and the report they build."""

    address: str
    rows: int
    facts: dict[str, Any] = field(default_factory=dict)
    notice_id: UUID | None = None
    version_id: UUID | None = None
    bag: Path = Path()

    @property
    def directory(self) -> Path:
        """Where the demo keeps its files."""
        return Path(settings.VAR_DIR) / "demo"


def make_firm(walk: Walk, progress: Progress) -> dict[str, Any]:
    """One user per role."""
    passwords = people.make_firm()
    return {"users": len(passwords)}


def import_extract(walk: Walk, progress: Progress) -> dict[str, Any]:
    """A messy CRM extract; each rejected row is named in the error file."""
    from investors.importing.service import import_file

    extract = walk.directory / "investors.csv"
    write_extract(extract, rows=walk.rows)
    result = import_file(
        path=extract,
        line_id=_line_id(),
        actor=people.acting("dispatcher"),
        now=clock.now(),
        errors_path=walk.directory / "investors-errors.csv",
        progress=progress,
    )
    kept = result.created + result.updated + result.unchanged
    hold(kept > 0 and result.rejected > 0, f"expected kept and rejected rows, saw {result}")
    return {
        "read": result.read,
        "imported": kept,
        "created": result.created,
        "unchanged": result.unchanged,
        "rejected": result.rejected,
        "rejected_by_reason": dict(result.by_reason),
    }


def approve_template(walk: Walk, progress: Progress) -> dict[str, Any]:
    """Draft, review, return with a reason, revise, and approval by somebody else."""
    from templates_mgmt import services
    from templates_mgmt.library import load_library_template
    from templates_mgmt.models import TemplateVersion

    author, reviewer = people.acting("author"), people.acting("reviewer")
    loaded = load_library_template(
        slug="system-outage", line_id=_line_id(), actor=author, now=clock.now()
    )
    first = TemplateVersion.objects.get(pk=loaded)
    if first.state == "draft":
        services.submit(version_id=first.pk, actor=author, now=clock.now())
        services.return_version(
            version_id=first.pk,
            reason="请写明恢复时间的口径。Say how the recovery time is measured.",
            actor=reviewer,
            now=clock.now(),
        )
    second = services.new_version(based_on=first.pk, actor=author, now=clock.now())
    second = services.submit(version_id=second.pk, actor=author, now=clock.now())
    shown = second.content_hash
    with refused(FourEyesViolation, "the author approved their own words"):
        services.approve(
            version_id=second.pk,
            shown_hash=shown,
            actor=also_holding(author, Capability.TEMPLATES_REVIEW),
            now=clock.now(),
        )
    services.approve(version_id=second.pk, shown_hash=shown, actor=reviewer, now=clock.now())
    walk.version_id = second.pk
    return {"template": first.template.code, "version": second.number}


def prepare_and_release(walk: Walk, progress: Progress) -> dict[str, Any]:
    """A critical notice, prepared by one person and released by another."""
    from comms.dryruns.services import make_dry_run
    from comms.services import notices

    dispatcher, releaser = people.acting("dispatcher"), people.acting("releaser")
    assert walk.version_id is not None
    notice = notices.create_notice(
        version_id=walk.version_id,
        audience={"line": people.LINE[0]},
        values={
            "system": {"zh-hans": "网上交易系统", "en": "Online trading"},
            "since": "09:30",
            "expected": "11:00",
            "hotline": {"zh-hans": "400-000-0000", "en": "+86 400-000-0000"},
        },
        criticality="critical",
        channels={"parallel": ["sms", "inbox"], "fallback": ["email"], "wait_seconds": 15},
        reason="演示:交易系统故障 Demonstration: trading system outage",
        actor=dispatcher,
        now=clock.now(),
    )
    walk.notice_id = notice.pk
    make_dry_run(notice_id=notice.pk, actor=dispatcher, now=clock.now())
    notices.submit_notice(notice_id=notice.pk, actor=dispatcher, now=clock.now())
    with refused(FourEyesViolation, "the preparer released their own notice"):
        notices.release_notice(
            notice_id=notice.pk,
            actor=also_holding(dispatcher, Capability.NOTICES_RELEASE),
            now=clock.now(),
        )
    notice = notices.release_notice(notice_id=notice.pk, actor=releaser, now=clock.now())
    return {"notice": notice.code, "audience": notice.dry_run.get("candidates")}


def send(walk: Walk, progress: Progress) -> dict[str, Any]:
    """The workers plan and send; providers answer with receipts; failed channels fall back."""
    assert walk.notice_id is not None
    notice = Notice.objects.get(pk=walk.notice_id)
    deadline = time.monotonic() + 150
    while True:
        notice.refresh_from_db()
        counts = states(walk)
        total = sum(counts.values())
        progress(total - sum(counts[state] for state in OPEN), total)
        if notice.state == NoticeState.DONE and not _receipts_waiting():
            break
        hold(time.monotonic() < deadline, f"not sent after 150 s: {notice.state}, {dict(counts)}")
        time.sleep(0.3)
    counts = states(walk)
    reasons = Counter(notice.exclusions.values_list("reason", flat=True))
    fallback = notice.deliveries.filter(rank__gt=0).exclude(state=DeliveryState.NOT_NEEDED)
    hold(counts["delivered"] > 0, "nothing was delivered")
    hold(counts["failed"] > 0, "the gateway reports some failures, none was seen")
    hold(fallback.exists(), "no failed channel fell back")
    hold(counts["unconfirmed"] == 0, "a delivery was left unconfirmed")
    return {
        "planned": sum(counts.values()),
        "excluded_by_reason": dict(reasons),
        "sent": notice.deliveries.filter(attempts__gt=0).count(),
        "delivered": counts["delivered"],
        "accepted": counts["accepted"],
        "failed": counts["failed"],
        "fallback_used": fallback.count(),
        "fallback_not_needed": counts["not_needed"],
    }


def acknowledge(walk: Walk, progress: Progress) -> dict[str, Any]:
    """One investor signs in on the web with a code from a real mail; others acknowledge too."""
    messages = list(
        InboxMessage.objects.filter(notice=walk.notice_id).order_by("delivery_id")[:200]
    )
    web = investor_on_the_web(walk, messages)
    chosen = [message for message in messages if message.pk != web][:99]
    for done, message in enumerate(chosen, 1):
        who = investor(message.investor_id)
        receipts.record_view(delivery_id=message.pk, actor=who, now=clock.now())
        receipts.acknowledge(delivery_id=message.pk, actor=who, now=clock.now())
        progress(done, len(chosen))
    count = InboxMessage.objects.filter(
        notice=walk.notice_id, acknowledged_at__isnull=False
    ).count()
    hold(count == len(chosen) + 1, f"{len(chosen) + 1} acknowledged, {count} are kept")
    return {"acknowledged": count, "by_web": 1}


def publish(walk: Walk, progress: Progress) -> dict[str, Any]:
    """The sequencer places every record and signs a checkpoint; a witness cosigns one, and a
    time-stamping authority stamps one."""
    deadline = time.monotonic() + 60
    while Pending.objects.exists():
        hold(time.monotonic() < deadline, "records still wait for the sequencer after 60 s")
        time.sleep(0.2)
    checkpoint = Checkpoint.objects.first()
    hold(checkpoint is not None, "no checkpoint was signed")
    assert checkpoint is not None
    while not Cosignature.objects.exists():
        hold(time.monotonic() < deadline, "no witness cosigned a checkpoint within 60 s")
        time.sleep(0.2)
    while not Timestamp.objects.exists():
        hold(time.monotonic() < deadline, "no checkpoint was time-stamped within 60 s")
        time.sleep(0.2)
    return {
        "ledger_size": Leaf.objects.count(),
        "checkpoint": checkpoint.note.splitlines()[:3],
        "cosigned": Cosignature.objects.values_list("size", flat=True)[0],
        "time_stamped": Timestamp.objects.order_by("-size").values_list("size", flat=True)[0],
    }


def export(walk: Walk, progress: Progress) -> dict[str, Any]:
    """The regulator's bag for this notice: asked for by one, approved by another, downloaded."""
    from audit.export import building, handout, requests

    auditor, regulator = people.acting("auditor"), people.acting("regulator")
    asked = requests.request_export(
        notice=walk.notice_id,
        reason="演示 Demonstration",
        recipient="Regulator (demo)",
        recipient_user=regulator.user_id,
        actor=auditor,
        now=clock.now(),
    )
    with refused(FourEyesViolation, "the auditor approved their own export"):
        requests.approve_export(
            export_id=asked.pk,
            actor=also_holding(auditor, Capability.EXPORTS_APPROVE),
            now=clock.now(),
        )
    requests.approve_export(export_id=asked.pk, actor=people.acting("privacy"), now=clock.now())
    made = building.build_export(export_id=asked.pk, now=clock.now(), progress=progress)
    handout.download_export(export_id=made.pk, actor=regulator, now=clock.now())
    walk.bag = Path(made.path)
    return {"records": made.records, "bag": str(walk.bag)}


def verify(walk: Walk, progress: Progress) -> dict[str, Any]:
    """The export's own verifier, alone in another process; then the whole log from its rows."""
    from audit.verify import verify_log

    script = walk.directory / "verify.py"
    script.write_bytes((walk.bag / "data" / "verify.py").read_bytes())
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(script), str(walk.bag)],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    hold(done.returncode == 0, f"the export's verifier said:\n{done.stdout}{done.stderr}")
    result = verify_log(now=clock.now(), progress=progress)
    hold(result.ok, f"the log does not verify: {result.findings[:3]}")
    return {"verification": "ok", "verifier_said": done.stdout.strip().splitlines()[-1:]}


# What the steps share ------------------------------------------------------------------------


def states(walk: Walk) -> Counter[str]:
    """Deliveries of the notice by state."""
    return Counter(Delivery.objects.filter(notice=walk.notice_id).values_list("state", flat=True))


def hold(condition: bool, saw: str) -> None:
    """Raise StepFailed with what was seen unless `condition` holds."""
    if not condition:
        raise StepFailed(saw)


@contextmanager
def refused(error: type[VouchsafeError], otherwise: str) -> Iterator[None]:
    """The block must be refused with `error`."""
    try:
        yield
    except error:
        return
    raise StepFailed(otherwise)


def also_holding(actor: Actor, capability: Capability) -> Actor:
    """The same person with one more right, to show that rights do not lift four-eyes."""
    return replace(actor, capabilities=actor.capabilities | {capability})


def _line_id() -> UUID:
    return BusinessLine.objects.get(code=people.LINE[0]).pk


def _receipts_waiting() -> bool:
    # A receipt for a mail that was no delivery (a sign-in code) waits for its time to run out.
    ours = RawReceipt.objects.filter(processed_at=None, signature_ok=True)
    return ours.exclude(error__contains="unknown reference").exists()
