"""Filing records made through the services."""

from __future__ import annotations

import datetime as dt
from typing import Any

from core import clock
from core.actor import Actor
from templates_mgmt import services
from templates_mgmt.filing import services as filings
from templates_mgmt.filing.models import Filing
from templates_mgmt.models import TemplateVersion
from tests.templates_mgmt.builders import author, make_draft, reviewer

TERMS: dict[str, Any] = {
    "communication_class": "retail",
    "source": "上海证券交易所 2026 年第 3 号公告",
    "effective_from": None,
    "expires_at": None,
    "review_months": 12,
    "review_due": None,
}
CARRIERS = [
    {"language": "zh-hans", "carrier": "CMCC", "template_id": "SMS_1001", "status": "approved"}
]


def days(count: float) -> dt.timedelta:
    return dt.timedelta(days=count)


def file(version: TemplateVersion, actor: Actor, **terms: Any) -> Filing:
    """Save the standard terms, some replaced."""
    given = {**TERMS, **terms}
    return filings.save_filing(version_id=version.pk, actor=actor, now=clock.now(), **given)


def make_filed(
    actor: Actor | None = None, *, words: dict[str, Any] | None = None, **terms: Any
) -> TemplateVersion:
    """A version in review with a filing record of its author."""
    actor = actor or author()
    version = make_draft(actor, **(words or {}))
    file(version, actor, **terms)
    return services.submit(version_id=version.pk, actor=actor, now=clock.now())


def approve(version: TemplateVersion, now: dt.datetime | None = None) -> TemplateVersion:
    """The version approved by a reviewer of its own."""
    return services.approve(
        version_id=version.pk,
        shown_hash=version.content_hash,
        actor=reviewer(),
        now=now or clock.now(),
    )
