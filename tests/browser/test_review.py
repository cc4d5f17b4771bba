"""The review screen and the editor in Chromium: accessible, by keyboard, live."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.urls import reverse

from core import clock
from core.roles import Role
from templates_mgmt import services
from templates_mgmt.library import load_library_template
from templates_mgmt.models import TemplateVersion
from tests.browser.conftest import DESKTOP, PHONE, Visitor
from tests.core.builders import actor_of, make_line, make_user

pytestmark = pytest.mark.django_db(transaction=True)


def outage(*, submitted: bool) -> TemplateVersion:
    """The example of a system outage, as a draft or in review."""
    author, now = actor_of(make_user(Role.AUTHOR, lines=[make_line()])), clock.now()
    version_id = load_library_template(
        slug="system-outage", line_id=make_line().pk, actor=author, now=now
    )
    if submitted:
        services.submit(version_id=version_id, actor=author, now=now)
    return TemplateVersion.objects.get(pk=version_id)


@pytest.mark.parametrize("window", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_review_screen_is_accessible_and_walked_by_keyboard(
    visit: Callable[..., Visitor], window: dict[str, int]
) -> None:
    version = outage(submitted=True)
    visitor = visit(window=window)
    visitor.sign_in(make_user(Role.REVIEWER, lines=[make_line()]))
    page = visitor.open(reverse("version-review", args=[version.pk]))
    visitor.check()
    seen = []
    for key in ("j", "j", "k", "a"):
        page.keyboard.press(key)
        seen.append(page.evaluate(
            "document.activeElement.value || document.activeElement.getAttribute('aria-labelledby')"
        ))  # fmt: skip
    assert seen == ["h-seen", "h-findings", "h-seen", "approve"]
    version.refresh_from_db()
    assert version.state == "in_review"


@pytest.mark.parametrize("window", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_editor_previews_what_is_typed_before_it_is_saved(
    visit: Callable[..., Visitor], window: dict[str, int]
) -> None:
    version = outage(submitted=False)
    visitor = visit(window=window)
    visitor.sign_in(make_user(Role.AUTHOR, lines=[make_line()]))
    page = visitor.open(reverse("version-edit", args=[version.pk]))
    visitor.check()
    page.fill("[name=text-sms-en-body]", "A guaranteed gain {{ nmae }}")
    look = page.locator("#look")
    look.get_by_text("“nmae” is not declared.").wait_for()
    assert "A guaranteed gain" in look.locator(".frame-phone").nth(1).inner_text()
    visitor.check("with findings")
    assert "gain" not in version.variants.get(channel="sms", language="en").body
