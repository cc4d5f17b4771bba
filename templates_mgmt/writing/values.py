"""The hard values in a text: dates, times, amounts, percentages, periods, phone numbers, numbers.

Pure. Reads Simplified and Traditional Chinese and English, full-width forms, 万 and 亿, and Chinese
numerals where a unit says that they count something. Two spellings of one value compare equal:
“11月24日”, “24 Nov” and “十一月二十四日”; “100万元” and “CNY 1 million”. Dates follow ISO 8601 and
GB/T 7408; a date such as 11/24 is read by nobody alike and therefore stays two numbers.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from functools import lru_cache


class Kind(StrEnum):
    """What a value measures."""

    DATE = "date"
    TIME = "time"
    AMOUNT = "amount"
    PERCENT = "percent"
    PERIOD = "period"
    PHONE = "phone"
    NUMBER = "number"
    PLACEHOLDER = "placeholder"


@dataclass(frozen=True, slots=True)
class Value:
    """A value as it stands in a text: `key` is the same for all its spellings."""

    kind: Kind
    key: tuple[str, ...]
    text: str
    start: int
    end: int


def same(one: Value, other: Value) -> bool:
    """Whether both are the same value; a date without a year fits one with a year."""
    if one.kind != other.kind:
        return False
    if one.kind == Kind.DATE and not (one.key[0] and other.key[0]):
        return one.key[1:] == other.key[1:]
    if one.kind == Kind.AMOUNT and not (one.key[0] and other.key[0]):
        return one.key[1:] == other.key[1:]
    return one.key == other.key


def values(text: str) -> list[Value]:
    """The values of `text` in their order; each character belongs to one value at most."""
    return list(_values(text))


@lru_cache(maxsize=4096)
def _values(text: str) -> tuple[Value, ...]:
    folded, places = fold(text)
    folded = _PLACEHOLDER.sub(lambda match: "\x00" * len(match.group()), folded)
    taken = [char == "\x00" for char in folded]
    found = []
    for kind, pattern, read in _READERS:
        for match in pattern.finditer(folded):
            if any(taken[match.start() : match.end()]):
                continue
            key = read(match)
            if key is None:
                continue
            taken[match.start() : match.end()] = [True] * len(match.group())
            start, end = places[match.start()], places[match.end() - 1] + 1
            found.append(Value(kind, key, text[start:end], start, end))
    return tuple(sorted(found, key=lambda value: value.start))


def fold(text: str) -> tuple[str, list[int]]:
    """`text` in compatibility form and small letters, and each character's place in `text`."""
    chars: list[str] = []
    places: list[int] = []
    for index, char in enumerate(text):
        for folded in unicodedata.normalize("NFKC", char).casefold().replace("’", "'"):
            chars.append(_ALIKE.get(folded, folded))
            places.append(index)
    return "".join(chars), places


def chinese_number(text: str) -> Decimal | None:
    """The number that Chinese numerals write, for example 三十五, 一百零二, 二〇二六, 两万.

    None when they write none."""
    if len(text) > 1 and all(char in _DIGITS for char in text):
        return Decimal("".join(str(_DIGITS[char]) for char in text))
    total, section, digit = Decimal(0), Decimal(0), None
    for char in text:
        if char in _DIGITS:
            digit = Decimal(_DIGITS[char])
        elif char in _TENS:
            section += (Decimal(1) if digit is None else digit) * _TENS[char]
            digit = None
        elif char in _SCALES:
            section += digit or 0
            total = (
                (total + section) * _SCALES[char]
                if char == "亿"
                else (total + section * _SCALES[char])
            )
            section, digit = Decimal(0), None
        else:
            return None
    return total + section + (digit or 0) if text else None


_ALIKE = {
    "−": "-",
    "萬": "万",
    "億": "亿",
    "個": "个",
    "時": "时",
    "點": "点",
    "號": "号",
    "–": "-",
}
_ALIKE |= {"兩": "两", "後": "后", "鐘": "钟", "歐": "欧", "幣": "币"}
_PLACEHOLDER = re.compile(r"\{\{[^{}]*\}\}")
_DIGITS = {char: number for number, char in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_TENS = {"十": 10, "百": 100, "千": 1000}
_SCALES = {"万": 10_000, "亿": 100_000_000}
_CN = "零〇一二两三四五六七八九十百千万亿"
_WORDS = {"thousand": 1_000, "million": 1_000_000, "billion": 1_000_000_000, "bn": 1_000_000_000}
_COUNTS: tuple[str, ...] = ("one", "two", "three", "four", "five", "six", "seven", "eight")
_COUNTS += ("nine", "ten", "eleven", "twelve")
_MONTH_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_SMALL = {word: number for number, word in enumerate(_COUNTS, start=1)} | {
    "fifteen": 15,
    "twenty": 20,
    "thirty": 30,
}
_MONTHS = {name: number for number, name in enumerate(_MONTH_NAMES, start=1)}
_MONTH = (
    r"(?P<mon>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\b\.?"
)
_NUM = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
_SCALE = r"(?:\s*(?P<scale>[百千]?万亿?|亿|千亿|thousand\b|million\b|billion\b|bn\b))?"
_CURRENCY = {
    "人民币": "CNY", "rmb": "CNY", "cny": "CNY", "¥": "CNY", "yuan": "CNY", "元": "CNY",
    "圆": "CNY", "us$": "USD", "usd": "USD", "$": "", "美元": "USD", "hk$": "HKD", "hkd": "HKD",
    "港元": "HKD", "港币": "HKD", "€": "EUR", "eur": "EUR", "欧元": "EUR", "euros": "EUR",
    "euro": "EUR", "dollars": "", "dollar": "", "元人民币": "CNY",
}  # fmt: skip
_BEFORE = r"(?P<before>人民币|(?<![a-z])(?:rmb|cny|usd|hkd|eur|us\$|hk\$)|[¥$€])\s*"
_AFTER = (
    r"\s*(?P<after>元人民币|人民币|美元|港元|港币|欧元|元|圆"
    r"|(?:yuan|rmb|cny|usd|hkd|euros?|dollars?)\b)"
)
_UNITS = {
    "个交易日": "trading day", "交易日": "trading day", "个工作日": "working day",
    "工作日": "working day", "天": "day", "日": "day", "小时": "hour", "个小时": "hour",
    "分钟": "minute", "秒": "second", "秒钟": "second", "个月": "month", "周": "week",
    "个星期": "week", "年": "year", "季度": "quarter", "个季度": "quarter",
    "trading day": "trading day", "working day": "working day", "business day": "working day",
    "calendar day": "day", "day": "day", "hour": "hour", "minute": "minute", "min": "minute",
    "second": "second", "month": "month", "week": "week", "year": "year", "quarter": "quarter",
}  # fmt: skip
_CN_UNIT = (
    "个交易日|交易日|个工作日|工作日|个小时|小时|分钟|秒钟|秒|个月|个星期|个季度|季度|天|日|周|年"
)
_EN_UNIT = (
    r"(?:trading days?|working days?|business days?|calendar days?|days?|hours?|minutes?|mins?"
    r"|seconds?|months?|weeks?|years?|quarters?)\b"
)
_EN_COUNT = "|".join(_SMALL)


def _number(text: str) -> Decimal | None:
    try:
        return Decimal(text.replace(",", ""))
    except InvalidOperation:
        return chinese_number(text)


def _plain(number: Decimal) -> str:
    return format(number.normalize(), "f")


def _scaled(match: re.Match[str]) -> str | None:
    number = _number(match["n"])
    if number is None:
        return None
    scale = match["scale"] or ""
    factor = Decimal(_WORDS.get(scale, 1))
    if scale and scale not in _WORDS:
        for char in scale:
            factor *= _SCALES.get(char) or _TENS[char]
    return _plain(number * factor)


def _date(match: re.Match[str]) -> tuple[str, ...] | None:
    parts = match.groupdict()
    month = _MONTHS[parts["mon"][:3]] if parts.get("mon") else _number(parts["m"])
    day, year = _number(parts["d"]), _number(parts.get("y") or "")
    if month is None or day is None or not (1 <= month <= 12 and 1 <= day <= 31):
        return None
    return (_plain(year) if year is not None and parts.get("y") else "", str(int(month)),
            str(int(day)))  # fmt: skip


def _time(match: re.Match[str]) -> tuple[str, ...] | None:
    parts = match.groupdict()
    hour = _number(parts["h"] or parts.get("h2") or "")
    minute = Decimal(30) if parts.get("half") else _number(parts.get("mi") or "0")
    half = parts.get("part") or (parts.get("ap") or "").replace(".", "").replace(" ", "")
    if hour is None or minute is None or hour > 24 or minute > 59:
        return None
    if half in {"下午", "晚上", "晚", "pm"} and hour < 12:
        hour += 12
    elif half in {"凌晨", "am"} and hour == 12:
        hour = Decimal(0)
    second = int(parts.get("s") or 0)
    return (f"{int(hour):02}:{int(minute):02}" + (f":{second:02}" if second else ""),)


def _amount(match: re.Match[str]) -> tuple[str, ...] | None:
    parts = match.groupdict()
    number = _scaled(match)
    currency = _CURRENCY[parts.get("before") or parts.get("after") or ""]
    return None if number is None else (currency, number)


def _percent(match: re.Match[str]) -> tuple[str, ...] | None:
    number = _number(match["n"])
    sign = "-" if match.groupdict().get("sign") == "-" else ""
    return None if number is None else (sign + _plain(number),)


def _period(match: re.Match[str]) -> tuple[str, ...] | None:
    count = match["n"]
    number = Decimal(_SMALL[count]) if count in _SMALL else _number(count)
    unit = match["unit"].removesuffix("s")
    if (count == "一" and unit in "年天日周") or (unit == "年" and len(count) == 4):
        return None  # 一年一度, 2026年: no period
    return None if number is None else (_plain(number), _UNITS[unit])


def _phone(match: re.Match[str]) -> tuple[str, ...]:
    return (re.sub(r"\D", "", match.group()),)


def _bare_number(match: re.Match[str]) -> tuple[str, ...] | None:
    if re.fullmatch(r"0\d+", match["n"]):
        return (match["n"],)  # a security's code is no quantity
    number = _scaled(match)
    return None if number is None else (number,)


_Reader = Callable[[re.Match[str]], tuple[str, ...] | None]


_CNS = f"[{_CN}]+"
_YEAR = rf"(?:(?P<y>\d{{4}}|[{_CN}]{{4}})年)?"
_EN_YEAR = r"(?:,?\s+(?P<y>\d{4})\b)?"
_EN_DAY = r"(?P<d>\d{1,2})(?:st|nd|rd|th)?"
_PART = r"(?P<part>凌晨|早上|上午|中午|下午|晚上|晚)\s*"
_MERIDIEM = r"(?P<ap>[ap]\.?\s?m\b\.?)"

_PATTERNS: tuple[tuple[Kind, str, _Reader], ...] = (
    (Kind.DATE, rf"(?<!\d){_YEAR}(?P<m>\d{{1,2}}|{_CNS})月(?P<d>\d{{1,2}}|{_CNS})[日号]", _date),
    (
        Kind.DATE,
        r"(?<![\d.-])(?P<y>\d{4})(?P<sep>[-/.])(?P<m>\d{1,2})(?P=sep)(?P<d>\d{1,2})(?![\d-])",
        _date,
    ),
    (Kind.DATE, rf"\b{_EN_DAY}\s+(?:of\s+)?{_MONTH}{_EN_YEAR}", _date),
    (Kind.DATE, rf"\b{_MONTH}\s+{_EN_DAY}\b{_EN_YEAR}", _date),
    (
        Kind.TIME,
        rf"(?:{_PART})?(?<![\d:])(?P<h>\d{{1,2}}):(?P<mi>\d{{2}})(?::(?P<s>\d{{2}}))?(?![\d:])"
        rf"(?:\s*{_MERIDIEM})?",
        _time,
    ),
    (Kind.TIME, rf"(?<![\d:.])(?P<h>\d{{1,2}})(?:\.(?P<mi>\d{{2}}))?\s*{_MERIDIEM}", _time),
    (
        Kind.TIME,
        rf"(?:{_PART}(?P<h>\d{{1,2}}|[{_CN}]{{1,3}})|(?<!\d)(?P<h2>\d{{1,2}}|[{_CN[4:]}]{{2,3}}))"
        rf"(?:点钟?|时(?!间|段|候|期))(?:(?P<half>半)|(?P<mi>\d{{1,2}}|[{_CN}]{{1,3}})分)?",
        _time,
    ),
    (
        Kind.PERCENT,
        rf"(?P<sign>-)?(?<![\d.])(?P<n>{_NUM})\s*(?:%|percent\b|per cent\b)",
        _percent,
    ),
    (Kind.PERCENT, rf"百分之(?P<n>{_NUM}|{_CNS})", _percent),
    (Kind.AMOUNT, rf"{_BEFORE}(?P<n>{_NUM}){_SCALE}", _amount),
    (Kind.AMOUNT, rf"(?<![\d.])(?P<n>{_NUM}|{_CNS}){_SCALE}{_AFTER}", _amount),
    (
        Kind.PHONE,
        r"(?<![\d-])(?:\+?\d{1,4}-)?\d{3,4}-\d{3,4}(?:-\d{3,4})?(?![\d-])",
        _phone,
    ),
    (Kind.PHONE, r"(?<!\d)(?:95\d{3}|1\d{10}|[48]00\d{7})(?![\d,.]\d)(?!\d)", _phone),
    (Kind.PERIOD, rf"(?<![\d.第])(?P<n>{_NUM}|{_CNS})\s*(?P<unit>{_CN_UNIT})", _period),
    (Kind.PERIOD, rf"(?<![\w.])(?P<n>{_NUM}|{_EN_COUNT})[\s-]+(?P<unit>{_EN_UNIT})", _period),
    (Kind.NUMBER, rf"(?<![a-z\d_.-])(?P<n>{_NUM})(?![a-z\d_]){_SCALE}", _bare_number),
)
_READERS = tuple((kind, re.compile(pattern), read) for kind, pattern, read in _PATTERNS)
