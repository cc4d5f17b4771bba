"""What the pages of reviews, clauses, word lists and filing records show."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from core import clock
from core.roles import Role
from templates_mgmt.clauses import services as clauses
from templates_mgmt.clauses.models import Clause
from templates_mgmt.filing import services as filings
from templates_mgmt.filing.models import ReReview
from templates_mgmt.lexicon import services as lexicon
from templates_mgmt.lexicon.models import WordList
from templates_mgmt.reviewing import services as reviewing
from tests.core.builders import actor_of, make_user
from tests.templates_mgmt.builders import reviewer
from tests.templates_mgmt.filing import CARRIERS, approve, make_filed


def set_up(*, in_review: UUID) -> dict[str, Any]:
    """A plan with stages in review, a group, a comment, a clause and a list in review, a filed
    version that is due for re-review; their ids by name."""
    keeper, now = reviewer(), clock.now()
    reviewing.set_group(
        code="legal", name="法律部 Legal", members=[keeper.user_id],
        actor=actor_of(make_user(Role.ADMINISTRATOR)), now=now,
    )  # fmt: skip
    reviewing.comment(
        version_id=in_review, text="请说明何时恢复。When will it be back?", actor=keeper, now=now
    )
    reviewing.take(version_id=in_review, actor=keeper, now=now)
    due = now.date() + dt.timedelta(days=1)
    filed = approve(
        make_filed(
            words={"code": "margin", "name": "追加保证金 Margin call"}, carriers=CARRIERS,
            review_due=due, expires_at=now + dt.timedelta(days=90),
        )
    )  # fmt: skip
    filings.open_due(now=now + dt.timedelta(days=2))
    return {
        **_plans(keeper),
        "clause": _clause(keeper),
        "list": _list(keeper),
        "filed": filed.pk,
        "rereview": ReReview.objects.get(version=filed).pk,
    }


def _plans(keeper: Any) -> dict[str, UUID]:
    stages = [
        {"name": {"zh-hans": "合规审核", "en": "Compliance"}, "group": "", "quorum": 2, "days": 2},
        {"name": {"zh-hans": "法律审核", "en": "Legal"}, "group": "legal", "quorum": 1, "days": 3},
    ]
    now = clock.now()
    plan = reviewing.new_plan(category="risk", actor=keeper, now=now)
    reviewing.save_plan(version_id=plan.pk, stages=stages, actor=keeper, now=now)
    reviewing.submit_plan(version_id=plan.pk, actor=keeper, now=now)
    draft = reviewing.new_plan(category="marketing", actor=keeper, now=now)
    return {"plan": plan.pk, "plan_draft": draft.pk}


def _clause(keeper: Any) -> UUID:
    now = clock.now()
    known = Clause.objects.get(code="standard_risk")
    version = clauses.new_version(clause_id=known.pk, actor=keeper, now=now)
    texts = {"zh-hans": "市场有风险，投资需谨慎。", "en": "Markets carry risk; invest with care."}
    clauses.save(version_id=version.pk, texts=texts, source="证监会令", actor=keeper, now=now)
    return clauses.submit(version_id=version.pk, actor=keeper, now=now).pk


def _list(keeper: Any) -> UUID:
    now = clock.now()
    known = WordList.objects.get(code="promise")
    version = lexicon.new_version(list_id=known.pk, actor=keeper, now=now)
    texts = {"zh-hans": "不得承诺收益", "en": "No promise of returns."}
    lexicon.save(
        version_id=version.pk, severity="error", why=texts, fix=texts, terms=["稳赚不赔", "暂停"],
        exceptions=[], examples=[{"text": "稳赚不赔", "hit": True}], actor=keeper, now=now,
    )  # fmt: skip
    return lexicon.submit(version_id=version.pk, actor=keeper, now=now).pk
