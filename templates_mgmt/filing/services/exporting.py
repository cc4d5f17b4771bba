"""Filing records out: of one version, or of a period. Each export is recorded."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit.leaf import Subjects
from audit.record import record
from core.actor import Actor
from core.errors import InvalidInput
from templates_mgmt.filing import selectors

FORMATS = ("csv", "json")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@transaction.atomic
def export_filing(
    *, version_id: UUID, form: str, actor: Actor, now: dt.datetime
) -> tuple[str, str]:
    """The filing record of one version as (file name, text), `form` csv or json."""
    found = selectors.record_of(actor, version_id)
    text = _written([found], form)
    subjects = Subjects(template=UUID(found["template_id"]), version=version_id)
    _record(text, 1, form, {}, subjects, actor, now)
    return f"filing-{found['template']}-v{found['version']}.{form}", text


@transaction.atomic
def export_period(
    *, since: dt.date, until: dt.date, form: str, actor: Actor, now: dt.datetime
) -> tuple[str, str]:
    """The filing records of all visible versions that were approved or used between two days,
    both included (UTC), as (file name, text)."""
    if until < since:
        raise InvalidInput(_("The period must begin before it ends."), field="until")
    found = selectors.records_between(actor, since, until)
    text = _written(found, form)
    period = {"since": since.isoformat(), "until": until.isoformat()}
    subjects = Subjects(object=f"filing:{since.isoformat()}:{until.isoformat()}")
    _record(text, len(found), form, period, subjects, actor, now)
    return f"filing-{since.isoformat()}-{until.isoformat()}.{form}", text


def _record(
    text: str,
    rows: int,
    form: str,
    more: Mapping[str, str],
    subjects: Subjects,
    actor: Actor,
    now: dt.datetime,
) -> None:
    digest = hashlib.sha256(text.encode()).hexdigest()
    record(
        action="template.filing_exported",
        actor=actor,
        now=now,
        subjects=subjects,
        payload={"rows": rows, "format": form, "sha256": digest, **more},
    )


def _written(rows: Sequence[Mapping[str, Any]], form: str) -> str:
    if form == "json":
        return json.dumps({"v": 1, "filings": rows}, ensure_ascii=False, indent=1) + "\n"
    if form != "csv":
        raise InvalidInput(_("Choose CSV or JSON."), field="format")
    out = io.StringIO()
    writer = csv.DictWriter(out, selectors.COLUMNS, lineterminator="\r\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({name: _cell(row[name]) for name in selectors.COLUMNS})
    return "\ufeff" + out.getvalue()


def _cell(value: Any) -> str:
    """A cell that no spreadsheet takes for a formula."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return f"'{text}" if text.startswith(_FORMULA) else text
