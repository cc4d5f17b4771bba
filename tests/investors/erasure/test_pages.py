"""The pages of erasure through HTTP, and its API."""

from __future__ import annotations

from uuid import UUID

import pytest
from django.test import Client
from django.urls import reverse

from core.models import User
from core.roles import Role
from investors import selectors
from investors.erasure.models import ErasureRequest
from investors.models import Investor
from tests.audit.retention import no_duties
from tests.core.builders import make_line, make_user, sign_in
from tests.investors.builders import investor

pytestmark = pytest.mark.django_db
WORDS = {"ground": "consent", "reason": "by letter of 2 March"}


def visit(role: Role = Role.PRIVACY_OFFICER, *, stepped_up: bool = True) -> Client:
    person: User = make_user(role, lines=[make_line("retail")])
    return sign_in(Client(), person, stepped_up=stepped_up)


@pytest.fixture
def who() -> UUID:
    return investor("100001")


def ask(client: Client, who: UUID) -> str:
    answer = client.post(reverse("erasure-new", args=[who]), WORDS)
    assert answer.status_code == 302
    return answer["Location"]


def test_the_whole_way_by_two_people(who: UUID) -> None:
    first, second = visit(), visit(Role.REVIEWER)
    page = first.get(reverse("investor-detail", args=[who])).content.decode()
    assert reverse("erasure-new", args=[who]) in page
    detail = ask(first, who)
    own = first.get(detail).content.decode()
    assert "by letter of 2 March" in own
    assert "A second person decides" in own
    assert "Approve and erase" not in own
    no_duties()
    assert "Approve and erase" in second.get(detail).content.decode()
    assert second.post(f"{detail}approve/").status_code == 302
    after = second.get(detail).content.decode()
    assert "was erased" in after
    assert "by letter of 2 March" not in after
    gone = first.get(reverse("investor-detail", args=[who])).content.decode()
    assert "Erased investor" in gone
    assert "Approved by" in gone
    assert "Save preferences" not in gone
    listed = first.get(reverse("erasure-list"), {"state": "erased"}).content.decode()
    assert str(who) in listed


def test_what_stands_in_the_way_is_said_and_wins(who: UUID) -> None:
    first, second = visit(), visit()
    page = first.get(reverse("erasure-new", args=[who])).content.decode()
    assert "This data must be kept" in page
    assert "证券法 Art 137" in page
    detail = ask(first, who)
    shown = second.get(detail).content.decode()
    assert "Approve and erase" not in shown
    answer = second.post(f"{detail}approve/")
    assert answer.status_code == 409
    assert "证券法 Art 137" in answer.content.decode()
    assert selectors.open_profiles([who])
    assert second.post(f"{detail}refuse/", {"reason": "kept for 20 years"}).status_code == 302
    refused = first.get(detail).content.decode()
    assert "kept for 20 years" in refused
    assert "证券法 Art 137" in refused


def test_one_person_cannot_do_both_and_needs_a_second_factor(who: UUID) -> None:
    first = visit()
    detail = ask(first, who)
    no_duties()
    assert first.post(f"{detail}approve/").status_code == 403
    stale = visit(stepped_up=False)
    assert stale.post(f"{detail}approve/").status_code in (302, 303, 403)
    assert selectors.open_profiles([who])
    assert ErasureRequest.objects.get().state == "requested"


def test_a_form_without_a_reason_says_so(who: UUID) -> None:
    answer = visit().post(reverse("erasure-new", args=[who]), {"ground": "consent"})
    assert answer.status_code == 422
    assert not ErasureRequest.objects.exists()


def test_the_list_is_empty_at_first_and_costs_the_same_for_many() -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client = visit()
    assert "No requests" in client.get(reverse("erasure-list")).content.decode()
    counts = []
    for number in range(3):
        ask(visit(), investor(f"20000{number}", phone=f"1390000000{number}"))
        with CaptureQueriesContext(
            connection,
        ) as queries:
            client.get(reverse("erasure-list"))
        counts.append(len(queries))
    assert counts[1] == counts[2]


def test_by_api_a_request_is_made_read_and_withdrawn(who: UUID) -> None:
    client = visit(stepped_up=False)
    body = {"investor": str(who), **WORDS}
    made = client.post(reverse("api-erasures"), body, content_type="application/json")
    assert made.status_code == 201
    request = made.json()
    assert (request["state"], request["investor"]) == ("requested", str(who))
    assert "letter" not in made.content.decode()
    twice = client.post(reverse("api-erasures"), body, content_type="application/json")
    assert (twice.status_code, twice.json()["code"]) == (409, "erasure_open")
    url = reverse("api-erasure", args=[request["id"]])
    assert client.get(url).json() == request
    assert client.get(reverse("api-erasures")).json()["results"] == [request]
    back = client.post(reverse("api-erasure-withdraw", args=[request["id"]]))
    assert back.json()["state"] == "withdrawn"
    assert Investor.objects.filter(pk=who, status="active").exists()
