"""Scenes of consent texts."""

from __future__ import annotations

from core import clock
from investors.consent_texts import services
from tests.completeness.catalogue import Act, scene
from tests.completeness.scenes.core import REASON, call
from tests.investors.consent_texts import draft, officer, submitted
from tests.templates_mgmt.builders import reviewer

_HERE = "investors.consent_texts.services"


@scene(f"{_HERE}.create_text")
def _create() -> Act:
    words = {"purpose": "channel.sms", "language": "zh-hant"}
    return call(services.create_text, actor=officer(), **words)


@scene(f"{_HERE}.new_version")
def _new_version() -> Act:
    version = submitted(officer())
    services.return_version(
        version_id=version.pk, actor=reviewer(), now=clock.now(), reason="Too long."
    )
    return call(services.new_version, text_id=version.consent_text_id, actor=officer())


@scene(f"{_HERE}.save")
def _save() -> Act:
    actor = officer()
    return call(services.save, version_id=draft(actor).pk, text="We send you SMS.", actor=actor)


@scene(f"{_HERE}.submit")
def _submit() -> Act:
    actor = officer()
    version = draft(actor)
    services.save(version_id=version.pk, text="We send SMS.", actor=actor, now=clock.now())
    return call(services.submit, version_id=version.pk, actor=actor)


@scene(f"{_HERE}.approve")
def _approve() -> Act:
    version = submitted(officer())
    words = {"version_id": version.pk, "shown_hash": version.content_hash}
    return call(services.approve, actor=reviewer(), **words)


@scene(f"{_HERE}.return_version")
def _return() -> Act:
    version = submitted(officer())
    return call(services.return_version, version_id=version.pk, actor=reviewer(), reason=REASON)
