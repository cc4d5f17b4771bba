"""Without a mouse, and without JavaScript."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.urls import reverse
from playwright.sync_api import Page

from core.roles import Role
from tests.browser.conftest import PHONE, Visitor
from tests.core.builders import PASSWORD, code_of, device_of, make_line, make_user

pytestmark = pytest.mark.django_db(transaction=True)


def tab_to(page: Page, selector: str, limit: int = 60) -> None:
    """Press Tab until `selector` has the focus, and see that the focus shows."""
    for _ in range(limit):
        page.keyboard.press("Tab")
        if page.evaluate("s => document.activeElement.matches(s)", selector):
            outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert outline != "none", f"no visible focus on {selector}"
            return
    raise AssertionError(f"Tab never reached {selector}")


def test_sign_in_by_keyboard(visit: Callable[..., Visitor]) -> None:
    user = make_user(Role.AUDITOR, lines=[make_line()])
    device_of(user)
    page = visit().open(reverse("sign-in"))

    tab_to(page, "[name=username]")
    page.keyboard.type(user.username)
    tab_to(page, "[name=password]")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector("[name=code]")
    if not page.evaluate("document.activeElement.matches('[name=code]')"):
        tab_to(page, "[name=code]")
    page.keyboard.type(code_of(user))
    page.keyboard.press("Enter")

    page.wait_for_selector(".rail")


def test_the_first_tab_skips_to_the_content(visit: Callable[..., Visitor]) -> None:
    visitor = visit()
    page = visitor.sign_in(make_user(Role.AUDITOR, lines=[make_line()]))
    page.reload()

    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    assert page.evaluate("document.activeElement.id") == "main"


def test_a_slash_reaches_the_search_and_can_be_turned_off(visit: Callable[..., Visitor]) -> None:
    page = visit().sign_in(make_user(Role.AUDITOR, lines=[make_line()]))
    focused = "document.activeElement.name"

    page.keyboard.press("/")
    assert page.evaluate(focused) == "q"

    page.locator("h1").click()
    page.locator(".topbar .menu summary").first.click()
    page.locator("[data-toggle-keys]").click()
    page.keyboard.press("Escape")
    page.locator("h1").click()
    page.keyboard.press("/")
    assert page.evaluate(focused) != "q"


def test_the_phone_menu_opens_by_keyboard(visit: Callable[..., Visitor]) -> None:
    page = visit(window=PHONE).sign_in(make_user(Role.AUDITOR, lines=[make_line()]))

    tab_to(page, ".phone-menu > summary")
    page.keyboard.press("Enter")
    assert page.locator(".phone-menu .nav a").first.is_visible()

    page.keyboard.press("Escape")
    assert not page.locator(".phone-menu .nav a").first.is_visible()
