"""What files call languages, zones, risk, channels, consent, hours and days."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from investors.rules import Refused, vocabulary


@pytest.mark.parametrize(
    ("function", "written", "meant"),
    [
        (vocabulary.language, "中文", "zh-hans"),
        (vocabulary.language, "zh-CN", "zh-hans"),
        (vocabulary.language, "zh_TW", "zh-hant"),
        (vocabulary.language, "English", "en"),
        (vocabulary.language, "", "zh-hans"),
        (vocabulary.time_zone, "北京时间", "Asia/Shanghai"),
        (vocabulary.time_zone, "UTC+8", "Asia/Shanghai"),
        (vocabulary.time_zone, "GMT+08:00", "Asia/Shanghai"),
        (vocabulary.time_zone, "gmt-5", "Etc/GMT+5"),
        (vocabulary.time_zone, "america/new_york", "America/New_York"),
        (vocabulary.time_zone, "", "Asia/Shanghai"),
        (vocabulary.risk_level, "C3", "R3"),
        (vocabulary.risk_level, "激进型", "R5"),
        (vocabulary.risk_level, "稳健型", "R3"),
        (vocabulary.risk_level, "", ""),
        (vocabulary.channels, "短信;邮件", ("sms", "email")),
        (vocabulary.channels, "APP推送", ("push",)),
        (vocabulary.channels, "微信、短信、微信", ("wechat", "sms")),
        (vocabulary.channels, "", ()),
        (vocabulary.consent, "是", True),
        (vocabulary.consent, "TRUE", True),
        (vocabulary.consent, "1", True),
        (vocabulary.consent, "否", False),
        (vocabulary.consent, "N", False),
        (vocabulary.consent, "不详", None),
        (vocabulary.consent, "", None),
        (vocabulary.quiet_hours, "22:00-8:00", (dt.time(22), dt.time(8))),
        (vocabulary.quiet_hours, "23：00—07：30", (dt.time(23), dt.time(7, 30))),
        (vocabulary.quiet_hours, "22点至7点", (dt.time(22), dt.time(7))),
        (vocabulary.quiet_hours, "22:00-24:00", (dt.time(22), dt.time(0))),
        (vocabulary.quiet_hours, "无", None),
        (vocabulary.date, "2019-03-01", dt.date(2019, 3, 1)),
        (vocabulary.date, "2019/3/1", dt.date(2019, 3, 1)),
        (vocabulary.date, "20190301", dt.date(2019, 3, 1)),
        (vocabulary.date, "2019年3月1日", dt.date(2019, 3, 1)),
        (vocabulary.date, "31/12/2020", dt.date(2020, 12, 31)),
        (vocabulary.date, "12/31/2020", dt.date(2020, 12, 31)),
        (vocabulary.date, "2019-03-01 00:00:00", dt.date(2019, 3, 1)),
        (vocabulary.date, "", None),
        (vocabulary.cadence, "每周", "weekly"),
        (vocabulary.flags, "vip, margin", ("margin", "vip")),
    ],
)
def test_words_and_what_they_mean(
    function: Callable[[str], Any], written: str, meant: object
) -> None:
    assert function(written) == meant


@pytest.mark.parametrize(
    ("function", "written", "code"),
    [
        (vocabulary.language, "fr", "language_unknown"),
        (vocabulary.time_zone, "Mars/Olympus", "time_zone_unknown"),
        (vocabulary.time_zone, "EST", "time_zone_ambiguous"),
        (vocabulary.time_zone, "UTC+25", "time_zone_unknown"),
        (vocabulary.risk_level, "R6", "risk_level_unknown"),
        (vocabulary.channels, "短信;鸽子", "channel_unknown"),
        (vocabulary.consent, "也许", "consent_unknown"),
        (vocabulary.quiet_hours, "夜里", "quiet_hours_unreadable"),
        (vocabulary.quiet_hours, "25:00-08:00", "quiet_hours_unreadable"),
        (vocabulary.quiet_hours, "08:00-8:00", "quiet_hours_empty"),
        (vocabulary.date, "2021-02-30", "date_impossible"),
        (vocabulary.date, "03/04/2020", "date_ambiguous"),
        (vocabulary.date, "43525", "date_unreadable"),
        (vocabulary.flags, "VIP!", "flag_invalid"),
    ],
)
def test_what_is_not_understood_is_refused_not_guessed(
    function: Callable[[str], Any], written: str, code: str
) -> None:
    with pytest.raises(Refused) as refused:
        function(written)
    assert refused.value.code == code


@given(st.dates(dt.date(1900, 1, 1), dt.date(2100, 12, 31)))
def test_a_day_reads_the_same_in_every_unambiguous_form(day: dt.date) -> None:
    year, month, number = day.year, day.month, day.day
    forms = [day.isoformat(), f"{year}/{month}/{number}", f"{year}年{month}月{number}日"]
    assert {vocabulary.date(form) for form in forms} == {day}


@given(st.text(max_size=30))
def test_every_function_answers_or_refuses(text: str) -> None:
    for function in (
        vocabulary.language, vocabulary.time_zone, vocabulary.risk_level, vocabulary.channels,
        vocabulary.consent, vocabulary.quiet_hours, vocabulary.date, vocabulary.flags,
    ):  # fmt: skip
        try:
            function(text)
        except Refused as refused:
            assert refused.code


@given(st.integers(-12, 14))
def test_an_offset_becomes_a_zone_with_that_offset(hours: int) -> None:
    zone = zoneinfo.ZoneInfo(vocabulary.time_zone(f"UTC{hours:+d}"))
    offset = dt.datetime(2026, 7, 1, tzinfo=dt.UTC).astimezone(zone).utcoffset()
    assert offset == dt.timedelta(hours=hours)
