"""The editor in Chromium: unsaved words come back, by keyboard, accessible in both languages."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.urls import reverse

from core.roles import Role
from tests.browser.conftest import Visitor
from tests.browser.test_pages import LONG_LOOKS
from tests.browser.test_review import outage
from tests.core.builders import make_line, make_user

pytestmark = pytest.mark.django_db(transaction=True)


@LONG_LOOKS
def test_words_typed_and_never_saved_come_back(
    visit: Callable[..., Visitor], language: str, window: dict[str, int]
) -> None:
    version = outage(submitted=False)
    user = make_user(Role.AUTHOR, lines=[make_line()])
    visitor = visit(language=language, window=window)
    visitor.sign_in(user)
    page = visitor.open(reverse("version-edit", args=[version.pk]))
    visitor.check()
    page.fill("[name=text-sms-en-body]", "Half a sentence, 25 Nov")
    page.locator("#look .finding").first.wait_for()
    visitor.check("with findings")
    page.evaluate("window.onbeforeunload = null")
    page.on("dialog", lambda dialog: dialog.accept())
    page = visitor.open(reverse("version-edit", args=[version.pk]))
    visitor.check("with unsaved words")
    page.locator("a[href*=restore]").first.click()
    page.wait_for_url("**restore=**")
    assert page.input_value("[name=text-sms-en-body]") == "Half a sentence, 25 Nov"
    visitor.check("restored")


def test_blank_texts_are_written_by_keyboard_and_shown_as_an_awkward_investor(
    visit: Callable[..., Visitor],
) -> None:
    version = outage(submitted=False)
    visitor = visit()
    visitor.sign_in(make_user(Role.AUTHOR, lines=[make_line()]))
    page = visitor.open(reverse("version-edit", args=[version.pk]))
    page.fill("[name=text-sms-en-body]", "")
    page.focus("button[value=derive]")
    page.keyboard.press("Enter")
    page.get_by_text("was written from the facts").wait_for()
    assert page.input_value("[name=text-sms-en-body]").startswith("{{ title }}. {{ action }}")
    page.select_option("#sample", "blank")
    page.locator("#look").get_by_text("There is no value for").first.wait_for()
    visitor.check("without values")
