"""Incidents in a real browser: the pages, and a log that survives a lost network."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from core import clock
from core.models import User
from core.roles import Role
from crisis.incidents.services import ending, writing
from crisis.models import Entry, Incident
from tests.browser.conftest import PHONE, Visitor
from tests.browser.test_pages import LONG_LOOKS, everyone
from tests.core.builders import make_user
from tests.crisis.builders import make_actor, make_incident, make_verified
from tests.recorded import recorded

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def own_directory(settings: Any, tmp_path: Any) -> None:
    settings.INCIDENT_DIR = tmp_path / "incidents"


def page(incident: Incident, name: str = "detail") -> str:
    return reverse(f"incident-{name}", args=[incident.pk])


def staff(role: Role) -> User:
    user = make_user(role)
    with recorded():
        User.objects.filter(pk=user.pk).update(language="en")
    return user


def wait_until_kept(shown: Page, path: str, *, kept: str = "true") -> None:
    """Until the service worker has the page (or has it no more)."""
    for _ in range(100):
        if shown.evaluate(f"caches.match({path!r}).then(found => Boolean(found) === {kept})"):
            return
        shown.wait_for_timeout(100)
    raise AssertionError(path)


def busy(**options: Any) -> Incident:
    officer = make_actor(Role.CRISIS_OFFICER)
    incident = make_verified(officer, nature="leak", **options)
    writing.log(incident_id=incident.pk, text="供应商已到场。", actor=officer, now=clock.now())
    return incident


@LONG_LOOKS
def test_every_page_of_an_incident(
    visit: Callable[..., Visitor], window: dict[str, int], language: str
) -> None:
    officer = make_actor(Role.CRISIS_OFFICER)
    fresh, going, drill = make_incident(), busy(), busy(title="Drill", exercise=True)
    over = make_verified(officer, title="Over")
    ending.restore(incident_id=over.pk, actor=officer, now=clock.now())
    pages = [
        reverse("incident-new"),
        reverse("incident-responses"),
        *(page(each) for each in (fresh, going, drill, over)),
        page(fresh, "verify"),
        *(page(going, name) for name in ("picture", "moment", "role", "restore", "duplicate")),
        page(over, "relapse"),
    ]
    visitor = visit(language=language, window=window)
    visitor.sign_in(everyone(language))
    for path in pages:
        visitor.open(path)
        visitor.check(language)
        assert visitor.page.locator("main h1").inner_text().strip()


def test_a_line_written_without_a_network_arrives_once_with_both_times(
    visit: Callable[..., Visitor],
) -> None:
    incident = busy()
    visitor = visit(window=PHONE)
    visitor.sign_in(staff(Role.DISPATCHER))
    shown = visitor.open(page(incident))
    shown.evaluate("navigator.serviceWorker.ready")
    wait_until_kept(shown, page(incident))

    shown.context.set_offline(True)
    for words in ("Generator runs.", "Doors locked."):
        shown.fill("#log-text", words)
        shown.click(".log-line button")
        expect(shown.locator("#waiting")).to_contain_text(words)
    expect(shown.locator("#log-state")).to_contain_text("2 lines wait for the network")
    assert not Entry.objects.filter(text="Generator runs.").exists()

    shown.reload()  # the page as it was seen last, and what waits, are still there
    expect(shown.locator("h1")).to_have_text(incident.title)
    expect(shown.locator("#waiting")).to_contain_text("Generator runs.")
    expect(shown.locator("#log-state")).to_contain_text("2 lines wait for the network")

    shown.context.set_offline(False)
    shown.evaluate("window.dispatchEvent(new Event('online'))")
    expect(shown.locator("#waiting")).to_be_hidden()
    expect(shown.locator("#incident-live")).to_contain_text("Doors locked.")
    expect(shown.locator("#incident-live")).to_contain_text("written without a network")
    entry = Entry.objects.get(text="Generator runs.")
    assert entry.written_at is not None
    assert entry.at == entry.written_at < entry.recorded_at
    assert entry.written_offline
    shown.reload()
    expect(shown.locator("#timeline .what", has_text="Generator runs.")).to_have_count(1)


def test_a_line_that_is_refused_comes_back_into_the_field(visit: Callable[..., Visitor]) -> None:
    incident = busy()
    visitor = visit()
    visitor.sign_in(staff(Role.DISPATCHER))
    shown = visitor.open(page(incident))
    shown.fill("#log-text", "From tomorrow.")
    shown.locator(".log-form summary").click()
    shown.fill("#log-at", "2090-01-01T10:00")
    shown.click(".log-line button")
    expect(shown.locator("#waiting")).to_contain_text("This lies in the future.")
    shown.locator("#waiting button").click()
    expect(shown.locator("#log-text")).to_have_value("From tomorrow.")
    expect(shown.locator("#waiting")).to_be_hidden()


def test_two_windows_see_each_others_lines(visit: Callable[..., Visitor]) -> None:
    incident = busy()
    first, second = visit(), visit(window=PHONE)
    first.sign_in(staff(Role.DISPATCHER))
    second.sign_in(staff(Role.RELEASER))
    one, two = first.open(page(incident)), second.open(page(incident))
    two.fill("#log-text", "half a sentence")
    one.fill("#log-text", "Called the bank.")
    one.click(".log-line button")
    expect(one.locator("#timeline")).to_contain_text("Called the bank.")
    expect(two.locator("#timeline")).to_contain_text("Called the bank.", timeout=15_000)
    expect(two.locator("#log-text")).to_have_value("half a sentence")


def test_an_incident_is_started_by_keyboard_alone(visit: Callable[..., Visitor]) -> None:
    visitor = visit()
    visitor.sign_in(staff(Role.CRISIS_OFFICER))
    shown = visitor.open(reverse("incident-list"))
    shown.keyboard.press("n")
    shown.wait_for_url("**" + reverse("incident-new"))
    shown.keyboard.type("Orders fail")
    shown.keyboard.press("Enter")
    shown.wait_for_url(re.compile(r"/incidents/[0-9a-f-]{36}/"))
    assert Incident.objects.get().title == "Orders fail"


def test_signing_out_takes_the_kept_pages_along(visit: Callable[..., Visitor]) -> None:
    incident = busy()
    visitor = visit()
    visitor.sign_in(staff(Role.DISPATCHER))
    shown = visitor.open(page(incident))
    wait_until_kept(shown, page(incident))
    shown.locator("details.menu summary").first.click()
    shown.locator("form[action='/sign-out/'] button").first.click(force=True)
    shown.wait_for_url("**/sign-in/**")
    wait_until_kept(shown, page(incident), kept="false")
