"""Pages of a draft: a new version, the editor with its preview, submission."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from core import clock
from core.errors import Conflict, InvalidInput
from templates_mgmt import page_selectors, selectors, services
from templates_mgmt.clauses.selectors import with_clauses
from templates_mgmt.forms import EditorForm
from templates_mgmt.models import TemplateVersion
from templates_mgmt.rules import State
from templates_mgmt.views.common import actor_of, draft, form_page
from templates_mgmt.writing import editing
from templates_mgmt.writing import services as writing
from templates_mgmt.writing.samples import values_for
from templates_mgmt.writing.selectors import others_editing


@require_POST
@draft
def version_new(request: HttpRequest, template_id: UUID) -> HttpResponse:
    """Start a new draft from the newest version, or from the one named in `based_on`."""
    try:
        based_on = UUID(request.POST["based_on"]) if request.POST.get("based_on") else None
    except ValueError:
        raise InvalidInput(_("This is no version."), field="based_on") from None
    version = services.new_version(
        template_id=template_id, based_on=based_on, actor=actor_of(request), now=clock.now()
    )
    return redirect("version-edit", version.pk)


@form_page
@draft
def version_edit(request: HttpRequest, version_id: UUID) -> HttpResponse:
    """Edit a draft. A refused save shows every typed word again."""
    version = selectors.version_for(actor_of(request), version_id)
    if request.method != "POST":
        if version.state != State.DRAFT:
            return redirect("version-review", version.pk)
        kept = editing.restored(request, version, actor_of(request))
        editor = editing.form_of(kept) if kept else EditorForm(version=version)
        return _editor(request, version, editor)
    if request.POST.get("then") == "derive":
        return _derive(request, version)
    editor = EditorForm(request.POST)
    if not editor.is_valid():
        return _editor(request, version, editor, status=422)
    try:
        saved = services.save_draft(
            version_id=version.pk,
            **editor.words(),
            actor=actor_of(request),
            now=clock.now(),
            revision=_revision(request),
        )
    except InvalidInput as error:
        editor.refuse(error)
        return _editor(request, version, editor, status=error.status)
    except Conflict as error:
        return _conflict(request, version, editor, error)
    writing.drop_words(
        version_id=version.pk,
        session=editing.session_of(request),
        actor=actor_of(request),
        now=clock.now(),
    )
    if request.POST.get("then") == "submit":
        return _submit(request, saved, saved.revision)
    messages.success(request, _("Saved."))
    for place in editor.html_changed(saved):
        messages.warning(
            request,
            _("%(place)s: HTML that may not be used was taken out.") % {"place": place},
        )
    return redirect("version-edit", version.pk)


def _derive(request: HttpRequest, version: TemplateVersion) -> HttpResponse:
    """The blank texts written from the facts, to be looked at and saved."""
    editor, made = editing.with_derived(request, version)
    editing.keep(request, version, actor_of(request))
    return _editor(request, version, editor, derived=made)


def _revision(request: HttpRequest) -> int:
    try:
        return int(request.POST.get("revision", ""))
    except ValueError:
        raise InvalidInput(
            _("The form does not say which revision it started from."), field="revision"
        ) from None


def _conflict(
    request: HttpRequest, version: TemplateVersion, editor: EditorForm, error: Conflict
) -> HttpResponse:
    """Both wordings: what is stored now, and what was typed; saving again is a decision."""
    now_stored = selectors.version_for(actor_of(request), version.pk)
    try:
        typed = editor.content(now_stored)
        differences = selectors.diff_contents(selectors.content_of(now_stored), typed)
    except InvalidInput as problem:
        editor.refuse(problem)
        differences = []
    return _editor(
        request,
        now_stored,
        editor,
        status=error.status,
        conflict=error,
        revision=now_stored.revision,
        differences=page_selectors.differences(differences),
    )


def _editor(
    request: HttpRequest,
    version: TemplateVersion,
    editor: EditorForm,
    *,
    status: int = 200,
    **context: Any,
) -> HttpResponse:
    return render(
        request,
        "templates_mgmt/edit.html",
        {
            "version": version,
            "template": version.template,
            "editor": editor,
            "editable": version.state == State.DRAFT,
            **editing.context(request, version, actor_of(request)),
            **_look(editor, version, request.POST.get("sample", "")),
            **context,
        },
        status=status,
    )


@require_POST
@draft
def version_preview(request: HttpRequest, version_id: UUID) -> HttpResponse:
    """How the typed words would look, without saving them (a part for HTMX)."""
    version = selectors.version_for(actor_of(request), version_id)
    kept = editing.keep(request, version, actor_of(request))
    look = _look(EditorForm(request.POST), version, request.POST.get("sample", ""))
    others = others_editing(version, actor_of(request), clock.now())
    return render(
        request,
        "templates_mgmt/parts/look.html",
        {**look, "version": version, "kept": kept, "others_now": others},
    )


def _look(editor: EditorForm, version: TemplateVersion, sample: str = "") -> dict[str, Any]:
    try:
        content = (
            with_clauses(editor.content(version))
            if editor.is_bound
            else selectors.content_of(version)
        )
        return page_selectors.look(content, version, values_for(content, sample))
    except InvalidInput as error:
        return {"look_error": error}


@require_POST
@draft
def version_submit(request: HttpRequest, version_id: UUID) -> HttpResponse:
    """Send a draft to review, as it was when the page was opened."""
    version = selectors.version_for(actor_of(request), version_id)
    return _submit(request, version, _revision(request) if "revision" in request.POST else None)


def _submit(request: HttpRequest, version: TemplateVersion, revision: int | None) -> HttpResponse:
    try:
        services.submit(
            version_id=version.pk, actor=actor_of(request), now=clock.now(), revision=revision
        )
    except InvalidInput as error:
        if error.code != "lint":
            raise
        messages.error(request, _("Saved, but not submitted: %(why)s") % {"why": error.message})
        return redirect("version-edit", version.pk)
    messages.success(request, _("In review. Another person decides now."))
    return redirect("version-review", version.pk)
