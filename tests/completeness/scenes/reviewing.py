"""Scenes of clauses, of reviewing, and of template files."""

from __future__ import annotations

import datetime as dt

from core import clock
from core.roles import Role
from templates_mgmt.clauses import services as clauses
from templates_mgmt.clauses.models import Clause
from templates_mgmt.files import service as files
from templates_mgmt.files.document import dump
from templates_mgmt.library import load_library_template, read_example
from templates_mgmt.reviewing import services as reviewing
from tests.completeness.catalogue import Act, scene
from tests.completeness.scenes.core import REASON, call
from tests.core.builders import actor_of, make_line, make_user
from tests.templates_mgmt.builders import author, make_submitted, reviewer

DAY = dt.timedelta(days=1)

# Clauses --------------------------------------------------------------------------------------

WORDS = {"texts": {"zh-hans": "新的提示。", "en": "New words."}, "source": "rule"}


def _clause_draft(actor):
    clause = Clause.objects.get(code="standard_risk")
    return clauses.new_version(clause_id=clause.pk, actor=actor, now=clock.now())


def _clause_submitted():
    actor, now = reviewer(), clock.now()
    version = clauses.save(version_id=_clause_draft(actor).pk, actor=actor, now=now, **WORDS)
    return clauses.submit(version_id=version.pk, actor=actor, now=now)


@scene("templates_mgmt.clauses.services.create_clause")
def _create() -> Act:
    return call(clauses.create_clause, code="fees", name="Fees", actor=reviewer())


@scene("templates_mgmt.clauses.services.new_version")
def _new_version() -> Act:
    clause = Clause.objects.get(code="standard_risk")
    return call(clauses.new_version, clause_id=clause.pk, actor=reviewer())


@scene("templates_mgmt.clauses.services.save")
def _save() -> Act:
    actor = reviewer()
    return call(clauses.save, version_id=_clause_draft(actor).pk, actor=actor, **WORDS)


@scene("templates_mgmt.clauses.services.submit")
def _submit() -> Act:
    actor = reviewer()
    return call(clauses.submit, version_id=_clause_draft(actor).pk, actor=actor)


@scene("templates_mgmt.clauses.services.approve")
def _approve() -> Act:
    version = _clause_submitted()
    words = {"version_id": version.pk, "shown_hash": version.content_hash}
    return call(clauses.approve, actor=reviewer(), **words)


@scene("templates_mgmt.clauses.services.return_version")
def _return() -> Act:
    words = {"version_id": _clause_submitted().pk, "reason": REASON}
    return call(clauses.return_version, actor=reviewer(), **words)


# Reviewing ------------------------------------------------------------------------------------


@scene("templates_mgmt.reviewing.services.take")
def _take() -> Act:
    return call(reviewing.take, version_id=make_submitted().pk, actor=reviewer())


@scene("templates_mgmt.reviewing.services.give_up")
def _give_up() -> Act:
    actor = reviewer()
    version = reviewing.take(version_id=make_submitted().pk, actor=actor, now=clock.now())
    return call(reviewing.give_up, version_id=version.pk, actor=actor)


def _absence(actor):
    delegate, now = reviewer().user_id, clock.now()
    return {"delegate_id": delegate, "starts": now, "ends": now + DAY, "actor": actor}


@scene("templates_mgmt.reviewing.services.announce_absence")
def _announce() -> Act:
    return call(reviewing.announce_absence, **_absence(reviewer()))


@scene("templates_mgmt.reviewing.services.end_absence")
def _end() -> Act:
    actor = reviewer()
    away = reviewing.announce_absence(now=clock.now(), **_absence(actor))
    return call(reviewing.end_absence, absence_id=away.pk, actor=actor)


@scene("templates_mgmt.reviewing.services.comment")
def _comment() -> Act:
    version = make_submitted()
    return call(reviewing.comment, version_id=version.pk, text="Why?", actor=reviewer())


@scene("templates_mgmt.reviewing.services.settle")
def _settle() -> Act:
    actor, now = reviewer(), clock.now()
    made = reviewing.comment(version_id=make_submitted().pk, text="Why?", actor=actor, now=now)
    return call(reviewing.settle, comment_id=made.pk, actor=actor)


STAGES = [{"name": {"zh-hans": "合规", "en": "Compliance"}, "quorum": 2, "days": 1}]


def _plan(actor):
    return reviewing.new_plan(category="risk", actor=actor, now=clock.now())


def _plan_submitted():
    actor = reviewer()
    return reviewing.submit_plan(version_id=_plan(actor).pk, actor=actor, now=clock.now())


@scene("templates_mgmt.reviewing.services.new_plan")
def _new_plan() -> Act:
    return call(reviewing.new_plan, category="risk", actor=reviewer())


@scene("templates_mgmt.reviewing.services.save_plan")
def _save_plan() -> Act:
    actor = reviewer()
    return call(reviewing.save_plan, version_id=_plan(actor).pk, stages=STAGES, actor=actor)


@scene("templates_mgmt.reviewing.services.submit_plan")
def _submit_plan() -> Act:
    actor = reviewer()
    return call(reviewing.submit_plan, version_id=_plan(actor).pk, actor=actor)


@scene("templates_mgmt.reviewing.services.approve_plan")
def _approve_plan() -> Act:
    version = _plan_submitted()
    words = {"version_id": version.pk, "shown_hash": version.content_hash}
    return call(reviewing.approve_plan, actor=reviewer(), **words)


@scene("templates_mgmt.reviewing.services.return_plan")
def _return_plan() -> Act:
    words = {"version_id": _plan_submitted().pk, "reason": REASON}
    return call(reviewing.return_plan, actor=reviewer(), **words)


@scene("templates_mgmt.reviewing.services.set_group")
def _set_group() -> Act:
    admin = actor_of(make_user(Role.ADMINISTRATOR))
    members = [reviewer().user_id]
    return call(reviewing.set_group, code="legal", name="Legal", members=members, actor=admin)


# Files ----------------------------------------------------------------------------------------


@scene("templates_mgmt.files.service.import_files")
def _import() -> Act:
    data = dump(read_example("margin-call")).encode()
    line = make_line().pk
    return call(files.import_files, files=[("a.yaml", data)], line_id=line, actor=author())


@scene("templates_mgmt.files.service.export_version")
def _export() -> Act:
    line, actor = make_line().pk, author()
    version = load_library_template(slug="margin-call", line_id=line, actor=actor, now=clock.now())
    return call(files.export_version, version_id=version, actor=actor)
