"""The pages of reviews, clauses, word lists and filing records: by axe and by keyboard, on a desk
and on a phone, in both languages.

With VOUCHSAFE_PICTURES=<directory> the pages are kept as PNG as well.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from django.urls import reverse

from tests.browser import scene
from tests.browser.conftest import DESKTOP, Visitor
from tests.browser.test_pages import LOOKS, everyone

pytestmark = pytest.mark.django_db(transaction=True)

# Name, route, what in the scene it is about, query.
PAGES = [
    ("queue", "review-queue", "", ""),
    ("rereviews", "review-queue", "", "?only=again"),
    ("rereview", "rereview", "rereview", ""),
    ("review", "version-review", "in_review", ""),
    ("comment", "version-comment", "in_review", ""),
    ("filing", "version-filing", "filed", ""),
    ("filing-draft", "version-filing", "draft", ""),
    ("filing-edit", "version-filing-edit", "draft", ""),
    ("filings", "filings", "", ""),
    ("word-lists", "word-lists", "", ""),
    ("word-list", "word-list-version", "list", ""),
    ("clauses", "clauses", "", ""),
    ("clause", "clause-version", "clause", ""),
    ("plans", "review-plans", "", ""),
    ("plan", "review-plan", "plan", ""),
    ("plan-edit", "review-plan-edit", "plan_draft", ""),
    ("groups", "review-groups", "", ""),
    ("import", "template-import", "", ""),
]


@pytest.mark.thorough
@LOOKS
def test_every_page_of_reviews(
    visit: Callable[..., Visitor], window: dict[str, int], language: str
) -> None:
    ids = scene.set_up()
    visitor = visit(language=language, window=window)
    visitor.sign_in(everyone(language))
    kept = os.environ.get("VOUCHSAFE_PICTURES")
    for name, route, subject, query in PAGES:
        page = visitor.open(reverse(route, args=[ids[subject]] if subject else []) + query)
        if kept:
            picture = f"{name}-{language}-{window['width']}.png"
            page.screenshot(path=Path(kept) / picture, full_page=True)
        visitor.check(name)


def test_a_filing_record_by_keyboard_alone(visit: Callable[..., Visitor]) -> None:
    ids = scene.set_up()
    visitor = visit(window=DESKTOP)
    visitor.sign_in(everyone())
    page = visitor.open(reverse("version-filing-edit", args=[ids["draft"]]))
    page.locator("[name=communication_class]").focus()
    page.keyboard.press("Tab")
    page.keyboard.type("Exchange notice 3/2026")
    names = []
    for _ in range(30):
        page.keyboard.press("Tab")
        names.append(page.evaluate("document.activeElement.name || ''"))
        if page.evaluate("document.activeElement.tagName") == "BUTTON":
            break
    assert {"effective_from", "expires_at", "review_months", "review_due"} <= set(names)
    page.keyboard.press("Enter")
    page.wait_for_load_state("load")
    assert "Exchange notice 3/2026" in page.locator("main").inner_text()
