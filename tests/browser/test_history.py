"""Objects as they stood, and a message made again, in a browser: both languages, both sizes."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.urls import reverse

from comms.models import Delivery
from core.models import User
from core.roles import Role
from tests.browser.conftest import DESKTOP, PHONE, Visitor
from tests.builders import make_investors, make_line, make_planned, make_user, send_all
from tests.comms.conftest import null_providers  # noqa: F401
from tests.recorded import recorded

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("null_providers"),
]


@pytest.mark.parametrize(
    ("language", "window"), [("en", DESKTOP), ("zh-hans", PHONE)], ids=["en-wide", "zh-phone"]
)
def test_as_it_stood_and_as_it_was_sent(
    visit: Callable[..., Visitor], language: str, window: dict[str, int]
) -> None:
    user = make_user(Role.AUDITOR, Role.RELEASER, lines=[make_line()])
    with recorded():
        User.objects.filter(pk=user.pk).update(language=language)
    make_investors(2)
    notice = make_planned()
    send_all()
    visitor = visit(language=language, window=window)
    visitor.sign_in(user)

    page = visitor.open(reverse("object-as-of", args=["notice", notice.pk]))
    page.click("ol.timeline li:last-child a[href^='?at=']")
    page.wait_for_url("**?at=**")
    assert page.input_value("[name=at]"), "the form holds the instant that is shown"
    assert page.locator("tbody .status").count() > 3, "what changed since is marked"
    visitor.check("as it stood")

    page = visitor.open(reverse("delivery-as-sent", args=[Delivery.objects.earliest("id").pk]))
    visitor.check("before the reason")
    page.fill("[name=reason]", "letter 12 of the supervisor")
    page.click("form.stack-s button.primary")
    page.wait_for_selector("dl.kv")
    page.click("details summary")
    visitor.check("the message")
    with page.expect_download() as handed:
        page.click("button[name=file]")
    assert "王小明".encode() in handed.value.path().read_bytes()
