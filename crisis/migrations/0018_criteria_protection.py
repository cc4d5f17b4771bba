"""Criteria and signals below Python, and the criteria that every installation starts with."""

from django.db import migrations
from django.utils import timezone

from core import appendonly
from core.embedded import APP_ROLE
from core.reviewed import sql
from core.reviewed.rules import content_hash
from core.shipping import settle
from crisis.criteria.shipped import SHIPPED

TABLE = "crisis_criterionsetversion"
APPEND_ONLY = ("crisis_signal", "crisis_effect")


def ship(apps, schema_editor):
    """Put the shipped criteria in force."""
    now = timezone.now()
    made = (
        apps.get_model("crisis", "CriterionSet")
        .objects.using(schema_editor.connection.alias)
        .create(code="house", created_at=now)
    )
    apps.get_model("crisis", "CriterionSetVersion").objects.using(
        schema_editor.connection.alias
    ).create(
        criterion_set=made,
        number=1,
        state="approved",
        content=SHIPPED,
        content_hash=content_hash(SHIPPED),
        edited_at=now,
    )
    settle(schema_editor)


def take_back(apps, schema_editor):
    apps.get_model("crisis", "CriterionSetVersion").objects.using(
        schema_editor.connection.alias
    ).all().delete()
    apps.get_model("crisis", "CriterionSet").objects.using(
        schema_editor.connection.alias
    ).all().delete()
    settle(schema_editor)


class Migration(migrations.Migration):
    dependencies = [("crisis", "0017_criteria")]

    operations = [
        migrations.RunPython(ship, take_back),
        migrations.RunSQL(
            sql.guard(table=TABLE, parent="criterion_set_id", content=("content",)),
            sql.unguard(table=TABLE),
        ),
        migrations.RunSQL(
            f"REVOKE DELETE ON crisis_criterionset FROM {APP_ROLE}",
            f"GRANT DELETE ON crisis_criterionset TO {APP_ROLE}",
        ),
        *(
            migrations.RunSQL(appendonly.refuse(table), appendonly.allow(table))
            for table in APPEND_ONLY
        ),
    ]
