"""Scenes of writing: unsaved words, and findings that are justified."""

from __future__ import annotations

import datetime as dt
from uuid import uuid4

from core import clock
from templates_mgmt import lint
from templates_mgmt.selectors import content_of
from templates_mgmt.writing import services as writing
from tests.completeness.catalogue import Act, scene
from tests.completeness.scenes.core import REASON, call
from tests.templates_mgmt.builders import VARIANTS, author, make_draft

_SERVICES = "templates_mgmt.writing.services"


def _unsaved():
    actor = author()
    return {"version_id": make_draft(actor).pk, "session": uuid4(), "actor": actor}


@scene(f"{_SERVICES}.keep_words")
def _keep() -> Act:
    return call(writing.keep_words, revision=2, fields={"facts-en-title": "New"}, **_unsaved())


@scene(f"{_SERVICES}.expire_words")
def _expire():
    writing.keep_words(revision=2, fields={"facts-en-title": "N"}, now=clock.now(), **_unsaved())
    return lambda: writing.expire_words(now=clock.now() + dt.timedelta(days=31))


@scene(f"{_SERVICES}.drop_words")
def _drop() -> Act:
    words = _unsaved()
    fields = {"facts-en-title": "New"}
    writing.keep_words(revision=2, fields=fields, now=clock.now(), **words)
    return call(writing.drop_words, **words)


@scene(f"{_SERVICES}.justify")
def _justify() -> Act:
    actor = author()
    texts = [{**text, "body": text["body"] + " guaranteed"} for text in VARIANTS]
    version = make_draft(actor, variants=texts)
    content = content_of(version)
    finding = next(item for item in lint.lint(content) if item.code == "forbidden_word")
    words = {"fingerprint": lint.fingerprint(finding, content), "reason": REASON}
    return call(writing.justify, version_id=version.pk, actor=actor, **words)
