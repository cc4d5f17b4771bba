"""An investor at a browser: signs in with the code that a mail brought, reads, acknowledges."""

from __future__ import annotations

import email
import email.policy
import re
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import httpx
from django.conf import settings

from audit import sealing
from comms.models import Delivery, InboxMessage
from comms.rules import DeliveryState
from core.errors import VouchsafeError
from investors.models import ContactPoint

if TYPE_CHECKING:
    from portal.demo.walk import Walk

_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
_CODE = re.compile(r"(?<!\d)(\d{6})(?!\d)")
_SECONDS = 90


class NoWayIn(VouchsafeError):
    """The portal did not let the investor through; the message says where."""


def investor_on_the_web(walk: Walk, messages: Sequence[InboxMessage]) -> UUID:
    """Acknowledge one of `messages` through the self-service pages; returns its delivery's id."""
    message, address = _with_mail(messages)
    with httpx.Client(base_url=walk.address, follow_redirects=True, timeout=20) as browser:
        since = time.time()
        page = _submit(browser, browser.get("me/sign-in/"), contact=address)
        page = _submit(browser, page, code=_code_from_mail(address, since))
        read = browser.get(f"me/messages/{message.pk}/")
        if read.status_code != 200:
            raise NoWayIn(f"reading the message answered {read.status_code}")
        _submit(browser, read, action=f"/me/messages/{message.pk}/acknowledge/")
    return message.pk


def _with_mail(messages: Sequence[InboxMessage]) -> tuple[InboxMessage, str]:
    """The first message whose investor is known to get mail, and the address: some addresses
    of the extract are dead, and the local mail server refuses them."""
    reached = set(
        Delivery.objects.filter(
            investor__in=[message.investor_id for message in messages],
            channel="email",
            state=DeliveryState.DELIVERED,
        ).values_list("investor_id", flat=True)
    )
    for message in messages:
        if message.investor_id not in reached:
            continue
        contact = ContactPoint.objects.filter(
            investor=message.investor_id, kind=ContactPoint.Kind.EMAIL, rank=0
        ).first()
        if contact is not None:
            key = sealing.key_of(message.investor_id)
            return message, sealing.unseal_text(key, bytes(contact.value_sealed), context="contact")
    raise NoWayIn("no recipient has an e-mail address that works")


def _submit(
    browser: httpx.Client, page: httpx.Response, action: str = "", **fields: str
) -> httpx.Response:
    token = _TOKEN.search(page.text)
    if token is None:
        raise NoWayIn(f"{page.url} shows no form")
    answer = browser.post(
        action or str(page.url),
        data={"csrfmiddlewaretoken": token[1], **fields},
        headers={"Referer": str(page.url)},
    )
    if answer.status_code != 200:
        raise NoWayIn(f"{answer.url} answered {answer.status_code}")
    return answer


def _code_from_mail(address: str, since: float) -> str:
    """The six digits of the newest mail to `address` that the local mail server kept."""
    folder = Path(settings.VAR_DIR) / "peers" / "mail"
    deadline = time.monotonic() + _SECONDS
    while time.monotonic() < deadline:
        fresh = [path for path in folder.rglob("*.eml") if path.stat().st_mtime >= since - 1]
        for path in sorted(fresh, key=lambda path: path.stat().st_mtime, reverse=True):
            message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            body = message.get_body(("plain",))
            code = _CODE.search(body.get_content()) if body is not None else None
            if code and address in str(message["To"]).lower():
                return code[1]
        time.sleep(0.2)
    raise NoWayIn(f"no mail with a code came within {_SECONDS} s")
