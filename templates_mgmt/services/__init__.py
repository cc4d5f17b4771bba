"""Writes on templates. Each is one transaction with its ledger record; the triggers of
migration 0002 hold the same rules against everything that does not come this way."""

from templates_mgmt.services.deciding import (
    approve,
    recall,
    reject,
    retire,
    return_version,
    withdraw,
)
from templates_mgmt.services.drafting import create_template, new_version, save_draft, submit

__all__ = [
    "approve", "create_template", "new_version", "recall", "reject", "retire", "return_version",
    "save_draft", "submit", "withdraw",
]  # fmt: skip
