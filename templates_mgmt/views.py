"""Pages of templates: detail, editor, review, comparison."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from core import clock
from core.actor import Actor
from core.errors import Conflict, InvalidInput, StepUpRequired, VouchsafeError
from core.forms import add_error
from core.pages import staff_page
from core.roles import Capability
from templates_mgmt import library, page_selectors, panels, selectors, services
from templates_mgmt.clauses.selectors import with_clauses
from templates_mgmt.forms import (
    DecisionForm,
    EditorForm,
    ExampleForm,
    NewTemplateForm,
)
from templates_mgmt.models import TemplateVersion
from templates_mgmt.reviewing import context as reviewing_context
from templates_mgmt.rules import State, Verb
from templates_mgmt.writing import editing
from templates_mgmt.writing import services as writing
from templates_mgmt.writing.samples import SAMPLES, values_for
from templates_mgmt.writing.selectors import others_editing

_form = require_http_methods(["GET", "HEAD", "POST"])
_see = staff_page(Capability.TEMPLATES_VIEW)
_draft = staff_page(Capability.TEMPLATES_DRAFT)


def _actor(request: HttpRequest) -> Actor:
    return request.actor  # type: ignore[attr-defined,no-any-return]


@_form
@_draft
def template_new(request: HttpRequest) -> HttpResponse:
    """Make a template with a blank draft, or start from an example."""
    form = NewTemplateForm(request.POST or None, lines=selectors.lines_of(_actor(request)))
    if request.method == "POST" and form.is_valid():
        chosen = dict(form.cleaned_data)
        try:
            version = services.create_template(
                line_id=UUID(chosen.pop("line")),
                **chosen,
                actor=_actor(request),
                now=clock.now(),
            )
        except InvalidInput as error:
            add_error(form, error)
        else:
            return redirect("version-edit", version.pk)
    return _new_page(request, form=form, status=422 if form.errors else 200)


@require_POST
@_draft
def template_from_example(request: HttpRequest) -> HttpResponse:
    """Make a template from an example of the library."""
    form = _example_form(request, request.POST)
    if not form.is_valid():
        return _new_page(request, example_form=form, status=422)
    version_id = library.load_library_template(
        slug=form.cleaned_data["example"],
        line_id=UUID(form.cleaned_data["line"]),
        actor=_actor(request),
        now=clock.now(),
    )
    return redirect("version-review", version_id)


def _new_page(
    request: HttpRequest,
    *,
    form: NewTemplateForm | None = None,
    example_form: ExampleForm | None = None,
    status: int = 200,
) -> HttpResponse:
    lines = selectors.lines_of(_actor(request))
    context = {
        "form": form or NewTemplateForm(lines=lines),
        "example_form": example_form or _example_form(request),
    }
    return render(request, "templates_mgmt/new.html", context, status=status)


def _example_form(request: HttpRequest, data: Any = None) -> ExampleForm:
    return ExampleForm(
        data,
        lines=selectors.lines_of(_actor(request)),
        examples=[(slug, library.read_example(slug).name) for slug in library.slugs()],
        prefix="example",
    )


@require_GET
@_see
def template_detail(request: HttpRequest, template_id: UUID) -> HttpResponse:
    """One template: its versions, and what other apps tell about it."""
    actor = _actor(request)
    template = selectors.template_for(actor, template_id)
    return render(
        request,
        "templates_mgmt/detail.html",
        {
            "template": template,
            "versions": page_selectors.versions_of(template),
            "panels": panels.rendered(request, template),
            "may_draft": Capability.TEMPLATES_DRAFT in actor.capabilities
            and template.newest_state != State.DRAFT,  # type: ignore[attr-defined]
        },
    )


@require_POST
@_draft
def version_new(request: HttpRequest, template_id: UUID) -> HttpResponse:
    """Start a new draft from the newest version, or from the one named in `based_on`."""
    try:
        based_on = UUID(request.POST["based_on"]) if request.POST.get("based_on") else None
    except ValueError:
        raise InvalidInput(_("This is no version."), field="based_on") from None
    version = services.new_version(
        template_id=template_id, based_on=based_on, actor=_actor(request), now=clock.now()
    )
    return redirect("version-edit", version.pk)


@require_GET
@_see
def version_compare(request: HttpRequest, template_id: UUID) -> HttpResponse:
    """The word differences between two versions of a template, side by side."""
    template = selectors.template_for(_actor(request), template_id)
    versions = page_selectors.versions_of(template)
    chosen = [_numbered(versions, request.GET.get(name)) for name in ("old", "new")]
    old, new = chosen
    differences = selectors.diff_versions(old, new) if old and new else []
    return render(
        request,
        "templates_mgmt/compare.html",
        {
            "template": template,
            "versions": versions,
            "old": old,
            "new": new,
            "differences": page_selectors.differences(differences),
        },
    )


def _numbered(versions: list[TemplateVersion], number: str | None) -> TemplateVersion | None:
    return next((version for version in versions if str(version.number) == number), None)


@_form
@_draft
def version_edit(request: HttpRequest, version_id: UUID) -> HttpResponse:
    """Edit a draft. A refused save shows every typed word again."""
    version = selectors.version_for(_actor(request), version_id)
    if request.method != "POST":
        if version.state != State.DRAFT:
            return redirect("version-review", version.pk)
        kept = editing.restored(request, version, _actor(request))
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
            actor=_actor(request),
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
        actor=_actor(request),
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
    editing.keep(request, version, _actor(request))
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
    now_stored = selectors.version_for(_actor(request), version.pk)
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
            **editing.context(request, version, _actor(request)),
            **_look(editor, version, request.POST.get("sample", "")),
            **context,
        },
        status=status,
    )


@require_POST
@_draft
def version_preview(request: HttpRequest, version_id: UUID) -> HttpResponse:
    """How the typed words would look, without saving them (a part for HTMX)."""
    version = selectors.version_for(_actor(request), version_id)
    kept = editing.keep(request, version, _actor(request))
    look = _look(EditorForm(request.POST), version, request.POST.get("sample", ""))
    others = others_editing(version, _actor(request), clock.now())
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


@require_GET
@_see
def version_review(request: HttpRequest, version_id: UUID) -> HttpResponse:
    """One version on one screen: channels, findings, changes, facts, history, decision."""
    version = selectors.version_for(_actor(request), version_id)
    form = DecisionForm(initial={"shown_hash": version.content_hash})
    return _review(request, version, form)


def _review(
    request: HttpRequest,
    version: TemplateVersion,
    form: DecisionForm,
    *,
    status: int = 200,
    refusal: VouchsafeError | None = None,
) -> HttpResponse:
    actor = _actor(request)
    base = selectors.last_approved_before(version)
    open_now = selectors.open_decisions(version, actor)
    return render(
        request,
        "templates_mgmt/review.html",
        {
            "version": version,
            "template": version.template,
            "form": form,
            "refusal": refusal,
            "base": base,
            "differences": page_selectors.differences(selectors.diff_versions(base, version))
            if base
            else [],
            "texts": page_selectors.texts(selectors.content_of(version)),
            "decisions": page_selectors.decisions(open_now),
            "barred": page_selectors.barred(open_now),
            "history": page_selectors.history_of(version),
            "contributors": page_selectors.contributors_of(version),
            "may_edit": version.state == State.DRAFT
            and Capability.TEMPLATES_DRAFT in actor.capabilities,
            "may_start": version.state not in {State.DRAFT, State.IN_REVIEW}
            and Capability.TEMPLATES_DRAFT in actor.capabilities,
            **reviewing_context.context_of(version, actor),
            **_look_of_saved(request, version),
        },
        status=status,
    )


def _look_of_saved(request: HttpRequest, version: TemplateVersion) -> dict[str, Any]:
    """The stored words filled with the sample that the address names."""
    content, sample = selectors.content_of(version), request.GET.get("sample", "")
    look = page_selectors.look(content, version, values_for(content, sample))
    return {**look, "samples": SAMPLES, "sample": sample}


@require_POST
@_draft
def version_submit(request: HttpRequest, version_id: UUID) -> HttpResponse:
    """Send a draft to review, as it was when the page was opened."""
    version = selectors.version_for(_actor(request), version_id)
    return _submit(request, version, _revision(request) if "revision" in request.POST else None)


def _submit(request: HttpRequest, version: TemplateVersion, revision: int | None) -> HttpResponse:
    try:
        services.submit(
            version_id=version.pk, actor=_actor(request), now=clock.now(), revision=revision
        )
    except InvalidInput as error:
        if error.code != "lint":
            raise
        messages.error(request, _("Saved, but not submitted: %(why)s") % {"why": error.message})
        return redirect("version-edit", version.pk)
    messages.success(request, _("In review. Another person decides now."))
    return redirect("version-review", version.pk)


@require_POST
@staff_page(Capability.TEMPLATES_REVIEW, Capability.TEMPLATES_RECALL, Capability.TEMPLATES_DRAFT)
def version_decide(request: HttpRequest, version_id: UUID) -> HttpResponse:
    """Approve, return, reject, withdraw, retire or recall; the typed reason is never lost."""
    actor = _actor(request)
    version = selectors.version_for(actor, version_id)
    form = DecisionForm(request.POST)
    decide = _DECISIONS.get(request.POST.get("verb", ""))
    if decide is None:
        raise InvalidInput(_("Choose a decision."), field="verb")
    if not form.is_valid():
        return _review(request, version, form, status=422)
    given: dict[str, Any] = {"reason": form.cleaned_data["reason"]}
    if decide is services.approve:
        given["shown_hash"] = form.cleaned_data["shown_hash"]
        given["seen"] = request.POST.get("seen", "")
    try:
        decided = decide(version_id=version.pk, actor=actor, now=clock.now(), **given)
    except StepUpRequired:
        raise
    except VouchsafeError as error:
        stored = selectors.version_for(actor, version_id)
        again = DecisionForm(initial={"reason": given["reason"], "shown_hash": stored.content_hash})
        return _review(request, stored, again, status=error.status, refusal=error)
    messages.success(request, page_selectors.outcome(decided))
    return redirect("version-review", version.pk)


_DECISIONS: dict[str, Any] = {
    Verb.APPROVE.value: services.approve,
    Verb.RETURN.value: services.return_version,
    Verb.REJECT.value: services.reject,
    Verb.WITHDRAW.value: services.withdraw,
    Verb.RETIRE.value: services.retire,
    Verb.RECALL.value: services.recall,
}
