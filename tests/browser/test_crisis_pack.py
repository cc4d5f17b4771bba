"""The crisis pack in a browser that reaches nothing: no network, no product."""

from __future__ import annotations

from pathlib import Path

import pytest

from core import clock
from core.actor import system
from core.roles import Role
from crisis.pack import services
from crisis.parties import services as parties
from tests.browser.conftest import DESKTOP, PHONE
from tests.crisis.builders import make_actor, make_incident

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("window", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_it_opens_with_everything_else_stopped(chromium, tmp_path: Path, window) -> None:
    given = {"actor": make_actor(Role.CRISIS_OFFICER), "now": clock.now()}
    party = parties.save_party(name="Example Line Provider", kind="supplier", **given)
    parties.add_contact(party_id=party.pk, duty="热线", name="赵示例", phone="+86138000", **given)
    make_incident("Orders cannot be placed")
    pack = services.make_pack(actor=system("test"), now=clock.now())
    [target, _pdf] = services.write_pack(
        pack_id=pack.pk, directory=tmp_path, actor=system("test"), now=clock.now()
    )
    context = chromium.new_context(viewport=window, offline=True)
    asked = []
    try:
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.goto(target.as_uri())
        assert page.locator("h1").inner_text().startswith("危机应急包")
        page.locator("nav a", has_text="Third parties").click()
        assert page.get_by_text("赵示例").is_visible()
        page.screenshot(path=str(tmp_path / "pack.png"))
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    finally:
        context.close()
    assert asked == [target.as_uri()]
