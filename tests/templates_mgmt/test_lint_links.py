"""Links: which are let through, which are found, and where."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from templates_mgmt.lint import Severity, links
from templates_mgmt.rules import VariantText
from tests.templates_mgmt.builders import FACTS, content

HOSTS = frozenset({"vouchsafe.example"})
LABEL = st.from_regex(r"[a-z][a-z0-9]{0,10}", fullmatch=True)


def found(body: str, hosts=HOSTS, **parts):
    variant = replace(VariantText("email", "en", "", body), **parts)
    whole = replace(content(facts={}), variants=(variant,))
    return list(links.findings(whole, hosts))


def codes(body: str, hosts=HOSTS) -> list[str]:
    return [finding.code for finding in found(body, hosts)]


@pytest.mark.parametrize(
    "link",
    [
        "https://vouchsafe.example",
        "https://vouchsafe.example/check?c=1#a",
        "https://app.vouchsafe.example:443/x",
        "HTTPS://VOUCHSAFE.EXAMPLE/",
        "www.vouchsafe.example/help",
        "//cdn.vouchsafe.example/x",
    ],
)
def test_the_firms_own_addresses_are_let_through(link):
    assert codes(f"See {link} for more.") == []


@pytest.mark.parametrize(
    ("link", "code"),
    [
        ("https://evil.example/", "link_host"),
        ("https://vouchsafe.example.evil.example/", "link_host"),
        ("https://notvouchsafe.example/", "link_host"),
        ("www.evil.example", "link_host"),
        ("//evil.example/x", "link_host"),
        ("http://vouchsafe.example/", "insecure_link"),
        ("HTTP://vouchsafe.example/", "insecure_link"),
        ("https://vouchsafe.example@evil.example/", "lookalike_link"),
        ("https://xn--vuchsafe-o3a.example/", "lookalike_link"),
        ("https://app.xn--vuchsafe-o3a.example/", "lookalike_link"),
        ("https://vоuchsafe.example/", "lookalike_link"),  # a Cyrillic о
        ("https://ｖouchsafe.example/", "lookalike_link"),  # full width
        ("https://νouchsafe.example/", "lookalike_link"),  # a Greek ν
        ("https://сосо.example/", "lookalike_link"),  # nothing but Cyrillic
    ],
)
def test_other_links_are_errors(link, code):
    (finding,) = found(f"See {link} now")
    assert (finding.code, finding.severity) == (code, Severity.ERROR)
    assert str(finding.why) and str(finding.fix)


def test_without_a_list_of_hosts_only_the_form_of_a_link_is_checked():
    assert codes("https://anything.example/", None) == []
    assert codes("http://anything.example/", None) == ["insecure_link"]


@given(st.lists(LABEL, min_size=1, max_size=3))
def test_every_subdomain_of_an_allowed_host_is_allowed_and_nothing_beside(labels):
    assert codes(f"https://{'.'.join(labels)}.vouchsafe.example/") == []
    assert codes(f"https://{'-'.join(labels)}-vouchsafe.example/") == ["link_host"]
    assert codes(f"https://vouchsafe.example.{'.'.join(labels)}/") == ["link_host"]


@given(st.text("abc 好，。；（）.,;:!?", max_size=30), st.text("abc 好，。\n", max_size=30))
def test_the_place_is_that_of_the_link_whatever_stands_around_it(before, after):
    link = "https://evil.example/x"
    (finding,) = found(f"{before} {link}，{after}")
    assert finding.excerpt == link
    text = f"{before} {link}，{after}"
    assert text[finding.place.start : finding.place.end] == link


@given(st.text("abc 好，。；:.()<>\"'\n", max_size=120))
def test_words_without_a_link_are_no_link(text):
    assert codes(text) == []


def test_a_full_stop_after_a_link_does_not_belong_to_it():
    for end in (".", ",", ";", "!", "?", ").", "。", "）。", "”"):
        assert found(f"(https://evil.example/x{end}")[0].excerpt.rstrip(")") == (
            "https://evil.example/x"
        )


@pytest.mark.parametrize("field", ["subject", "body", "body_html"])
def test_every_text_of_a_variant_is_read(field):
    texts = {"subject": "", "body": "", "body_html": ""}
    (finding,) = found(**{**texts, field: '<a href="https://evil.example/">x</a>'})
    assert finding.place.ref == f"email/en/{field}"


@pytest.mark.parametrize("fact", ["title", "action", "deadline", "risk", "key_points"])
def test_every_fact_is_read(fact):
    link = "https://evil.example/"
    facts = {"en": {**FACTS["en"], fact: [link] if fact == "key_points" else link}}
    whole = replace(content(facts=facts), variants=())
    (finding,) = links.findings(whole, HOSTS)
    assert (finding.code, finding.place.ref) == ("link_host", f"en/{fact}")


def test_an_address_that_cannot_be_read_is_refused_not_passed():
    assert links.host_of("https://[::1/") == ""
    assert codes("https://[::1/") == ["link_host"]
