"""What self-service keeps of an investor outside the data key, and that goes with an erasure."""

from __future__ import annotations

from uuid import UUID

from portal.models import BoundDevice, InvestorLoginCode


def forget_investor(investor_id: UUID) -> None:
    """Remove bound devices, which ends their sessions, and one-time codes with the blind index of
    what was typed. Runs in the caller's transaction."""
    BoundDevice.objects.filter(investor_id=investor_id).delete()
    codes = InvestorLoginCode.objects.filter(contact__investor_id=investor_id)
    hashes = codes.values_list("value_hash", flat=True)
    InvestorLoginCode.objects.filter(value_hash__in=list(hashes)).delete()
