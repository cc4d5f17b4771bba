"""Template versions in every state, made through the services."""

from __future__ import annotations

from typing import Any

from core import clock
from core.actor import Actor
from core.roles import Role
from templates_mgmt import services
from templates_mgmt.models import TemplateVersion
from templates_mgmt.rules import Content, Placeholder, VariantText
from tests.core.builders import actor_of, make_line, make_user

FACTS: dict[str, dict[str, Any]] = {
    "zh-hans": {
        "title": "交易系统中断",
        "key_points": ["网上交易暂停", "持仓不受影响"],
        "action": "请改用电话委托",
        "deadline": "",
        "risk": "投资有风险，系统中断期间行情可能变化。",
    },
    "en": {
        "title": "Trading system outage",
        "key_points": ["Online trading is suspended", "Your positions are not affected"],
        "action": "Please place orders by phone",
        "deadline": "",
        "risk": "Investing carries risk; prices may move during the outage.",
    },
}
PLACEHOLDERS = [
    {"name": "name", "type": "text", "example": "张三", "source": "investor.name"},
    {"name": "since", "type": "time", "example": "09:30", "source": "notice"},
]
VARIANTS = [
    {
        "channel": "sms",
        "language": "zh-hans",
        "body": "{{ name }}您好，网上交易自{{ since }}起暂停。{{ action }}。{{ risk }}",
    },
    {
        "channel": "sms",
        "language": "en",
        "body": "{{ name }}: online trading is down since {{ since }}. {{ action }}. {{ risk }}",
    },
    {
        "channel": "email",
        "language": "zh-hans",
        "subject": "{{ title }}",
        "body": "{{ name }}您好：\n\n{{ key_points }}\n\n自{{ since }}起。\n\n{{ action }}"
        "\n\n{{ risk }}",
    },
    {
        "channel": "email",
        "language": "en",
        "subject": "{{ title }}",
        "body": "Dear {{ name }},\n\n{{ key_points }}\n\nSince {{ since }}.\n\n{{ action }}"
        "\n\n{{ risk }}",
    },
]


def content(**changes: Any) -> Content:
    """Clean content of a risk alert, with some parts replaced."""
    parts: dict[str, Any] = {
        "code": "outage",
        "category": "risk",
        "topic": "trading_system",
        "facts": FACTS,
        "placeholders": (
            Placeholder("name", "text", "张三", True, "investor.name"),
            Placeholder("since", "time", "09:30"),
        ),
        "variants": tuple(
            VariantText(item["channel"], item["language"], item.get("subject", ""), item["body"])
            for item in VARIANTS
        ),
    }
    return Content(**{**parts, **changes})


def author(**options: Any) -> Actor:
    """An author of the retail line."""
    return actor_of(make_user(Role.AUTHOR, lines=[make_line()]), **options)


def reviewer(**options: Any) -> Actor:
    """A reviewer of the retail line."""
    return actor_of(make_user(Role.REVIEWER, lines=[make_line()]), **options)


def make_draft(
    actor: Actor | None = None, *, code: str = "outage", **words: Any
) -> TemplateVersion:
    """A draft that passes lint; `words` replace facts, placeholders, variants or note."""
    actor = actor or author()
    version = services.create_template(
        code=code,
        name=words.pop("name", "Outage"),
        category=words.pop("category", "risk"),
        topic_code="trading_system",
        line_id=make_line().pk,
        actor=actor,
        now=clock.now(),
    )
    return save(version, actor, **words)


def save(version: TemplateVersion, actor: Actor, **words: Any) -> TemplateVersion:
    """Save the standard words, some replaced."""
    given = {"facts": FACTS, "placeholders": PLACEHOLDERS, "variants": VARIANTS, **words}
    return services.save_draft(version_id=version.pk, actor=actor, now=clock.now(), **given)


def make_submitted(actor: Actor | None = None, **words: Any) -> TemplateVersion:
    """A version in review."""
    actor = actor or author()
    return services.submit(version_id=make_draft(actor, **words).pk, actor=actor, now=clock.now())


def make_approved(actor: Actor | None = None, **words: Any) -> TemplateVersion:
    """A version approved by a reviewer of its own."""
    version = make_submitted(actor, **words)
    return services.approve(
        version_id=version.pk,
        shown_hash=version.content_hash,
        actor=reviewer(),
        now=clock.now(),
    )
