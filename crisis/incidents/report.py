"""The incident file for the board: a PDF in Chinese and English, made by Typst from the rows."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from importlib import resources
from pathlib import Path
from typing import Any

import typst
from django.utils import timezone, translation

from audit.models import Record
from core.actor import Actor
from crisis.clocks import selectors as clocks
from crisis.clocks.selectors import ClockShown
from crisis.incidents import rules, selectors
from crisis.incidents.models import Entry, Incident
from crisis.incidents.rules import Nature, State
from crisis.incidents.services.writing import note_file_taken
from crisis.plans import rules as plans

_TEMPLATE = Path(__file__).with_name("report.typ")
MAX_RECORDS = 2000  # ids printed; the ledger has all


def make(incident: Incident, *, actor: Actor, now: dt.datetime) -> bytes:
    """The PDF of an incident as it stands, in the reader's zone. Its making is recorded, with the
    hash of the PDF."""
    made = render(incident, now)
    note_file_taken(
        incident=incident, sha256=hashlib.sha256(made).hexdigest(), actor=actor, now=now
    )
    return made


def render(incident: Incident, now: dt.datetime) -> bytes:
    """The PDF itself."""
    fonts = Path(str(resources.files("noto_cjk_sans_otc")))
    return bytes(
        typst.compile(
            str(_TEMPLATE),
            font_paths=[str(fonts)],
            sys_inputs={"data": json.dumps(facts(incident, now), ensure_ascii=False)},
            ignore_system_fonts=True,
        )
    )


def facts(incident: Incident, now: dt.datetime) -> dict[str, Any]:
    """What the PDF says."""
    entries = list(selectors.entries_of(incident).order_by("at", "id"))
    records = Record.objects.filter(incident=incident.pk).order_by("id")
    return {
        "code": incident.code,
        "title": incident.title,
        "exercise": incident.exercise,
        "state": _both(rules.STATE_LABELS, State(incident.state)),
        "state_reason": incident.state_reason,
        "nature": _both(rules.NATURE_LABELS, Nature(incident.nature)) if incident.nature else _NONE,
        "tier": _tier(incident, incident.tier),
        "cause": incident.cause,
        "scope": _scope(incident.scope),
        "lead": str(incident.lead or "—"),
        "activated_by": str(incident.activated_by or ""),
        "zone": str(timezone.get_current_timezone()),
        **{
            name: _instant(getattr(incident, name))
            for name in ("since", "activated_at", "verified_at", "restored_at", "closed_at")
        },
        "tiers": [
            {
                "at": _instant(row.decided_at),
                "tier": _tier(incident, row.tier),
                "proposed": _tier(incident, row.proposed),
                "reason": row.reason,
                "by": str(row.decided_by),
            }
            for row in selectors.tier_history(incident)
        ],
        "roles": _roles(incident),
        "clocks": [_clock(each) for each in clocks.clocks_of(incident, now)],
        "entries": [_entry(entry) for entry in entries],
        "records": [
            {"at": _instant(at), "action": action, "id": str(pk)}
            for pk, at, action in records.values_list("id", "recorded_at", "action")[:MAX_RECORDS]
        ],
    }


_NONE = ["—", ""]


def _entry(entry: Entry) -> dict[str, Any]:
    note = ["", ""]
    if entry.written_offline:
        note = ["离线书写", "written offline"]
    elif entry.backdated:
        note = ["补记", "back-dated"]
    return {
        "at": _instant(entry.at),
        "recorded": _instant(entry.recorded_at),
        "text": entry.text,
        "by": str(entry.author or "—"),
        "note": note,
        "files": [
            {"name": each.name, "size": each.size, "sha256": each.sha256}
            for each in entry.attachments.all()
        ],
    }


def _roles(incident: Incident) -> list[dict[str, Any]]:
    named = [
        {
            "role": _in_both(lambda code=role.code: plans.role_name(incident.plan, code)),
            "person": str(role.person or "—"),
        }
        for role in selectors.roles_of(incident)
    ]
    return [{"role": ["负责人", "Lead"], "person": str(incident.lead or "—")}, *named]


def _clock(each: ClockShown) -> dict[str, Any]:
    return {
        "label": _in_both(lambda: each.label),
        "start": _instant(each.clock.started_at),
        "due": _instant(each.clock.due_at),
        "met": _instant(each.clock.met_at),
        "outcome": _both(_OUTCOMES, each.urgency.value),
    }


_OUTCOMES = {
    "overdue": ("逾期未完成", "Overdue"),
    "soon": ("进行中", "Running"),
    "running": ("进行中", "Running"),
    "paused": ("已暂停", "Paused"),
    "met": ("按时完成", "Met in time"),
    "met_late": ("逾期完成", "Met late"),
    "cancelled": ("已取消", "Cancelled"),
    "lapsed": ("不再适用", "Lapsed"),
}


def _scope(scope: dict[str, Any]) -> str:
    parts = [", ".join(scope[name]) for name in rules.SCOPE_LISTS if scope.get(name)]
    if "investors" in scope:
        parts.append(f"{scope['investors']} 名投资者 / investors")
    return " · ".join(parts) or "—"


def _tier(incident: Incident, code: str) -> list[str]:
    return _in_both(lambda: plans.level_name(incident.plan, code)) if code else _NONE


def _instant(at: dt.datetime | None) -> str:
    return f"{timezone.localtime(at):%Y-%m-%d %H:%M:%S}" if at else ""


def _in_both(words: Any) -> list[str]:
    """A text in Chinese and in English."""
    answers = []
    for language in ("zh-hans", "en"):
        with translation.override(language):
            answers.append(str(words()))
    return answers


def _both(labels: Any, code: Any) -> list[str]:
    found = labels.get(code, code)
    return list(found) if isinstance(found, tuple) else _in_both(lambda: found)
