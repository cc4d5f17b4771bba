"""Pictures of the running demo for the README: `python -m tests.browser.screenshots`.

Needs `make serve` (or `manage.py up`) on the demo's data. Writes docs/images/*.png.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import django
from playwright.sync_api import Browser, Page, sync_playwright

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
IMAGES = Path(__file__).resolve().parents[2] / "docs" / "images"
DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}


def main() -> int:
    """Take every picture; the exit code says whether all could be taken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--address", default="http://127.0.0.1:8000", help="where the demo runs")
    parser.add_argument("--out", type=Path, default=IMAGES)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    django.setup()
    from tests.browser.conftest import executable

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=executable(), args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        take = Camera(browser, options.address.rstrip("/"), options.out)
        for picture in (review, overview, notice, record, crisis):
            picture(take)
        browser.close()
    return 0


class Camera:
    """Opens windows of members of the demo's staff and keeps what they show."""

    def __init__(self, browser: Browser, address: str, out: Path) -> None:
        self.browser, self.address, self.out = browser, address, out

    def __call__(
        self,
        name: str,
        username: str,
        path: str | Callable[[Page], str],
        *,
        language: str = "en",
        phone: bool = False,
        dark: bool = False,
    ) -> None:
        """`name`.png: what `username` sees at `path`."""
        from core.models import User
        from tests.recorded import recorded

        with recorded():
            User.objects.filter(username=username).update(language=language)
        context = self.browser.new_context(
            viewport=PHONE if phone else DESKTOP,  # type: ignore[arg-type]
            device_scale_factor=2 if phone else 1,
            color_scheme="dark" if dark else "light",
            locale="en-GB" if language == "en" else "zh-CN",
        )
        page = context.new_page()
        self._sign_in(page, username)
        page.goto(self.address + (path if isinstance(path, str) else path(page)))
        page.wait_for_load_state("load")
        page.screenshot(path=self.out / f"{name}.png")
        context.close()
        sys.stdout.write(f"{self.out / name}.png\n")

    def _sign_in(self, page: Page, username: str) -> None:
        from django_otp.plugins.otp_totp.models import TOTPDevice

        from portal.demo.people import credentials_file
        from tests.core.builders import code_of

        device = TOTPDevice.objects.get(user__username=username, confirmed=True)
        TOTPDevice.objects.filter(pk=device.pk).update(last_t=-1)  # one picture after another
        page.goto(f"{self.address}/sign-in/")
        page.fill("[name=username]", username)
        page.fill("[name=password]", json.loads(credentials_file().read_text())[username])
        page.click("main button.primary")
        page.fill("[name=code]", code_of(device.user))
        page.click("main button.primary")
        page.wait_for_url(lambda url: "/sign-in/" not in url)


def version_in_review() -> str:
    """The address of a version in review: the newest, or a successor of the approved one."""
    from django.urls import reverse

    from core import clock
    from portal.demo.people import acting
    from templates_mgmt import services
    from templates_mgmt.models import TemplateVersion
    from templates_mgmt.selectors import content_of

    waiting = TemplateVersion.objects.filter(state="in_review").order_by("-id").first()
    if waiting is None:
        author, now = acting("author"), clock.now()
        old = TemplateVersion.objects.filter(state="approved").latest("id")
        new = services.new_version(based_on=old.pk, actor=author, now=now)
        facts = json.loads(json.dumps(new.facts))
        facts["en"]["action"] = "Please place urgent orders by phone; our desk is staffed all day."
        facts["zh-hans"]["action"] = "如需紧急交易，请致电营业部，专人全天值守。"
        content = content_of(new)
        services.save_draft(
            version_id=new.pk,
            facts=facts,
            placeholders=new.placeholders,
            variants=[asdict(variant) for variant in content.variants],
            actor=author,
            now=now,
        )
        waiting = services.submit(version_id=new.pk, actor=author, now=clock.now())
    return reverse("version-review", args=[waiting.pk])


def review(take: Camera) -> None:
    path = version_in_review()
    take("review", "reviewer", path)
    take("review-zh-dark", "reviewer", path, language="zh-hans", dark=True)


def overview(take: Camera) -> None:
    take("overview", "releaser", "/")
    take("overview-phone", "releaser", "/", phone=True, language="zh-hans")


def notice(take: Camera) -> None:
    from django.urls import reverse

    from comms.models import Notice

    sent = Notice.objects.exclude(planned_at=None).latest("released_at")
    take("notice", "dispatcher", reverse("notice-detail", args=[sent.pk]))


def record(take: Camera) -> None:
    from django.urls import reverse

    from audit.models import Record

    released = Record.objects.filter(action="notice.released").latest("id")
    take("record", "auditor", reverse("record-detail", args=[released.pk]))


def open_incident() -> str:
    """The address of an incident being handled: the newest exercise, or one that is made now."""
    from django.urls import reverse

    from core import clock
    from crisis.incidents.services.activating import activate
    from crisis.incidents.services.deciding import verify
    from crisis.incidents.services.writing import log
    from crisis.models import Incident
    from portal.demo.people import acting

    found = Incident.objects.open().filter(exercise=True, cause="hand").first()
    if found is None:
        given = {"actor": acting("crisis")}
        title = "网上交易无法登录 Sign-in to online trading fails"
        found = activate(title=title, exercise=True, **given, now=clock.now())
        scope = {"systems": ["online trading"], "investors": 1800}
        given["incident_id"] = found.pk
        verify(nature="leak", scope=scope, **given, now=clock.now())
        for text in (
            "认证服务拒绝新会话。New sessions are refused.",
            "已启用备用登录。Backup is on.",
        ):
            log(text=text, **given, now=clock.now())
    return reverse("incident-detail", args=[found.pk])


def crisis(take: Camera) -> None:
    from django.core.management import call_command
    from django.urls import reverse

    from crisis.models import Risk

    path = open_incident()
    take("incident", "crisis", path)
    take("incident-phone", "crisis", path, phone=True, language="zh-hans")
    take("clocks", "crisis", reverse("clock-list"), language="zh-hans")
    if not Risk.objects.exists():
        call_command("example_risks", "crisis")
    take("heat-map", "crisis", reverse("risk-heat-map"))


if __name__ == "__main__":
    raise SystemExit(main())
