"""Scenes of incidents."""

from __future__ import annotations

from django.core.files.uploadedfile import SimpleUploadedFile

from core import clock
from core.roles import Role
from crisis.incidents.services import activating, attaching, deciding, ending, staffing, writing
from tests.completeness.catalogue import Act, scene
from tests.completeness.scenes.core import REASON, call
from tests.crisis.builders import make_actor, make_incident, make_verified

_HIT = {"nature": "technical", "scope": {"systems": ["trading"]}}


def _officer():
    return make_actor(Role.CRISIS_OFFICER)


def _about(service, incident, **words) -> Act:
    return call(service, incident_id=incident.pk, actor=_officer(), **words)


def _restored():
    return _about(ending.restore, make_verified(_officer()))()


@scene("crisis.incidents.services.activating.activate")
def _activate() -> Act:
    return call(activating.activate, title="Down", actor=_officer())


@scene("crisis.incidents.services.deciding.verify")
def _verify() -> Act:
    return _about(deciding.verify, make_incident(), **_HIT)


@scene("crisis.incidents.services.deciding.change_tier")
def _tier() -> Act:
    return _about(deciding.change_tier, make_verified(_officer()), tier="major", reason=REASON)


@scene("crisis.incidents.services.deciding.record_moment")
def _moment() -> Act:
    return _about(deciding.record_moment, make_verified(_officer()), kind="extortion_paid")


@scene("crisis.incidents.services.deciding.dismiss")
def _dismiss() -> Act:
    return _about(deciding.dismiss, make_incident(), reason=REASON)


@scene("crisis.incidents.services.attaching.attach_duplicate")
def _duplicate() -> Act:
    into = make_incident().pk
    return _about(attaching.attach_duplicate, make_incident("Again"), into_id=into)


@scene("crisis.incidents.services.ending.restore")
def _restore() -> Act:
    return _about(ending.restore, make_verified(_officer()))


@scene("crisis.incidents.services.ending.relapse")
def _relapse() -> Act:
    return _about(ending.relapse, _restored(), reason=REASON)


@scene("crisis.incidents.services.ending.close")
def _close() -> Act:
    return _about(ending.close, _restored(), words="Mended.")


@scene("crisis.incidents.services.staffing.assign_role")
def _role() -> Act:
    person = make_actor(Role.RELEASER).user_id
    return _about(staffing.assign_role, make_incident(), role="legal", person_id=person)


@scene("crisis.incidents.services.staffing.take_lead")
def _lead() -> Act:
    return _about(staffing.take_lead, make_incident())


@scene("crisis.incidents.services.writing.log")
def _log() -> Act:
    return _about(writing.log, make_incident(), text="Restarted.")


@scene("crisis.incidents.services.writing.download")
def _download() -> Act:
    entry = writing.log(
        incident_id=make_incident().pk, uploads=[SimpleUploadedFile("a.txt", b"words")],
        actor=_officer(), now=clock.now(),
    )  # fmt: skip
    return call(writing.download, attachment_id=entry.attachments.get().pk, actor=_officer())


@scene("crisis.incidents.services.writing.note_file_taken")
def _report() -> Act:
    words = {"incident": make_incident(), "sha256": "0" * 64}
    return call(writing.note_file_taken, actor=_officer(), **words)
