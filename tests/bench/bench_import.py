"""Importing investors: rows a second and peak memory at 100,000 and 1,000,000 rows.

The rows are spread as in a broker's real extract (../shared/data): GB18030, some foreign numbers,
some consents left open. The peer is what one would write without any of our duties: the standard
library's csv and Django's bulk_create, plain investors and contacts, no checks, no encryption, no
consent ledger, no records.
"""

from __future__ import annotations

import csv
import os
import random
import resource
import sys
import time
from itertools import islice
from pathlib import Path

from django.db import transaction

from tests.bench.environment import bench_installation, peak_memory_mb, report

_HEADER = (
    "客户号,姓名,手机,邮箱,语言,时区,风险等级,偏好渠道,短信同意,邮件同意,推送同意,免打扰,开户日期"
)
_FAMILY = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗"
_GIVEN = "伟芳娜秀敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂英华慧巧美婷云"
_YES_NO = ("是", "是", "是", "否", "", "Y", "1", "TRUE", "N", "0", "不详")


def write_extract(path: Path, rows: int, seed: int = 7) -> None:
    """A GB18030 extract of `rows` customers, a hundredth of them unusable."""
    pick = random.Random(seed)
    with path.open("w", encoding="gb18030", newline="") as out:
        out.write(_HEADER + "\r\n")
        for number in range(rows):
            out.write(_row(pick, 1_000_000 + number) + "\r\n")


def _row(pick: random.Random, number: int) -> str:
    name = pick.choice(_FAMILY) + pick.choice(_GIVEN) + pick.choice(_GIVEN)
    phone = f"1{pick.choice('3456789')}{number:09d}"
    kind = pick.random()
    if kind < 0.01:
        phone = "1.38123E+10"
    elif kind < 0.02:
        phone = f"+852 6{number % 10_000_000:07d}"
    elif kind < 0.12:
        phone = f"+86 {phone[:3]} {phone[3:7]} {phone[7:]}"
    elif kind < 0.17:
        phone = phone.translate({ord(str(digit)): 0xFF10 + digit for digit in range(10)})
    email = "" if pick.random() < 0.08 else f"user{number}@mail.example.org"
    cells = (
        str(number),
        name,
        phone,
        email,
        pick.choice(("中文", "zh-CN", "zh_TW", "en", "")),
        pick.choice(("Asia/Shanghai", "北京时间", "UTC+8", "America/New_York", "")),
        pick.choice(("R1", "R2", "C3", "激进型", "")),
        pick.choice(("短信", "短信;邮件", "微信", "")),
        *(pick.choice(_YES_NO) for _consent in range(3)),
        pick.choice(("22:00-08:00", "23：00—07：30", "无", "")),
        pick.choice(("2019-03-01", "2019/3/1", "20190301", "2019年3月1日", "")),
    )
    return ",".join(cells)


def _measure(path: Path, line_id: object, actor: object) -> dict[str, object]:
    from core import clock
    from investors.importing.service import import_file

    started, before = time.perf_counter(), _cpu_seconds()
    result = import_file(path=path, line_id=line_id, actor=actor, now=clock.now())  # type: ignore[arg-type]
    seconds = time.perf_counter() - started
    used = {name: spent - before[name] for name, spent in _cpu_seconds().items()}
    return {
        "rows": result.read,
        "created": result.created,
        "updated": result.updated,
        "unchanged": result.unchanged,
        "rejected": result.rejected,
        "seconds": round(seconds, 2),
        "rows_per_s": round(result.read / seconds),
        "cpu_us_per_row": {
            name: round(spent / result.read * 1e6, 1) for name, spent in used.items()
        },
        "peak_rss_mb": peak_memory_mb(),
        "peak_rss_mb_helper": peak_memory_mb(children=True),
    }


def _cpu_seconds() -> dict[str, float]:
    """What this process, its ended helpers and the database's processes have used so far."""
    helpers = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {
        "python": time.process_time(),
        "helper": helpers.ru_utime + helpers.ru_stime,
        "postgresql": _server_seconds(Path(os.environ["VOUCHSAFE_VAR"])),
    }


def _server_seconds(directory: Path) -> float:
    """CPU of the processes that run in the server's data directory, ended ones included; 0 where
    there is no /proc."""
    ticks = 0
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if Path(process, "cwd").resolve().is_relative_to(directory.resolve()):
                fields = Path(process, "stat").read_text().rpartition(")")[2].split()
                if "postgres" in Path(process, "comm").read_text():
                    ticks += sum(int(field) for field in fields[11:15])
        except OSError:
            continue  # it has just ended, or is not ours to see
    return ticks / os.sysconf("SC_CLK_TCK")


def _peer(path: Path, line_id: object, limit: int) -> dict[str, object]:
    from core import clock
    from investors.models import ContactPoint, Investor

    started, now, rows = time.perf_counter(), clock.now(), 0
    with path.open(encoding="gb18030", newline="") as handle:
        reader = csv.DictReader(handle)
        while chunk := list(islice(reader, min(2000, limit - rows))):
            rows += len(chunk)
            people = [
                Investor(
                    business_line_id=line_id,
                    ref_hash=b"peer" + row["客户号"].encode(),
                    profile=row["姓名"].encode(),
                    created_at=now,
                    updated_at=now,
                )
                for row in chunk
            ]
            contacts = [
                ContactPoint(
                    investor=person,
                    kind=kind,
                    value_sealed=row[column].encode(),
                    value_hash=row[column].encode(),
                    created_at=now,
                )
                for person, row in zip(people, chunk, strict=True)
                for kind, column in (("phone", "手机"), ("email", "邮箱"))
                if row[column]
            ]
            with transaction.atomic():
                Investor.objects.bulk_create(people)
                ContactPoint.objects.bulk_create(contacts)
    seconds = time.perf_counter() - started
    return {"rows": rows, "seconds": round(seconds, 2), "rows_per_s": round(rows / seconds)}


def main(sizes: tuple[int, ...] = (100_000, 1_000_000)) -> None:
    """Import and re-import a file of each size into one installation after the other."""
    for size in sizes:
        if (child := os.fork()) == 0:  # peak memory is counted per process
            _one(size)
            os._exit(0)
        _pid, status = os.waitpid(child, 0)
        if status:
            raise SystemExit(1)


def _one(size: int) -> None:
    with bench_installation() as directory:
        from core import clock
        from core.actor import Actor, system
        from core.roles import Capability
        from core.services import create_line

        actor = Actor(
            kind="user",
            id="00000000-0000-4000-8000-000000000001",
            label="bench",
            capabilities=frozenset({Capability.INVESTORS_IMPORT, Capability.LINES_ALL}),
        )
        line = create_line(code="bench", name="Bench", actor=system("bench"), now=clock.now())
        path = directory / "extract.csv"
        write_extract(path, size)
        for name in ("import", "import again, nothing changed"):
            report(name, _measure(path, line.pk, actor))
        report("import, peer: csv and bulk_create", _peer(path, line.pk, min(size, 100_000)))


if __name__ == "__main__":
    main(tuple(int(word) for word in sys.argv[1:]) or (100_000, 1_000_000))
