"""Pages behind the lists: one of each kind, in the states that matter."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.urls import reverse

from comms.models import InboxMessage
from investors.models import Investor
from tests.browser import scene
from tests.browser.conftest import DESKTOP, PHONE, Visitor
from tests.browser.test_pages import LANGUAGES, LONG_LOOKS, SIZES, everyone

pytestmark = pytest.mark.django_db(transaction=True)

# Route, then what in the scene it is about.
STAFF = [
    ("overview", ""),
    ("template-new", ""),
    ("template-import", ""),
    ("template-detail", "template"),
    ("version-review", "in_review"),
    ("version-review", "approved"),
    ("version-edit", "draft"),
    ("version-filing", "filed"),
    ("rereview", "rereview"),
    ("notice-new", ""),
    ("notice-detail", "notice_draft"),
    ("notice-edit", "notice_draft"),
    ("notice-release", "notice_ready"),
    ("notice-detail", "notice"),
    ("notice-deliveries", "notice"),
    ("notice-excluded", "notice"),
    ("delivery-detail", "delivery"),
    ("investor-detail", "investor"),
    ("erasure-list", ""),
    ("erasure-new", "investor"),
    ("erasure-detail", "erasure"),
    ("import-new", ""),
    ("import-detail", "import"),
    ("import-detail", "upload"),
    ("record-detail", "record"),
    ("audit-queries", ""),
    ("audit-query", "query"),
    ("audit-timeline", "timeline"),
    ("audit-ledger", ""),
    ("ledger-proven", ""),
    ("export-new", ""),
    ("export-detail", "export"),
    ("export-detail", "export_waiting"),
    ("retention-version", "schedule"),
    ("retention-rule-new", "schedule"),
    ("retention-scope", "schedule"),
    ("retention-kinds", "schedule"),
    ("retention-proposals", ""),
    ("retention-proposal", "proposal"),
    ("hold-list", ""),
    ("hold-new", ""),
    ("hold-detail", "hold"),
    ("access-review", "review"),
    ("account", ""),
    ("search", ""),
]
INVESTOR = ["me-inbox", "me-message", "me-preferences", "me-history"]
PUBLIC = ["check", "me-sign-in"]


@pytest.mark.thorough
@LONG_LOOKS
def test_pages_of_staff(
    visit: Callable[..., Visitor], window: dict[str, int], language: str
) -> None:
    ids = scene.set_up()
    visitor = visit(language=language, window=window)
    visitor.sign_in(everyone(language))
    for route, subject in STAFF:
        args = ids[subject] if subject else ()
        visitor.open(reverse(route, args=args if isinstance(args, tuple) else (args,)))
        visitor.check(route)


@LANGUAGES
def test_pages_of_an_investor(visit: Callable[..., Visitor], language: str) -> None:
    scene.set_up()
    letter = InboxMessage.objects.latest("created_at")
    visitor = visit(language=language, window=PHONE)
    visitor.become(Investor.objects.get(pk=letter.investor_id))
    for route in INVESTOR:
        visitor.open(reverse(route, args=[letter.pk] if route == "me-message" else []))
        visitor.check(route)


@SIZES
def test_public_pages(visit: Callable[..., Visitor], window: dict[str, int]) -> None:
    visitor = visit(window=window)
    for route in PUBLIC:
        visitor.open(reverse(route))
        visitor.check(route)


def test_a_review_by_keyboard(visit: Callable[..., Visitor]) -> None:
    ids = scene.set_up()
    visitor = visit(window=DESKTOP)
    visitor.sign_in(everyone())
    page = visitor.open(reverse("version-review", args=[ids["in_review"]]))

    page.keyboard.press("j")
    first = page.evaluate("document.activeElement.closest('[data-item]') !== null")
    page.keyboard.press("j")
    page.keyboard.press("k")
    assert first
    page.keyboard.press("a")
    assert "Approve" in page.evaluate("document.activeElement.innerText")
