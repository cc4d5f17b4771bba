"""Clauses below Python, and the clauses that every installation starts with."""

from django.db import migrations
from django.utils import timezone

from core.embedded import APP_ROLE
from core.reviewed import sql
from core.reviewed.rules import content_hash
from core.shipping import settle
from templates_mgmt.clauses.rules import canonical
from templates_mgmt.clauses.shipped import SHIPPED

TABLE = "templates_mgmt_clauseversion"


def ship(apps, schema_editor):
    """Put the shipped clauses in force."""
    clauses = apps.get_model("templates_mgmt", "Clause")
    versions = apps.get_model("templates_mgmt", "ClauseVersion")
    now = timezone.now()
    for code, name, source, texts in SHIPPED:
        versions.objects.using(schema_editor.connection.alias).create(
            clause=clauses.objects.using(schema_editor.connection.alias).create(
                code=code, name=name, created_at=now
            ),
            number=1,
            state="approved",
            source=source,
            texts=texts,
            content_hash=content_hash(canonical(code=code, source=source, texts=texts)),
            edited_at=now,
        )
    settle(schema_editor)


def take_back(apps, schema_editor):
    apps.get_model("templates_mgmt", "ClauseVersion").objects.using(
        schema_editor.connection.alias
    ).all().delete()
    apps.get_model("templates_mgmt", "Clause").objects.using(
        schema_editor.connection.alias
    ).all().delete()
    settle(schema_editor)


class Migration(migrations.Migration):
    dependencies = [("templates_mgmt", "0006_clauses")]

    operations = [
        migrations.RunPython(ship, take_back),
        migrations.RunSQL(
            sql.guard(table=TABLE, parent="clause_id", content=("source", "texts")),
            sql.unguard(table=TABLE),
        ),
        migrations.RunSQL(
            f"REVOKE DELETE ON templates_mgmt_clause FROM {APP_ROLE}",
            f"GRANT DELETE ON templates_mgmt_clause TO {APP_ROLE}",
        ),
    ]
