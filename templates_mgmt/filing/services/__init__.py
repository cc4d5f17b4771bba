"""Writes on filing records and re-reviews."""

from templates_mgmt.filing.services.exporting import export_filing, export_period
from templates_mgmt.filing.services.keeping import save_filing, set_carrier, shorten
from templates_mgmt.filing.services.rereviewing import keep, open_due, remind_overdue

__all__ = [
    "export_filing", "export_period", "keep", "open_due", "remind_overdue", "save_filing",
    "set_carrier", "shorten",
]  # fmt: skip
