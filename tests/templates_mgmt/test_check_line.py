"""The check line (D15), and values that all recipients share written into the wording."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from templates_mgmt import check_line
from templates_mgmt.rendering import MissingValue, compile_variant
from templates_mgmt.rules import Placeholder, Source, VariantText
from templates_mgmt.selectors import previews
from tests.templates_mgmt.builders import content

TEXT = st.text(max_size=20)


def variant(body: str, channel: str = "sms", html: str = "") -> VariantText:
    return VariantText(channel, "en", "", body, html)


def test_the_line_ends_a_text_that_does_not_name_the_code():
    sent = check_line.with_check_line(variant("Markets are closed."), frozenset())
    assert sent.body.startswith("Markets are closed.\nCheck code {{ check_code }}.")
    mail = check_line.with_check_line(variant("Closed.", "email", "<p>Closed.</p>"), frozenset())
    assert "{{ check_url }}</p>" in mail.body_html


@pytest.mark.parametrize("name", ["check_code", "check_url", "our_code"])
def test_a_text_that_names_the_code_stays_as_it_is(name):
    declared = (Placeholder("our_code", source=Source.NOTICE_CODE.value),)
    text = variant("Ask for {{ " + name + " }}.")
    assert check_line.with_check_line(text, check_line.code_names(declared)) is text


def test_previews_show_the_line():
    for preview in previews(content()):
        assert check_line.EXAMPLE in preview.text
        assert not preview.error


@given(title=TEXT, name=TEXT, note=TEXT)
def test_binding_makes_no_difference(title, name, note):
    compiled = compile_variant(
        channel="email",
        language="en",
        subject="100%s {{ title }} %",
        body="%{{ name }}% %%s {{ note }} {{ title }}",
    )
    values = {"title": title, "name": name, "note": note}
    try:
        expected = compiled.render(values)
    except MissingValue as missing:
        with pytest.raises(MissingValue) as again:
            compiled.bind({"title": title, "note": note}).render(values)
        assert again.value.name in compiled.names
        assert missing.name in compiled.names
        return
    bound = compiled.bind({"title": title, "note": note})
    assert bound.names == ("name",)
    assert bound.render({"name": name}) == expected
