"""A real Chromium on a live server. Skips, saying why, where there is none.

Playwright's synchronous API keeps an event loop in this thread, which Django would take for an
asynchronous caller; the tests never share a connection with it.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import axe_core_python
import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpResponse
from django.test import RequestFactory
from django.urls import reverse
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import BrowserContext, Page, sync_playwright

from core import clock
from core.models import User
from investors.models import Investor
from portal.selfservice import sessions
from tests.core.builders import PASSWORD, code_of, device_of

os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
AXE = Path(axe_core_python.__file__).with_name("axe.min.js")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
WATCH_CSP = """
window.cspViolations = [];
document.addEventListener("securitypolicyviolation", (event) =>
    window.cspViolations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in Path(item.fspath).parents:
            item.add_marker(pytest.mark.browser)


def executable() -> str | None:
    """The installed Chromium or Chrome."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next((path for name in names if (path := shutil.which(name))), None)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Chromium]:
    """One Chromium for all browser tests."""
    path = executable()
    if path is None:
        pytest.skip("no Chromium is installed (.ci/run installs it)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield browser
        browser.close()


class Visitor:
    """Somebody in front of a window; `language` is the browser's, `width` the window's."""

    def __init__(self, context: BrowserContext, base: str) -> None:
        self.base = base
        self.page: Page = context.new_page()
        self.problems: list[str] = []
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.problems.append(f"script: {error}"))
        self.page.set_default_timeout(10_000)

    def _heard(self, message: object) -> None:
        if message.type == "error" and "status of 4" not in message.text:  # type: ignore[attr-defined]
            self.problems.append(f"console: {message.text}")  # type: ignore[attr-defined]

    def open(self, path: str) -> Page:
        """Open `path` of the live server."""
        self.page.goto(self.base + path, wait_until="load")
        return self.page

    def sign_in(self, user: User) -> Page:
        """Through the real pages: password, then a current code."""
        device_of(user)
        page = self.open(reverse("sign-in"))
        page.fill("[name=username]", user.username)
        page.fill("[name=password]", PASSWORD)
        page.click("main button.primary")
        page.fill("[name=code]", code_of(user))
        page.click("main button.primary")
        page.wait_for_url(lambda url: "/sign-in/" not in url)
        return page

    def become(self, investor: Investor) -> None:
        """A session of `investor`, as the one-time code would have opened it."""
        request = RequestFactory().get("/me/")
        request.session = SessionStore()
        sessions.start(request, HttpResponse(), investor=investor, now=clock.now())
        request.session.save()
        cookie = {"name": "sessionid", "value": request.session.session_key, "url": self.base}
        self.page.context.add_cookies([cookie])  # type: ignore[list-item]

    def rail(self) -> list[str]:
        """The addresses that the navigation offers."""
        links = self.page.locator(".rail .nav a, .phone-menu .nav a")
        return sorted({link.get_attribute("href") or "" for link in links.all()})

    def check(self, label: str = "") -> None:
        """The page as it stands is accessible in light and dark, fits its width and keeps to
        the CSP."""
        where = f"{label} {self.page.url}".strip()
        findings = axe_findings(self.page)
        assert not findings, "\n".join([where, *findings])
        self.page.emulate_media(color_scheme="dark")
        findings = axe_findings(self.page, only=["color-contrast"])
        assert not findings, "\n".join([f"dark {where}", *findings])
        self.page.emulate_media(color_scheme="light")
        wide = self.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert wide <= 0, f"{where} scrolls sideways by {wide} px"
        assert self.page.evaluate("window.cspViolations") == [], where
        assert self.problems == [], where


def axe_findings(page: Page, only: Sequence[str] = ()) -> list[str]:
    """What axe-core finds: rule, help, and the places; with `only`, by these rules alone."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    chosen = {"type": "rule", "values": list(only)} if only else {"type": "tag", "values": RULES}
    options = {"runOnly": chosen, "resultTypes": ["violations"], "preload": False}
    result = page.evaluate("options => axe.run(document, options)", options)
    return [
        f"{found['id']}: {found['help']}: {node['target']} {node['html'][:160]}"
        for found in result["violations"]
        for node in found["nodes"]
    ]


@pytest.fixture
def visit(
    chromium: Chromium, live_server: object, transactional_db: None
) -> Iterator[Callable[..., Visitor]]:
    """`visit(language=…, window=…, dark=…)` opens a fresh window of a stranger."""
    contexts: list[BrowserContext] = []

    def open_window(
        *, language: str = "en", window: dict[str, int] = DESKTOP, dark: bool = False
    ) -> Visitor:
        context = chromium.new_context(
            viewport=window,  # type: ignore[arg-type]
            locale={"en": "en-GB", "zh-hans": "zh-CN"}[language],
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
        )
        context.add_init_script(WATCH_CSP)
        contexts.append(context)
        return Visitor(context, live_server.url)  # type: ignore[attr-defined]

    yield open_window
    for context in contexts:
        context.close()
