"""T D L A C of quality.md, checked on the rows, the gateway's own journal and the log."""

from __future__ import annotations

from collections import Counter
from uuid import UUID

from django.db.models import Count

from audit import sequencer, verify
from audit.models import Leaf, Pending, Record
from comms import selectors
from comms.models import Delivery, Exclusion, InboxMessage, Notice
from comms.peers.sms import read_journal
from comms.rules import OPEN
from core import clock
from investors.models import ConsentState
from tests.faults.plant import Plant

SEND_LEAVES = ("delivery.accepted", "delivery.delivered")


def check(plant: Plant, notice: Notice, people: list[UUID]) -> None:
    """All five, one after the other; each names what broke it."""
    sent = _sent_by_gateway(plant, notice)
    check_terminal(notice, people)
    check_sent_once(notice, sent)
    check_log()
    check_leaves(notice, sent)
    check_consent(notice)
    check_contents(notice, sent)


def _sent_by_gateway(plant: Plant, notice: Notice) -> dict[str, list[dict[str, str]]]:
    """What the gateway accepted for this notice, by delivery."""
    ours = {str(pk) for pk in Delivery.objects.filter(notice=notice).values_list("pk", flat=True)}
    found: dict[str, list[dict[str, str]]] = {}
    for entry in read_journal(plant.directory / "sms.jsonl"):
        delivery = entry["key"].split(".")[0]
        if not entry.get("repeated") and delivery in ours:
            found.setdefault(delivery, []).append(entry)
    return found


def check_terminal(notice: Notice, people: list[UUID]) -> None:
    """T: nobody is skipped, and every planned delivery has reached one terminal state."""
    deliveries = Delivery.objects.filter(notice=notice)
    assert not deliveries.filter(state__in=[state.value for state in OPEN]).exists()
    planned = Counter(deliveries.values_list("investor", "channel"))
    excluded = Counter(Exclusion.objects.filter(notice=notice).values_list("investor", "channel"))
    wanted = {(investor, channel) for investor in people for channel in ("sms", "inbox")}
    assert set(planned) | set(excluded) == wanted
    assert not set(planned) & set(excluded)


def check_sent_once(notice: Notice, sent: dict[str, list[dict[str, str]]]) -> None:
    """D: no second accepted send."""
    twice = {delivery: entries for delivery, entries in sent.items() if len(entries) > 1}
    assert not twice
    inbox = InboxMessage.objects.filter(notice=notice).values("investor")
    assert not inbox.annotate(n=Count("pk")).filter(n__gt=1).exists()


def check_log() -> None:
    """L: the log takes in every record and verifies against every checkpoint published."""
    while sequencer.sequence_once(now=clock.now()):
        pass
    assert not Pending.objects.exists()
    result = verify.verify_log(now=clock.now())
    assert result.ok, result.findings
    assert result.checkpoints > 0


def check_leaves(notice: Notice, sent: dict[str, list[dict[str, str]]]) -> None:
    """A: each accepted send has exactly one leaf, and each send leaf an accepted send."""
    leaves = Record.objects.filter(
        notice=notice.pk, action__in=SEND_LEAVES, sealed__isnull=False
    ).values_list("delivery", "id")
    by_delivery = Counter(delivery for delivery, _id in leaves)
    assert max(by_delivery.values()) == 1
    handed = Delivery.objects.filter(notice=notice, handed_at__isnull=False)
    assert set(by_delivery) == set(handed.values_list("pk", flat=True))
    by_sms = {str(pk) for pk in handed.filter(channel="sms").values_list("pk", flat=True)}
    unconfirmed = Delivery.objects.filter(notice=notice, state="unconfirmed", channel="sms")
    assert by_sms <= set(sent), "a leaf without a send"
    assert set(sent) <= by_sms | {str(pk) for pk in unconfirmed.values_list("pk", flat=True)}
    assert Leaf.objects.filter(record__in=[id for _delivery, id in leaves]).count() == len(leaves)


def check_consent(notice: Notice) -> None:
    """C: nothing went to anybody without consent to that channel, or under other words."""
    for channel in ("sms", "inbox"):
        granted = ConsentState.objects.filter(purpose=f"channel.{channel}", granted=True)
        without = Delivery.objects.filter(notice=notice, channel=channel).exclude(
            investor__in=granted.values("investor")
        )
        assert not without.filter(handed_at__isnull=False).exists()
    assert notice.content_hash == notice.version.content_hash


def check_contents(notice: Notice, sent: dict[str, list[dict[str, str]]]) -> None:
    """The text that the gateway got is the one that the ledger's commitment binds."""
    rows = Delivery.objects.filter(notice=notice, channel="sms", state="accepted")
    for delivery in rows.select_related("notice__version__template")[:50]:
        message, matches = selectors.sent_message(delivery)
        assert matches and message is not None
        assert sent[str(delivery.pk)][0]["text"] == message.text
