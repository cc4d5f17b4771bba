"""What the editor of a draft shows beside the words: what was not saved, and who else writes."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from django.http import HttpRequest, QueryDict

from core import clock
from core.actor import Actor
from core.errors import InvalidInput
from templates_mgmt.forms import EditorForm
from templates_mgmt.models import TemplateVersion
from templates_mgmt.rules import State
from templates_mgmt.writing import selectors, services
from templates_mgmt.writing.derive import derive
from templates_mgmt.writing.models import UnsavedWords
from templates_mgmt.writing.samples import SAMPLES


def session_of(request: HttpRequest) -> UUID:
    """The opening of the editor that a form belongs to; a new one for a form without."""
    try:
        return UUID(request.POST.get("session", ""))
    except ValueError:
        return uuid4()


def restored(request: HttpRequest, version: TemplateVersion, actor: Actor) -> UnsavedWords | None:
    """The unsaved words that `?restore=` asks for, the actor's own only."""
    wanted = request.GET.get("restore", "")
    return next(
        (row for row in selectors.unsaved_of(version, actor) if str(row.session) == wanted), None
    )


def form_of(kept: UnsavedWords) -> EditorForm:
    """The editor with the words as they were typed."""
    return EditorForm(typed(kept.fields))


def typed(fields: dict[str, str]) -> QueryDict:
    """Fields of a form as a form posts them."""
    data = QueryDict(mutable=True)
    data.update(fields)
    return data


def keep(request: HttpRequest, version: TemplateVersion, actor: Actor) -> UnsavedWords | None:
    """Keep what a form holds; None when there is nothing to keep it for."""
    if version.state != State.DRAFT or not request.POST.get("session"):
        return None
    try:
        revision = int(request.POST.get("revision", ""))
    except ValueError:
        return None
    return services.keep_words(
        version_id=version.pk,
        session=session_of(request),
        revision=revision,
        fields={key: value for key, value in request.POST.items() if isinstance(value, str)},
        actor=actor,
        now=clock.now(),
    )


def with_derived(request: HttpRequest, version: TemplateVersion) -> tuple[EditorForm, int]:
    """The typed words with the blank texts written from the facts, and how many those are."""
    editor = EditorForm(request.POST)
    if not editor.is_valid():
        return editor, 0
    try:
        content = editor.content(version)
    except InvalidInput as error:
        editor.refuse(error)
        return editor, 0
    data = request.POST.copy()
    made = derive(content)
    for text in made:
        prefix = f"text-{text.channel}-{text.language}"
        data[f"{prefix}-subject"], data[f"{prefix}-body"] = text.subject, text.body
    return EditorForm(data), len(made)


def context(request: HttpRequest, version: TemplateVersion, actor: Actor) -> dict[str, Any]:
    """The editor's own fields, the actor's other unsaved words, and who else is editing."""
    kept = restored(request, version, actor) if request.method == "GET" else None
    session = kept.session if kept else session_of(request)
    return {
        "session": session,
        "revision": kept.revision if kept else _revision(request, version),
        "restored": kept,
        "unsaved": selectors.unsaved_of(version, actor, session),
        "others": selectors.others_editing(version, actor, clock.now()),
        "samples": SAMPLES,
    }


def _revision(request: HttpRequest, version: TemplateVersion) -> int:
    """The revision that a typed form started from: showing it again is no look at a newer one."""
    typed_from = request.POST.get("revision", "")
    return int(typed_from) if typed_from.isascii() and typed_from.isdigit() else version.revision
