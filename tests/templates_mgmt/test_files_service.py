"""Files in as drafts and out again: all or none, never over somebody's words."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.urls import reverse

from audit.models import Record
from core import clock
from core.actor import Actor
from core.errors import Forbidden, InvalidInput, NotFound
from core.models import User
from core.roles import Role
from templates_mgmt import rules, services
from templates_mgmt.files.document import dump, load
from templates_mgmt.files.service import Outcome, document_of, export_version, import_files
from templates_mgmt.library import read_example, slugs
from templates_mgmt.models import Template, TemplateVersion
from templates_mgmt.selectors import content_of
from tests.core.builders import actor_of, make_line, make_user, sign_in
from tests.templates_mgmt.builders import author, make_draft, make_submitted

pytestmark = pytest.mark.django_db


def take(*texts: str, by: Actor | None = None, dry_run: bool = False):
    return import_files(
        files=[(f"{number}.yaml", text.encode()) for number, text in enumerate(texts)],
        line_id=make_line().pk,
        actor=by or author(),
        now=clock.now(),
        dry_run=dry_run,
    )


def example(slug: str = "margin-call") -> str:
    return dump(read_example(slug))


def test_every_example_comes_in_and_goes_out_the_same():
    results = take(*(example(slug) for slug in slugs()))
    assert {result.outcome for result in results} == {Outcome.CREATED}
    for slug, result in zip(slugs(), results, strict=True):
        _name, text = export_version(version_id=result.version, actor=author(), now=clock.now())
        assert load(text.encode()).content_hash == read_example(slug).content_hash


def test_what_is_known_already_changes_nothing():
    writer = author()
    take(example(), by=writer)
    before = Record.objects.count()
    (again,) = take(example(), by=writer)
    assert (again.outcome, Record.objects.count()) == (Outcome.SAME, before)


def test_an_edited_file_of_a_submitted_version_starts_a_new_draft():
    version = make_submitted()
    edited = dump(document_of(version)).replace("网上交易暂停", "网上交易与查询暂停")
    (result,) = take(edited)
    draft = TemplateVersion.objects.get(pk=result.version)
    assert (result.outcome, result.edited) == (Outcome.NEW_VERSION, True)
    assert (draft.number, draft.state) == (version.number + 1, "draft")
    assert rules.content_hash(content_of(draft)) == load(edited.encode()).content_hash
    assert Record.objects.filter(action="template.imported", version=draft.pk).count() == 1


def test_a_draft_is_replaced_only_by_a_file_that_was_made_from_it():
    draft = make_draft()
    edited = dump(document_of(draft)).replace("网上交易暂停", "网上交易与查询暂停")
    (result,) = take(edited)
    assert (result.outcome, result.version) == (Outcome.SAVED, draft.pk)
    with pytest.raises(InvalidInput) as refused:
        take(edited.replace("网上交易与查询暂停", "一切暂停"))
    assert refused.value.details["files"][0]["code"] == "draft_in_the_way"


def test_one_bad_file_keeps_all_out_and_every_bad_one_is_named():
    broken = example("trading-halt").replace("category: ", "colour: ")
    with pytest.raises(InvalidInput) as refused:
        take(example(), broken, "nothing: here", example())
    assert Template.objects.count() == 0
    named = {item["file"]: item for item in refused.value.details["files"]}
    assert set(named) == {"1.yaml", "2.yaml", "3.yaml"}
    assert (named["1.yaml"]["field"], named["1.yaml"]["line"]) == ("colour", 6)
    assert "0.yaml" in named["3.yaml"]["message"]


def test_a_check_writes_nothing():
    (result,) = take(example(), dry_run=True)
    assert result.outcome == Outcome.CREATED
    assert Template.objects.count() == 0


def test_who_may():
    reviewer = actor_of(make_user(Role.REVIEWER, lines=[make_line()]))
    with pytest.raises(Forbidden):
        take(example(), by=reviewer)
    version = make_submitted()
    export_version(version_id=version.pk, actor=reviewer, now=clock.now())
    assert Record.objects.filter(action="template.exported").count() == 1
    stranger = actor_of(make_user(Role.AUTHOR))
    with pytest.raises(NotFound):
        export_version(version_id=version.pk, actor=stranger, now=clock.now())


def test_an_import_never_approves(client):
    version = services.submit(
        version_id=take(example())[0].version, actor=author(), now=clock.now()
    )
    assert load(dump(document_of(version)).encode()).exported.state == "in_review"
    assert TemplateVersion.objects.filter(state="approved").count() == 0


def test_by_page(client):
    sign_in(client, make_user(Role.AUTHOR, lines=[make_line()]))
    line = str(make_line().pk)
    file = SimpleUploadedFile("halt.yaml", example("trading-halt").encode())
    taken = client.post(reverse("template-import"), {"documents": [file], "line": line})
    assert taken.status_code == 200
    version = TemplateVersion.objects.get()
    out = client.get(reverse("version-file", args=[version.pk]))
    assert out["Content-Disposition"] == 'attachment; filename="trading-halt.v1.yaml"'
    assert load(out.content).content_hash == read_example("trading-halt").content_hash
    bad = SimpleUploadedFile("bad.yaml", b"code: \xff")
    refused = client.post(reverse("template-import"), {"documents": [bad], "line": line})
    assert refused.status_code == 422
    assert "byte 7 is 0xFF" in refused.content.decode()


def test_by_command(tmp_path: Path):
    user: User = make_user(Role.AUTHOR, lines=[make_line()])
    line = make_line()
    (tmp_path / "a.yaml").write_text(example())
    out = StringIO()
    given = {"line": line.code, "user": user.username, "stdout": out}
    call_command("import_templates", str(tmp_path / "a.yaml"), json=True, **given)
    assert json.loads(out.getvalue())["files"][0]["outcome"] == "created"
    call_command("export_templates", out=tmp_path / "out", newest=True, stdout=StringIO())
    written = load((tmp_path / "out" / "margin-call.v1.yaml").read_bytes())
    assert written.content_hash == read_example("margin-call").content_hash
    (tmp_path / "b.yaml").write_text("- a")
    with pytest.raises(SystemExit) as ended:
        call_command("import_templates", str(tmp_path / "b.yaml"), stderr=StringIO(), **given)
    assert ended.value.code == 2
