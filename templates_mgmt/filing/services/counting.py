"""The class of a communication follows what was really sent."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from audit.leaf import Subjects
from audit.record import record
from core.actor import system
from templates_mgmt.filing import rules, usage
from templates_mgmt.filing.models import ClassChange, Filing
from templates_mgmt.filing.rules import CommunicationClass
from templates_mgmt.filing.usage import Reach
from templates_mgmt.models import TemplateVersion

ACTOR = system("reviews")


def follow_reach(*, now: dt.datetime) -> int:
    """Give every version that was filed as correspondence the class that its reach says, once
    (FINRA 2210(a)); returns how many changed. Runs nightly and may run at any time."""
    stated = Filing.objects.filter(
        communication_class=CommunicationClass.CORRESPONDENCE, version__class_changes=None
    )
    changed = 0
    for version_id, reach in sorted(
        usage.reach_of(list(stated.values_list("version", flat=True))).items()
    ):
        with transaction.atomic():
            changed += _follow(TemplateVersion.objects.get(pk=version_id), reach, now)
    return changed


def _follow(version: TemplateVersion, reach: Reach, now: dt.datetime) -> bool:
    filing = Filing.objects.select_for_update().get(version=version)
    found = rules.class_in_effect(filing.communication_class, reach.people)
    if found == filing.communication_class or version.class_changes.exists():
        return False
    made = ClassChange.objects.create(
        version=version,
        communication_class=found,
        people=reach.people,
        since=reach.since,
        at=now,
    )
    record(
        action="template.class_changed",
        actor=ACTOR,
        now=now,
        subjects=Subjects(template=version.template_id, version=version.pk),
        payload={
            "filing_hash": filing.filing_hash,
            "from": filing.communication_class,
            "to": made.communication_class,
            "people": made.people,
            "since": made.since.isoformat(),
        },
    )
    return True
