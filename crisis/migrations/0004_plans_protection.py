"""The crisis plan below Python, and the plan that every installation starts with."""

from django.db import migrations
from django.utils import timezone

from core.embedded import APP_ROLE
from core.reviewed import sql
from core.reviewed.rules import content_hash
from core.shipping import settle
from crisis.plans.shipped import SHIPPED

TABLE = "crisis_crisisplanversion"


def ship(apps, schema_editor):
    """Put the shipped plan in force."""
    now = timezone.now()
    plan = (
        apps.get_model("crisis", "CrisisPlan")
        .objects.using(schema_editor.connection.alias)
        .create(code="house", created_at=now)
    )
    apps.get_model("crisis", "CrisisPlanVersion").objects.using(
        schema_editor.connection.alias
    ).create(
        plan=plan,
        number=1,
        state="approved",
        content=SHIPPED,
        content_hash=content_hash(SHIPPED),
        edited_at=now,
    )
    settle(schema_editor)


def take_back(apps, schema_editor):
    apps.get_model("crisis", "CrisisPlanVersion").objects.using(
        schema_editor.connection.alias
    ).all().delete()
    apps.get_model("crisis", "CrisisPlan").objects.using(
        schema_editor.connection.alias
    ).all().delete()
    settle(schema_editor)


class Migration(migrations.Migration):
    dependencies = [("crisis", "0003_plans")]

    operations = [
        migrations.RunPython(ship, take_back),
        migrations.RunSQL(
            sql.guard(table=TABLE, parent="plan_id", content=("content",)),
            sql.unguard(table=TABLE),
        ),
        migrations.RunSQL(
            f"REVOKE DELETE ON crisis_crisisplan FROM {APP_ROLE}",
            f"GRANT DELETE ON crisis_crisisplan TO {APP_ROLE}",
        ),
    ]
