"""Templates run nothing, and never show a hole."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from templates_mgmt.rendering import (
    BadTemplate,
    MissingValue,
    compile_variant,
    derive_html,
    sanitise_html,
)
from tests.templates_mgmt.builders import FACTS

INJECTIONS = [
    "{{ name.__class__ }}",
    "{{ name() }}",
    "{{ name|safe }}",
    "{{ name[0] }}",
    "{{ {{ name }} }}",
    "{{name}}}}",
    "{% include 'x' %}",
    "{# note #}",
    "{{ Name }}",
    "{{ na me }}",
    "{{ name\n}}",
    "{{}}",
    "{{ name",
    "name }}",
    "{{ 姓名 }}",
]


def sms(body: str):
    return compile_variant(channel="sms", language="en", subject="", body=body)


def email(body: str = "x", subject: str = "s", **options):
    return compile_variant(channel="email", language="en", subject=subject, body=body, **options)


@pytest.mark.parametrize("text", INJECTIONS)
def test_anything_but_a_plain_name_is_refused(text):
    with pytest.raises(BadTemplate):
        sms(text)
    with pytest.raises(BadTemplate):
        email(subject=text)
    with pytest.raises(BadTemplate):
        email(body_html=f"<p>{text}</p>")


def test_a_message_is_filled():
    variant = sms("{{ name }}, {{since}} 100%: {single} {{ name }}")
    assert variant.names == ("name", "since")
    rendered = variant.render({"name": "Zhang", "since": "09:30", "other": "x"})
    assert rendered.text == "Zhang, 09:30 100%: {single} Zhang"
    assert (rendered.subject, rendered.html) == ("", "")


@pytest.mark.parametrize("value", [None, "", " ", "\u3000", "\u200b", "\r\n"])
def test_a_missing_value_fails_and_is_named(value):
    with pytest.raises(MissingValue) as refusal:
        sms("{{ name }}").render({"name": value} if value is not None else {})
    assert refusal.value.details == {"placeholder": "name"}


@pytest.mark.parametrize("value", ["{{ other }}", "%s", "%(x)s", "{0}", "{{ name }}"])
def test_a_value_is_never_read_as_a_template(value):
    rendered = sms("{{ name }}-{{ other }}").render({"name": value, "other": "secret"})
    assert rendered.text == f"{value}-secret"


@given(st.text(min_size=1))
def test_no_value_breaks_a_subject_line(value):
    try:
        subject = email(subject="Hi {{ name }}").render({"name": value}).subject
    except MissingValue:
        return
    assert len(subject.splitlines()) == 1
    assert "\r" not in subject and "\n" not in subject


def test_a_header_injection_stays_in_the_subject():
    rendered = email(subject="Hi {{ name }}").render({"name": "a\r\nBcc: b@example.com"})
    assert rendered.subject == "Hi a Bcc: b@example.com"


@given(st.text(min_size=1))
def test_no_value_becomes_markup(value):
    try:
        html = email("{{ name }}").render({"name": value}).html
    except MissingValue:
        return
    inner = html.split("<p>")[1].split("</p>")[0].replace("<br>", "")
    assert "<" not in inner and '"' not in inner


def test_values_are_escaped_in_authored_html_too():
    html = (
        email(body_html="<p><strong>{{ name }}</strong></p>")
        .render({"name": "<script>alert('1')</script>"})
        .html
    )
    assert "<strong>&lt;script&gt;alert(&#x27;1&#x27;)&lt;/script&gt;</strong>" in html


@pytest.mark.parametrize(
    "html", ['<a href="{{ link }}">x</a>', '<a title="{{ link }}" href="https://e.com/">x</a>']
)
def test_no_placeholder_stands_inside_a_tag(html):
    with pytest.raises(BadTemplate):
        email(body_html=html)


def test_authored_html_is_sanitised_again_before_it_is_sent():
    html = email(body_html="<p>x<script>alert(1)</script></p>").render({}).html
    assert "script" not in html.lower()


def test_invisible_and_reordering_characters_are_taken_out_of_values():
    rendered = sms("{{ name }}").render({"name": "a\u202eb\u200bc\x07"})
    assert rendered.text == "abc"


def test_one_fact_block_feeds_every_channel():
    facts = FACTS["en"]
    variant = email("{{ key_points }}\n\n{{ risk }}", "{{ title }}", facts=facts)
    rendered = variant.render({})
    assert rendered.subject == facts["title"]
    assert rendered.text.startswith("• Online trading is suspended\n• Your positions")
    assert "<li>Online trading is suspended</li>" in rendered.html
    assert facts["risk"] in rendered.text


def test_facts_hold_placeholders_but_no_facts():
    facts = {"title": "Down since {{ since }}", "risk": "{{ title }}"}
    variant = email("{{ title }} {{ risk }}", "{{ title }}", facts=facts)
    assert variant.names == ("since", "title")


def test_facts_are_escaped_in_html():
    html = email(body_html="<p>{{ title }}</p>", facts={"title": "a < b & c"}).render({}).html
    assert "<p>a &lt; b &amp; c</p>" in html


def test_the_mail_is_a_document_in_its_language_and_the_inbox_a_fragment():
    mail = compile_variant(channel="email", language="zh-hans", subject="s", body="x").render({})
    inbox = compile_variant(channel="inbox", language="zh-hans", subject="s", body="x").render({})
    assert mail.html.startswith('<!doctype html><html lang="zh-Hans">')
    assert inbox.html == "<p>x</p>"


def test_html_is_derived_from_paragraphs_lists_and_lines():
    text = "Dear <you>,\n\nfirst\nsecond\n• one\n• two & three\n\n\n\nend"
    assert derive_html(text) == (
        "<p>Dear &lt;you&gt;,</p><p>first<br>second</p>"
        "<ul><li>one</li><li>two &amp; three</li></ul><p>end</p>"
    )


@given(st.text())
def test_sanitising_is_idempotent(text):
    assert sanitise_html(sanitise_html(text)) == sanitise_html(text)
