"""Short ways to actors, files and investors for these tests."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Iterable
from pathlib import Path
from uuid import UUID, uuid4

from core.actor import Actor, system
from core.models import BusinessLine
from core.roles import ROLE_CAPABILITIES, Role
from core.services import create_line
from investors import services
from investors.importing.service import ImportResult, import_file

NOW = dt.datetime(2026, 3, 2, 9, 30, tzinfo=dt.UTC)
HEADER = (
    "客户号", "姓名", "手机", "邮箱", "语言", "时区", "风险等级", "偏好渠道",
    "短信同意", "邮件同意", "推送同意", "免打扰", "开户日期",
)  # fmt: skip
GOOD = (
    "100001", "王小明", "13812345678", "wang@example.com", "中文", "北京时间", "C3", "短信;邮件",
    "是", "Y", "", "22:00-8:00", "2019/3/1",
)  # fmt: skip


def line(code: str = "retail") -> BusinessLine:
    """The business line `code`."""
    found = BusinessLine.objects.filter(code=code).first()
    return found or create_line(code=code, name=code.title(), actor=system("test"), now=NOW)


def staff(role: Role, *lines: BusinessLine, stepped_up: bool = True) -> Actor:
    """A person with one role."""
    user_id = uuid4()
    return Actor(
        kind="user",
        id=str(user_id),
        label=role.value,
        user_id=user_id,
        capabilities=ROLE_CAPABILITIES[role],
        lines=frozenset(line.pk for line in lines),
        stepped_up_at=NOW if stepped_up else None,
    )


def importer(*lines: BusinessLine) -> Actor:
    """Somebody who may import into `lines` (default: retail)."""
    return staff(Role.DISPATCHER, *(lines or (line(),)))


def privacy_officer(*, stepped_up: bool = True) -> Actor:
    """Somebody who may edit and reveal everywhere."""
    return staff(Role.PRIVACY_OFFICER, stepped_up=stepped_up)


def row(**cells: str) -> tuple[str, ...]:
    """GOOD with some cells replaced, by field: ref, name, phone, email, language …"""
    names = (
        "ref", "name", "phone", "email", "language", "time_zone", "risk_level", "channels",
        "sms", "mail", "push", "quiet", "opened",
    )  # fmt: skip
    assert set(cells) <= set(names), cells
    return tuple(cells.get(name, good) for name, good in zip(names, GOOD, strict=True))


def write_csv(
    path: Path,
    rows: Iterable[Iterable[str]],
    *,
    header: Iterable[str] = HEADER,
    encoding: str = "utf-8",
    delimiter: str = ",",
) -> Path:
    """A CSV file as spreadsheets write it."""
    with path.open("w", encoding=encoding, newline="") as out:
        writer = csv.writer(out, delimiter=delimiter)
        writer.writerow(header)
        writer.writerows(rows)
    return path


def run(path: Path, **more: object) -> ImportResult:
    """Import `path` into retail."""
    given = {"line_id": line().pk, "actor": importer(), "now": NOW, **more}
    return import_file(path=path, **given)  # type: ignore[arg-type]


def investor(ref: str = "100001", **more: object) -> UUID:
    """One investor entered by hand, with phone, e-mail and consent to both."""
    given = {
        "line_id": line().pk,
        "ref": ref,
        "name": "王小明",
        "phone": "13812345678",
        "email": f"u{ref}@example.com",
        "consents": ("channel.sms", "channel.email"),
        "actor": privacy_officer(),
        "now": NOW,
        **more,
    }
    return services.create_investor(**given)  # type: ignore[arg-type]
