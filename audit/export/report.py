"""The report for people: a PDF in Chinese and English, made by Typst from the summary."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path
from typing import Any
from uuid import UUID

import typst

from audit.export.attestations import Attested
from audit.export.rules import in_groups
from audit.export.summary import Summary
from audit.models import Export
from audit.note import VerifierKey
from audit.selectors import actor_names
from core.clock import isoformat

_TEMPLATE = Path(__file__).with_name("report.typ")
# What a reader of the report needs a second look at, in the order in which it is shown.
GAPS = ("unconfirmed", "failed", "refused", "cancelled", "open")


def render(
    export: Export, statement: dict[str, Any], summary: Summary, key: str, attested: Attested
) -> bytes:
    """The PDF. `statement` is what the bag states; `key` is the log's verifier key, printed so
    that a reader can compare it with one from elsewhere."""
    data = {
        **_request(export, statement),
        "records": summary.records,
        "missing": statement["records_not_yet_in_the_log"],
        "first": summary.first,
        "last": summary.last,
        "checkpoint": statement["checkpoint"],
        "key": key,
        "key_groups": in_groups(VerifierKey.parse(key).public_key.hex()),
        "attested": {
            "witnesses": attested.witnesses,
            "cosigned": attested.cosigned,
            "stamped": attested.stamped,
            "older": len(attested.older),
            "older_keys": attested.older_keys,
        },
        "outcomes": summary.outcomes,
        "deliveries": sum(count for _channel, _outcome, count in summary.outcomes),
        "acknowledged": summary.of_outcome("acknowledged"),
        "read": summary.of_outcome("acknowledged", "read"),
        "gaps": [[name, summary.of_outcome(name)] for name in GAPS],
        "more_acts": summary.more_acts,
        "actions": [[action, count] for action, count in sorted(summary.actions.items())],
    }
    people = actor_names(act["actor"] for act in summary.acts)
    data["acts"] = [{**act, "who": people.get(act["actor"], act["actor"])} for act in summary.acts]
    return compile_report(data)


def compile_report(data: dict[str, Any]) -> bytes:
    """The PDF from its data, set with the packaged fonts only."""
    fonts = Path(str(resources.files("noto_cjk_sans_otc")))
    return bytes(
        typst.compile(
            str(_TEMPLATE),
            font_paths=[str(fonts)],
            sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
            ignore_system_fonts=True,
        )
    )


def _request(export: Export, statement: dict[str, Any]) -> dict[str, Any]:
    people = (export.requested_by, export.decided_by)
    names = actor_names(f"user:{person}" for person in people if person)
    return {
        "export": str(export.pk),
        "watermark": export.watermark,
        "made_at": statement["made_at"],
        "recipient": export.recipient,
        "reason": export.reason,
        "requested_by": _named(names, export.requested_by),
        "requested_at": isoformat(export.requested_at),
        "approved_by": _named(names, export.decided_by),
        "approved_at": isoformat(export.decided_at) if export.decided_at else "",
        "approval_note": export.decision_reason,
        "scope": statement["scope"],
    }


def _named(names: dict[str, str], person: UUID | None) -> str:
    return names.get(f"user:{person}", str(person)) if person else "—"
