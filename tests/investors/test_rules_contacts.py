"""Normal forms of contacts: by example, and what must hold for any input."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from investors import rules
from investors.rules import Refused

MOBILE = st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True)
FULL_WIDTH = {ord(str(digit)): 0xFF10 + digit for digit in range(10)}


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("13812345678", "+8613812345678"),
        ("138-1234-5678", "+8613812345678"),
        ("+86 138 1234 5678", "+8613812345678"),
        ("008613812345678", "+8613812345678"),
        ("8613812345678", "+8613812345678"),
        ("１３８１２３４５６７８", "+8613812345678"),
        ("13812345678.0", "+8613812345678"),
        ("1.3812345678E+10", "+8613812345678"),
        ("+852 6091 9351", "+85260919351"),
        ("+1 (212) 551-5992", "+12125515992"),
        ("010-65551234", "+861065551234"),
        ("", ""),
        ("  ", ""),
    ],
)
def test_phone_numbers_become_e164(written: str, normal: str) -> None:
    assert rules.normal_phone(written) == normal


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("1.91380E+10", "phone_scientific"),
        ("1.381234567E+10", "phone_scientific"),
        ("16713969", "phone_too_short"),
        ("1" * 20, "phone_too_long"),
        ("+852 1234 5678", "phone_unknown"),
        ("1381234567x", "phone_letters"),
        ("=13812345678", "formula"),
        ("138\n12345678", "control_character"),
        ("138\ufffd12345678", "replacement_character"),
    ],
)
def test_a_phone_number_that_cannot_be_taken_says_why(written: str, code: str) -> None:
    with pytest.raises(Refused) as refused:
        rules.normal_phone(written)
    assert refused.value.code == code


def test_lost_digits_are_counted() -> None:
    with pytest.raises(Refused) as refused:
        rules.normal_phone("1.91380E+10")
    assert refused.value.args_ == {"missing": 5}


@given(MOBILE, st.sampled_from(["", "+86", "0086", "+86 ", "86"]), st.sampled_from(["", "-", " "]))
def test_every_way_of_writing_a_mobile_number_means_the_same(
    number: str, prefix: str, between: str
) -> None:
    written = prefix + between.join((number[:3], number[3:7], number[7:]))
    assert rules.normal_phone(written) == "+86" + number
    assert rules.normal_phone(written.translate(FULL_WIDTH)) == "+86" + number


@given(MOBILE)
def test_scientific_notation_is_taken_back_only_when_no_digit_is_lost(number: str) -> None:
    assert rules.normal_phone(f"{number[0]}.{number[1:]}E+10") == "+86" + number
    with pytest.raises(Refused):
        rules.normal_phone(f"{number[0]}.{number[1:6]}E+10")


@given(st.text(max_size=40))
def test_any_text_is_a_number_or_refused_and_a_normal_form_stays(text: str) -> None:
    try:
        normal = rules.normal_phone(text)
    except Refused as refused:
        assert refused.code in rules.REASONS
    else:
        assert normal == "" or (normal[0] == "+" and normal[1:].isdigit())
        assert rules.normal_phone(normal) == normal


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("  USER1413@Example.COM ", "USER1413@example.com"),
        ("user2136＠example.com", "user2136@example.com"),
        ("user@例子.测试", "user@xn--fsqu00a.xn--0zwm56d"),
        ("a.b+tag@mail.example.org", "a.b+tag@mail.example.org"),
        ("", ""),
    ],
)
def test_addresses_get_an_ascii_lower_case_domain(written: str, normal: str) -> None:
    assert rules.normal_email(written) == normal


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("user@example.com\nBcc: all@example.com", "email_header_injection"),
        ("user@example.com\r\n", "email_domain_or_ok"),
        ("user\x00@example.com", "email_header_injection"),
        ("user@example.com\u2028Bcc: x@example.com", "email_header_injection"),
        ("user@@example.com", "email_two_ats"),
        ("user.example.com", "email_no_at"),
        ("us er@example.com", "email_local"),
        ("用户@example.com", "email_local"),
        ("user@example", "email_domain"),
        ("user@-example.com", "email_domain"),
        ("user@" + "a" * 70 + ".com", "email_domain"),
        ("=1+1@example.com", "formula"),
    ],
)
def test_an_address_that_cannot_be_taken_says_why(written: str, code: str) -> None:
    if code == "email_domain_or_ok":  # a line break at the very end is a blank, not a header
        assert rules.normal_email(written) == "user@example.com"
        return
    with pytest.raises(Refused) as refused:
        rules.normal_email(written)
    assert refused.value.code == code


@given(st.text(max_size=60) | st.builds("{}@{}".format, st.text(max_size=20), st.text(max_size=30)))
def test_no_address_that_passes_can_break_a_header(text: str) -> None:
    try:
        normal = rules.normal_email(text)
    except Refused as refused:
        assert refused.code in rules.REASONS
    else:
        assert normal.isascii()
        assert normal.isprintable()
        assert " " not in normal
        assert normal == "" or normal.count("@") == 1
        assert rules.normal_email(normal) == normal


@pytest.mark.parametrize("name", ["=SUM(A1:A9)", "+cmd", "-1", "@home"])
def test_a_name_that_a_spreadsheet_would_run_is_refused(name: str) -> None:
    with pytest.raises(Refused) as refused:
        rules.normal_name(name)
    assert refused.value.code == "formula"


@pytest.mark.parametrize("name", ["Zoë @home", "Smith, John", "James O'Neill", "王小明", "Li-Wei"])
def test_ordinary_names_stay_as_they_are(name: str) -> None:
    assert rules.normal_name(f" {name} ") == name


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("", "ref_missing"),
        ("1.01842E+5", "ref_scientific"),
        ("=A1", "formula"),
        ("客户1", "ref_invalid"),
    ],
)
def test_a_customer_number_that_cannot_be_taken_says_why(written: str, code: str) -> None:
    with pytest.raises(Refused) as refused:
        rules.normal_ref(written)
    assert refused.value.code == code


def test_a_customer_number_loses_width_and_a_spreadsheets_zero() -> None:
    assert rules.normal_ref(" １０１８４２ ") == "101842"
    assert rules.normal_ref("101842.0") == "101842"


@given(MOBILE)
def test_a_mask_hides_the_middle(number: str) -> None:
    assert rules.mask_phone("+86" + number) == f"+86 {number[:3]}****{number[7:]}"


def test_masks_of_addresses_names_and_numbers() -> None:
    assert rules.mask_email("user42@example.com") == "u***2@example.com"
    assert rules.mask_email("ab@example.com") == "a***@example.com"
    assert rules.mask_name("王小明") == "王**"
    assert rules.mask_ref("101842") == "**1842"
    assert rules.mask_ref("123") == "***"


def test_every_reason_can_be_said() -> None:
    args = {
        "offset": 1, "encoding": "utf-8", "found": 1, "expected": 2, "limit": 3, "first": 4,
        "missing": 5, "digits": 6, "known": "en",
    }  # fmt: skip
    for code in rules.REASONS:
        assert rules.reason(code, args, value="x" * 60)
