"""Scenes of investors, their consent and their imports."""

from __future__ import annotations

import datetime as dt
import tempfile
from pathlib import Path
from uuid import UUID

from django.core.files.uploadedfile import SimpleUploadedFile

from core import actor as actors
from core import clock
from core.roles import Role
from investors import services
from investors.erasure import services as erasure
from investors.importing import service as importing
from investors.importing import uploads
from investors.models import ContactPoint, ImportBatch, Topic
from investors.relationship.services import end_relationship, resume_relationship
from investors.rules import EMAIL, SMS
from tests.audit.retention import no_duties
from tests.completeness.catalogue import Act, scene
from tests.completeness.scenes.core import REASON, call
from tests.core.builders import actor_of, make_user
from tests.investors.builders import importer, investor, line, privacy_officer, row, write_csv
from tests.recorded import recorded


def clerk():
    """A privacy officer with a second factor confirmed just now."""
    return privacy_officer().with_step_up(clock.now())


def loader():
    """Somebody who imports, likewise."""
    return importer().with_step_up(clock.now())


def _phone(who) -> ContactPoint:
    return ContactPoint.objects.get(investor_id=who, kind="phone")


@scene("investors.services.people.create_investor")
def _create() -> Act:
    words = {"ref": "7", "name": "王小明", "phone": "13812345678", "consents": (SMS,)}
    return call(services.create_investor, line_id=line().pk, actor=clerk(), **words)


@scene("investors.services.people.search_investors")
def _search() -> Act:
    investor()
    return call(services.search_investors, text="13812345678", actor=clerk())


@scene("investors.services.people.list_shown")
def _listed() -> Act:
    return call(services.list_shown, count=3, actor=clerk())


@scene("investors.relationship.services.end_relationship")
def _end() -> Act:
    found = investor()
    return call(end_relationship, investor_id=found, reason=REASON, actor=clerk())


@scene("investors.relationship.services.resume_relationship")
def _resume() -> Act:
    found = investor()
    end_relationship(investor_id=found, reason=REASON, actor=clerk(), now=clock.now())
    return call(resume_relationship, investor_id=found, reason=REASON, actor=clerk())


@scene("investors.services.people.view_investor")
def _view() -> Act:
    return call(services.view_investor, investor_id=investor(), actor=clerk())


@scene("investors.services.people.save_topic")
def _topic() -> Act:
    topic = Topic(code="new", name="New", name_zh="新")
    return call(services.save_topic, topic=topic, actor=actor_of(make_user(Role.ADMINISTRATOR)))


@scene("investors.services.consent.give_consent")
def _give() -> Act:
    who = investor(consents=())
    me = actors.investor(who, ip="203.0.113.7")
    return call(services.give_consent, investor_id=who, purpose=SMS, method="portal", actor=me)


@scene("investors.services.consent.withdraw_consent")
def _withdraw() -> Act:
    who = investor(consents=(EMAIL,))
    words = {"investor_id": who, "purpose": EMAIL, "method": "phone"}
    return call(services.withdraw_consent, actor=clerk(), **words)


@scene("investors.services.consent.set_preference")
def _prefer() -> Act:
    words = {"investor_id": investor(), "topic": "market_news", "channel": "sms", "wanted": False}
    return call(services.set_preference, actor=clerk(), **words)


@scene("investors.services.consent.set_preferences")
def _prefer_all() -> Act:
    words = {"investor_id": investor(), "wanted": set()}
    return call(services.set_preferences, actor=clerk(), **words)


@scene("investors.services.contacts.set_contact_state")
def _state() -> Act:
    words = {"contact_id": _phone(investor()).pk, "state": "verified"}
    return call(services.set_contact_state, actor=clerk(), **words)


@scene("investors.services.contacts.suppress_contact")
def _suppress() -> Act:
    words = {"contact_id": _phone(investor()).pk, "reason": REASON}
    return call(services.suppress_contact, actor=clerk(), **words)


@scene("investors.services.contacts.reveal_contact")
def _reveal() -> Act:
    words = {"contact_id": _phone(investor()).pk, "reason": REASON}
    return call(services.reveal_contact, actor=clerk(), **words)


# Imports --------------------------------------------------------------------------------------


def _file() -> Path:
    path = Path(tempfile.mkdtemp()) / "in.csv"
    return write_csv(path, [row(), row(ref="2", phone="12")])


def _stored() -> UUID:
    upload = SimpleUploadedFile("in.csv", _file().read_bytes())
    uploads.store_upload(upload=upload, line_id=line().pk, actor=loader(), now=clock.now())
    return ImportBatch.objects.latest("id").pk


@scene("investors.importing.service.import_file")
def _import() -> Act:
    words = {"path": _file(), "line_id": line().pk}
    return call(importing.import_file, actor=loader(), **words)


@scene("investors.importing.uploads.store_upload")
def _store() -> Act:
    upload = SimpleUploadedFile("in.csv", _file().read_bytes())
    return call(uploads.store_upload, upload=upload, line_id=line().pk, actor=loader())


@scene("investors.importing.uploads.request_run")
def _request() -> Act:
    words = {"batch_id": _stored(), "dry_run": True}
    return call(uploads.request_run, actor=loader(), **words)


@scene("investors.importing.uploads.show_sample")
def _sample() -> Act:
    return call(uploads.show_sample, batch_id=_stored(), actor=loader())


@scene("investors.importing.uploads.discard_upload")
def _discard() -> Act:
    return call(uploads.discard_upload, batch_id=_stored(), actor=loader())


@scene("investors.importing.uploads.record_error_download")
def _errors() -> Act:
    importing.import_file(path=_file(), line_id=line().pk, actor=loader(), now=clock.now())
    batch = ImportBatch.objects.latest("id")
    return call(uploads.record_error_download, batch_id=batch.pk, actor=loader())


@scene("investors.importing.uploads.sweep_uploads")
def _sweep() -> Act:
    """One upload that nobody imported, and the rejected rows of an import, both too old."""
    _stored()
    importing.import_file(path=_file(), line_id=line().pk, actor=loader(), now=clock.now())
    later = clock.now() + dt.timedelta(days=400)
    return lambda: uploads.sweep_uploads(now=later)


@scene("investors.importing.uploads.run_requested")
def _run_requested() -> Act:
    user = make_user(Role.DISPATCHER, lines=[line()])
    upload = SimpleUploadedFile("in.csv", _file().read_bytes())
    now, actor = clock.now(), actor_of(user)
    uploads.store_upload(upload=upload, line_id=line().pk, actor=actor, now=now)
    batch = ImportBatch.objects.latest("id")
    uploads.request_run(batch_id=batch.pk, dry_run=True, actor=actor, now=now)
    return call(uploads.run_requested, batch_id=batch.pk)


# Erasure --------------------------------------------------------------------------------------


def _asked(actor=None) -> UUID:
    words = {"investor_id": investor(), "ground": "consent", "reason": REASON}
    return erasure.request_erasure(actor=actor or clerk(), now=clock.now(), **words)


@scene("investors.erasure.services.request_erasure")
def _request_erasure() -> Act:
    words = {"investor_id": investor(), "ground": "consent", "reason": REASON}
    return call(erasure.request_erasure, actor=clerk(), **words)


@scene("investors.erasure.services.approve_erasure")
def _approve_erasure() -> Act:
    with recorded():
        no_duties()
    return call(erasure.approve_erasure, request_id=_asked(), actor=clerk())


@scene("investors.erasure.services.refuse_erasure")
def _refuse_erasure() -> Act:
    words = {"request_id": _asked(), "reason": REASON}
    return call(erasure.refuse_erasure, actor=clerk(), **words)


@scene("investors.erasure.services.withdraw_erasure")
def _withdraw_erasure() -> Act:
    actor = clerk()
    return call(erasure.withdraw_erasure, request_id=_asked(actor), actor=actor)


@scene("investors.erasure.services.list_shown")
def _erasures_listed() -> Act:
    return call(erasure.list_shown, count=3, actor=clerk())


@scene("investors.erasure.services.view_request")
def _view_erasure() -> Act:
    return call(erasure.view_request, request_id=_asked(), actor=clerk())
