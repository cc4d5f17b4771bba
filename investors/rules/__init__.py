"""Pure decisions about investors: vocabularies, normal forms, consent and whom a notice is for."""

from __future__ import annotations

from investors.rules.audience import Audience, Candidate
from investors.rules.consent import (
    CONTRACTUAL,
    EMAIL,
    IMPORTED,
    INBOX,
    METHODS,
    PURPOSES,
    PUSH,
    SMS,
    Standing,
    act_of_file,
    legal_basis,
    reach,
    truncated_ip,
)
from investors.rules.consent_texts import CONSENT_LANGUAGES, canonical_consent_text
from investors.rules.contacts import (
    MASKS,
    NORMAL_CONTACT,
    index_text,
    mask_email,
    mask_name,
    mask_phone,
    mask_ref,
    normal_email,
    normal_name,
    normal_phone,
    normal_ref,
)
from investors.rules.refusals import REASONS, Refused, general_reason, reason
from investors.rules.vocabulary import (
    DEFAULT_CADENCE,
    DEFAULT_LANGUAGE,
    DEFAULT_TIME_ZONE,
    LANGUAGES,
    RISK_LEVELS,
)

__all__ = [
    "CONSENT_LANGUAGES",
    "CONTRACTUAL",
    "DEFAULT_CADENCE",
    "DEFAULT_LANGUAGE",
    "DEFAULT_TIME_ZONE",
    "EMAIL",
    "IMPORTED",
    "INBOX",
    "LANGUAGES",
    "MASKS",
    "METHODS",
    "NORMAL_CONTACT",
    "PURPOSES",
    "PUSH",
    "REASONS",
    "RISK_LEVELS",
    "SMS",
    "Audience",
    "Candidate",
    "Refused",
    "Standing",
    "act_of_file",
    "canonical_consent_text",
    "general_reason",
    "index_text",
    "legal_basis",
    "mask_email",
    "mask_name",
    "mask_phone",
    "mask_ref",
    "normal_email",
    "normal_name",
    "normal_phone",
    "normal_ref",
    "reach",
    "reason",
    "truncated_ip",
]
