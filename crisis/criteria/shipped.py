"""The criteria that every installation starts with (C1)."""

from __future__ import annotations

from typing import Any


def _criterion(code: str, zh: str, en: str, **given: Any) -> dict[str, Any]:
    return {
        "code": code, "name": {"zh-hans": zh, "en": en}, "combine": "value", "window": 0,
        "source": "", "enabled": True, **given,
    }  # fmt: skip


SHIPPED: dict[str, Any] = {
    "v": 1,
    "criteria": [
        _criterion(
            "outage", "系统中断超过 2 小时", "Outage of more than 2 hours",
            measure="outage_minutes", comparison="gt", threshold="120", unit="minutes",
            nature="technical",
        ),
        _criterion(
            "complaints", "一日内投诉超过 1,000 件", "More than 1,000 complaints in a day",
            measure="complaints", comparison="gt", threshold="1000", unit="complaints",
            combine="sum", window=1440, nature="complaints",
        ),
        _criterion(
            "data_leak", "收到数据泄露报告", "Data leak reported",
            measure="leak_reports", comparison="ge", threshold="1", unit="reports", nature="leak",
        ),
        _criterion(
            "delivery_rate", "送达率低于 90%", "Delivery rate below 90 %",
            measure="delivery_rate", comparison="lt", threshold="90", unit="percent",
            window=60, source="comms", nature="technical",
        ),
        _criterion(
            "ledger", "账本校验失败、拒绝签名或见证方拒绝",
            "Ledger check failed, signing or a witness refused",
            measure="ledger_alarm", comparison="ge", threshold="1", unit="alarms",
            source="ledger", nature="ledger",
        ),
        _criterion(
            "import_errors", "导入数据错误率高于 5%", "More than 5 % of imported rows refused",
            measure="import_error_rate", comparison="gt", threshold="5", unit="percent",
            window=1440, source="investors", nature="technical",
        ),
    ],
}  # fmt: skip
