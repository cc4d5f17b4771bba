"""The compliance map: every name in it exists, the document shows it exactly, and the clauses of
SEC 17a-4(f)(2) that can be carried out are."""

from __future__ import annotations

import ast
import importlib
from functools import cache

import psycopg
import pytest

from audit import verify
from audit.models import Record
from audit.retention import tasks
from audit.tasks import verify_nightly
from comms.models import RawReceipt
from core import clock, services
from core.roles import Role
from tests.audit.builders import grow
from tests.audit.compliance import DOCUMENT, ROOT, STATUSES, TABLES, Clause, block
from tests.audit.retention import approved, receipts
from tests.core.builders import actor_of, last_record, make_line, make_user

CLAUSES = [row for table in TABLES for row in table.rows]
by_clause = pytest.mark.parametrize("row", CLAUSES, ids=lambda row: row.clause)


@cache
def functions_of(path: str) -> frozenset[str]:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


@by_clause
def test_what_meets_a_clause_exists(row: Clause):
    for name in row.code:
        module, _colon, attribute = name.partition(":")
        assert getattr(importlib.import_module(module), attribute, None) is not None, name


@by_clause
def test_what_shows_it_exists(row: Clause):
    for name in row.tests:
        path, _colons, function = name.partition("::")
        found = functions_of(path)
        assert function in found if function else any(f.startswith("test_") for f in found), name


@by_clause
def test_a_status_is_honest(row: Clause):
    assert row.status in STATUSES
    assert row.gap or row.status == "met", "say what is missing"
    assert (row.code and row.tests) or row.status == "not"


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.key)
def test_the_document_shows_the_map(table):
    text = DOCUMENT.read_text(encoding="utf-8")
    assert block(table) in text, "run python -m tests.audit.compliance"
    assert f"## {table.title}" in text


# --- carried out ----------------------------------------------------------------------------


def rename(name):
    line = make_line()
    actor = actor_of(make_user(Role.ADMINISTRATOR))
    now = clock.now()
    services.rename_line(line_id=line.pk, name=name, actor=actor, now=now)
    return line, actor, now


@pytest.mark.django_db
def test_a_modification_is_on_the_trail():
    line, actor, now = rename("Wealth")
    trail = last_record("line.renamed")
    assert (trail.recorded_at, trail.actor, trail.object) == (now, actor.ref, f"line:{line.pk}")
    assert trail.facts == {"before": "Retail brokerage", "after": "Wealth"}


@pytest.mark.django_db
def test_the_original_can_be_made_again():
    line, _actor, _now = rename("Wealth")
    name = "Wealth"
    for record in Record.objects.filter(object=f"line:{line.pk}").order_by("-id"):
        name = record.content.get("before", record.content.get("name"))
    assert name == "Retail brokerage"


@pytest.mark.django_db(transaction=True)
def test_a_deletion_is_on_the_trail(admin_conninfo):
    (gone,) = receipts(admin_conninfo, "1 year")
    proposal = approved()
    tasks.shred(str(proposal.pk))
    assert not RawReceipt.objects.exists()
    trail = last_record("retention.shredded")
    assert trail.facts["objects"] == [str(gone)]
    assert trail.object == f"retention_proposal:{proposal.pk}"
    people = {last_record(action).actor for action in ("retention.submitted", "retention.approved")}
    assert len(people) == 2


@pytest.mark.django_db(transaction=True)
def test_storing_is_verified_by_the_system_itself(admin_conninfo):
    grow(3)
    assert verify_nightly()
    with psycopg.connect(admin_conninfo, autocommit=True) as admin:
        admin.execute("ALTER TABLE audit_record DISABLE TRIGGER ALL")
        admin.execute("UPDATE audit_record SET action = 'test.else'")
        admin.execute("ALTER TABLE audit_record ENABLE TRIGGER ALL")
        admin.execute("ALTER TABLE audit_record ENABLE ALWAYS TRIGGER audit_record_append_only")
        admin.execute("ALTER TABLE audit_record ENABLE ALWAYS TRIGGER audit_record_queue")
    assert not verify.verify_log(now=clock.now()).ok
