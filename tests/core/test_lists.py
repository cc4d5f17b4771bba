"""Tables without formulas, and views that people save for themselves."""

from __future__ import annotations

import csv
import datetime as dt
import io

import pytest
from django.db import DatabaseError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from core import clock
from core.actor import system
from core.errors import FourEyesViolation, InvalidInput, NotFound
from core.lists import csvfile, services
from core.lists.models import SavedView
from core.roles import Role
from tests.core.builders import actor_of, last_record, make_user

HOSTILE = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1", "＠x", "\0x", "=cmd|' /C'"]


# --- the table ---------------------------------------------------------------------------------


@pytest.mark.parametrize("text", HOSTILE)
def test_no_cell_is_computed(text):
    assert csvfile.cell(text) == f"'{text}"


def test_values_are_written_plainly():
    instant = dt.datetime(2026, 3, 2, 9, 30, tzinfo=dt.timezone(dt.timedelta(hours=8)))
    line = csvfile.line([None, -5, True, instant, '他说 "a,b"\n'])
    assert line.decode() == ',-5,True,2026-03-02T09:30:00+08:00,"他说 ""a,b""\n"\r\n'


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1))
def test_what_is_written_is_read_back_and_never_a_formula(cells):
    (read,) = csv.reader(io.StringIO(csvfile.line(["x", *cells]).decode(), newline=""))
    for text, back in zip(cells, read[1:], strict=True):
        assert back in (text, f"'{text}")
        assert back.lstrip()[:1] not in set("=+-@＝＋－＠") or not back.strip()


# --- saved views -------------------------------------------------------------------------------


def person():
    return actor_of(make_user(Role.AUDITOR))


def save(by, name="Going out", query="state=sending&cursor=abc", list_name="notice-list"):
    return services.save_view(
        list_name=list_name, name=name, query=query, actor=by, now=clock.now()
    )


@pytest.mark.django_db
def test_a_view_keeps_filters_with_closed_choices_alone():
    view = save(person(), query="state=sending&q=13812345678&cursor=abc&line=retail&x=1")
    assert view.query == "line=retail&state=sending"
    assert last_record("view.saved").content == {"list": "notice-list", "query": view.query}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"name": "  "}, "required"),
        ({"name": "x" * 61}, "too_long"),
        ({"query": "q=13812345678"}, "no_filter"),
        ({"query": "state=" + "x" * 1000}, "too_long"),
    ],
)
def test_what_cannot_be_saved_is_said(changes, code):
    with pytest.raises(InvalidInput) as refused:
        save(person(), **changes)
    assert refused.value.code == code
    assert not SavedView.objects.exists()


@pytest.mark.django_db
def test_names_are_one_s_own_and_views_are_bounded(monkeypatch):
    by = person()
    save(by)
    save(person())  # the same name, another person's
    with pytest.raises(InvalidInput) as taken:
        save(by)
    assert taken.value.code == "taken"
    monkeypatch.setattr(services, "MOST", 2)
    save(by, name="Second")
    with pytest.raises(InvalidInput) as full:
        save(by, name="Third")
    assert full.value.code == "too_many"


@pytest.mark.django_db
def test_only_the_owner_removes_a_view():
    by = person()
    view = save(by)
    with pytest.raises(NotFound):
        services.remove_view(view_id=view.pk, actor=person(), now=clock.now())
    services.remove_view(view_id=view.pk, actor=by, now=clock.now())
    assert not SavedView.objects.exists()


@pytest.mark.django_db
def test_views_are_for_people_and_known_lists():
    with pytest.raises(FourEyesViolation):
        save(system("test"))
    with pytest.raises(NotFound):
        save(person(), list_name="other")


@pytest.mark.django_db
def test_a_view_is_never_changed():
    save(person())
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE core_savedview SET query = 'state=done'")
