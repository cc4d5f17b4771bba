"""Consent texts, and the tools above lists: saved views and the export."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from django.urls import reverse

from core import clock
from core.lists.services import save_view
from tests.browser.conftest import Visitor
from tests.browser.test_pages import LONG_LOOKS, everyone
from tests.builders import make_investors, make_planned
from tests.core.builders import actor_of
from tests.investors import consent_texts as texts

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.thorough]
WORDS = "我公司将使用您的手机号码，通过短信向您发送通知。\n\n您可以随时撤回本同意。"
VIEWS = {"investor-list": "language=en", "notice-list": "state=sending",
         "template-list": "state=approved", "notice-deliveries": "channel=sms"}  # fmt: skip


def looked_at(visitor: Visitor, name: str, url: str) -> None:
    """Open, check, and keep a picture when VOUCHSAFE_PICTURES names a directory."""
    page = visitor.open(url)
    if kept := os.environ.get("VOUCHSAFE_PICTURES"):
        page.screenshot(path=Path(kept) / f"{name}.png", full_page=True)
    visitor.check(name)


@LONG_LOOKS
def test_consent_texts_and_lists(
    visit: Callable[..., Visitor], window: dict[str, int], language: str
) -> None:
    drafter = texts.officer()
    waiting = texts.submitted(drafter, WORDS, "zh-hans")
    draft = texts.draft(drafter)
    make_investors(3, language="en")
    notice = make_planned()
    reader = everyone(language)
    for route, query in VIEWS.items():
        save_view(
            list_name=route, name="我的视图", query=query, actor=actor_of(reader), now=clock.now()
        )
    visitor = visit(language=language, window=window)
    visitor.sign_in(reader)
    size = window["width"]
    looked_at(visitor, f"consent-texts-{size}", reverse("consent-texts"))
    looked_at(visitor, f"consent-new-{size}", reverse("consent-text-new"))
    looked_at(
        visitor, f"consent-version-{size}", reverse("consent-text-version", args=[waiting.pk])
    )
    looked_at(visitor, f"consent-edit-{size}", reverse("consent-text-edit", args=[draft.pk]))
    for route, query in VIEWS.items():
        url = reverse(route, args=[notice.pk] if route == "notice-deliveries" else [])
        looked_at(visitor, f"{route}-{size}", url)
        looked_at(visitor, f"{route}-view-{size}", f"{url}?{query}")
    line = f"{reverse('investor-list')}?language=en&reach=2"
    looked_at(visitor, f"investor-list-unsaved-{size}", line)
