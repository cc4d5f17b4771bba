"""A report as PDF, by Typst."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path
from typing import Any

import typst

from core.reviewed.rules import State
from crisis.reports.models import RegulatorReportVersion
from crisis.reports.rules import written_time

# Both languages, whoever asks: the paper goes out of the house.
STATES = {
    State.DRAFT: "草稿 Draft",
    State.IN_REVIEW: "复核中 In review",
    State.APPROVED: "已批准 Approved",
    State.RETURNED: "已退回 Returned",
    State.SUPERSEDED: "已被替代 Superseded",
}
_TEMPLATE = Path(__file__).with_name("report.typ")


def render(version: RegulatorReportVersion) -> bytes:
    """The PDF of a version as it stands. That of an exercise says so on every page."""
    fonts = Path(str(resources.files("noto_cjk_sans_otc")))
    return bytes(
        typst.compile(
            str(_TEMPLATE),
            font_paths=[str(fonts)],
            sys_inputs={"data": json.dumps(data_of(version), ensure_ascii=False)},
            ignore_system_fonts=True,
        )
    )


def data_of(version: RegulatorReportVersion) -> dict[str, Any]:
    """What the PDF shows."""
    clock, form = version.report.clock, version.report.form
    zone = clock.duty.calendar.zone
    done = getattr(version, "submission", None)
    return {
        "title": clock.duty.name.get(form.language, clock.duty.label),
        "reference": clock.incident.code,
        "exercise": clock.incident.exercise,
        "regulator": form.regulator,
        "source": clock.duty.source,
        "number": version.number,
        "state": STATES[State(version.state)],
        "approved_by": str(version.decided_by) if version.state == State.APPROVED else "",
        "approved_at": written_time(version.decided_at, zone) if version.decided_at else "",
        "handed_in": f"{written_time(done.at, zone)}, {done.reference}" if done else "",
        "content_hash": version.content_hash,
        "fields": [
            {"zh": field.zh, "en": field.en, "answer": version.answers.get(field.name, "")}
            for field in form.fields
        ],
    }
