"""Templates out as files, and files in as drafts.

An import never approves: it makes a new template, or a new draft of a known one, which goes
through review like any other. A file whose content is what the newest version says changes
nothing and says so.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit.leaf import Subjects
from audit.record import record
from core.access import may_see_line, require, require_line
from core.actor import Actor
from core.errors import Conflict, InvalidInput, NotFound
from core.roles import Capability
from templates_mgmt import services
from templates_mgmt.files.document import BadDocument, Document, Exported, dump, hash_of, load
from templates_mgmt.models import Template, TemplateVersion
from templates_mgmt.rules import State
from templates_mgmt.selectors import content_of

MAX_FILES = 200


class Outcome(StrEnum):
    """What an import did, or would do, with one file."""

    CREATED = "created"
    NEW_VERSION = "new_version"
    SAVED = "saved"
    SAME = "same"


OUTCOME_LABELS = {
    Outcome.CREATED: _("New template"),
    Outcome.NEW_VERSION: _("New draft version"),
    Outcome.SAVED: _("Existing draft replaced"),
    Outcome.SAME: _("Nothing to change"),
}


@dataclass(frozen=True, slots=True)
class Imported:
    """One file's result. `edited`: its words differ from those that were exported."""

    file: str
    code: str
    outcome: Outcome
    version: UUID | None
    number: int
    edited: bool

    @property
    def label(self) -> Any:
        """The outcome in words."""
        return OUTCOME_LABELS[self.outcome]


def document_of(version: TemplateVersion) -> Document:
    """The version as a document; its hash is taken along once it was submitted."""
    content = content_of(version)
    return Document(
        content=content,
        name=version.template.name,
        note=version.note,
        exported=Exported(
            version=str(version.number),
            state=version.state,
            content_hash=hash_of(content),
        ),
    )


def draft_of(document: Document) -> dict[str, Any]:
    """The document as arguments of `services.save_draft`."""
    content = document.content
    return {
        "facts": content.facts,
        "placeholders": [asdict(item) for item in content.placeholders],
        "variants": [asdict(item) for item in content.variants],
        "note": document.note,
    }


@transaction.atomic
def export_version(*, version_id: UUID, actor: Actor, now: dt.datetime) -> tuple[str, str]:
    """File name and YAML of one version; needs TEMPLATES_VIEW, recorded (`template.exported`)."""
    require(actor, Capability.TEMPLATES_VIEW)
    version = (
        TemplateVersion.objects.select_related("template")
        .prefetch_related("variants")
        .filter(pk=version_id)
        .first()
    )
    if version is None or not may_see_line(actor, version.template.business_line_id):
        raise NotFound(_("There is no such version."))
    document = document_of(version)
    text = dump(document)
    record(
        action="template.exported",
        actor=actor,
        now=now,
        subjects=Subjects(template=version.template_id, version=version.pk),
        payload={"number": version.number, "content_hash": document.exported.content_hash},
    )
    return f"{version.template.code}.v{version.number}.yaml", text


def import_files(
    *,
    files: Sequence[tuple[str, bytes]],
    line_id: UUID,
    actor: Actor,
    now: dt.datetime,
    dry_run: bool = False,
) -> list[Imported]:
    """Take files in as drafts of the business line, all of them or none.

    `files` are names and bytes, at most MAX_FILES. Raises InvalidInput `bad_files` whose
    `details["files"]` says for each refused file what is wrong and where.
    """
    require(actor, Capability.TEMPLATES_DRAFT)
    require_line(actor, line_id)
    if not files or len(files) > MAX_FILES:
        raise InvalidInput(_("Choose 1 to %(limit)s files.") % {"limit": MAX_FILES}, field="files")
    documents = _read(files)
    results: list[Imported] = []
    refused: list[dict[str, Any]] = []
    with transaction.atomic():
        for name, document in documents:
            try:
                with transaction.atomic():
                    results.append(_take(name, document, line_id, actor, now))
            except (Conflict, InvalidInput, NotFound) as error:
                refused.append(_refusal(name, error))
        if refused:
            raise _bad_files(refused)
        if dry_run:
            transaction.set_rollback(True)
    return results


def _read(files: Sequence[tuple[str, bytes]]) -> list[tuple[str, Document]]:
    documents: list[tuple[str, Document]] = []
    refused: list[dict[str, Any]] = []
    seen: dict[str, str] = {}
    for name, data in files:
        try:
            document = load(data)
            first = seen.setdefault(document.content.code, name)
            if first != name:
                raise BadDocument(
                    _("“%(file)s” holds the template “%(code)s” as well.")
                    % {"file": first, "code": document.content.code},
                    field="code",
                )
        except InvalidInput as error:
            refused.append(_refusal(name, error))
        else:
            documents.append((name, document))
    if refused:
        raise _bad_files(refused)
    return documents


def _take(name: str, document: Document, line_id: UUID, actor: Actor, now: dt.datetime) -> Imported:
    content = document.content
    template = Template.objects.select_for_update().filter(code=content.code).first()
    if template is None:
        version = services.create_template(
            code=content.code,
            name=document.name,
            category=content.category,
            topic_code=content.topic,
            line_id=line_id,
            actor=actor,
            now=now,
        )
        outcome = Outcome.CREATED
    else:
        newest = _newest(template, document, line_id)
        if hash_of(content_of(newest)) == document.content_hash:
            return _imported(name, document, Outcome.SAME, newest)
        if newest.state == State.DRAFT:
            _require_same_draft(newest, document)
            version, outcome = newest, Outcome.SAVED
        else:
            version = services.new_version(template_id=template.pk, actor=actor, now=now)
            outcome = Outcome.NEW_VERSION
    services.save_draft(version_id=version.pk, actor=actor, now=now, **draft_of(document))
    record(
        action="template.imported",
        actor=actor,
        now=now,
        subjects=Subjects(template=version.template_id, version=version.pk),
        payload={
            "outcome": outcome.value,
            "content_hash": document.content_hash,
            "exported_hash": document.exported.content_hash,
        },
    )
    return _imported(name, document, outcome, version)


def _newest(template: Template, document: Document, line_id: UUID) -> TemplateVersion:
    """The newest version of a known template that is the one meant."""
    if template.business_line_id != line_id:
        raise Conflict(
            _("Another business line has a template “%(code)s” already.") % {"code": template.code},
            code="other_line",
        )
    fixed = {"category": template.category, "topic": template.topic_code}
    for field, value in fixed.items():
        if getattr(document.content, field) != value:
            raise InvalidInput(
                _("The template “%(code)s” has “%(value)s” here, which cannot change.")
                % {"code": template.code, "value": value},
                field=field,
            )
    return template.versions.prefetch_related("variants").order_by("-number")[0]


def _require_same_draft(draft: TemplateVersion, document: Document) -> None:
    """A draft is only replaced by a file that was exported from it as it stands."""
    if document.exported.content_hash != hash_of(content_of(draft)):
        raise Conflict(
            _("Version %(number)s is a draft with other words. Export it, edit that file, import.")
            % {"number": draft.number},
            code="draft_in_the_way",
            details={"version": str(draft.pk)},
        )


def _imported(
    name: str, document: Document, outcome: Outcome, version: TemplateVersion
) -> Imported:
    return Imported(
        name, document.content.code, outcome, version.pk, version.number, document.edited
    )


def _refusal(name: str, error: Conflict | InvalidInput | NotFound) -> dict[str, Any]:
    return {
        "file": name,
        "field": error.field or "file",
        "code": error.code,
        "message": str(error),
        **{key: error.details[key] for key in ("line", "column", "byte") if key in error.details},
    }


def _bad_files(refused: list[dict[str, Any]]) -> InvalidInput:
    first = refused[0]
    return InvalidInput(
        _("%(count)s files cannot be used, so none was taken. %(file)s: %(why)s")
        % {"count": len(refused), "file": first["file"], "why": first["message"]},
        code="bad_files",
        field="files",
        details={"files": refused},
    )
