"""Indicators below Python, and the table that every installation starts with."""

from django.db import migrations
from django.utils import timezone

from core import appendonly
from core.reviewed import sql
from core.reviewed.rules import content_hash
from core.shipping import settle
from crisis.indicators.shipped import SHIPPED

TABLE = "crisis_indicatortableversion"


def ship(apps, schema_editor):
    """Put the shipped table in force."""
    now = timezone.now()
    table = (
        apps.get_model("crisis", "IndicatorTable")
        .objects.using(schema_editor.connection.alias)
        .create(code="firm", created_at=now)
    )
    apps.get_model("crisis", "IndicatorTableVersion").objects.using(
        schema_editor.connection.alias
    ).create(
        table=table,
        number=1,
        state="approved",
        rows=SHIPPED["rows"],
        goals=SHIPPED["goals"],
        content_hash=content_hash({"v": 1, **SHIPPED}),
        edited_at=now,
    )
    settle(schema_editor)


def take_back(apps, schema_editor):
    apps.get_model("crisis", "IndicatorTableVersion").objects.using(
        schema_editor.connection.alias
    ).all().delete()
    apps.get_model("crisis", "IndicatorTable").objects.using(
        schema_editor.connection.alias
    ).all().delete()
    settle(schema_editor)


class Migration(migrations.Migration):
    dependencies = [("crisis", "0027_indicators")]

    operations = [
        migrations.RunPython(ship, take_back),
        migrations.RunSQL(
            sql.guard(table=TABLE, parent="table_id", content=("rows", "goals")),
            sql.unguard(table=TABLE),
        ),
        migrations.RunSQL(
            appendonly.refuse("crisis_indicatortable", "DELETE", "TRUNCATE"),
            appendonly.allow("crisis_indicatortable", "DELETE", "TRUNCATE"),
        ),
        migrations.RunSQL(appendonly.refuse("crisis_reading"), appendonly.allow("crisis_reading")),
        migrations.RunSQL(appendonly.refuse("crisis_account"), appendonly.allow("crisis_account")),
    ]
