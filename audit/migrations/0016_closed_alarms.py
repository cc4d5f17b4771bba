"""A removed witness never cosigns again: its alarm is closed by a person, with a reason."""

import django.db.models.deletion
from django.db import migrations, models

from core.appendonly import allow, refuse


class Migration(migrations.Migration):
    dependencies = [("audit", "0015_sounded_alarms")]

    operations = [
        migrations.CreateModel(
            name="ClosedAlarm",
            fields=[
                (
                    "alarm",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="closed",
                        serialize=False,
                        to="audit.soundedalarm",
                    ),
                ),
                ("record", models.UUIDField()),
                ("at", models.DateTimeField()),
                ("by", models.UUIDField()),
            ],
        ),
        migrations.RunSQL(refuse("audit_closedalarm"), allow("audit_closedalarm")),
    ]
