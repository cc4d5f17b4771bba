"""The register out of the house: as CSV, or as a PDF with its heat maps. Each is recorded."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import io
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from core.access import require
from core.actor import Actor
from core.clock import isoformat
from core.errors import InvalidInput
from core.roles import Capability
from crisis.risks import report, selectors
from crisis.risks.matrix.selectors import in_force, version_in_force
from crisis.risks.recording import note_object, today_of
from crisis.risks.rules import Stage

COLUMNS = (
    "code", "type", "title", "description", "causes", "department", "owner", "state",
    "state_reason", "created_at",
    *(f"{stage.value}_{name}" for stage in Stage
      for name in ("likelihood", "impact", "level", "assessed_at")),
)  # fmt: skip
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@transaction.atomic
def export_register(
    *,
    form: str,
    actor: Actor,
    now: dt.datetime,
    filters: Mapping[str, Any] | None = None,
) -> tuple[str, bytes]:
    """The risks that `filters` let through, as (file name, content); `form` is csv or pdf. Needs
    RISK_VIEW; recorded with the SHA-256 of what was handed out."""
    require(actor, Capability.RISK_VIEW)
    if form not in {"csv", "pdf"}:
        raise InvalidInput(_("Choose CSV or PDF."), field="form")
    rows = selectors.rows_of(selectors.register(actor, filters).order_by("code"), in_force())
    version = version_in_force()
    made = _csv(rows) if form == "csv" else report.render(actor, rows, version, now)
    payload = {
        "rows": len(rows),
        "format": form,
        "matrix": version.content_hash,
        "sha256": hashlib.sha256(made).hexdigest(),
    }
    note_object("register_exported", "risk_register:all", actor=actor, now=now, payload=payload)
    return f"risks-{today_of(now).isoformat()}.{form}", made


def _csv(rows: list[selectors.Row]) -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\r\n", restval="")
    writer.writeheader()
    for row in rows:
        writer.writerow({name: _cell(value) for name, value in _columns(row).items()})
    return ("\ufeff" + out.getvalue()).encode()


def _columns(row: selectors.Row) -> dict[str, str]:
    risk = row.risk
    found = {
        "code": risk.code,
        "type": risk.kind,
        "title": risk.title,
        "description": risk.description,
        "causes": risk.causes,
        "department": risk.department,
        "owner": str(risk.owner),
        "state": risk.state,
        "state_reason": risk.state_reason,
        "created_at": isoformat(risk.created_at),
    }
    for stage, point in row.points.items():
        found |= {
            f"{stage}_likelihood": str(point.likelihood),
            f"{stage}_impact": str(point.impact),
            f"{stage}_level": point.level,
            f"{stage}_assessed_at": isoformat(point.assessment.at) if point.assessment else "",
        }
    return found


def _cell(value: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{value}" if value.startswith(_FORMULA) else value
