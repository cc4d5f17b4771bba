"""The pack: it names whom to call, is sealed at rest, and opens with everything else stopped."""

from __future__ import annotations

import datetime as dt
import re
import stat
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse

from audit.models import Record
from core import clock
from core.actor import system
from core.errors import Conflict, Forbidden
from core.roles import Role
from crisis.models import Pack
from crisis.pack import content, selectors, services
from crisis.pack.services import Form
from crisis.parties import services as parties
from tests.core.builders import make_user, sign_in
from tests.crisis.builders import make_actor, make_incident
from tests.templates_mgmt.builders import make_approved

pytestmark = pytest.mark.django_db


@pytest.fixture
def firm() -> None:
    """Somebody to call, an open incident, an approved wording."""
    given = {"actor": make_actor(Role.CRISIS_OFFICER), "now": clock.now()}
    party = parties.save_party(name="Example Line Provider", kind="supplier", **given)
    parties.add_contact(party_id=party.pk, duty="热线", name="赵示例", phone="+86138000", **given)
    make_incident("Orders cannot be placed")
    make_approved()


def made() -> Pack:
    return services.make_pack(actor=system("test"), now=clock.now())


def test_the_page_holds_all_that_is_needed(firm: None) -> None:
    page = services.opened(made(), Form.PAGE).decode()
    for words in (
        "赵示例",
        "+86138000",
        "Orders cannot be placed",
        "Verify the incident",
        "呼叫名单",
    ):
        assert words in page, words
    assert Record.objects.filter(action="pack.made").count() == 1


def test_times_are_those_of_the_firm_to_the_minute() -> None:
    late = dt.datetime(2026, 11, 21, 20, 5, 9, 7, tzinfo=dt.UTC)
    assert content.moment(late) == "2026-11-22 04:05 UTC+08:00"


def test_neither_file_asks_for_anything_from_outside(firm: None) -> None:
    page = services.opened(made(), Form.PAGE).decode()
    assert re.findall(r'(?:src|href)="(?!#|tel:|mailto:)[^"]*', page) == []
    assert "<script" not in page
    assert "default-src 'none'" in page


def test_the_pdf_is_one(firm: None) -> None:
    assert services.opened(made(), Form.PDF).startswith(b"%PDF-")


def test_at_rest_it_is_sealed_and_the_ledger_names_nobody(firm: None) -> None:
    pack = Pack.objects.get(pk=made().pk)
    assert "赵示例".encode() not in bytes(pack.page)
    assert not Record.objects.filter(payload__contains="赵示例").exists()


def test_after_thirty_days_its_content_is_forgotten(firm: None) -> None:
    now = clock.now()
    old = services.make_pack(actor=system("test"), now=now - dt.timedelta(days=31))
    new = services.make_pack(actor=system("test"), now=now)
    with pytest.raises(Conflict):
        services.opened(old, Form.PAGE)
    assert services.opened(new, Form.PAGE)


def test_it_is_stale_after_a_day(firm: None) -> None:
    pack, now = made(), clock.now()
    assert not selectors.is_stale(pack, now + dt.timedelta(hours=25))
    assert selectors.is_stale(pack, now + dt.timedelta(hours=27))
    assert selectors.is_stale(None, now)


def test_taking_it_is_recorded_and_only_for_those_who_see_crises(firm: None) -> None:
    pack, now = made(), clock.now()
    with pytest.raises(Forbidden):
        services.take_pack(pack_id=pack.pk, form=Form.PDF, actor=make_actor(Role.AUTHOR), now=now)
    services.take_pack(pack_id=pack.pk, form=Form.PDF, actor=make_actor(Role.AUDITOR), now=now)
    assert Record.objects.filter(action="pack.taken").count() == 1


def test_the_database_keeps_it_as_it_was(firm: None) -> None:
    made()
    for statement in ("UPDATE crisis_pack SET facts = '{}'", "DELETE FROM crisis_pack"):
        with pytest.raises(Exception, match=r"refused|denied"), transaction.atomic():
            connection.cursor().execute(statement)


def test_the_command_writes_files_for_this_user_alone(firm: None, tmp_path: Path) -> None:
    call_command("crisis_pack", "--out", str(tmp_path / "share"), stdout=StringIO())
    files = sorted((tmp_path / "share").iterdir())
    assert [path.name for path in files] == ["crisis-pack.html", "crisis-pack.pdf"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


def test_the_daily_task_writes_where_the_firm_says(firm: None, tmp_path: Path, settings) -> None:
    from crisis.pack.tasks import make

    settings.PACK_DIR = str(tmp_path / "drive")
    make()
    make()
    assert len(list((tmp_path / "drive").iterdir())) == 2
    assert Record.objects.filter(action="pack.written").count() == 2


def test_the_page_of_packs(client: Client, firm: None) -> None:
    sign_in(client, make_user(Role.CRISIS_OFFICER))
    page = reverse("crisis-packs")
    assert "There is no pack of today" in client.get(page).text
    client.post(reverse("crisis-pack-make"))
    assert "There is no pack of today" not in client.get(page).text
    pack = Pack.objects.get()
    answer = client.post(reverse("crisis-pack-take", args=[pack.pk, "pdf"]))
    assert answer["Content-Disposition"] == 'attachment; filename="crisis-pack.pdf"'
    assert client.post(reverse("crisis-pack-take", args=[pack.pk, "exe"])).status_code == 404
