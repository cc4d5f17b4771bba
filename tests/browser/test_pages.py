"""Every page that the rail offers: accessible, within its width, true to the CSP."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.urls import reverse

from core.models import User
from core.roles import Role
from tests.browser.conftest import DESKTOP, PHONE, Visitor
from tests.core.builders import make_line, make_user
from tests.recorded import recorded

pytestmark = pytest.mark.django_db(transaction=True)

SIZES = pytest.mark.parametrize("window", [DESKTOP, PHONE], ids=["desktop", "phone"])
LANGUAGES = pytest.mark.parametrize("language", ["en", "zh-hans"])
# Both sizes and both languages, each once: pages break by width or by length of words.
LOOKS = pytest.mark.parametrize(
    ("window", "language"), [(DESKTOP, "en"), (PHONE, "zh-hans")], ids=["en-desktop", "zh-phone"]
)
# The same where each takes long: `make test` runs the second, which breaks first.
LONG_LOOKS = pytest.mark.parametrize(
    ("window", "language"),
    [
        pytest.param(DESKTOP, "en", id="en-desktop", marks=pytest.mark.thorough),
        pytest.param(PHONE, "zh-hans", id="zh-phone"),
    ],
)


def everyone(language: str = "en") -> User:
    """Somebody with every role, who sees every page."""
    user = make_user(*Role, lines=[make_line()], name="everyone")
    with recorded():
        User.objects.filter(pk=user.pk).update(language=language, is_staff=True)
    return user


@LONG_LOOKS
def test_every_page_of_the_rail(
    visit: Callable[..., Visitor], window: dict[str, int], language: str
) -> None:
    visitor = visit(language=language, window=window)
    visitor.sign_in(everyone(language))
    visitor.check("overview")

    for path in visitor.rail():
        visitor.open(path)
        visitor.check(language)
        assert visitor.page.locator("main h1").inner_text().strip()


@LOOKS
def test_pages_of_strangers(
    visit: Callable[..., Visitor], window: dict[str, int], language: str
) -> None:
    visitor = visit(language=language, window=window)
    for path in (reverse("sign-in"), "/no-such-page/"):
        visitor.open(path)
        visitor.check(language)


def test_error_pages_keep_the_shell(visit: Callable[..., Visitor]) -> None:
    visitor = visit()
    visitor.sign_in(everyone())
    visitor.open("/no-such-page/")
    visitor.check()
    assert visitor.page.locator(".rail").is_visible()
