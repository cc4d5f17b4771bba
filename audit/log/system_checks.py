"""What is wrong with the settings of witnesses and time-stamps, before anything starts."""

from __future__ import annotations

from typing import Any

from django.core.checks import Error, register

from audit.timestamping.trust import asked, roots_in
from audit.witnessing.policy import quorum, witnesses
from core.errors import Misconfigured


@register()
def attestation_settings(app_configs: Any, **kwargs: Any) -> list[Error]:
    """Keys and certificates that cannot be read; a quorum that can never be reached."""
    found: list[Error] = []
    try:
        if quorum() > len(witnesses()):
            found.append(
                Error(
                    f"{quorum()} witnesses must cosign, but {len(witnesses())} are configured: "
                    "no checkpoint would ever be published.",
                    hint="Lower VOUCHSAFE_LEDGER_WITNESS_QUORUM, or name more witnesses.",
                    id="audit.E001",
                )
            )
    except Misconfigured as error:
        found.append(Error(str(error), hint="Set VOUCHSAFE_LEDGER_WITNESSES.", id="audit.E002"))
    try:
        who = asked()
        if who is not None and not roots_in(who.roots):
            found.append(
                Error(
                    "A time-stamping authority is named, but no root certificate is trusted.",
                    hint="Set VOUCHSAFE_LEDGER_TSA_ROOTS to a PEM file.",
                    id="audit.E003",
                )
            )
    except Misconfigured as error:
        found.append(Error(str(error), hint="Set VOUCHSAFE_LEDGER_TSA_ROOTS.", id="audit.E004"))
    return found
