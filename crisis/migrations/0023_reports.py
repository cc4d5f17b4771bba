import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import core.clock
import core.reviewed.models
import core.reviewed.rules
import crisis.reports.models


class Migration(migrations.Migration):
    dependencies = [
        ("crisis", "0022_pack_protection"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="RegulatorReport",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=core.clock.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("created_at", models.DateTimeField(verbose_name="created at")),
                (
                    "clock",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="report",
                        to="crisis.clock",
                    ),
                ),
            ],
            options={
                "verbose_name": "regulator report",
                "verbose_name_plural": "regulator reports",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="RegulatorReportVersion",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=core.clock.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("number", models.PositiveIntegerField(verbose_name="number")),
                (
                    "state",
                    models.CharField(
                        choices=core.reviewed.models.state_choices,
                        default="draft",
                        max_length=20,
                        verbose_name="state",
                    ),
                ),
                ("revision", models.PositiveIntegerField(default=1)),
                ("content_hash", models.CharField(max_length=64, verbose_name="content hash")),
                (
                    "contributors",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.UUIDField(), default=list, size=None
                    ),
                ),
                ("edited_at", models.DateTimeField(verbose_name="edited at")),
                (
                    "submitted_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="submitted at"),
                ),
                (
                    "decided_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="decided at"),
                ),
                ("reason", models.TextField(blank=True, verbose_name="reason")),
                ("answers", models.JSONField(default=dict, verbose_name="answers")),
                ("salt", models.CharField(max_length=32)),
                (
                    "decided_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="decided by",
                    ),
                ),
                (
                    "edited_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="edited by",
                    ),
                ),
                (
                    "report",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="versions",
                        to="crisis.regulatorreport",
                    ),
                ),
                (
                    "submitted_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="submitted by",
                    ),
                ),
            ],
            options={
                "verbose_name": "version of a regulator report",
                "verbose_name_plural": "versions of regulator reports",
                "ordering": ["report", "-number"],
            },
        ),
        migrations.CreateModel(
            name="ReportSubmission",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=core.clock.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("at", models.DateTimeField(verbose_name="handed in at")),
                ("recorded_at", models.DateTimeField(verbose_name="recorded at")),
                (
                    "how",
                    models.CharField(
                        choices=crisis.reports.models.how_choices, max_length=10, verbose_name="how"
                    ),
                ),
                ("reference", models.CharField(max_length=120, verbose_name="reference")),
                ("receipt_text", models.TextField(blank=True, verbose_name="receipt")),
                ("receipt_name", models.CharField(blank=True, max_length=200)),
                ("receipt_type", models.CharField(blank=True, max_length=40)),
                ("receipt_sha256", models.CharField(blank=True, max_length=64)),
                ("receipt", models.BinaryField(null=True)),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "version",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="submission",
                        to="crisis.regulatorreportversion",
                    ),
                ),
            ],
            options={
                "verbose_name": "handing in of a report",
                "verbose_name_plural": "handing in of reports",
                "ordering": ["-at"],
            },
        ),
        migrations.AddConstraint(
            model_name="regulatorreportversion",
            constraint=models.UniqueConstraint(
                fields=("report", "number"), name="crisis_report_number_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="regulatorreportversion",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "approved")),
                fields=("report",),
                name="crisis_report_one_in_force",
            ),
        ),
        migrations.AddConstraint(
            model_name="regulatorreportversion",
            constraint=models.UniqueConstraint(
                condition=models.Q(
                    (
                        "state__in",
                        [
                            core.reviewed.rules.State["DRAFT"],
                            core.reviewed.rules.State["IN_REVIEW"],
                        ],
                    )
                ),
                fields=("report",),
                name="crisis_report_one_in_work",
            ),
        ),
        migrations.AddConstraint(
            model_name="reportsubmission",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("receipt_text", ""), _negated=True),
                    models.Q(
                        ("receipt__isnull", False), models.Q(("receipt_sha256", ""), _negated=True)
                    ),
                    _connector="OR",
                ),
                name="crisis_submission_has_receipt",
            ),
        ),
        migrations.AddConstraint(
            model_name="reportsubmission",
            constraint=models.CheckConstraint(
                condition=models.Q(("recorded_at__gte", models.F("at"))),
                name="crisis_submission_recorded_after",
            ),
        ),
    ]
