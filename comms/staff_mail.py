"""Mail to staff over the provider that investors' mail goes over (`SMTP_URL`). Called outside any
transaction."""

from __future__ import annotations

from comms.channels import base
from comms.channels.email import PURPOSE_HEADER
from templates_mgmt.filing.services import Mail


def send(mail: Mail) -> str:
    """Hand one mail over; "" when the server took it, else a short code. The purpose in a header
    keeps it without a way to unsubscribe: nobody subscribed."""
    (outcome,) = base.provider("email").send_batch([
        base.Outgoing(
            delivery_id=mail.key,
            notice_id=mail.key,
            investor_id=mail.key,
            idempotency_key=f"staff.{mail.key}",
            to=mail.to,
            subject=mail.subject,
            text=mail.text,
            html="",
            language=mail.language,
            headers={PURPOSE_HEADER: "reminder"},
        )
    ])  # fmt: skip
    return "" if isinstance(outcome, base.Accepted) else outcome.code
