"""Short ways to consent texts for tests."""

from __future__ import annotations

from core import clock
from core.actor import Actor
from core.roles import Role
from investors.consent_texts import services
from investors.consent_texts.models import ConsentText, ConsentTextVersion
from tests.core.builders import actor_of, make_user
from tests.templates_mgmt.builders import reviewer

SMS = "channel.sms"


def officer() -> Actor:
    """A privacy officer with a second factor confirmed just now."""
    return actor_of(make_user(Role.PRIVACY_OFFICER))


def draft(by: Actor, language: str = "en", purpose: str = SMS) -> ConsentTextVersion:
    """A draft with the words of the version in force."""
    text = ConsentText.objects.get(purpose=purpose, language=language)
    return services.new_version(text_id=text.pk, actor=by, now=clock.now())


def submitted(
    by: Actor, text: str = "We send you SMS.", language: str = "en"
) -> ConsentTextVersion:
    """A version in review that says `text`."""
    version = services.save(version_id=draft(by, language).pk, text=text, actor=by, now=clock.now())
    return services.submit(version_id=version.pk, actor=by, now=clock.now())


def approve(version: ConsentTextVersion, by: Actor | None = None) -> ConsentTextVersion:
    """Put it in force, as `by` or another person."""
    return services.approve(
        version_id=version.pk,
        shown_hash=version.content_hash,
        actor=by or reviewer(),
        now=clock.now(),
    )
