"""Consent: which act wins, and what place and basis an entry carries. Pure."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

SMS: Final = "channel.sms"
EMAIL: Final = "channel.email"
PUSH: Final = "channel.push"
INBOX: Final = "channel.inbox"

PURPOSES: dict[str, str | Promise] = {
    SMS: _("Messages by SMS"),
    EMAIL: _("Messages by e-mail"),
    PUSH: _("Messages by app push"),
    INBOX: _("Messages in the portal inbox"),
}
CONTRACTUAL: Final = frozenset({INBOX})  # part of the account contract; nothing to withdraw

METHODS: dict[str, str | Promise] = {
    "import": _("Imported from the firm's records"),
    "portal": _("By the investor in the portal"),
    "phone": _("By phone, entered by staff"),
    "paper": _("On paper, entered by staff"),
    "branch": _("At a branch, entered by staff"),
    "unsubscribe": _("By the unsubscribe link or STOP"),
    "complaint": _("By a complaint to the provider"),
}
IMPORTED: Final = "import"


@dataclass(frozen=True, slots=True)
class Standing:
    """What the last entry of a purpose says, and by which method it came."""

    granted: bool
    method: str


def act_of_file(current: Standing | None, stated: bool | None) -> str | None:
    """Which act an imported cell makes: "given", "refused", "withdrawn", or None for nothing.

    A blank says nothing. A no always counts, because it protects. A yes opens a purpose that
    nobody spoke about, or that an earlier file had closed; it never overturns a withdrawal or a
    refusal that the investor made in person (PIPL Art. 15, GDPR Art. 7(3)).
    """
    if stated is None:
        return None
    if current is None:
        return "given" if stated else "refused"
    if current.granted == stated:
        return None
    if not stated:
        return "withdrawn"
    return "given" if current.method == IMPORTED else None


def legal_basis(purpose: str) -> str:
    """ "contract" for what the account contract covers, otherwise "consent"."""
    return "contract" if purpose in CONTRACTUAL else "consent"


def reach(contacts: set[str], granted: set[str]) -> int:
    """How many of SMS and e-mail can be used: kinds of contact that are usable, with consent."""
    return ("phone" in contacts and SMS in granted) + ("email" in contacts and EMAIL in granted)


def truncated_ip(address: str | None) -> str:
    """The network of an address: /24 for IPv4, /48 for IPv6; "" when there is none."""
    if not address:
        return ""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return ""
    return str(ipaddress.ip_network(f"{ip}/{24 if ip.version == 4 else 48}", strict=False))
