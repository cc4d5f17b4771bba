"""The example templates are good enough to be submitted as they are."""

from __future__ import annotations

import pytest

from core import clock
from core.errors import NotFound
from templates_mgmt import lint, selectors, services
from templates_mgmt.library import load_library_template, read_example, slugs
from templates_mgmt.models import TemplateVersion
from templates_mgmt.rules import Channel
from tests.core.builders import make_line
from tests.templates_mgmt.builders import author


def test_the_twenty_examples_are_there():
    assert len(slugs()) == 20
    assert {"system-outage", "margin-call", "correction", "drill-notice"} < set(slugs())
    assert [read_example(slug).content.code for slug in slugs()] == slugs()


@pytest.mark.parametrize("slug", slugs())
def test_an_example_has_no_findings_and_every_channel_and_language(slug):
    content = read_example(slug).content
    assert lint.lint(content) == []
    pairs = {(variant.channel, variant.language) for variant in content.variants}
    assert pairs == {(c.value, lang) for c in Channel for lang in ("zh-hans", "en")}


@pytest.mark.parametrize("slug", slugs())
def test_an_example_renders_without_a_hole(slug):
    for preview in selectors.previews(read_example(slug).content):
        assert preview.error == ""
        assert "{{" not in preview.subject + preview.text + preview.html
        if preview.sms:
            assert preview.sms.segments <= 6


@pytest.mark.django_db
def test_an_example_is_loaded_once_and_can_be_submitted():
    given = {"line_id": make_line().pk, "actor": author(), "now": clock.now()}
    version_id = load_library_template(slug="margin-call", **given)
    assert load_library_template(slug="margin-call", **given) == version_id
    assert TemplateVersion.objects.count() == 1
    services.submit(version_id=version_id, actor=given["actor"], now=given["now"])


@pytest.mark.django_db
def test_an_unknown_example_is_refused():
    with pytest.raises(NotFound):
        load_library_template(
            slug="../secrets", line_id=make_line().pk, actor=author(), now=clock.now()
        )
