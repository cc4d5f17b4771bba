"""Mails to reviewers about what is overdue: one row per version, person and day."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import core.clock


class Migration(migrations.Migration):
    dependencies = [
        ("templates_mgmt", "0014_writing_protection"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ReminderMail",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=core.clock.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("day", models.DateField(verbose_name="day")),
                ("at", models.DateTimeField(verbose_name="written")),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("accepted", "Taken by the mail server"),
                            ("failed", "Not taken by the mail server"),
                        ],
                        max_length=20,
                        verbose_name="outcome",
                    ),
                ),
                ("code", models.CharField(blank=True, max_length=80, verbose_name="cause")),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="reviewer",
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reminder_mails",
                        to="templates_mgmt.templateversion",
                    ),
                ),
            ],
            options={
                "verbose_name": "reminder mail",
                "verbose_name_plural": "reminder mails",
                "ordering": ["-id"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("version", "user", "day"), name="templates_reminder_mail_once"
                    )
                ],
            },
        ),
    ]
