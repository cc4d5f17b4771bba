"""Settings of this installation that templates depend on."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


def link_hosts() -> frozenset[str]:
    """The hosts that texts may link to, each with its subdomains: those of LINK_HOSTS, and this
    installation's own."""
    own = urlsplit(settings.PUBLIC_URL).hostname or ""
    return frozenset({*(host.casefold() for host in settings.LINK_HOSTS), own} - {""})


def sms_price() -> tuple[Decimal, str] | None:
    """What one part of an SMS costs, and the currency (SMS_PRICE, for example “0.045 CNY”); None
    when that is not set. Raises ImproperlyConfigured for anything else."""
    if not settings.SMS_PRICE:
        return None
    amount, _gap, currency = settings.SMS_PRICE.partition(" ")
    try:
        return Decimal(amount), currency.strip()
    except InvalidOperation:
        raise ImproperlyConfigured(
            f"VOUCHSAFE_SMS_PRICE is “{settings.SMS_PRICE}”, not an amount and a currency."
        ) from None
