"""Why an investor's data must stay: duties of the schedule, and holds."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.db import transaction
from django.db.utils import ProgrammingError

from audit.models import SubjectKey
from audit.retention import selectors
from core import clock
from core.errors import NotFound
from tests.audit.retention import no_duties
from tests.builders import make_investor

pytestmark = pytest.mark.django_db


def test_an_active_investor_is_kept_while_the_relationship_lasts():
    reasons = selectors.reasons_to_keep(investor=make_investor().pk, now=clock.now())

    assert reasons[0].source == "反洗钱法 2024"
    assert reasons[0].until is None
    years = {reason.source: reason.until.year for reason in reasons if reason.until}
    assert years["证券法 Art 137; 适当性管理办法 Art 32"] >= clock.now().year + 20


def test_nothing_keeps_whom_no_rule_names():
    no_duties()
    assert selectors.reasons_to_keep(investor=make_investor().pk, now=clock.now()) == []


def test_an_unknown_investor_is_not_found():
    with pytest.raises(NotFound):
        selectors.reasons_to_keep(investor=uuid4(), now=clock.now())


def test_sql_refuses_to_destroy_a_key_that_a_duty_keeps():
    key = SubjectKey.objects.filter(subject=make_investor().pk)
    with pytest.raises(ProgrammingError, match="retention duty"), transaction.atomic():
        key.update(wrapped=None)
    assert key.get().wrapped is not None

    no_duties()
    assert key.update(wrapped=None) == 1
