"""Pages of word lists: all lists, one version, its words, its decision."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_GET, require_POST

from core import clock
from core.reviewed.forms import DecisionForm
from core.reviewed.views import decided, edited, may_decide, started
from templates_mgmt.filing.selectors import rereviews_because_of
from templates_mgmt.lexicon import selectors, services
from templates_mgmt.lexicon.forms import NewListForm, TryForm, WordsForm
from templates_mgmt.lexicon.models import WordListVersion
from templates_mgmt.views.common import actor_of, form_page, keep, may_keep, see


@require_GET
@see
def word_lists(request: HttpRequest) -> HttpResponse:
    """All lists with their versions."""
    context = {"lists": selectors.word_lists(actor_of(request)), "may_keep": may_keep(request)}
    return render(request, "templates_mgmt/word_lists.html", context)


@form_page
@keep
def word_list_new(request: HttpRequest) -> HttpResponse:
    """Start a list."""
    return started(
        request,
        NewListForm(request.POST or None),
        services.create_list,
        edit="word-list-edit",
        template="templates_mgmt/word_list_new.html",
    )


@require_POST
@keep
def word_list_version_new(request: HttpRequest, list_id: UUID) -> HttpResponse:
    """Start a new version of a list."""
    version = services.new_version(list_id=list_id, actor=actor_of(request), now=clock.now())
    return redirect("word-list-edit", version.pk)


@require_GET
@see
def word_list_version(request: HttpRequest, version_id: UUID) -> HttpResponse:
    """One version: its words, what it would change, and the decision about it."""
    version = selectors.version_for(actor_of(request), version_id)
    form = DecisionForm(initial={"shown_hash": version.content_hash})
    return _shown(request, version, form)


def _shown(
    request: HttpRequest, version: WordListVersion, form: DecisionForm, status: int = 200
) -> HttpResponse:
    tried = TryForm(request.GET if "text" in request.GET else None)
    text = tried.cleaned_data["text"] if tried.is_bound and tried.is_valid() else ""
    context: dict[str, Any] = {
        "version": version,
        "form": form,
        "try_form": tried,
        "tried": _marked(version, text) if text else "",
        "rereviews": rereviews_because_of(f"wordlist:{version.word_list.code}:{version.number}"),
        "impact": selectors.impact_of(version) if version.in_work else [],
        "may_keep": may_keep(request),
        "may_decide": may_decide(request, version, may_keep=may_keep(request)),
    }
    return render(request, "templates_mgmt/word_list_version.html", context, status=status)


def _marked(version: WordListVersion, text: str) -> SafeString:
    """The text with every hit marked."""
    parts, done = [], 0
    for hit in version.words.matcher.find(text):
        parts.append(format_html("{}<mark>{}</mark>", text[done : hit.start],
                                 text[hit.start : hit.end]))  # fmt: skip
        done = hit.end
    if not parts:
        return mark_safe("")
    return format_html("{}{}", format_html_join("", "{}", ((part,) for part in parts)), text[done:])


@form_page
@keep
def word_list_edit(request: HttpRequest, version_id: UUID) -> HttpResponse:
    """Write a draft's words; save, or save and submit."""
    version = selectors.version_for(actor_of(request), version_id)
    return edited(
        request,
        version,
        WordsForm(request.POST) if request.method == "POST" else WordsForm.of(version),
        save=services.save,
        submit=services.submit,
        page="word-list-version",
        template="templates_mgmt/word_list_edit.html",
    )


@require_POST
@keep
def word_list_decide(request: HttpRequest, version_id: UUID) -> HttpResponse:
    """Approve what was shown, or return it."""

    def again(form: DecisionForm) -> HttpResponse:
        return _shown(request, selectors.version_for(actor_of(request), version_id), form, 422)

    return decided(
        request,
        version_id=version_id,
        approve=services.approve,
        give_back=services.return_version,
        page="word-list-version",
        again=again,
    )
