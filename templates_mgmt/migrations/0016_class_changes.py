"""The class that a communication got by what was sent."""

import django.db.models.deletion
from django.db import migrations, models

import core.clock
import templates_mgmt.filing.rules


class Migration(migrations.Migration):
    dependencies = [
        ("templates_mgmt", "0015_reminder_mails"),
    ]

    operations = [
        migrations.CreateModel(
            name="ClassChange",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=core.clock.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "communication_class",
                    models.CharField(
                        choices=templates_mgmt.filing.rules.class_choices,
                        max_length=20,
                        verbose_name="class of communication",
                    ),
                ),
                ("people", models.PositiveIntegerField(verbose_name="investors within 30 days")),
                ("since", models.DateField(verbose_name="from")),
                ("at", models.DateTimeField(verbose_name="counted")),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="class_changes",
                        to="templates_mgmt.templateversion",
                    ),
                ),
            ],
            options={
                "verbose_name": "change of class",
                "verbose_name_plural": "changes of class",
                "ordering": ["id"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("version", "communication_class"),
                        name="templates_class_change_once",
                    )
                ],
            },
        ),
    ]
