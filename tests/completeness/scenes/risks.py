"""Scenes of the risk register."""

from __future__ import annotations

import datetime as dt
from functools import partial

from core import clock
from crisis.models import RiskMatrixVersion
from crisis.risks.controls import services as controls
from crisis.risks.links import services as links
from crisis.risks.links.rules import End
from crisis.risks.matrix import services as matrix
from crisis.risks.matrix.rules import SHIPPED, content_of
from crisis.risks.rounds import services as rounds
from crisis.risks.rules import quarter_of
from crisis.risks.services import accepting, exporting, registering
from tests.completeness.catalogue import Act, scene
from tests.completeness.scenes.core import REASON, call
from tests.core.builders import make_user
from tests.crisis.risks.builders import (
    DEPARTMENTS,
    approver,
    assess,
    editor,
    fill,
    make_accepted,
    make_control,
    make_draft,
    make_open,
    make_proposed,
    make_round,
    today,
    words,
)

_RISKS = "crisis.risks.services"


@scene(f"{_RISKS}.registering.create_risk")
def _create() -> Act:
    actor = editor()
    return call(registering.create_risk, **words(actor), actor=actor)


@scene(f"{_RISKS}.registering.change_risk")
def _change() -> Act:
    actor = editor()
    risk = make_draft(actor)
    return call(registering.change_risk, risk_id=risk.pk, **words(actor, title="B"), actor=actor)


@scene(f"{_RISKS}.registering.open_risk")
def _open() -> Act:
    actor = editor()
    risk = make_draft(actor)
    for stage in ("inherent", "current"):
        assess(risk, stage, 50, 50, actor=actor)
    return call(registering.open_risk, risk_id=risk.pk, actor=actor)


@scene(f"{_RISKS}.registering.close_risk")
def _close() -> Act:
    return call(registering.close_risk, risk_id=make_open().pk, reason=REASON, actor=editor())


@scene(f"{_RISKS}.registering.reopen_risk")
def _reopen() -> Act:
    risk, actor = make_open(), editor()
    registering.close_risk(risk_id=risk.pk, reason=REASON, actor=actor, now=clock.now())
    return call(registering.reopen_risk, risk_id=risk.pk, reason=REASON, actor=actor)


@scene(f"{_RISKS}.registering.assess")
def _assess() -> Act:
    given = {"stage": "current", "likelihood": 5, "impact": 5, "why": REASON}
    return call(registering.assess, risk_id=make_open().pk, **given, actor=editor())


@scene(f"{_RISKS}.accepting.propose")
def _propose() -> Act:
    day = today() + dt.timedelta(days=9)
    risk = make_open()
    return call(accepting.propose, risk_id=risk.pk, reason=REASON, expires_on=day, actor=editor())


@scene(f"{_RISKS}.accepting.approve")
def _approve() -> Act:
    return call(accepting.approve, acceptance_id=make_proposed().pk, actor=approver())


@scene(f"{_RISKS}.accepting.decline")
def _decline() -> Act:
    found = make_proposed()
    return call(accepting.decline, acceptance_id=found.pk, reason=REASON, actor=approver())


@scene(f"{_RISKS}.accepting.withdraw")
def _withdraw() -> Act:
    found = make_proposed()
    return call(accepting.withdraw, acceptance_id=found.pk, reason=REASON, actor=editor())


@scene(f"{_RISKS}.accepting.revoke")
def _revoke() -> Act:
    found = make_accepted()
    return call(accepting.revoke, acceptance_id=found.pk, reason=REASON, actor=approver())


@scene(f"{_RISKS}.accepting.expire_due")
def _expire() -> Act:
    make_accepted(days=1)
    return partial(accepting.expire_due, now=clock.now() + dt.timedelta(days=9))


@scene(f"{_RISKS}.exporting.export_register")
def _export() -> Act:
    make_open()
    return call(exporting.export_register, form="csv", actor=editor())


_CONTROLS = "crisis.risks.controls.services"
CONTROL = {"title": "T", "kind": "detective", "frequency": "daily"}


@scene(f"{_CONTROLS}.create_control")
def _create_control() -> Act:
    owner = make_user().pk
    return call(controls.create_control, **CONTROL, owner_id=owner, actor=editor())


@scene(f"{_CONTROLS}.change_control")
def _change_control() -> Act:
    control, owner = make_control(), make_user().pk
    given = {**CONTROL, "control_id": control.pk, "owner_id": owner}
    return call(controls.change_control, **given, actor=editor())


@scene(f"{_CONTROLS}.retire_control")
def _retire() -> Act:
    control = make_control()
    return call(controls.retire_control, control_id=control.pk, reason=REASON, actor=editor())


@scene(f"{_CONTROLS}.attach")
def _attach() -> Act:
    given = {"risk_id": make_open().pk, "control_id": make_control().pk, "strength": 5}
    return call(controls.attach, **given, actor=editor())


@scene(f"{_CONTROLS}.detach")
def _detach() -> Act:
    given = {"risk_id": make_open().pk, "control_id": make_control().pk, "strength": 5}
    use = controls.attach(**given, actor=editor(), now=clock.now())
    return call(controls.detach, use_id=use.pk, reason=REASON, actor=editor())


@scene(f"{_CONTROLS}.add_evidence")
def _evidence() -> Act:
    given = {
        "control_id": make_control().pk, "works": True, "seen": "s", "on": today(),
        "expires_on": today() + dt.timedelta(days=9),
    }  # fmt: skip
    return call(controls.add_evidence, **given, actor=editor())


_ROUNDS = "crisis.risks.rounds.services"


@scene(f"{_ROUNDS}.plan_round")
def _plan() -> Act:
    actor = editor()
    given = {
        "quarter": quarter_of(today()), "planned_on": today(), "departments": DEPARTMENTS,
        "chair_id": actor.user_id,
    }  # fmt: skip
    return call(rounds.plan_round, **given, actor=actor)


@scene(f"{_ROUNDS}.note_attendance")
def _attendance() -> Act:
    given = {"round_id": make_round().pk, "person_id": make_user().pk, "department": "Legal"}
    return call(rounds.note_attendance, **given, presence="excused", actor=editor())


@scene(f"{_ROUNDS}.close_round")
def _close_round() -> Act:
    chair = editor()
    found = make_round(chair)
    fill(found, chair)
    return call(rounds.close_round, round_id=found.pk, minutes="m", actor=chair)


@scene(f"{_ROUNDS}.cancel_round")
def _cancel_round() -> Act:
    found = make_round()
    return call(rounds.cancel_round, round_id=found.pk, reason=REASON, actor=editor())


_MATRIX = "crisis.risks.matrix.services"


def _draft() -> RiskMatrixVersion:
    return matrix.new_version(actor=editor(), now=clock.now())


def _submitted() -> RiskMatrixVersion:
    return matrix.submit(version_id=_draft().pk, actor=editor(), now=clock.now())


@scene(f"{_MATRIX}.new_version")
def _new_version() -> Act:
    return call(matrix.new_version, actor=editor())


@scene(f"{_MATRIX}.save")
def _save() -> Act:
    return call(matrix.save, version_id=_draft().pk, **content_of(SHIPPED), actor=editor())


@scene(f"{_MATRIX}.submit")
def _submit() -> Act:
    return call(matrix.submit, version_id=_draft().pk, actor=editor())


@scene(f"{_MATRIX}.approve")
def _put_in_force() -> Act:
    version = _submitted()
    given = {"version_id": version.pk, "shown_hash": version.content_hash}
    return call(matrix.approve, **given, actor=approver())


@scene(f"{_MATRIX}.return_version")
def _return() -> Act:
    version = _submitted()
    return call(matrix.return_version, version_id=version.pk, reason=REASON, actor=approver())


_LINKS = "crisis.risks.links.services"


def _ends() -> dict[str, End]:
    return {"one": End("risk", make_open().pk), "other": End("risk", make_open().pk)}


@scene(f"{_LINKS}.link")
def _link() -> Act:
    return call(links.link, **_ends(), actor=editor())


@scene(f"{_LINKS}.unlink")
def _unlink() -> Act:
    made = links.link(**_ends(), actor=editor(), now=clock.now())
    return call(links.unlink, link_id=made.pk, why=REASON, actor=editor())
