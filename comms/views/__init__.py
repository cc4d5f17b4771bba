"""Pages of notices and deliveries."""

from comms.views.dry_runs import notice_dry_run, notice_dry_run_cancel
from comms.views.lists import (
    notice_deliveries,
    notice_deliveries_export,
    notice_excluded,
    notice_list,
    notice_list_export,
)
from comms.views.messages import delivery_detail, delivery_message, notice_sample
from comms.views.preparing import (
    notice_correct,
    notice_edit,
    notice_new,
    notice_submit,
)
from comms.views.running import (
    notice_cancel,
    notice_detail,
    notice_live,
    notice_pause,
    notice_refuse,
    notice_release,
    notice_resume,
    notice_take_back,
)

__all__ = [
    "delivery_detail",
    "delivery_message",
    "notice_cancel",
    "notice_correct",
    "notice_deliveries",
    "notice_deliveries_export",
    "notice_detail",
    "notice_dry_run",
    "notice_dry_run_cancel",
    "notice_edit",
    "notice_excluded",
    "notice_list",
    "notice_list_export",
    "notice_live",
    "notice_new",
    "notice_pause",
    "notice_refuse",
    "notice_release",
    "notice_resume",
    "notice_sample",
    "notice_submit",
    "notice_take_back",
]
