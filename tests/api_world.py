"""What lies in the database while the API's description is put to the test, and one good request
for every operation."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from audit import sequencer
from audit.export import service as exporting
from audit.models import Record
from comms import signing
from comms.models import Delivery, Notice
from comms.services import notices
from core import clock
from core.actor import system
from core.models import User
from core.roles import Role
from investors.models import Investor
from templates_mgmt.models import TemplateVersion
from templates_mgmt.services import new_version
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
from tests.investors.builders import row, run, write_csv
from tests.templates_mgmt.builders import make_draft, make_submitted

GATEWAY = ("gateway", "local-gateway")  # the provider's name and secret in the settings
REASON = {"reason": "Letter 12 of the supervisor"}


@dataclass(frozen=True, slots=True)
class World:
    """One firm. `user` has every role, and took part in nothing but `own`."""

    user: User
    versions: Mapping[str, TemplateVersion]
    notices: Mapping[str, Notice]
    investor: uuid.UUID
    batch: uuid.UUID
    export: uuid.UUID
    record: uuid.UUID

    def pools(self) -> dict[str, list[str]]:
        """Ids that exist, by the name of the path parameter or field that takes them."""
        versions, told = self.versions.values(), self.notices.values()
        return {
            "version_id": [str(version.pk) for version in versions],
            "template_id": [str(version.template_id) for version in versions],
            "notice_id": [str(notice.pk) for notice in told],
            "delivery_id": [str(pk) for pk in Delivery.objects.values_list("pk", flat=True)[:4]],
            "investor_id": [str(self.investor)],
            "batch_id": [str(self.batch)],
            "export_id": [str(self.export)],
            "record_id": [str(self.record)],
            "business_line": [str(make_line().pk)],
            "line": ["retail"],
            "provider": [GATEWAY[0]],
            "shown_hash": [version.content_hash for version in versions if version.content_hash],
        }


def make_world(directory: Path) -> World:
    """Templates and notices in every state that an operation starts from, investors with and
    without consents, an import with a rejected row, and a ready export."""
    user = make_user(*Role, lines=[make_line()])
    people = make_investors(2)
    make_investors(1, consents=["inbox"])
    versions = _versions(user)
    told = _notices(versions["approved"])
    file = write_csv(directory / "in.csv", [row(), row(ref="2", phone="12")])
    batch = run(file).batch_id
    sequencer.catch_up(now=clock.now())
    record = Record.objects.filter(notice=told["sent"].pk).earliest("id")
    return World(user, versions, told, people[0], batch, _export(told["sent"]), record.pk)


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
    export = exporting.create_export(
        notice_id=notice.pk, actor=system("test"), now=clock.now(), **REASON
    )
    exporting.build_export(export_id=export.pk, now=clock.now())
    return export.pk


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


def _approval(world: World) -> Good:
    version = world.versions["in_review"]
    return Good({"version_id": version.pk}, {"shown_hash": version.content_hash, "reason": ""})


def _webhook(world: World) -> Good:
    events = [{"id": "e1", "reference": "r1", "kind": "delivered", "at": "2026-03-02T09:30:00Z"}]
    body, now = json.dumps({"events": events}).encode(), int(clock.now().timestamp())
    return Good({"provider": GATEWAY[0]}, body, signing.headers(GATEWAY[1], "m1", now, body))


def _upload(world: World) -> Good:
    text = "客户号,姓名,手机\n7,王小明,13812345678\n"
    return Good(body={"file": text.encode(), "line": "retail", "dry_run": "true"})


CONSENT = {"act": "withdraw", "purpose": "channel.sms", "method": "phone"}
PREFERENCE = {"topic": "market_news", "channel": "sms", "wanted": False}

GOOD: dict[str, Callable[[World], Good]] = {
    "me": _nothing,
    "investors_list": _nothing,
    "investors_retrieve": _investor(),
    "investor_consents_list": _investor(),
    "investor_consents_create": _investor(CONSENT),
    "investor_preferences_set": _investor(PREFERENCE),
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
    "template_versions_submit": _version("draft"),
    "template_versions_approve": _approval,
    "template_versions_return": _version("in_review", REASON),
    "template_versions_reject": _version("in_review", REASON),
    "template_versions_withdraw": _version("own", REASON),
    "template_versions_retire": _version("approved", REASON),
    "template_versions_recall": _version("approved", REASON),
    "notices_list": _nothing,
    "notices_create": _new_notice,
    "notices_retrieve": _notice("sent"),
    "notices_submit": _notice("draft"),
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
    "exports_download": lambda world: Good({"export_id": world.export}),
    "webhooks_receive": _webhook,
}
