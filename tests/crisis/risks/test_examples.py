"""The example risks go through the services, into an empty register only."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from audit.models import Record
from core.roles import Role
from crisis.models import ControlUse, Risk
from tests.core.builders import make_user

pytestmark = pytest.mark.django_db


def test_a_dozen_open_risks_each_recorded() -> None:
    user, out = make_user(Role.CRISIS_OFFICER), StringIO()
    call_command("example_risks", user.username, stdout=out)
    assert Risk.objects.filter(state="open").count() == 12
    assert Record.objects.filter(action="risk.created").count() == 12
    assert ControlUse.objects.exists() and "12 example risks" in out.getvalue()
    with pytest.raises(CommandError, match="not empty"):
        call_command("example_risks", user.username)


def test_only_by_somebody_who_works_on_risks() -> None:
    with pytest.raises(CommandError):
        call_command("example_risks", make_user(Role.AUDITOR).username)
    with pytest.raises(CommandError, match="no active"):
        call_command("example_risks", "nobody")
    assert not Risk.objects.exists()
