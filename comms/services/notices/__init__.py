"""Notices from draft to release, and the ways to stop them.

A notice pins one approved version and freezes its audience, values and channels. The preparer
submits it with a dry run; another person releases it.
"""

from comms.services.notices.drafting import change_notice, correct_notice, create_notice
from comms.services.notices.releasing import (
    preview_audience,
    release_notice,
    submit_notice,
    take_back,
)
from comms.services.notices.stopping import cancel_notice, pause_notice, resume_notice

__all__ = [
    "cancel_notice",
    "change_notice",
    "correct_notice",
    "create_notice",
    "pause_notice",
    "preview_audience",
    "release_notice",
    "resume_notice",
    "submit_notice",
    "take_back",
]
