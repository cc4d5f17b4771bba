"""What lies in the database while the API's description is put to the test, and one good request
for every operation."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db import transaction

from audit import sequencer
from audit.models import Record
from audit.retention.models import LegalHold
from comms import signing
from comms.dryruns.jobs import request_dry_run
from comms.dryruns.models import DryRunJob
from comms.models import Delivery, Notice
from comms.services import notices
from core import clock
from core.actor import system
from core.models import User
from core.roles import Role
from crisis.escalation.models import Call, Page
from crisis.incidents.services import ending, staffing
from crisis.incidents.services.activating import open_incident
from investors.consent_texts import services as consent_texts
from investors.consent_texts.models import ConsentText
from investors.erasure.services import request_erasure
from investors.models import Investor
from templates_mgmt import lint
from templates_mgmt.clauses import services as clauses
from templates_mgmt.clauses.models import Clause
from templates_mgmt.files.document import dump
from templates_mgmt.filing import services as filings
from templates_mgmt.filing.models import ReReview
from templates_mgmt.lexicon import services as lexicon
from templates_mgmt.lexicon.models import WordList
from templates_mgmt.library import read_example
from templates_mgmt.models import TemplateVersion
from templates_mgmt.reviewing import services as reviewing
from templates_mgmt.selectors import content_of
from templates_mgmt.services import new_version
from tests.audit import exports
from tests.audit.retention import hold_investor
from tests.builders import (
    WORDS,
    actor_of,
    approved_template,
    dispatcher,
    make_investors,
    make_line,
    make_notice,
    make_planned,
    make_user,
    send_all,
)
from tests.crisis import clock_world
from tests.crisis import good as crisis
from tests.crisis.builders import make_actor, make_incident, make_verified
from tests.crisis.risks.builders import make_draft as make_draft_risk
from tests.crisis.speaking import make_draft as make_statement
from tests.crisis.speaking import make_drill, make_running
from tests.investors import consent_texts as texts
from tests.investors.builders import row, run, write_csv
from tests.templates_mgmt.builders import VARIANTS, make_draft, make_submitted, reviewer
from tests.templates_mgmt.filing import approve as approve_filed
from tests.templates_mgmt.filing import make_filed

GATEWAY = ("gateway", "local-gateway")  # the provider's name and secret in the settings
REASON = {"reason": "Letter 12 of the supervisor"}
STAGES = [{"name": {"zh-hans": "合规", "en": "Compliance"}, "group": "", "quorum": 2, "days": 1}]


@dataclass(frozen=True, slots=True)
class World:
    """One firm. `user` has every role, and took part in nothing but `own`."""

    user: User
    versions: Mapping[str, TemplateVersion]
    notices: Mapping[str, Notice]
    investor: uuid.UUID
    batch: uuid.UUID
    export: uuid.UUID
    asked: Mapping[str, uuid.UUID]
    record: uuid.UUID
    erasure: uuid.UUID
    kept: Mapping[str, Any]

    def pools(self) -> dict[str, list[Any]]:
        """Ids that exist, by the name of the path parameter or field that takes them."""
        versions, told = self.versions.values(), self.notices.values()
        return {
            "version_id": [str(version.pk) for version in versions],
            "template_id": [str(version.template_id) for version in versions],
            "notice_id": [str(notice.pk) for notice in told],
            "delivery_id": [str(pk) for pk in Delivery.objects.values_list("pk", flat=True)[:4]],
            "investor_id": [str(self.investor)],
            "batch_id": [str(self.batch)],
            "export_id": [str(self.export), *map(str, self.asked.values())],
            "record_id": [str(self.record)],
            "request_id": [str(self.erasure)],
            "hold_id": [str(pk) for pk in LegalHold.objects.values_list("pk", flat=True)],
            "business_line": [str(make_line().pk)],
            "line": ["retail"],
            "provider": [GATEWAY[0]],
            "job_id": [str(pk) for pk in DryRunJob.objects.values_list("pk", flat=True)[:4]]
            or [str(uuid.uuid4())],
            "comment_id": [str(self.kept["comment"])],
            "risk_id": [str(self.kept["risk"].pk)],
            "call_id": [str(_call(self)["call_id"])],
            "drill_id": [str(make_drill().pk), str(make_running().pk)],
            "statement_id": [str(make_statement().pk)],
            "step": [0, 7],
            "clock_id": [str(each.pk) for each in self.kept["clocks"].values()],
            "clause_id": [str(self.kept["clause_sent"].clause_id)],
            "incident_id": [
                str(self.kept[f"incident_{state}"]) for state in ("alarmed", "verified", "restored")
            ],
            "list_id": [str(self.kept["word_list_sent"].word_list_id)],
            "text_id": [str(self.kept["consent_text_sent"].consent_text_id)],
            "rereview_id": [str(pk) for pk in ReReview.objects.values_list("pk", flat=True)],
            "category": ["risk", "trading", "drill"],
            "code": ["legal"],
            "shown_hash": [version.content_hash for version in versions if version.content_hash],
        }


def _kept(user: User) -> dict[str, Any]:
    """Clauses, word lists, comments and re-reviews in the states that operations start from."""
    keeper = reviewer()
    version = _waiting()
    now = clock.now()
    made = reviewing.comment(version_id=version.pk, text="why?", actor=keeper, now=now)
    _due()
    own = actor_of(user)
    words = {"texts": {"zh-hans": "提示。", "en": "Words."}, "source": "r"}
    found: dict[str, Any] = {"comment": made.pk, "taken": version.pk, **_incidents()}
    found["risk"] = make_draft_risk(own)
    found |= clock_world.make_kept()
    for kind, service, create in (
        ("clause", clauses, clauses.create_clause),
        ("word_list", lexicon, lexicon.create_list),
    ):
        given = words if kind == "clause" else WORD_LIST
        found[f"{kind}_draft"] = create(code=f"{kind}_a", name="A", actor=own, now=now)
        ready = create(code=f"{kind}_b", name="B", actor=own, now=now)
        service.save(version_id=ready.pk, actor=own, now=now, **given)
        found[f"{kind}_ready"] = ready
        sent = create(code=f"{kind}_c", name="C", actor=keeper, now=now)
        service.save(version_id=sent.pk, actor=keeper, now=now, **given)
        found[f"{kind}_sent"] = service.submit(version_id=sent.pk, actor=keeper, now=now)
    found["plan_draft"] = reviewing.new_plan(category="risk", actor=own, now=now)
    reviewing.save_plan(version_id=found["plan_draft"].pk, stages=STAGES, actor=own, now=now)
    sent = reviewing.new_plan(category="trading", actor=keeper, now=now)
    reviewing.save_plan(version_id=sent.pk, stages=STAGES, actor=keeper, now=now)
    found["plan_sent"] = reviewing.submit_plan(version_id=sent.pk, actor=keeper, now=now)
    found["flagged"] = make_draft(
        code="flagged", variants=[{**VARIANTS[0], "body": VARIANTS[0]["body"] + "保本"}]
    )
    found["consent_text_draft"] = texts.draft(own)
    found["consent_text_ready"] = consent_texts.save(
        version_id=texts.draft(own, purpose="channel.push").pk, text="Ready.", actor=own, now=now
    )
    found["consent_text_sent"] = texts.submitted(texts.officer(), "送审。", "zh-hans")
    return found


def _incidents() -> dict[str, Any]:
    """An incident in each state that an operation starts from."""
    officer = make_actor(Role.CRISIS_OFFICER)
    verified, restored = make_verified(officer), make_verified(officer)
    ending.restore(incident_id=restored.pk, actor=officer, now=clock.now())
    held = {"incident_id": verified.pk, "role": "legal", "person_id": officer.user_id}
    staffing.assign_role(**held, actor=officer, now=clock.now())
    return {
        "incident_alarmed": make_incident().pk,
        "incident_verified": verified.pk,
        "incident_restored": restored.pk,
    }


def _waiting() -> TemplateVersion:
    return make_submitted(code="talked-about")


def _due() -> None:
    tomorrow = clock.now().date() + dt.timedelta(days=1)
    approve_filed(make_filed(words={"code": "due"}, review_due=tomorrow))
    filings.open_due(now=clock.now() + dt.timedelta(days=2))


def make_world(directory: Path) -> World:
    """Templates and notices in every state that an operation starts from, investors with and
    without consents, an import with a rejected row, and a ready export."""
    user = make_user(*Role, lines=[make_line()])
    people = make_investors(2)
    make_investors(1, consents=["inbox"])
    versions = _versions(user)
    file = write_csv(directory / "in.csv", [row(), row(ref="2", phone="12")])
    batch = run(file).batch_id  # before the notices: their audience is everyone
    told = _notices(versions["approved"])
    hold_investor(people[0])
    sequencer.catch_up(now=clock.now())
    record = Record.objects.filter(notice=told["sent"].pk).earliest("id")
    sent = told["sent"]
    asked = _asked(sent, user)
    export = _export(sent)
    erasure = request_erasure(
        investor_id=people[1], ground="consent", reason="by letter", actor=actor_of(user),
        now=clock.now(),
    )  # fmt: skip
    return World(
        user, versions, told, people[0], batch, export, asked, record.pk, erasure, _kept(user)
    )


def _versions(user: User) -> dict[str, TemplateVersion]:
    approved = approved_template()
    return {
        "approved": approved,
        "draft": make_draft(code="draft"),
        "in_review": make_submitted(code="in-review"),
        "own": make_submitted(actor_of(user), code="own"),
        "next": new_version(
            template_id=approved_template().template_id,
            actor=actor_of(user),
            now=clock.now(),
        ),
    }


def _notices(version: TemplateVersion) -> dict[str, Notice]:
    now, actor = clock.now(), dispatcher()
    sent = make_planned(version)
    send_all()
    ready = make_notice(version, actor=actor)
    notices.submit_notice(notice_id=ready.pk, actor=actor, now=now)
    paused = make_planned(version)
    notices.pause_notice(notice_id=paused.pk, actor=actor, now=now, **REASON)
    return {
        "sent": sent,
        "ready": ready,
        "paused": paused,
        "draft": make_notice(version),
        "going": make_planned(version),
    }


def _export(notice: Notice) -> uuid.UUID:
    return exports.ready(notice=notice.pk, now=clock.now()).pk


def _asked(notice: Notice, user: User) -> dict[str, uuid.UUID]:
    """Exports that wait: one asked for by somebody else, one by the user."""
    return {
        "other": exports.requested(notice=notice.pk, now=clock.now()).pk,
        "own": exports.requested(notice=notice.pk, by=actor_of(user), now=clock.now()).pk,
    }


@dataclass(frozen=True, slots=True)
class Good:
    """A request that must succeed. `body` is JSON, form fields, or the bytes as sent."""

    path: Mapping[str, object] = field(default_factory=dict)
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


def _notice(state: str, body: object = None) -> Callable[[World], Good]:
    return lambda world: Good({"notice_id": world.notices[state].pk}, body)


def _version(state: str, body: object = None) -> Callable[[World], Good]:
    return lambda world: Good({"version_id": world.versions[state].pk}, body)


def _template(body: object = None) -> Callable[[World], Good]:
    return lambda world: Good({"template_id": world.versions["approved"].template_id}, body)


def _investor(body: object = None) -> Callable[[World], Good]:
    return lambda world: Good({"investor_id": world.investor}, body)


def _nothing(world: World) -> Good:
    return Good()


def _new_notice(world: World) -> Good:
    body = {
        "version_id": str(world.versions["approved"].pk),
        "criticality": "important",
        "channels": {"parallel": ["sms"], "fallback": ["email"], "wait_seconds": 600},
        "audience": {"ids": [str(pk) for pk in Investor.objects.values_list("pk", flat=True)]},
        "values": {"since": "09:30"},
        "reason": "outage of the trading system",
    }
    return Good(body=body)


def _new_template(world: World) -> Good:
    line = str(make_line().pk)
    names = {"code": "halt", "name": "Halt", "topic_code": "trading_system"}
    return Good(body={**names, "category": "risk", "business_line": line})


def _draft(world: World) -> Good:
    version = world.versions["draft"]
    return Good({"version_id": version.pk}, {"revision": version.revision, **WORDS})


def _template_files(world: World) -> Good:
    text = dump(read_example("margin-call"))
    body = {"business_line": str(make_line().pk), "files": [{"name": "a.yaml", "text": text}]}
    return Good(body=body)


def _approval(world: World) -> Good:
    version = world.versions["in_review"]
    return Good({"version_id": version.pk}, {"shown_hash": version.content_hash, "reason": ""})


def _call(world: World) -> dict[str, object]:
    """A call to the user, for an incident that is open."""
    now = clock.now()
    with transaction.atomic():
        incident = open_incident(title="Down", cause="test", actor=system("test"), now=now)
    soon = now + dt.timedelta(minutes=5)
    given = {"incident": incident, "order": [str(world.user.pk)], "rounds": 1, "minutes": 5}
    page = Page.objects.create(role="lead", started_at=now, next_at=soon, **given)
    made = Call.objects.create(
        page=page, person=world.user, number=0, round=1, at=now, until=soon, mail="none"
    )
    return {"call_id": made.pk}


def _signal(world: World) -> Good:
    now = clock.now()
    said = {"source": "local", "measure": "outage_minutes", "value": "130", "at": now.isoformat()}
    body = json.dumps(said).encode()
    return Good({}, body, signing.headers("local-monitor", "m1", int(now.timestamp()), body))


def _webhook(world: World) -> Good:
    events = [{"id": "e1", "reference": "r1", "kind": "delivered", "at": "2026-03-02T09:30:00Z"}]
    body, now = json.dumps({"events": events}).encode(), int(clock.now().timestamp())
    return Good({"provider": GATEWAY[0]}, body, signing.headers(GATEWAY[1], "m1", now, body))


def _upload(world: World) -> Good:
    text = "客户号,姓名,手机\n7,王小明,13812345678\n"
    return Good(body={"file": text.encode(), "line": "retail", "dry_run": "true"})


def _dry_run_job(world: World) -> Good:
    notice = world.notices["ready"]
    job = request_dry_run(notice_id=notice.pk, actor=dispatcher(), now=clock.now())
    return Good({"notice_id": notice.pk, "job_id": job.pk})


def _of_risk(body: object = None) -> Callable[[World], Good]:
    return lambda world: Good({"risk_id": world.kept["risk"].pk}, body)


def _taken(world: World) -> Good:
    version = world.versions["in_review"]
    reviewing.take(version_id=version.pk, actor=actor_of(world.user), now=clock.now())
    return Good({"version_id": version.pk})


def _plan(state: str, body: object = None) -> Callable[[World], Good]:
    return lambda world: Good({"version_id": world.kept[f"plan_{state}"].pk}, body)


def _justification(world: World) -> Good:
    version = world.kept["flagged"]
    content = content_of(version)
    finding = next(f for f in lint.lint(content) if f.code == "forbidden_word")
    body = {"fingerprint": lint.fingerprint(finding, content), **REASON}
    return Good({"version_id": version.pk}, body)


# Of each kind: the path parameter of what has versions, its model, and a new one.
_PARENTS: dict[str, tuple[str, Any, dict[str, str]]] = {
    "clause": ("clause_id", Clause, {"code": "new_clause", "name": "New"}),
    "word_list": ("list_id", WordList, {"code": "new_word_list", "name": "New"}),
    "consent_text": ("text_id", ConsentText, {"purpose": "channel.sms", "language": "zh-hant"}),
}


def _reviewed(kind: str, plural: str, words: object) -> dict[str, Callable[[World], Good]]:
    """Good requests about versions of a clause, a word list or a consent text."""

    def about(state: str, body: object = None) -> Callable[[World], Good]:
        return lambda world: Good({"version_id": world.kept[f"{kind}_{state}"].pk}, body)

    def approval(world: World) -> Good:
        version = world.kept[f"{kind}_sent"]
        return Good({"version_id": version.pk}, {"shown_hash": version.content_hash})

    parent, model, new = _PARENTS[kind]

    def again(world: World) -> Good:
        idle = model.objects.exclude(versions__state__in=["draft", "in_review"])
        return Good({parent: idle.earliest("created_at", "pk").pk})

    return {
        f"{plural}_list": _nothing,
        f"{plural}_create": lambda world: Good(body=new),
        f"{kind}_versions_create": again,
        f"{kind}_versions_read": about("sent"),
        f"{kind}_versions_save": about("draft", words),
        f"{kind}_versions_submit": about("ready"),
        f"{kind}_versions_approve": approval,
        f"{kind}_versions_return": about("sent", REASON),
    }


WORD_LIST = {
    "severity": "error",
    "why": {"zh-hans": "原因", "en": "A reason."},
    "fix": {"zh-hans": "原因", "en": "A reason."},
    "terms": ["绝无仅有"],
    "exceptions": [],
    "examples": [{"text": "绝无仅有", "hit": True}],
}
CONSENT = {"act": "withdraw", "purpose": "channel.sms", "method": "phone"}
PREFERENCE = {"topic": "market_news", "channel": "sms", "wanted": False}


def _made(name: str) -> Callable[[World], Good]:
    """A request about something of a crisis, made for it."""
    return lambda world: Good(*crisis.MADE[name](world.user.pk))


def _incident(state: str, body: object = None) -> Callable[[World], Good]:
    return lambda world: Good({"incident_id": world.kept[f"incident_{state}"]}, body)


def _duplicate(world: World) -> Good:
    into = {"into_id": str(world.kept["incident_verified"])}
    return Good({"incident_id": world.kept["incident_alarmed"]}, into)


INCIDENTS: dict[str, Callable[[World], Good]] = {
    "incidents_list": _nothing,
    "incidents_create": lambda world: Good(body={"title": "Orders fail"}),
    "incidents_read": _incident("verified"),
    "incident_entries_list": _incident("verified"),
    "incident_entries_create": _incident("verified", {"text": "Vendor called."}),
    "incidents_verify": _incident(
        "alarmed", {"nature": "technical", "scope": {"systems": ["trading"]}}
    ),
    "incidents_tier": _incident("verified", {"tier": "major", **REASON}),
    "incidents_moments": _incident("verified", {"kind": "extortion_paid"}),
    "incidents_roles": _incident("verified", {"role": "legal", "person_id": None}),
    "incidents_lead": _incident("verified"),
    "incidents_restore": _incident("verified", {}),
    "incidents_relapse": _incident("restored", REASON),
    "incidents_close": _incident("restored", {"words": "Mended."}),
    "incidents_dismiss": _incident("alarmed", REASON),
    "incidents_duplicate": _duplicate,
}

GOOD: dict[str, Callable[[World], Good]] = {
    **{name: _made(name) for name in crisis.MADE},
    "me": _nothing,
    **INCIDENTS,
    "investors_list": _nothing,
    "investors_retrieve": _investor(),
    "investor_consents_list": _investor(),
    "investor_consents_create": _investor(CONSENT),
    "investor_preferences_set": _investor(PREFERENCE),
    "investor_relationship_set": _investor({"status": "closed", **REASON}),
    "risks_list": _nothing,
    "risks_create": lambda world: Good(
        body={"kind": "data", "title": "A", "department": "B", "owner_id": str(world.user.pk)}
    ),
    "risks_read": _of_risk(),
    "risks_assess": _of_risk({"stage": "current", "likelihood": 5, "impact": 5, "why": "w"}),
    "risks_links_list": _of_risk(),
    "risks_link": lambda world: Good(
        {"risk_id": world.kept["risk"].pk},
        {"kind": "notice", "target_id": str(world.notices["sent"].pk)},
    ),
    "erasures_list": _nothing,
    "erasures_create": lambda world: Good(
        body={"investor": str(world.investor), "ground": "consent", "reason": "by letter"}
    ),
    "erasures_retrieve": lambda world: Good({"request_id": world.erasure}),
    "erasures_withdraw": lambda world: Good({"request_id": world.erasure}),
    "imports_list": _nothing,
    "imports_create": _upload,
    "imports_retrieve": lambda world: Good({"batch_id": world.batch}),
    "import_rejections_list": lambda world: Good({"batch_id": world.batch}),
    "templates_list": _nothing,
    "templates_create": _new_template,
    "templates_read": _template(),
    "template_versions_list": _template(),
    "template_versions_create": _template({}),
    "template_versions_read": _version("approved"),
    "template_versions_save": _draft,
    "template_versions_file": _version("approved"),
    "templates_import": _template_files,
    "template_versions_submit": _version("draft"),
    "template_versions_approve": _approval,
    "template_versions_return": _version("in_review", REASON),
    "template_versions_reject": _version("in_review", REASON),
    "template_versions_withdraw": _version("own", REASON),
    "template_versions_retire": _version("approved", REASON),
    "template_versions_recall": _version("approved", REASON),
    "template_versions_take": _version("in_review"),
    "template_versions_give_up": _taken,
    "template_comments_list": lambda world: Good({"version_id": world.kept["taken"]}),
    "template_comments_create": _version("in_review", {"text": "why?"}),
    "template_comments_settle": lambda world: Good({"comment_id": world.kept["comment"]}),
    "template_versions_derived": _version("draft"),
    "template_justifications_list": _version("draft"),
    "template_justifications_create": _justification,
    "review_plans_list": _nothing,
    "review_plan_versions_create": lambda world: Good({"category": "drill"}),
    "review_plan_versions_read": _plan("draft"),
    "review_plan_versions_save": _plan("draft", {"stages": STAGES}),
    "review_plan_versions_submit": _plan("draft"),
    "review_plan_versions_approve": lambda world: Good(
        {"version_id": world.kept["plan_sent"].pk},
        {"shown_hash": world.kept["plan_sent"].content_hash},
    ),
    "review_plan_versions_return": _plan("sent", REASON),
    "review_groups_list": _nothing,
    "review_groups_set": lambda world: Good({"code": "legal"}, {"name": "Legal", "members": []}),
    "reviews_list": _nothing,
    "template_versions_filing": _version("approved"),
    "template_versions_filing_save": _version("draft", {"communication_class": "retail"}),
    "template_versions_filing_expiry": _version(
        "approved", {"expires_at": "2090-01-01T00:00:00Z", **REASON}
    ),
    "template_versions_filing_carrier": _version(
        "approved", {"language": "en", "reference": "7", "status": "pending"}
    ),
    "rereviews_list": _nothing,
    "rereviews_keep": lambda world: Good({"rereview_id": ReReview.objects.latest("id").pk}, REASON),
    **_reviewed("clause", "clauses", {"texts": {"en": "Words.", "zh-hans": "提示。"}}),
    **_reviewed("word_list", "word_lists", WORD_LIST),
    **_reviewed("consent_text", "consent_texts", {"text": "We send you SMS."}),
    "notices_list": _nothing,
    "notices_create": _new_notice,
    "notices_retrieve": _notice("sent"),
    "notices_submit": _notice("draft"),
    "notices_dry_run": _notice("ready"),
    "notices_dry_run_retrieve": _dry_run_job,
    "notices_take_back": _notice("ready", REASON),
    "notices_release": _notice("ready"),
    "notices_pause": _notice("going", REASON),
    "notices_resume": _notice("paused", REASON),
    "notices_cancel": _notice("going", REASON),
    "notices_progress": _notice("sent"),
    "notices_deliveries_list": _notice("sent"),
    "notices_exclusions_list": _notice("sent"),
    "deliveries_retrieve": lambda world: Good(
        {"delivery_id": Delivery.objects.filter(notice=world.notices["sent"]).earliest("id").pk}
    ),
    "records_list": _nothing,
    "records_read": lambda world: Good({"record_id": world.record}),
    "records_proof": lambda world: Good({"record_id": world.record}),
    "exports_list": _nothing,
    "exports_create": lambda world: Good(
        body={"notice": str(world.notices["sent"].pk), **REASON, "recipient": "监管局"}
    ),
    "exports_read": lambda world: Good({"export_id": world.export}),
    "exports_approve": lambda world: Good({"export_id": world.asked["other"]}, REASON),
    "exports_refuse": lambda world: Good({"export_id": world.asked["other"]}, REASON),
    "exports_withdraw": lambda world: Good({"export_id": world.asked["own"]}, REASON),
    "exports_download": lambda world: Good({"export_id": world.export}),
    "retention_schedule_read": _nothing,
    "retention_proposals_list": _nothing,
    "holds_list": _nothing,
    "holds_read": lambda world: Good({"hold_id": LegalHold.objects.latest("id").pk}),
    **clock_world.good(Good),
    "webhooks_receive": _webhook,
    "signals_report": _signal,
    "calls_list": _nothing,
    "calls_acknowledge": lambda world: Good(_call(world)),
    "calls_decline": lambda world: Good(_call(world), REASON),
}
