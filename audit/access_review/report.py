"""The review for people: a PDF in Chinese and English, made by Typst from what is frozen."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path
from typing import Any
from uuid import UUID

import typst
from django.utils import translation

from audit.access_review import labels, selectors
from audit.access_review.models import AccessReview, ReviewItem
from audit.access_review.services import decisions_hash
from audit.keys import verifier_key
from audit.retention.selectors import person_names
from core.clock import isoformat
from core.roles import ROLE_LABELS

_TEMPLATE = Path(__file__).with_name("report.typ")


def render(review: AccessReview) -> bytes:
    """The PDF of a review as it stands: snapshot, findings, decisions, signature."""
    fonts = Path(str(resources.files("noto_cjk_sans_otc")))
    return bytes(
        typst.compile(
            str(_TEMPLATE),
            font_paths=[str(fonts)],
            sys_inputs={"data": json.dumps(_data(review), ensure_ascii=False)},
            ignore_system_fonts=True,
        )
    )


def _data(review: AccessReview) -> dict[str, Any]:
    items = selectors.items_of(review)
    content = review.content
    names = {UUID(each["id"]): each["name"] for each in content["people"]}
    deciders = person_names([*(item.decided_by for item in items), review.signed_by])
    return {
        "id": str(review.pk),
        "period": content["period"],
        "made_at": isoformat(review.made_at),
        "sha256": review.snapshot_hash,
        "decisions_sha256": decisions_hash(items),
        "key": str(verifier_key()),
        "signed_by": deciders.get(review.signed_by, "") if review.signed_by else "",
        "signed_at": isoformat(review.signed_at) if review.signed_at else "",
        "statement": review.statement,
        "people": [_person(each) for each in content["people"]],
        "findings": [_finding(item, names, deciders) for item in items],
    }


def _person(each: dict[str, Any]) -> dict[str, Any]:
    roles = [both(ROLE_LABELS, role) for role in each["roles"]]
    return {
        "name": each["name"],
        "user_name": each["user_name"],
        "active": each["active"],
        "roles": [zh for zh, _en in roles],
        "roles_en": [en for _zh, en in roles],
        "lines": each["lines"],
        "keys": [key["name"] for key in each["keys"] if key["live"]],
        "last_sign_in": each["last_sign_in"] or "",
        "acts": [each["acts"][name] for name in labels.CLASSES],
    }


def _finding(item: ReviewItem, names: dict[UUID, str], deciders: dict[UUID, str]) -> dict[str, Any]:
    with translation.override("zh-hans"):
        why = labels.explanation(item.finding, item.detail)
    with translation.override("en"):
        why_en = labels.explanation(item.finding, item.detail)
    return {
        "person": names.get(item.person, str(item.person)),
        "finding": both(labels.FINDINGS, item.finding),
        "why": why,
        "why_en": why_en,
        "decision": both(labels.DECISIONS, item.decision) if item.decision else ["—", ""],
        "reason": item.reason,
        "decided_by": deciders.get(item.decided_by, "") if item.decided_by else "",
    }


def both(words: Any, code: str) -> list[str]:
    """A word in Chinese and in English."""
    answers = []
    for language in ("zh-hans", "en"):
        with translation.override(language):
            answers.append(str(words.get(code, code)))
    return answers
