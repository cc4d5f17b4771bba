"""Scenes of the handbook."""

from __future__ import annotations

from core.roles import Role
from crisis.handbook import services
from crisis.handbook.models import HandbookVersion
from tests.completeness.catalogue import Act, scene
from tests.completeness.scenes.core import REASON, call
from tests.crisis.builders import make_actor

WORDS = {"zh-hans": "先报告。", "en": "Report first."}


def _officer():
    return make_actor(Role.CRISIS_OFFICER)


def _reviewer():
    return make_actor(Role.REVIEWER)


def _draft() -> HandbookVersion:
    actor = _officer()
    version = call(services.start, actor=actor)()
    return call(services.save, version_id=version.pk, words=WORDS, actor=actor)()


def _submitted() -> HandbookVersion:
    return call(services.submit, version_id=_draft().pk, actor=_officer())()


def _approve() -> Act:
    version = _submitted()
    return call(
        services.approve, version_id=version.pk, shown_hash=version.content_hash, actor=_reviewer()
    )


@scene("crisis.handbook.services.start")
def _start() -> Act:
    return call(services.start, actor=_officer())


@scene("crisis.handbook.services.save")
def _save() -> Act:
    return call(services.save, version_id=_draft().pk, words=WORDS, actor=_officer())


@scene("crisis.handbook.services.submit")
def _submit() -> Act:
    return call(services.submit, version_id=_draft().pk, actor=_officer())


scene("crisis.handbook.services.approve")(_approve)


@scene("crisis.handbook.services.return_version")
def _return() -> Act:
    version = _submitted()
    return call(services.return_version, version_id=version.pk, reason=REASON, actor=_reviewer())


@scene("crisis.handbook.services.attest")
def _attest() -> Act:
    version = _approve()()
    return call(services.attest, version_id=version.pk, actor=make_actor(Role.AUTHOR))
