"""Local providers in place of the configured ones, and an investor at a browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from django.test import Client
from django.urls import reverse

from comms.channels import base
from comms.peers.sms import SmsPeer
from comms.peers.smtp import MailPeer
from core import clock
from portal.selfservice import signin


class Peers:
    """A mail server and an SMS gateway that the product talks to."""

    def __init__(self, mail: MailPeer, sms: SmsPeer) -> None:
        self.mail, self.sms = mail, sms

    def last_code(self) -> str:
        """The six digits of the newest message of either kind."""
        texts = [mail.get_body(("plain",)).get_content() for mail in self.mail.messages()]
        texts += [entry["text"] for entry in self.sms.accepted()]
        found = re.search(r"(?<!\d)\d{6}(?!\d)", texts[-1])
        assert found, texts
        return found.group()

    def count(self) -> int:
        """How many messages went out."""
        return len(self.mail.kept()) + len(self.sms.accepted())


@contextmanager
def running(directory: Path, settings: Any) -> Iterator[Peers]:
    """Both servers on free ports, configured in `settings`."""
    with MailPeer(directory / "mail") as mail, SmsPeer(directory, secret="s") as sms:
        settings.CHANNEL_PROVIDERS = {
            "email": [
                {"name": "smtp", "kind": "smtp", "url": f"smtp://127.0.0.1:{mail.port}",
                 "secret": "m"}
            ],
            "sms": [{"name": "gateway", "kind": "http-sms", "url": sms.url, "secret": "s"}],
            "inbox": [{"name": "inbox", "kind": "inbox"}],
        }  # fmt: skip
        base.provider.cache_clear()
        try:
            yield Peers(mail, sms)
        finally:
            base.provider.cache_clear()


def ask_for_code(client: Client, contact: str) -> Any:
    """Submit the first form and let the worker's part happen."""
    answer = client.post(reverse("me-sign-in"), {"contact": contact})
    if answer.status_code == 302:
        signin.send_code(code_id=UUID(client.session["me_waiting"]), now=clock.now())
    return answer


def sign_in(client: Client, peers: Peers, contact: str) -> Any:
    """Go all the way in."""
    ask_for_code(client, contact)
    answer = client.post(reverse("me-code"), {"code": peers.last_code()})
    assert answer.status_code == 302, answer.content.decode()
    return answer
