"""Apps above templates add panels to their page."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.html import format_html

from core.roles import Role
from templates_mgmt import panels
from tests.core.builders import make_line, make_user, sign_in
from tests.templates_mgmt.builders import make_draft


@pytest.fixture(autouse=True)
def own_registry(monkeypatch):
    monkeypatch.setattr(panels, "_panels", [])


@pytest.mark.django_db
def test_a_panel_shows_on_the_page_of_its_template_and_a_blank_one_does_not():
    @panels.register
    def where_used(request, template):
        return format_html("<section>used by {}</section>", template.code)

    panels.register(where_used)
    panels.register(lambda request, template: "")
    version = make_draft()
    client = sign_in(Client(), make_user(Role.AUTHOR, lines=[make_line()]))
    page = client.get(reverse("template-detail", args=[version.template_id])).content.decode()
    assert page.count("used by outage") == 1
