"""Which column of a file feeds which field: guessed from the header, corrected by the user."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping as AnyMapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from core.errors import InvalidInput

FIELDS: dict[str, str | Promise] = {
    "ref": _("Customer number"),
    "name": _("Name"),
    "phone": _("Phone"),
    "email": _("E-mail"),
    "language": _("Language"),
    "time_zone": _("Time zone"),
    "risk_level": _("Risk level"),
    "preferred_channels": _("Preferred channels"),
    "consent_sms": _("Consent to SMS"),
    "consent_email": _("Consent to e-mail"),
    "consent_push": _("Consent to app push"),
    "quiet_hours": _("Quiet hours"),
    "opened_on": _("Account opened on"),
    "cadence": _("Cadence"),
    "account_flags": _("Account flags"),
    "systems": _("Systems"),
    "branches": _("Branches"),
    "products": _("Products"),
    "access_channels": _("Trading channels"),
}
REQUIRED = ("ref",)
OWN_COLUMNS = ("_line", "_column", "_reason")  # what the error file adds to the file's own

_SYNONYMS = {
    "ref": "客户号 客户编号 客户代码 客户id 资金账号 customernumber customerno customerid customer "
    "clientid clientno clientnumber investorid accountnumber ref",
    "name": "姓名 客户姓名 客户名称 名称 name fullname customername clientname investorname",
    "phone": "手机 手机号 手机号码 移动电话 联系电话 电话 mobile mobilephone phone phonenumber "
    "mobilenumber tel telephone cell",
    "email": "邮箱 电子邮箱 邮件 电子邮件 邮箱地址 email emailaddress mail",
    "language": "语言 语种 language lang locale",
    "time_zone": "时区 timezone tz zone",
    "risk_level": "风险等级 风险级别 风险承受能力 客户风险等级 risklevel risk riskgrade "
    "riskprofile",
    "preferred_channels": "偏好渠道 首选渠道 通知渠道 preferredchannels preferredchannel channels "
    "channel",
    "consent_sms": "短信同意 同意短信 短信授权 smsconsent consentsms smsoptin",
    "consent_email": "邮件同意 同意邮件 邮件授权 emailconsent consentemail emailoptin",
    "consent_push": "推送同意 同意推送 推送授权 pushconsent consentpush pushoptin",
    "quiet_hours": "免打扰 免打扰时段 勿扰时段 quiethours donotdisturb dnd quiet",
    "opened_on": "开户日期 开户日 openedon opendate openingdate accountopened opened",
    "cadence": "频率 通知频率 推送频率 cadence frequency",
    "account_flags": "账户标记 账户标签 标签 accountflags flags tags",
    "systems": "系统 使用系统 交易系统 systems system tradingsystem tradingsystems",
    "branches": "营业部 开户营业部 所属营业部 分支机构 branch branches branchoffice",
    "products": "产品 持有产品 产品代码 products product holdings",
    "access_channels": "交易渠道 委托方式 交易方式 tradingchannels tradingchannel accesschannels",
}
_GUESS = {word: name for name, words in _SYNONYMS.items() for word in words.split()}


@dataclass(frozen=True, slots=True)
class Mapping:
    """How to read a file.

    `columns`: field → header. `values`: field → {cell as written → what to read instead}, which
    mends a vocabulary for a whole file at once (`{"time_zone": {"EST": "America/New_York"}}`).
    `encoding` and `delimiter` overrule what is detected.
    """

    columns: dict[str, str] = field(default_factory=dict)
    values: dict[str, dict[str, str]] = field(default_factory=dict)
    encoding: str = ""
    delimiter: str = ""

    def to_json(self) -> dict[str, Any]:
        """Plain JSON that `resolve` reads back; fields left out are null, so that they stay out."""
        return {
            "columns": {name: self.columns.get(name) for name in FIELDS},
            "values": {name: dict(table) for name, table in self.values.items()},
            "encoding": self.encoding,
            "delimiter": self.delimiter,
        }


def fold(header: str) -> str:
    """A header without blanks, punctuation, case and width, for comparison."""
    text = unicodedata.normalize("NFKC", header).lower()
    return "".join(character for character in text if character.isalnum())


def guess(headers: list[str]) -> dict[str, str]:
    """Field → header for every header that is a known synonym; the first one wins."""
    found: dict[str, str] = {}
    for header in headers:
        name = _GUESS.get(fold(header))
        if name and name not in found and header not in OWN_COLUMNS:
            found[name] = header
    return found


def resolve(headers: list[str], data: AnyMapping[str, Any] | None) -> Mapping:
    """The mapping for these headers: the guess, overruled by the user's `data`.

    `data` is `{"columns": {field: header or null}, "values": …, "encoding": …}`; null leaves a
    field out. Raises InvalidInput naming the unknown field or column, or the field that lacks one.
    """
    given = parse(data or {})
    columns = guess(headers)
    for name, header in _columns_of(data or {}).items():
        if header is None:
            columns.pop(name, None)
        elif header not in headers:
            raise InvalidInput(
                _("The file has no column “%(header)s”; it has: %(known)s.")
                % {"header": header, "known": ", ".join(headers)},
                code="mapping",
                field=f"columns.{name}",
            )
        else:
            columns = {key: value for key, value in columns.items() if value != header}
            columns[name] = header
    for name in REQUIRED:
        if name not in columns:
            raise InvalidInput(
                _("No column of the file holds “%(field)s”; name one of: %(known)s.")
                % {"field": FIELDS[name], "known": ", ".join(headers)},
                code="mapping",
                field=f"columns.{name}",
            )
    ordered = {name: columns[name] for name in FIELDS if name in columns}
    return Mapping(ordered, given.values, given.encoding, given.delimiter)


def parse(data: AnyMapping[str, Any]) -> Mapping:
    """A user's mapping as written; raises InvalidInput naming what cannot be read."""
    for key in data:
        if key not in ("columns", "values", "encoding", "delimiter"):
            raise InvalidInput(
                _("A mapping has no part “%(name)s”.") % {"name": key}, code="mapping", field=key
            )
    values: dict[str, dict[str, str]] = {}
    for name, table in _object(data.get("values", {}), "values").items():
        _check_field(name, "values")
        values[name] = {}
        for written, meant in _object(table, f"values.{name}").items():
            values[name][str(written)] = "" if meant is None else str(meant)
    columns = {name: header for name, header in _columns_of(data).items() if header is not None}
    delimiter = str(data.get("delimiter") or "")
    if len(delimiter) > 1:
        raise InvalidInput(_("A separator is one character."), code="mapping", field="delimiter")
    return Mapping(columns, values, str(data.get("encoding") or ""), delimiter)


def _columns_of(data: AnyMapping[str, Any]) -> dict[str, str | None]:
    columns: dict[str, str | None] = {}
    for name, header in _object(data.get("columns", {}), "columns").items():
        _check_field(name, "columns")
        columns[name] = None if header is None else str(header)
    return columns


def _check_field(name: str, part: str) -> None:
    if name not in FIELDS:
        raise InvalidInput(
            _("There is no field “%(name)s”; there are: %(known)s.")
            % {"name": name, "known": ", ".join(FIELDS)},
            code="mapping",
            field=f"{part}.{name}",
        )


def _object(value: object, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise InvalidInput(_("An object is expected here."), code="mapping", field=where)
    return value
