"""What each route leaves behind: a request that succeeds and is recorded, or why none is.

A method of a route that stands in none of these lists fails by name.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from comms.models import Delivery
from core import clock
from core.models import BusinessLine, User
from investors.models import ContactPoint
from templates_mgmt.clauses.models import Clause
from tests.api_world import REASON, World
from tests.core.builders import PASSWORD


@dataclass(frozen=True, slots=True)
class Step:
    """The arguments of the address and what is sent."""

    args: tuple[object, ...] = ()
    body: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Scenery:
    """The API's world, and what lies there for pages alone, by name."""

    world: World
    other: Mapping[str, object]


Make = Callable[[Scenery], Step]


def plain(*args: object, **body: object) -> Make:
    return lambda scenery: Step(args, body)


def notice(state: str, **body: object) -> Make:
    return lambda scenery: Step((scenery.world.notices[state].pk,), body)


def version(state: str, **body: object) -> Make:
    return lambda scenery: Step((scenery.world.versions[state].pk,), body)


def of(attribute: str, **body: object) -> Make:
    """About one thing of the API's world."""
    return lambda scenery: Step((getattr(scenery.world, attribute),), body)


def other(name: str, /, **body: object) -> Make:
    """About one thing that lies there for pages."""
    return lambda scenery: Step((scenery.other[name],), body)


def asked(who: str, **body: object) -> Make:
    return lambda scenery: Step((scenery.world.asked[who],), body)


def sent(scenery: Scenery) -> Delivery:
    return Delivery.objects.filter(notice=scenery.world.notices["sent"].pk).earliest("id")


def delivery(**body: object) -> Make:
    return lambda scenery: Step((sent(scenery).pk,), body)


def contact(**body: object) -> Make:
    def make(scenery: Scenery) -> Step:
        found = ContactPoint.objects.filter(investor_id=scenery.world.investor).earliest("id")
        return Step((found.pk,), body)

    return make


def decided(verb: str, **body: object) -> Make:
    def make(scenery: Scenery) -> Step:
        found = scenery.world.versions["in_review"]
        return Step((found.pk,), {"verb": verb, "shown_hash": found.content_hash, **body})

    return make


def _absence(scenery: Scenery) -> Step:
    today = clock.now().date()
    delegate = User.objects.filter(groups__name="reviewer").exclude(pk=scenery.world.user.pk)
    body = {"delegate": delegate.earliest("username").pk, "starts": today, "ends": today}
    return Step((), {**body, "ends": today + dt.timedelta(days=2)})


def _hold(scenery: Scenery) -> Step:
    body = {"scope": "investor", "subject": scenery.world.investor, "matter": "M-9", **REASON}
    return Step((), body)


def _new_template(scenery: Scenery) -> Step:
    line = BusinessLine.objects.get(code="retail").pk
    names = {"code": "halt", "name": "Halt", "topic_code": "trading_system"}
    return Step((), {**names, "category": "risk", "business_line": line, "line": line})


def _clause(scenery: Scenery) -> Step:
    return Step((Clause.objects.get(code="standard_risk").pk,))


RULE = {
    "code": "house-x", "name": "House", "name_zh": "内部", "kinds": ["business"],
    "bound": "at_least", "amount": 2, "unit": "years", "basis": "record", "source": "house rule",
    "active": "on",
}  # fmt: skip
KINDS = {
    "row-TOTAL_FORMS": 1, "row-INITIAL_FORMS": 0, "row-0-beginning": "notice.",
    "row-0-kinds": ["books"],
}  # fmt: skip
NEW_PASSWORD = {"password": "entirely another pass phrase"}
GONE = "witness.example/gone"  # refused this log, and was removed since


def _rule(scenery: Scenery) -> Step:
    return Step((scenery.other["schedule"], "cn-securities"), {**RULE, "code": "cn-securities"})


def _export(scenery: Scenery) -> Step:
    asked = {"notice": scenery.world.notices["sent"].pk, "recipient": "CSRC", **REASON}
    return Step((), asked)


def _new_version(scenery: Scenery) -> Step:
    return Step((scenery.world.versions["approved"].template_id,))


def _filings(scenery: Scenery) -> Step:
    today = clock.now().date()
    return Step((), {"since": today.replace(month=1, day=1), "until": today, "format": "csv"})


CONSENT = {"act": "withdraw", "purpose": "channel.sms", "method": "phone"}

CHANGES: dict[str, Make] = {
    "account-password": plain(old=PASSWORD, repeated=NEW_PASSWORD["password"], **NEW_PASSWORD),
    "export-new": _export,
    "filings": _filings,
    "import-run": other("upload"),
    "notice-dry-run": notice("paused"),
    "notice-dry-run-cancel": notice("draft"),
    "recovery-codes": plain(),
    "retention-kinds": other("schedule", **KINDS),
    "retention-rule": _rule,
    "retention-rule-new": other("schedule", **RULE),
    "retention-scope": other("schedule", jurisdictions=["CN", "US"]),
    "retention-submit": other("schedule"),
    "version-filing-export": version("approved", format="csv"),
    "version-new": _new_version,
    "witness-alarm-close": plain(witness=GONE, **REASON),
    "absence-new": _absence,
    "access-review-report": other("review"),
    "account-email": plain(email="me@example.com"),
    "account-locale": plain(language="zh-hans", time_zone="Asia/Tokyo"),
    "audit-download": plain(layout="csv"),
    "audit-query-retire": other("query"),
    "audit-query-run": other("query"),
    "audit-query-save": plain(name="Everything of a notice", action="line.created"),
    "audit-verify": plain(),
    "clause-new": plain(code="fees", name="Fees"),
    "clause-version-new": _clause,
    "contact-reveal": contact(**REASON),
    "contact-state": contact(state="unverified"),
    "delivery-as-sent": delivery(**REASON),
    "erasure-new": of("investor", ground="consent", **REASON),
    "erasure-withdraw": of("erasure"),
    "export-approve": asked("other", **REASON),
    "export-download": of("export"),
    "export-refuse": asked("other", **REASON),
    "export-withdraw": asked("own", **REASON),
    "hold-new": _hold,
    "hold-release": other("hold", **REASON),
    "import-discard": other("upload"),
    "investor-consent": of("investor", **CONSENT),
    "investor-preferences": of("investor", wanted=[]),
    "investor-relationship": of("investor", act="end", **REASON),
    "notice-cancel": notice("going", **REASON),
    "notice-pause": notice("going", **REASON),
    "notice-refuse": notice("ready", **REASON),
    "notice-resume": notice("paused", **REASON),
    "notice-submit": notice("draft"),
    "notice-take-back": notice("ready", **REASON),
    "review-take": version("in_review"),
    "sign-out": plain(),
    "template-new": _new_template,
    "version-comment": version("in_review", text="Why?"),
    "version-decide": decided("return", **REASON),
    "version-submit": version("draft"),
    "consent-text-new": plain(purpose="channel.sms", language="zh-hant"),
    "word-list-new": plain(code="fees", name="Fees"),
}

SHOWS: dict[str, Make] = {
    "audit-list": plain(),
    "audit-timeline": lambda scenery: Step(("notice", scenery.world.notices["sent"].pk)),
    "delivery-detail": delivery(),
    "erasure-detail": of("erasure"),
    "erasure-list": plain(),
    "erasure-new": of("investor"),
    "import-errors": of("batch"),
    "investor-detail": of("investor"),
    "investor-list": plain(),
    "investor-relationship": of("investor"),
    "notice-deliveries": notice("sent"),
    "notice-excluded": notice("sent"),
    "notice-dry-run": notice("ready"),
    "record-detail": of("record"),
    "record-leaf": of("record"),
    "record-proof": of("record"),
    "version-file": version("approved"),
    "import-detail": other("upload"),
    "hold-detail": other("hold"),
    "hold-list": plain(),
    "retention": plain(),
    "retention-proposals": plain(),
    "retention-version": other("schedule"),
    "search": plain(q="13812345678"),
}
