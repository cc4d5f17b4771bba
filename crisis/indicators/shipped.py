"""The indicators and goals that every installation starts with. Only the migration reads this."""

from __future__ import annotations

from typing import Any


def _row(code: str, zh: str, en: str, source: str, better: str, warn: str, limit: str) -> Any:
    return {
        "code": code, "name": {"zh-hans": zh, "en": en}, "source": source, "better": better,
        "warn": warn, "limit": limit,
    }  # fmt: skip


SHIPPED: dict[str, Any] = {
    "rows": [
        _row("uptime", "系统可用率", "Uptime of systems", "uptime", "high", "99", "95"),
        _row("data_error", "导入数据错误率", "Data error on import", "import_error", "low", "3",
             "5"),
        _row("delivery_failure", "发送失败率", "Delivery failure", "delivery_failure", "low", "3",
             "5"),
        _row("verified_in_time", "事件及时核实率", "Incidents verified in time", "verified_in_time",
             "high", "95", "80"),
        _row("ledger_checks", "账本核验通过率", "Ledger checks passed", "ledger_checks", "high",
             "100", "100"),
        _row("staff_errors", "操作差错率", "Errors of operation", "", "low", "1", "2"),
    ],
    "goals": {
        "counted_from": "2026-01-01", "incidence": [-20, -30, -50], "benchmark_minutes": 30,
        "response_percent": 50, "benefit_ratio": "3",
    },
}  # fmt: skip
