"""The steps of the demo, in their order: name in the report, title, function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from portal.demo.drill import drill
from portal.demo.walk import (
    Progress,
    Walk,
    acknowledge,
    approve_template,
    export,
    import_extract,
    make_firm,
    prepare_and_release,
    publish,
    send,
    verify,
)

STEPS: tuple[tuple[str, str, Callable[[Walk, Progress], dict[str, Any]]], ...] = (
    ("firm", "建立公司 Make the firm", make_firm),
    ("import", "导入投资者 Import investors", import_extract),
    ("template", "审批模板 Review and approve the template", approve_template),
    ("release", "备稿与放行 Prepare and release the notice", prepare_and_release),
    ("send", "发送 Send, collect receipts, fall back", send),
    ("acknowledge", "确认 Investors acknowledge", acknowledge),
    ("drill", "演练 Hold a drill", drill),
    ("checkpoint", "检查点 Publish a checkpoint", publish),
    ("export", "导出 Export for the regulator", export),
    ("verify", "验证 Verify the export and the log", verify),
)
