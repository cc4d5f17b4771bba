"""States, decisions and moves of a version, and the words for them."""

from __future__ import annotations

from enum import StrEnum

from django.utils.translation import gettext_lazy as _

from core.roles import Capability
from core.transitions import Machine, Move


class State(StrEnum):
    """Where a version stands (T1)."""

    DRAFT = "draft"
    IN_REVIEW = "in_review"
    APPROVED = "approved"
    RETURNED = "returned"
    REJECTED = "rejected"
    RETIRED = "retired"
    RECALLED = "recalled"


SENDABLE = frozenset({State.APPROVED, State.RETIRED})  # for a notice that was released

STATE_LABELS = {
    State.DRAFT: _("Draft"),
    State.IN_REVIEW: _("In review"),
    State.APPROVED: _("Approved"),
    State.RETURNED: _("Returned"),
    State.REJECTED: _("Rejected"),
    State.RETIRED: _("Retired"),
    State.RECALLED: _("Recalled"),
}


class Category(StrEnum):
    """What a template is for; decides which facts are mandatory."""

    RISK = "risk"
    TRADING = "trading"
    ACCOUNT = "account"
    MARKETING = "marketing"
    DRILL = "drill"


CATEGORY_LABELS = {
    Category.RISK: _("Risk alert"),
    Category.TRADING: _("Trading system"),
    Category.ACCOUNT: _("Account and security"),
    Category.MARKETING: _("Marketing"),
    Category.DRILL: _("Drill"),
}


class Channel(StrEnum):
    """A channel that a variant is written for. Chat is plain text for WeCom, DingTalk and Lark;
    the hotline's is what an agent reads aloud. Which of them are sent is decided in `comms`."""

    SMS = "sms"
    EMAIL = "email"
    PUSH = "push"
    INBOX = "inbox"
    CHAT = "chat"
    HOTLINE = "hotline"


CHANNEL_LABELS = {
    Channel.SMS: _("SMS"),
    Channel.EMAIL: _("E-mail"),
    Channel.PUSH: _("Push"),
    Channel.INBOX: _("Inbox"),
    Channel.CHAT: _("Chat"),
    Channel.HOTLINE: _("Hotline script"),
}


class Language(StrEnum):
    """A language that a variant may be written in."""

    ZH_HANS = "zh-hans"
    EN = "en"
    ZH_HANT = "zh-hant"


LANGUAGE_LABELS = {
    Language.ZH_HANS: _("Simplified Chinese"),
    Language.EN: _("English"),
    Language.ZH_HANT: _("Traditional Chinese"),
}


class Verb(StrEnum):
    """What was decided about a version."""

    APPROVE = "approve"
    RETURN = "return"
    REJECT = "reject"
    WITHDRAW = "withdraw"
    RETIRE = "retire"
    RECALL = "recall"


VERB_LABELS = {
    Verb.APPROVE: _("Approved"),
    Verb.RETURN: _("Returned"),
    Verb.REJECT: _("Rejected"),
    Verb.WITHDRAW: _("Withdrawn"),
    Verb.RETIRE: _("Retired"),
    Verb.RECALL: _("Recalled"),
}

VERB_ACTIONS = {
    Verb.APPROVE: "approved",
    Verb.RETURN: "returned",
    Verb.REJECT: "rejected",
    Verb.WITHDRAW: "withdrawn",
    Verb.RETIRE: "retired",
    Verb.RECALL: "recalled",
}

VERB_STATES = {
    Verb.APPROVE: State.APPROVED,
    Verb.RETURN: State.RETURNED,
    Verb.REJECT: State.REJECTED,
    Verb.WITHDRAW: State.RETURNED,
    Verb.RETIRE: State.RETIRED,
    Verb.RECALL: State.RECALLED,
}

# The topics that every installation starts with; investors subscribe to them.
TOPIC_LABELS = {
    "risk_alert": _("Risk alerts"),
    "trading_system": _("Trading systems"),
    "account_security": _("Account security"),
    "market_news": _("Market news"),
    "education": _("Investor education"),
}

VERSIONS = Machine(
    name="template version",
    moves={
        (State.DRAFT, State.IN_REVIEW): Move("submit"),
        (State.IN_REVIEW, State.APPROVED): Move("approve"),
        (State.IN_REVIEW, State.RETURNED): Move("return", reason=True),
        (State.IN_REVIEW, State.REJECTED): Move("reject", reason=True),
        (State.APPROVED, State.RETIRED): Move("retire", reason=True),
        (State.RETURNED, State.RETIRED): Move("retire", reason=True),
        (State.REJECTED, State.RETIRED): Move("retire", reason=True),
        (State.APPROVED, State.RECALLED): Move("recall", reason=True),
        (State.RETIRED, State.RECALLED): Move("recall", reason=True),
    },
)


REVIEW_VERBS = frozenset({Verb.APPROVE, Verb.RETURN, Verb.REJECT})
VERB_CAPABILITIES = {
    Verb.APPROVE: Capability.TEMPLATES_REVIEW,
    Verb.RETURN: Capability.TEMPLATES_REVIEW,
    Verb.REJECT: Capability.TEMPLATES_REVIEW,
    Verb.WITHDRAW: Capability.TEMPLATES_DRAFT,
    Verb.RETIRE: Capability.TEMPLATES_REVIEW,
    Verb.RECALL: Capability.TEMPLATES_RECALL,
}
VERB_ORIGINS = {
    verb: frozenset(
        old
        for (old, _new), move in VERSIONS.moves.items()
        if move.name == ("return" if verb == Verb.WITHDRAW else verb)
    )
    for verb in Verb
}


def state_choices() -> list[tuple[str, object]]:
    """Value and label of every state."""
    return [(state.value, label) for state, label in STATE_LABELS.items()]


def category_choices() -> list[tuple[str, object]]:
    """Value and label of every category."""
    return [(category.value, label) for category, label in CATEGORY_LABELS.items()]


def channel_choices() -> list[tuple[str, object]]:
    """Value and label of every channel."""
    return [(channel.value, label) for channel, label in CHANNEL_LABELS.items()]


def language_choices() -> list[tuple[str, object]]:
    """Value and label of every language."""
    return [(language.value, label) for language, label in LANGUAGE_LABELS.items()]


def verb_choices() -> list[tuple[str, object]]:
    """Value and label of every decision."""
    return [(verb.value, label) for verb, label in VERB_LABELS.items()]
