"""Writes on filing records and re-reviews."""

from templates_mgmt.filing.services.counting import follow_reach
from templates_mgmt.filing.services.exporting import export_filing, export_period
from templates_mgmt.filing.services.keeping import save_filing, set_carrier, shorten
from templates_mgmt.filing.services.reminding import Mail, mail_overdue
from templates_mgmt.filing.services.rereviewing import keep, open_due, remind_overdue

__all__ = [
    "Mail", "export_filing", "export_period", "follow_reach", "keep", "mail_overdue", "open_due",
    "remind_overdue", "save_filing", "set_carrier", "shorten",
]  # fmt: skip
