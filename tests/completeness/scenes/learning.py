"""Scenes of retrospectives, actions and packs."""

from __future__ import annotations

import datetime as dt
import tempfile
from pathlib import Path

from core.actor import system
from core.roles import Role
from crisis.learning import services
from crisis.learning.models import LearningAction, RetrospectiveVersion
from crisis.models import Pack
from crisis.pack import services as packs
from crisis.pack.services import Form
from tests.completeness.catalogue import Act, scene
from tests.completeness.scenes.core import REASON, call
from tests.core.builders import make_user
from tests.crisis.builders import make_actor, make_closed

DAY = dt.date(2026, 3, 2)
PARTS = {"summary": "The gateway stopped.", "causes": "A certificate had ended."}


def _officer():
    return make_actor(Role.CRISIS_OFFICER)


def _draft() -> RetrospectiveVersion:
    actor = _officer()
    version = call(services.start_retrospective, incident_id=make_closed().pk, actor=actor)()
    return call(services.save, version_id=version.pk, parts=PARTS, actor=actor)()


def _submitted() -> RetrospectiveVersion:
    return call(services.submit, version_id=_draft().pk, actor=_officer())()


def _action() -> LearningAction:
    words = {"title": "Watch certificates", "owner_id": make_user(Role.AUTHOR).pk, "due_on": DAY}
    return call(services.add_action, incident_id=make_closed().pk, actor=_officer(), **words)()


@scene("crisis.learning.services.start_retrospective")
def _start() -> Act:
    return call(services.start_retrospective, incident_id=make_closed().pk, actor=_officer())


@scene("crisis.learning.services.save")
def _save() -> Act:
    return call(services.save, version_id=_draft().pk, parts=PARTS, actor=_officer())


@scene("crisis.learning.services.submit")
def _submit() -> Act:
    return call(services.submit, version_id=_draft().pk, actor=_officer())


@scene("crisis.learning.services.approve")
def _approve() -> Act:
    version = _submitted()
    return call(
        services.approve, version_id=version.pk, shown_hash=version.content_hash,
        actor=make_actor(Role.REVIEWER),
    )  # fmt: skip


@scene("crisis.learning.services.return_version")
def _return() -> Act:
    return call(
        services.return_version, version_id=_submitted().pk, reason=REASON,
        actor=make_actor(Role.REVIEWER),
    )  # fmt: skip


@scene("crisis.learning.services.add_action")
def _add() -> Act:
    words = {"title": "Watch certificates", "owner_id": make_user(Role.AUTHOR).pk, "due_on": DAY}
    return call(services.add_action, incident_id=make_closed().pk, actor=_officer(), **words)


@scene("crisis.learning.services.move_action")
def _move() -> Act:
    words = {"due_on": DAY, "reason": REASON}
    return call(services.move_action, action_id=_action().pk, actor=_officer(), **words)


@scene("crisis.learning.services.finish_action")
def _finish() -> Act:
    return call(services.finish_action, action_id=_action().pk, outcome="done", actor=_officer())


@scene("crisis.learning.services.drop_action")
def _drop() -> Act:
    return call(
        services.drop_action, action_id=_action().pk, outcome="too dear",
        actor=make_actor(Role.REVIEWER),
    )  # fmt: skip


@scene("crisis.learning.services.chase_due")
def _chase() -> Act:
    _action()
    return call(services.chase_due, today=DAY)


def _pack() -> Pack:
    return call(packs.make_pack, actor=system("test"))()


@scene("crisis.pack.services.make_pack")
def _make_pack() -> Act:
    return call(packs.make_pack, actor=_officer())


@scene("crisis.pack.services.take_pack")
def _take_pack() -> Act:
    return call(packs.take_pack, pack_id=_pack().pk, form=Form.PAGE, actor=_officer())


@scene("crisis.pack.services.write_pack")
def _write_pack() -> Act:
    directory = Path(tempfile.mkdtemp(prefix="vouchsafe-pack-"))
    return call(packs.write_pack, pack_id=_pack().pk, directory=directory, actor=system("test"))
