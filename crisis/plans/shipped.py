"""The plan that every installation starts with (C3): two levels, five roles that nobody has yet."""

from __future__ import annotations

from typing import Any


def _name(zh: str, en: str) -> dict[str, str]:
    return {"zh-hans": zh, "en": en}


def _role(code: str, name: dict[str, str], duty: dict[str, str]) -> dict[str, Any]:
    return {"code": code, "name": name, "duty": duty, "people": []}


SHIPPED: dict[str, Any] = {
    "v": 1,
    "levels": [
        {
            "code": "general",
            "rank": 1,
            "name": _name("一般", "General"),
            "roles": ["operations"],
            "minutes": 10,
            "restore_hours": 48,
            "major": False,
        },
        {
            "code": "major",
            "rank": 2,
            "name": _name("重大", "Major"),
            "roles": ["operations", "technical", "legal", "pr", "compliance"],
            "minutes": 5,
            "restore_hours": 0,
            "major": True,
        },
    ],
    "tier_rule": [
        {"when": "nature", "value": "leak", "level": "major"},
        {"when": "nature", "value": "ledger", "level": "major"},
        {"when": "investors", "value": "1000", "level": "major"},
        {"when": "minutes", "value": "120", "level": "major"},
    ],
    "roles": [
        _role(
            "operations",
            _name("运营值守", "Operations"),
            _name("核实情况，牵头恢复服务。", "Verifies, leads, restores the service."),
        ),
        _role(
            "technical",
            _name("技术组", "Technical"),
            _name("查找原因，修复系统。", "Finds the cause and mends the systems."),
        ),
        _role(
            "legal",
            _name("法务组", "Legal"),
            _name("判断法律责任，审核对外措辞。", "Judges the duties in law and the wording."),
        ),
        _role(
            "pr",
            _name("公关组", "Public relations"),
            _name("对外发声，回应媒体。", "Speaks for the firm and answers the press."),
        ),
        _role(
            "compliance",
            _name("合规组", "Compliance"),
            _name("向监管部门报告，监督流程。", "Reports to the regulators, watches the process."),
        ),
    ],
    "escalation": {
        "first_roles": ["operations"],
        "first_minutes": 5,
        "rounds": 2,
        "fallback_roles": ["compliance"],
    },
    "activators": [],
}
