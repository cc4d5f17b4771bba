"""Preparing a notice: wording, channels, audience, values, dry run, submission."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from comms import page_selectors
from comms.forms import CorrectionForm, NoticeForm, class_rules, show_refusal
from comms.models import Notice
from comms.planning import read_channel_plan
from comms.rules import Criticality, Evidence, NoticeState
from comms.services import notices
from comms.value_fields import initial_of
from comms.views.common import actor_of, plan_of, whole_notice_for
from core import clock
from core.actor import Actor
from core.errors import Conflict, InvalidInput, NotFound
from core.pages import keyset_page, pages_of, staff_page
from core.roles import Capability
from investors.rules.audience import TOUCHED
from templates_mgmt import selectors as template_selectors
from templates_mgmt.models import TemplateVersion
from templates_mgmt.selectors import approved_version

_form = require_http_methods(["GET", "HEAD", "POST"])
PREPARE = Capability.NOTICES_PREPARE


@_form
@staff_page(PREPARE)
def notice_new(request: HttpRequest) -> HttpResponse:
    """Choose an approved version, then fill in the draft."""
    actor = actor_of(request)
    chosen = request.GET.get("version", "")
    if not chosen:
        return _choose_version(request, actor)
    version = _approved(chosen, actor)
    initial = {"title": version.template.name, "parallel": _sent(version)}
    form = _notice_form(version, request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            notice = notices.create_notice(
                version_id=version.pk,
                **form.arguments(_ids(form, actor)),
                actor=actor,
                now=clock.now(),
            )
        except (InvalidInput, Conflict) as error:
            show_refusal(form, error)
        else:
            messages.success(request, _("The draft was saved. Check the dry run, then submit it."))
            return redirect("notice-detail", notice.pk)
    return _show_form(request, version, form)


@_form
@staff_page(PREPARE)
def notice_edit(request: HttpRequest, notice_id: UUID) -> HttpResponse:
    """Change a draft."""
    actor, notice = actor_of(request), whole_notice_for(request, notice_id)
    if notice.state != NoticeState.DRAFT:
        raise Conflict(_("Only a draft can be changed; take the notice back first."))
    version = _approved(str(notice.version_id), actor)
    form = _notice_form(
        version,
        request.POST or None,
        initial=_as_form(notice),
        listed=notice.audience.get("ids", ()),
        corrects=notice.corrects_id is not None,
    )
    if request.method == "POST" and form.is_valid():
        try:
            notices.change_notice(
                notice_id=notice.pk,
                **form.arguments(_ids(form, actor)),
                actor=actor,
                now=clock.now(),
            )
        except (InvalidInput, Conflict) as error:
            show_refusal(form, error)
        else:
            messages.success(request, _("The draft was saved."))
            return redirect("notice-detail", notice.pk)
    return _show_form(request, version, form, notice=notice)


@_form
@staff_page(PREPARE)
def notice_correct(request: HttpRequest, notice_id: UUID) -> HttpResponse:
    """Draft a correction that goes to exactly those who got the original."""
    actor, original = actor_of(request), whole_notice_for(request, notice_id)
    chosen = request.GET.get("version", "")
    if not chosen:
        line = original.business_line_id
        return _choose_version(request, actor, original=original, line=line)
    version = _approved(chosen, actor)
    title = _("Correction: %(title)s") % {"title": original.title}
    form = CorrectionForm(
        request.POST or None,
        placeholders=approved_version(version.pk).placeholders,
        written=_languages(version),
        initial={"title": title[:200]} | initial_of(original.values),
    )
    if request.method == "POST" and form.is_valid():
        try:
            notice = notices.correct_notice(
                notice_id=original.pk,
                version_id=version.pk,
                title=form.cleaned_data["title"],
                values=form.values(),
                reason=form.cleaned_data["reason"],
                actor=actor,
                now=clock.now(),
            )
        except (InvalidInput, Conflict) as error:
            show_refusal(form, error)
        else:
            messages.success(request, _("The correction is a draft now; check its dry run."))
            return redirect("notice-detail", notice.pk)
    context = {"notice": original, "version": version, "form": form}
    status = 422 if form.errors else 200
    return render(request, "comms/notice_correct.html", context, status=status)


@require_POST
@staff_page(PREPARE)
def notice_submit(request: HttpRequest, notice_id: UUID) -> HttpResponse:
    """Hand the draft over for release."""
    notices.submit_notice(notice_id=notice_id, actor=actor_of(request), now=clock.now())
    messages.success(request, _("Submitted. A second person with the right to release decides."))
    return redirect("notice-detail", notice_id)


def _choose_version(
    request: HttpRequest,
    actor: Actor,
    *,
    original: Notice | None = None,
    line: UUID | None = None,
) -> HttpResponse:
    search = request.GET.get("q", "").replace("\x00", "").strip()
    versions = page_selectors.find_approved_versions(actor, search=search, line=line)
    page = keyset_page(versions, request.GET.get("cursor"))
    context = {"versions": page, "search": search, "notice": original, **pages_of(request, page)}
    return render(request, "comms/notice_new.html", context)


def _approved(version_id: str, actor: Actor) -> TemplateVersion:
    """An approved version of the actor's business lines; NotFound otherwise."""
    try:
        wanted = UUID(version_id)
    except ValueError:
        raise NotFound(_("There is no such version.")) from None
    version = (
        template_selectors.approved_versions_visible_to(actor)
        .prefetch_related("variants")
        .filter(pk=wanted)
        .first()
    )
    if version is None:
        raise NotFound(_("There is no approved version with this id in your business lines."))
    return version


def _written(version: TemplateVersion) -> list[str]:
    return sorted({variant.channel for variant in version.variants.all()})


def _sent(version: TemplateVersion) -> list[str]:
    """The channels that a new notice begins with: all that have a wording and are sent."""
    return [name for name in _written(version) if name in settings.CHANNEL_PROVIDERS]


def _languages(version: TemplateVersion) -> set[str]:
    return {variant.language for variant in version.variants.all()}


def _notice_form(version: TemplateVersion, data: Any, **options: Any) -> NoticeForm:
    return NoticeForm(
        data,
        channels=_written(version),
        placeholders=approved_version(version.pk).placeholders,
        written=_languages(version),
        **options,
    )


def _ids(form: NoticeForm, actor: Actor) -> list[UUID]:
    refs = form.cleaned_data["refs"]
    return page_selectors.ids_of_refs(refs, actor) if refs else []


def _show_form(
    request: HttpRequest, version: TemplateVersion, form: NoticeForm, notice: Notice | None = None
) -> HttpResponse:
    context = {"version": version, "form": form, "notice": notice, "classes": class_rules()}
    status = 422 if form.errors else 200
    return render(request, "comms/notice_form.html", context, status=status)


def _as_form(notice: Notice) -> dict[str, Any]:
    """A draft as the form's initial values; what the class decides is left open."""
    criticality = Criticality(notice.criticality)
    plan = plan_of(notice)
    house = read_channel_plan({"parallel": [name.value for name in plan.parallel]}, criticality)
    fallback = [name.value for name in plan.fallback] + ["", ""]
    query = notice.audience
    return {
        "title": notice.title,
        "criticality": notice.criticality,
        "parallel": [name.value for name in plan.parallel],
        "fallback_1": fallback[0],
        "fallback_2": fallback[1],
        "wait_minutes": None
        if plan.wait_seconds == house.wait_seconds
        else plan.wait_seconds // 60,
        "until": "" if plan.until == house.until else Evidence(plan.until).name.lower(),
        "needed": None if plan.needed == house.needed else plan.needed,
        "everyone": query.get("everyone", False),
        "languages": query.get("languages", []),
        "risk_levels": query.get("risk_levels", []),
        "account_flags": ", ".join(query.get("account_flags", [])),
        **{f"hit_{name}": ", ".join(query.get(name, [])) for name in TOUCHED},
        "hit_any": query.get("hit") == "any",
        "reason": notice.reason,
    } | initial_of(notice.values)
