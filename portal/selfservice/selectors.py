"""What an investor sees of their own data, and what anybody may ask about a message."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from audit import sealing
from comms.channels.inbox import CONTEXT
from comms.models import InboxMessage, Notice
from core.errors import NotFound
from core.pages import KeysetPage, keyset_page
from investors.consent_texts.selectors import in_force
from investors.models import ConsentEntry, ConsentNotice, ConsentState, Investor
from investors.rules import CONTRACTUAL, EMAIL, INBOX, PURPOSES, SMS
from templates_mgmt.rendering import sanitise_html

ASKED = (SMS, EMAIL, INBOX)
_ALPHABET = frozenset("23456789ABCDEFGHJKLMNPQRSTUVWXYZ")


@dataclass(frozen=True, slots=True)
class Letter:
    """One opened inbox message. `html` is sanitised; `text` is what to show without it."""

    row: InboxMessage
    subject: str
    text: str
    html: str

    @property
    def unread(self) -> bool:
        """Whether the investor has not opened it yet."""
        return self.row.viewed_at is None


def inbox(investor: Investor, cursor: str | None) -> tuple[KeysetPage[InboxMessage], list[Letter]]:
    """One page of the investor's messages, newest first."""
    rows = InboxMessage.objects.filter(investor=investor).select_related("notice")
    page = keyset_page(rows, cursor, 20, order=("-created_at", "-delivery_id"))
    key = sealing.key_of(investor.pk)
    return page, [_open(row, key) for row in page]


def letter(investor: Investor, delivery_id: UUID) -> Letter:
    """One of the investor's own messages; raises NotFound for any other."""
    row = (
        InboxMessage.objects.filter(investor=investor, pk=delivery_id)
        .select_related("notice")
        .first()
    )
    if row is None:
        raise NotFound(_("There is no such message."))
    return _open(row, sealing.key_of(investor.pk))


def unread_count(investor: Investor) -> int:
    """How many messages the investor has not opened."""
    return InboxMessage.objects.filter(investor=investor, viewed_at=None).count()


@dataclass(frozen=True, slots=True)
class ConsentRow:
    """One purpose: what stands, since when, the text shown, and whether it can be withdrawn."""

    purpose: str
    label: object
    granted: bool
    since: dt.datetime | None
    notice: ConsentNotice | None
    contractual: bool


def consents(investor: Investor) -> list[ConsentRow]:
    """Where the investor stands with each purpose that the firm asks for."""
    states = {state.purpose: state for state in ConsentState.objects.filter(investor=investor)}
    texts = in_force(get_language() or "")
    return [
        ConsentRow(
            purpose,
            PURPOSES[purpose],
            bool(state and state.granted),
            state.since if state else None,
            texts.get(purpose),
            purpose in CONTRACTUAL,
        )
        for purpose in ASKED
        for state in [states.get(purpose)]
    ]


def notice_text(purpose: str) -> ConsentNotice | None:
    """The text in force for `purpose` in the reader's language, else in any."""
    return in_force(get_language() or "").get(purpose)


def consent_history(investor: Investor, cursor: str | None) -> KeysetPage[ConsentEntry]:
    """The investor's own acts of consent, newest first."""
    return keyset_page(ConsentEntry.objects.filter(investor=investor), cursor, 20)


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The answer of the public check: yes or no, and when. Nothing personal."""

    notice: Notice | None
    stopped: bool = False
    corrected: bool = False


def check(typed: str) -> CheckResult:
    """Whether a notice with that code was let out, and when (D15). Blanks, case and the dash
    do not matter."""
    plain = "".join(char for char in typed.upper() if char in _ALPHABET)
    code = f"{plain[:4]}-{plain[4:]}"
    notice = Notice.objects.real().filter(code=code, released_at__isnull=False).first()
    if notice is None:
        return CheckResult(None)
    return CheckResult(
        notice,
        stopped=notice.state == "cancelled",
        corrected=notice.corrections.filter(released_at__isnull=False).exists(),
    )


def _open(row: InboxMessage, key: bytes) -> Letter:
    body = json.loads(sealing.unseal_text(key, bytes(row.body_sealed), context=CONTEXT))
    return Letter(row, body["subject"], body["text"], sanitise_html(body["html"]))
