"""Guards, keyset pages, query strings and safe paths."""

from __future__ import annotations

import pytest
from django.http import HttpResponse, QueryDict
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Forbidden, InvalidInput
from core.models import BusinessLine
from core.pages import keyset_page, query_with, safe_path, staff_page
from core.roles import Capability, Role
from tests.recorded import recorded

from .builders import actor_of, make_user


@staff_page(Capability.TEMPLATES_VIEW, Capability.NOTICES_VIEW)
def page(request):
    return HttpResponse("shown")


def request_of(actor, method="get", **headers):
    request = getattr(RequestFactory(), method)("/templates/?q=a", headers=headers)
    request.actor = actor
    return request


@pytest.mark.django_db
def test_a_page_opens_for_a_holder_and_refuses_others():
    answer = page(request_of(actor_of(make_user(Role.AUTHOR))))
    assert answer.content == b"shown"
    assert "no-store" in answer["Cache-Control"]
    with pytest.raises(Forbidden):
        page(request_of(actor_of(make_user(Role.ADMINISTRATOR))))


def test_a_visitor_is_sent_to_sign_in_and_back():
    answer = page(request_of(None))
    assert (answer.status_code, answer["Location"]) == (
        302,
        "/sign-in/?next=%2Ftemplates%2F%3Fq%3Da",
    )


def test_htmx_moves_the_whole_page():
    answer = page(
        request_of(None, **{"HX-Request": "true", "HX-Current-URL": "http://testserver/notices/"})
    )
    assert (answer.status_code, answer["HX-Redirect"]) == (204, "/sign-in/?next=%2Fnotices%2F")


def test_a_post_comes_back_to_the_page_that_held_the_form():
    answer = page(request_of(None, "post", Referer="http://testserver/notices/7/"))
    assert (answer.status_code, answer["Location"]) == (303, "/sign-in/?next=%2Fnotices%2F7%2F")


@pytest.mark.parametrize(
    "foreign",
    [
        "https://evil.example/x",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "http://testserver//evil.example/",
        "",
        "relative",
    ],
)
def test_a_foreign_path_falls_back(foreign):
    assert safe_path(RequestFactory().get("/"), foreign, fallback="/") == "/"


def test_an_own_path_is_kept():
    assert safe_path(RequestFactory().get("/"), "/a/?b=1#c", fallback="/") == "/a/?b=1"


def test_a_changed_filter_drops_the_cursor():
    params = QueryDict("q=a&state=draft&cursor=xyz")
    assert query_with(params, state="approved", q=None) == "?state=approved"
    assert query_with(params, cursor="n") == "?q=a&state=draft&cursor=n"


@pytest.fixture
def lines(db) -> list[BusinessLine]:
    rows = [BusinessLine(code=f"c{n:02}", name="AB"[n % 2]) for n in range(11)]
    with recorded():
        return BusinessLine.objects.bulk_create(rows)


ORDER = ("name", "-code")


def walk(cursor_name: str, start: str | None) -> list[list[str]]:
    pages, cursor = [], start
    while True:
        page = keyset_page(BusinessLine.objects.all(), cursor, 4, order=ORDER)
        pages.append([line.code for line in page])
        cursor = getattr(page, cursor_name)
        if cursor is None:
            return pages


def test_keyset_pages_forward_and_back_show_each_row_once(lines):
    expected = [line.code for line in BusinessLine.objects.order_by(*ORDER)]
    forward = walk("next_cursor", None)
    assert [len(codes) for codes in forward] == [4, 4, 3]
    assert [code for codes in forward for code in codes] == expected

    first = keyset_page(BusinessLine.objects.all(), None, 4, order=ORDER)
    second = keyset_page(BusinessLine.objects.all(), first.next_cursor, 4, order=ORDER)
    back = keyset_page(BusinessLine.objects.all(), second.previous_cursor, 4, order=ORDER)
    assert first.previous_cursor is None
    assert [line.code for line in back] == [line.code for line in first]
    assert back.previous_cursor is None
    assert back.next_cursor == first.next_cursor


def test_rows_added_meanwhile_do_not_shift_the_next_page(lines):
    first = keyset_page(BusinessLine.objects.all(), None, 4, order=ORDER)
    BusinessLine.objects.create(code="c99", name="A")
    second = keyset_page(BusinessLine.objects.all(), first.next_cursor, 4, order=ORDER)
    assert not {line.code for line in first} & {line.code for line in second}


def test_one_page_is_one_query(lines, django_assert_num_queries):
    with django_assert_num_queries(1):
        keyset_page(BusinessLine.objects.all(), None, 4)


@pytest.mark.parametrize(
    "cursor", ["x", "WyJuIl0", "é", "bnVsbA", "WyJuIixudWxsXQ", "e30", "W1tdXQ"]
)
def test_a_foreign_cursor_is_refused(cursor):
    with pytest.raises(InvalidInput) as refusal:
        keyset_page(BusinessLine.objects.all(), cursor)
    assert refusal.value.field == "cursor"


@given(st.text(max_size=40))
def test_no_cursor_text_breaks_a_page(cursor):
    if cursor:
        with pytest.raises(InvalidInput):
            keyset_page(BusinessLine.objects.none(), cursor)


def test_a_cursor_from_a_longer_order_is_refused(lines):
    first = keyset_page(BusinessLine.objects.all(), None, 4, order=ORDER)
    with pytest.raises(InvalidInput):
        keyset_page(BusinessLine.objects.all(), first.next_cursor, 4)
