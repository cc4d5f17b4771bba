"""Scenes of templates and word lists."""

from __future__ import annotations

from core import clock
from templates_mgmt import services
from templates_mgmt.lexicon import services as lexicon
from templates_mgmt.lexicon.models import WordList
from templates_mgmt.models import TemplateVersion
from tests.builders import WORDS
from tests.completeness.catalogue import Act, scene
from tests.completeness.scenes.core import REASON, call
from tests.core.builders import actor_of, make_line
from tests.templates_mgmt.builders import (
    author,
    make_approved,
    make_draft,
    make_submitted,
    reviewer,
)


def _its_author(version: TemplateVersion):
    return actor_of(version.created_by)


@scene("templates_mgmt.services.drafting.create_template")
def _create() -> Act:
    words = {"code": "halt", "name": "Halt", "category": "risk", "topic_code": "trading_system"}
    return call(services.create_template, line_id=make_line().pk, actor=author(), **words)


@scene("templates_mgmt.services.drafting.new_version")
def _new_version() -> Act:
    version = make_approved()
    return call(services.new_version, template_id=version.template_id, actor=author())


@scene("templates_mgmt.services.drafting.save_draft")
def _save() -> Act:
    version = make_draft()
    return call(services.save_draft, version_id=version.pk, actor=_its_author(version), **WORDS)


@scene("templates_mgmt.services.drafting.submit")
def _submit() -> Act:
    version = make_draft()
    return call(services.submit, version_id=version.pk, actor=_its_author(version))


@scene("templates_mgmt.services.deciding.approve")
def _approve() -> Act:
    version = make_submitted()
    shown = version.content_hash
    return call(services.approve, version_id=version.pk, shown_hash=shown, actor=reviewer())


@scene("templates_mgmt.services.deciding.withdraw")
def _withdraw() -> Act:
    version = make_submitted()
    words = {"version_id": version.pk, "reason": REASON}
    return call(services.withdraw, actor=_its_author(version), **words)


for _name in ("return_version", "reject"):

    @scene(f"templates_mgmt.services.deciding.{_name}")
    def _refuse(name: str = _name) -> Act:
        words = {"version_id": make_submitted().pk, "reason": REASON}
        return call(getattr(services, name), actor=reviewer(), **words)


for _name in ("retire", "recall"):

    @scene(f"templates_mgmt.services.deciding.{_name}")
    def _end(name: str = _name) -> Act:
        words = {"version_id": make_approved().pk, "reason": REASON}
        return call(getattr(services, name), actor=reviewer(), **words)


# Word lists -----------------------------------------------------------------------------------

TEXTS = {"zh-hans": "原因", "en": "A reason."}
LIST = {
    "severity": "error",
    "why": TEXTS,
    "fix": TEXTS,
    "terms": ["持仓"],
    "exceptions": [],
    "examples": [{"text": "您的持仓", "hit": True}, {"text": "您的资金", "hit": False}],
}


def _list_draft(actor):
    word_list = WordList.objects.get(code="promise")
    return lexicon.new_version(list_id=word_list.pk, actor=actor, now=clock.now())


def _list_submitted():
    actor = reviewer()
    version, now = _list_draft(actor), clock.now()
    lexicon.save(version_id=version.pk, actor=actor, now=now, **LIST)
    return lexicon.submit(version_id=version.pk, actor=actor, now=now)


@scene("templates_mgmt.lexicon.services.create_list")
def _create_list() -> Act:
    return call(lexicon.create_list, code="rumour", name="Rumours", actor=reviewer())


@scene("templates_mgmt.lexicon.services.new_version")
def _list_version() -> Act:
    word_list = WordList.objects.get(code="promise")
    return call(lexicon.new_version, list_id=word_list.pk, actor=reviewer())


@scene("templates_mgmt.lexicon.services.save")
def _list_save() -> Act:
    actor = reviewer()
    return call(lexicon.save, version_id=_list_draft(actor).pk, actor=actor, **LIST)


@scene("templates_mgmt.lexicon.services.submit")
def _list_submit() -> Act:
    actor = reviewer()
    version = lexicon.save(version_id=_list_draft(actor).pk, actor=actor, now=clock.now(), **LIST)
    return call(lexicon.submit, version_id=version.pk, actor=actor)


@scene("templates_mgmt.lexicon.services.approve")
def _list_approve() -> Act:
    version = _list_submitted()
    words = {"version_id": version.pk, "shown_hash": version.content_hash}
    return call(lexicon.approve, actor=reviewer(), **words)


@scene("templates_mgmt.lexicon.services.return_version")
def _list_return() -> Act:
    words = {"version_id": _list_submitted().pk, "reason": REASON}
    return call(lexicon.return_version, actor=reviewer(), **words)
