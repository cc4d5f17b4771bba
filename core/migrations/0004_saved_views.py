"""Views of lists that people saved; made and removed, never changed."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import core.clock
from core.embedded import APP_ROLE


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0003_history"),
    ]

    operations = [
        migrations.CreateModel(
            name="SavedView",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=core.clock.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("list_name", models.CharField(max_length=40)),
                ("name", models.CharField(max_length=60, verbose_name="name")),
                ("query", models.CharField(max_length=1000)),
                ("saved_at", models.DateTimeField()),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="saved_views",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "saved view",
                "verbose_name_plural": "saved views",
                "ordering": ["id"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("owner", "list_name", "name"), name="core_savedview_once"
                    )
                ],
            },
        ),
        migrations.RunSQL(
            f"REVOKE UPDATE, TRUNCATE ON core_savedview FROM {APP_ROLE}",
            f"GRANT UPDATE ON core_savedview TO {APP_ROLE}",
        ),
    ]
