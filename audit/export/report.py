"""The report for people: a PDF in Chinese and English, made by Typst from the summary."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path
from typing import Any

import typst

from audit.export.summary import Summary
from audit.models import Export
from audit.selectors import actor_names
from core.clock import isoformat

_TEMPLATE = Path(__file__).with_name("report.typ")


def render(export: Export, statement: dict[str, Any], summary: Summary, key: str) -> bytes:
    """The PDF. `statement` is what the bag states; `key` is the log's verifier key, printed so
    that a reader can compare it with one from elsewhere."""
    names = actor_names(act["actor"] for act in summary.acts)
    data = {
        "export": str(export.pk),
        "made_at": statement["made_at"],
        "recipient": export.recipient,
        "reason": export.reason,
        "requested_by": _person(export),
        "requested_at": isoformat(export.requested_at),
        "scope": statement["scope"],
        "records": summary.records,
        "missing": statement["records_not_yet_in_the_log"],
        "first": summary.first,
        "last": summary.last,
        "checkpoint": statement["checkpoint"],
        "key": key,
        "acts": [{**act, "who": names.get(act["actor"], act["actor"])} for act in summary.acts],
        "more_acts": summary.more_acts,
        "deliveries": [[*pair, count] for pair, count in sorted(summary.deliveries.items())],
        "actions": [[action, count] for action, count in sorted(summary.actions.items())],
    }
    fonts = Path(str(resources.files("noto_cjk_sans_otc")))
    return bytes(
        typst.compile(
            str(_TEMPLATE),
            font_paths=[str(fonts)],
            sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
            ignore_system_fonts=True,
        )
    )


def _person(export: Export) -> str:
    actor = f"user:{export.requested_by}"
    return actor_names([actor]).get(actor, actor) if export.requested_by else "—"
