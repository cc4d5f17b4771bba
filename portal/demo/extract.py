"""A CRM extract as brokers really get them: GB18030, mixed notations, some rows unusable.

Every person is invented. Mobile numbers lie in one unassigned block, e-mail addresses under
example.com; both reach nothing but the local peers.
"""

from __future__ import annotations

import csv
import io
import random
from pathlib import Path

HEADERS = [
    "客户号", "姓名", "手机", "邮箱", "语言", "时区", "风险等级", "偏好渠道",
    "短信同意", "邮件同意", "推送同意", "免打扰", "开户日期",
]  # fmt: skip

_FAMILY = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜"
_GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超霞平刚建国志远子轩梓涵雨桐思源"
_WESTERN = ["Anne-Sophie Müller", "Иван Петров", "O'Brien, Sean", "Nguyễn Văn An"]
_FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")
_YES = ["是", "Y", "1", "TRUE"]
_NO = ["否", "N", "0"]


def write_extract(path: Path, *, rows: int, seed: int = 20261121) -> None:
    """Write `rows` rows to `path`; the same seed gives the same bytes."""
    rng = random.Random(seed)  # noqa: S311 - invented data, not a secret
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(HEADERS)
    for number in range(rows):
        row = _row(rng, number)
        writer.writerow(row)
        if rng.random() < 0.01:
            writer.writerow(row)  # the extract repeats some customers
    body = out.getvalue().encode("gb18030")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_break_bytes(body))


def _row(rng: random.Random, number: int) -> list[str]:
    return [
        str(700000 + number),
        _name(rng),
        _phone(rng, number),
        _mail(rng, number),
        rng.choice(["中文", "zh-CN", "zh-CN", "en", "English", "zh_TW", ""]),
        rng.choice(["Asia/Shanghai", "Asia/Shanghai", "北京时间", "UTC+8", "Asia/Hong_Kong", ""]),
        rng.choice(["R1", "R2", "R3", "R4", "R5", "激进型", "稳健型", ""]),
        rng.choice(["短信", "邮件", "短信;邮件", "APP推送", ""]),
        _consent(rng),
        _consent(rng),
        _consent(rng),
        rng.choice(["22:00-08:00", "23：00—07：30", "无", ""]),
        rng.choice(["2019-03-01", "2019/3/1", "20190301", "2019年3月1日", ""]),
    ]


def _name(rng: random.Random) -> str:
    draw = rng.random()
    if draw < 0.005:
        return "=HYPERLINK(A1)"
    if draw < 0.03:
        return rng.choice(_WESTERN)
    return rng.choice(_FAMILY) + "".join(rng.sample(_GIVEN, rng.choice([1, 2])))


def _phone(rng: random.Random, number: int) -> str:
    digits = f"1990000{number % 10000:04d}"
    draw = rng.random()
    if draw < 0.03:
        return ""
    if draw < 0.045:
        return digits[:8]  # too short
    if draw < 0.055:
        return f"{int(digits):.5E}"  # what a spreadsheet made of it
    if draw < 0.10:
        return digits.translate(_FULL_WIDTH)
    if draw < 0.16:
        return f"+86 {digits[:3]} {digits[3:7]} {digits[7:]}"
    if draw < 0.20:
        return f"{digits[:3]}-{digits[3:7]}-{digits[7:]}"
    return digits


def _mail(rng: random.Random, number: int) -> str:
    address = f"investor{number}@example.com"
    draw = rng.random()
    if draw < 0.05:
        return ""
    if draw < 0.065:
        return address.replace("@", "@@")
    if draw < 0.07:
        return f"{address}\nBcc: everyone@example.com"
    if draw < 0.10:
        return f"  {address.upper()} "
    return address


def _consent(rng: random.Random) -> str:
    draw = rng.random()
    if draw < 0.82:
        return rng.choice(_YES)
    return rng.choice(_NO) if draw < 0.92 else rng.choice(["", "不详"])


def _break_bytes(body: bytes) -> bytes:
    """Damage one name in two rows, as a cut multi-byte character does."""
    lines = body.split(b"\r\n")
    for index in (len(lines) // 3, len(lines) // 2):
        cells = lines[index].split(b",")
        if len(cells) > 2:
            cells[1] = b"\x81\xff" + cells[1]
            lines[index] = b",".join(cells)
    return b"\r\n".join(lines)
