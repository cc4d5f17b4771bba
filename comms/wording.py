"""Words for the codes on deliveries and events, for pages. Codes stay in rows, API and ledger."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from comms.planning import QUIET_HOURS, Reason, reason_label

_ERRORS = {
    "answer_lost": gettext_lazy("The provider's answer was lost on the way"),
    "auth_refused": gettext_lazy("The provider refused our sign-in"),
    "bad_answer": gettext_lazy("The provider's answer could not be read"),
    "bad_header": gettext_lazy("The message cannot be written as a mail"),
    "connect_failed": gettext_lazy("The provider could not be reached"),
    "disconnected": gettext_lazy("The provider closed the connection"),
    "lease_expired": gettext_lazy("The worker stopped; another took it up"),
    "lease_over": gettext_lazy("Our own worker was too slow; it was not handed over"),
    "no_answer": gettext_lazy("Nobody can say whether the provider took it"),
    "no_result": gettext_lazy("The provider said nothing about this message"),
    "smtputf8_unsupported": gettext_lazy("The mail server takes no address in this script"),
    "stopped": gettext_lazy("The notice was stopped before it was handed over"),
    "subject_erased": gettext_lazy("The investor's data were erased"),
    "address_dead": gettext_lazy("The address does not exist any more"),
    "permanent": gettext_lazy("Refused for good"),
    QUIET_HOURS: gettext_lazy("Quiet hours"),
}
_NAMES = {
    "code": gettext_lazy("Cause"),
    "reason": gettext_lazy("Reason"),
    "text": gettext_lazy("The provider's words"),
    "scope": gettext_lazy("What was left"),
    "recovered": gettext_lazy("Learnt after an interruption"),
}
_SCOPES = {"topic": gettext_lazy("this topic"), "channel": gettext_lazy("the whole channel")}
_STATUS = re.compile(r"http_(\d{3})")
_ENHANCED = re.compile(r"\d\.\d{1,3}\.\d{1,3}")  # RFC 3463


def error_words(code: str) -> str:
    """Why a delivery failed or waits. A provider's own code is shown as such."""
    if code in _ERRORS:
        return str(_ERRORS[code])
    if code.partition(":")[0] in set(Reason):
        return str(reason_label(code))
    if found := _STATUS.fullmatch(code):
        return _("The provider answered with HTTP status %(status)s") % {"status": found[1]}
    head, _space, rest = code.partition(" ")
    if head == "bounced":
        return _("Bounced (%(status)s)") % {"status": rest} if rest else _("Bounced")
    if _ENHANCED.fullmatch(code):
        return _("Status %(status)s of the receiving server") % {"status": code}
    return _("The provider's code: %(code)s") % {"code": code} if code else ""


def detail_words(detail: Mapping[str, Any]) -> list[tuple[str, str]]:
    """An event's detail as (name, value) in words."""
    return [(str(_NAMES.get(name, name)), _value(name, value)) for name, value in detail.items()]


def _value(name: str, value: Any) -> str:
    if name in ("code", "reason"):
        return error_words(str(value))
    if name == "scope":
        return str(_SCOPES.get(str(value), value))
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return str(value)
