"""Runs the demo: starts the product, walks the main path, reports."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)

from core.errors import VouchsafeError
from portal.demo import people
from portal.demo.steps import STEPS
from portal.demo.walk import StepFailed, Walk


def walk_the_main_path(address: str, console: Console, *, rows: int) -> bool:
    """Every step in turn with a progress bar; stops at the first that does not hold.

    Writes `report.json` either way; returns whether every step held.
    """
    walk = Walk(address=address, rows=rows)
    walk.directory.mkdir(parents=True, exist_ok=True)
    seconds: dict[str, float] = {}
    failure = ""
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
    ) as bars:
        for name, title, step in STEPS:
            started = time.monotonic()
            task = bars.add_task(title, total=None)
            try:
                walk.facts[name] = step(walk, _report_to(bars, task))
            except (StepFailed, VouchsafeError) as error:
                failure = f"{name}: {error}"
                break
            finally:
                seconds[name] = round(time.monotonic() - started, 2)
            bars.update(task, total=1, completed=1)
    report = make_report(walk, seconds, failure)
    path = walk.directory / "report.json"
    path.write_text(json.dumps(report, ensure_ascii=False, indent=2))
    _say(console, report, path)
    return not failure


def make_report(walk: Walk, seconds: dict[str, float], failure: str) -> dict[str, Any]:
    """The figures of the walk under fixed names; what was not reached is absent."""
    report: dict[str, Any] = {"held": not failure, "seconds": seconds}
    for facts in walk.facts.values():
        report.update(facts)
    if failure:
        report["failure"] = failure
    return report


def say_how_to_sign_in(console: Console, address: str) -> None:
    """The address, the users, their passwords, and where codes come from."""
    passwords: dict[str, str] = json.loads(people.credentials_file().read_text())
    console.print(f"\n[bold]Vouchsafe[/bold] {address}")
    for person in people.CAST:
        if person.username in passwords:
            console.print(
                f"  {person.username:<11} {passwords[person.username]:<18} {person.name}",
                highlight=False,
            )
    console.print("  One-time code:  .venv/bin/python manage.py one_time_code USER")
    console.print(f"  Investors:      {address}me/  (their mail is in var/peers/mail)\n")


def _report_to(bars: Progress, task: Any) -> Callable[[int, int], None]:
    def progress(done: int, total: int) -> None:
        bars.update(task, completed=done, total=total or None)

    return progress


def _say(console: Console, report: dict[str, Any], path: Path) -> None:
    """The report in words."""
    words = (
        ("imported", "investors imported"),
        ("rejected", "rows rejected, each named with line and column"),
        ("planned", "deliveries planned"),
        ("sent", "handed to a provider"),
        ("delivered", "confirmed as delivered"),
        ("failed", "failed"),
        ("fallback_used", "sent again by the fallback channel"),
        ("acknowledged", "acknowledged by investors"),
        ("drill_points", "points of 100 in the drill, which reached no investor"),
        ("ledger_size", "records in the log"),
        ("cosigned", "records covered by the witness's newest cosignature"),
        ("time_stamped", "records covered by the newest RFC 3161 time-stamp"),
        ("records", "records in the regulator's export"),
    )
    console.print()
    for name, meaning in words:
        if name in report:
            console.print(f"  {report[name]:>8,}  {meaning}", highlight=False)
    verdict = "every step held" if report["held"] else f"FAILED at {report['failure']}"
    console.print(
        f"  {sum(report['seconds'].values()):>7.1f}s  {verdict}; report in {path}", highlight=False
    )
