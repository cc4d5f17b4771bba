"""The words that files use for languages, time zones, risk, channels, consent, hours and days."""

from __future__ import annotations

import datetime as dt
import re
import zoneinfo
from functools import lru_cache

from investors.rules.contacts import compatible, refuse_controls
from investors.rules.refusals import Refused

DEFAULT_LANGUAGE = "zh-hans"
DEFAULT_TIME_ZONE = "Asia/Shanghai"
DEFAULT_CADENCE = "at_once"
LANGUAGES = ("zh-hans", "zh-hant", "en")
RISK_LEVELS = ("R1", "R2", "R3", "R4", "R5")

_CACHE = 4096  # distinct cells remembered per column; the columns of a file repeat themselves


def _spread(table: dict[str, str]) -> dict[str, str]:
    return {word: value for value, words in table.items() for word in words.split()}


_LANGUAGE_WORDS = _spread(
    {
        "zh-hans": "zh zh-cn zh-sg zh-hans zh-hans-cn chinese 中文 汉语 普通话 简体 简体中文 简中 "
        "中文(简体) simplified",
        "zh-hant": "zh-tw zh-hk zh-mo zh-hant zh-hant-tw zh-hant-hk 繁体 繁體 繁体中文 繁體中文 "
        "繁中 中文(繁体) 中文(繁體) traditional",
        "en": "en en-us en-gb en-hk en-au english eng 英文 英语 英語",
    }
)
_ZONE_WORDS = _spread(
    {
        "Asia/Shanghai": "北京时间 北京時間 北京 上海 中国标准时间 中国时间 东八区 prc",
        "Asia/Hong_Kong": "香港时间 香港時間 香港 hkt",
        "Asia/Taipei": "台北时间 台北時間 台北",
        "Asia/Tokyo": "东京时间 日本时间 jst",
        "America/New_York": "纽约时间 美东时间",
        "Europe/London": "伦敦时间",
        "UTC": "utc gmt z",
    }
)
_AMBIGUOUS_ZONES = frozenset(
    (
        "est",
        "edt",
        "cst",
        "cdt",
        "mst",
        "mdt",
        "pst",
        "pdt",
        "ist",
        "bst",
        "ast",
        "ect",
        "mst7mdt",
        "est5edt",
        "cst6cdt",
        "pst8pdt",
    )
)
_OFFSET = re.compile(r"(?:utc|gmt)?([+-])([0-9]{1,2})(?::?([0-9]{2}))?")
_RISK_WORDS = _spread(
    {
        # SAC's model questionnaire: C1 保守型 … C5 激进型; firms vary in the middle names.
        "R1": "r1 c1 1 保守型 保守 conservative",
        "R2": "r2 c2 2 谨慎型 谨慎 相对保守型 cautious",
        "R3": "r3 c3 3 稳健型 稳健 平衡型 balanced moderate",
        "R4": "r4 c4 4 积极型 积极 成长型 相对积极型 growth",
        "R5": "r5 c5 5 激进型 激进 进取型 aggressive",
    }
)
_CHANNEL_WORDS = _spread(
    {
        "sms": "sms 短信 手机短信 text",
        "email": "email e-mail mail 邮件 电子邮件 邮箱",
        "push": "push app推送 推送 app apppush",
        "inbox": "inbox 站内信 站内 收件箱",
        "wechat": "wechat weixin 微信",
    }
)
_YES = frozenset(
    (
        "是",
        "y",
        "yes",
        "true",
        "t",
        "1",
        "1.0",
        "on",
        "同意",
        "已同意",
        "有",
        "√",
        "✓",
        "✔",
    )
)
_NO = frozenset(
    (
        "否",
        "n",
        "no",
        "false",
        "f",
        "0",
        "0.0",
        "off",
        "不同意",
        "拒绝",
        "未同意",
        "×",
        "✗",
        "✘",
    )
)
_UNKNOWN = frozenset(
    (
        "不详",
        "不明",
        "未知",
        "unknown",
        "n/a",
        "na",
        "null",
        "none",
        "-",
        "--",
        "?",
    )
) | {""}
_CADENCE_WORDS = _spread(
    {
        "at_once": "at_once atonce immediate immediately 即时 实时 立即",
        "daily": "daily 每日 每天 日",
        "weekly": "weekly 每周 周",
    }
)
_NO_HOURS = frozenset(
    (
        "无",
        "none",
        "no",
        "没有",
        "不设",
        "n/a",
        "-",
        "off",
    )
) | {""}
_TIME = r"([0-9]{1,2})(?:[:点时h]([0-9]{2})?分?)?"
_HOURS = re.compile(rf"{_TIME}(?:-|–|—|―|−|~|至|到)+{_TIME}")
_SPLIT = re.compile(r"[;,、/|+\s]+")
_PARTS = re.compile(r"[;,、|\n]+")
MAX_ATTRIBUTE = 100  # characters
_FLAG = re.compile(r"[a-z0-9][a-z0-9_-]{0,49}")
_YMD = re.compile(r"([0-9]{4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?")
_COMPACT = re.compile(r"((?:19|20)[0-9]{2})([0-9]{2})([0-9]{2})")
_XDY = re.compile(r"([0-9]{1,2})[-/.]([0-9]{1,2})[-/.]([0-9]{4})")
_MIDNIGHT = re.compile(r"[ T]0{1,2}:00(?::00(?:\.0+)?)?Z?$")


def _word(text: str) -> str:
    return compatible(text).lower().replace(" ", "")


@lru_cache(_CACHE)
def language(text: str) -> str:
    """ "zh-hans", "zh-hant" or "en"; the default for an empty cell; raises Refused."""
    word = _word(text).replace("_", "-")
    if not word:
        return DEFAULT_LANGUAGE
    if word in _LANGUAGE_WORDS:
        return _LANGUAGE_WORDS[word]
    raise Refused("language_unknown", known=", ".join(LANGUAGES))


@lru_cache(1)
def _zones() -> dict[str, str]:
    return {name.lower(): name for name in zoneinfo.available_timezones() if "/" in name}


@lru_cache(_CACHE)
def time_zone(text: str) -> str:
    """An IANA name; the default for an empty cell; raises Refused.

    Offsets become the zone that keeps them all year: +8 is Asia/Shanghai, other whole hours
    Etc/GMT∓n. Abbreviations that several zones share (EST, CST …) are refused, not guessed.
    """
    word = _word(text)
    if not word:
        return DEFAULT_TIME_ZONE
    if word in _ZONE_WORDS:
        return _ZONE_WORDS[word]
    if word in _AMBIGUOUS_ZONES:
        raise Refused("time_zone_ambiguous")
    if match := _OFFSET.fullmatch(word):
        return _zone_of_offset(match)
    if name := _zones().get(word):
        return name
    raise Refused("time_zone_unknown")


def _zone_of_offset(match: re.Match[str]) -> str:
    sign, hours, minutes = match[1], int(match[2]), int(match[3] or 0)
    if minutes or hours > (14 if sign == "+" else 12):
        raise Refused("time_zone_unknown")
    if hours == 0:
        return "UTC"
    if (sign, hours) == ("+", 8):
        return DEFAULT_TIME_ZONE
    return f"Etc/GMT{'-' if sign == '+' else '+'}{hours}"  # POSIX signs: west is positive


@lru_cache(_CACHE)
def risk_level(text: str) -> str:
    """ "R1" to "R5"; "" for an empty cell; raises Refused.

    Investor types C1 to C5 and their names become the R level of the same number, the highest
    product risk that suits them (适当性管理办法).
    """
    word = _word(text)
    if word in _UNKNOWN:
        return ""
    if word in _RISK_WORDS:
        return _RISK_WORDS[word]
    raise Refused("risk_level_unknown")


@lru_cache(_CACHE)
def channels(text: str) -> tuple[str, ...]:
    """Preferred channels in the order written, each once; raises Refused."""
    words = [word for word in _SPLIT.split(compatible(text).lower()) if word]
    if len(words) > 1 and "".join(words) in _CHANNEL_WORDS:
        words = ["".join(words)]
    unknown = [word for word in words if word not in _CHANNEL_WORDS]
    if unknown:
        raise Refused("channel_unknown")
    return tuple(dict.fromkeys(_CHANNEL_WORDS[word] for word in words))


@lru_cache(_CACHE)
def consent(text: str) -> bool | None:
    """True for yes, False for no, None when the cell does not say; raises Refused."""
    word = _word(text)
    if word in _YES:
        return True
    if word in _NO:
        return False
    if word in _UNKNOWN:
        return None
    raise Refused("consent_unknown")


@lru_cache(_CACHE)
def cadence(text: str) -> str:
    """ "at_once", "daily" or "weekly"; the default for an empty cell; raises Refused."""
    word = _word(text)
    if not word:
        return DEFAULT_CADENCE
    if word in _CADENCE_WORDS:
        return _CADENCE_WORDS[word]
    raise Refused("cadence_unknown")


@lru_cache(_CACHE)
def flags(text: str) -> tuple[str, ...]:
    """Account flags, sorted, each once; raises Refused."""
    words = {word for word in _SPLIT.split(compatible(text).lower()) if word}
    if not all(_FLAG.fullmatch(word) for word in words):
        raise Refused("flag_invalid")
    return tuple(sorted(words))


@lru_cache(_CACHE)
def attributes(text: str) -> tuple[str, ...]:
    """Names of systems, branches, products or trading channels, sorted, each once; raises
    Refused. Separated by anything but blanks, which names may hold."""
    words = {attribute(word) for word in _PARTS.split(compatible(text))} - {""}
    if any(len(word) > MAX_ATTRIBUTE for word in words):
        raise Refused("too_long", limit=MAX_ATTRIBUTE)
    return tuple(sorted(words))


def attribute(name: str) -> str:
    """One such name for comparison: width, case and repeated blanks do not matter; raises
    Refused."""
    refuse_controls(name)
    return " ".join(compatible(name).casefold().split())


@lru_cache(_CACHE)
def quiet_hours(text: str) -> tuple[dt.time, dt.time] | None:
    """Local times between which nothing routine is sent; None for none; raises Refused."""
    word = _word(text)
    if word in _NO_HOURS:
        return None
    match = _HOURS.fullmatch(word)
    if match is None:
        raise Refused("quiet_hours_unreadable")
    begin, end = (_clock(match[at], match[at + 1]) for at in (1, 3))
    if begin == end:
        raise Refused("quiet_hours_empty")
    return begin, end


def _clock(hours: str, minutes: str | None) -> dt.time:
    hour, minute = int(hours), int(minutes or 0)
    if (hour, minute) == (24, 0):
        hour = 0
    try:
        return dt.time(hour, minute)
    except ValueError:
        raise Refused("quiet_hours_unreadable") from None


@lru_cache(_CACHE)
def date(text: str) -> dt.date | None:
    """A day from ISO, slashes, dots, eight digits or 年月日; None for an empty cell.

    03/04/2020 is refused as ambiguous, 31/12/2020 and 12/31/2020 are not; raises Refused.
    """
    word = _MIDNIGHT.sub("", compatible(text)).replace(" ", "")
    if not word:
        return None
    if match := _YMD.fullmatch(word) or _COMPACT.fullmatch(word):
        year, month, day = (int(part) for part in match.groups())
    elif match := _XDY.fullmatch(word):
        first, second, year = (int(part) for part in match.groups())
        if first <= 12 and second <= 12 and first != second:
            raise Refused("date_ambiguous")
        month, day = (second, first) if first > 12 else (first, second)
    else:
        raise Refused("date_unreadable")
    try:
        return dt.date(year, month, day)
    except ValueError:
        raise Refused("date_impossible") from None
