"""How far a build of an export is, so that the next worker can go on (work in progress: the
application may change and delete it)."""

import django.db.models.deletion
from django.db import migrations, models

import audit.export.rules


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0013_retention_keeps"),
    ]

    operations = [
        migrations.CreateModel(
            name="ExportBuild",
            fields=[
                (
                    "export",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="build",
                        serialize=False,
                        to="audit.export",
                    ),
                ),
                ("size", models.BigIntegerField()),
                ("note", models.TextField()),
                ("versions", models.JSONField(default=list)),
                ("total", models.BigIntegerField()),
                ("missing", models.BigIntegerField()),
                (
                    "stage",
                    models.CharField(
                        choices=audit.export.rules.stage_choices, default="writing", max_length=20
                    ),
                ),
                ("begun_at", models.DateTimeField()),
                ("taken_at", models.DateTimeField()),
                ("taken_records", models.BigIntegerField(default=0)),
                ("beat_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="ExportPart",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                ("records", models.BigIntegerField()),
                ("cursor", models.BigIntegerField()),
                ("whole", models.BooleanField(default=False)),
                ("ends", models.JSONField()),
                ("hashes", models.JSONField()),
                ("summary", models.JSONField()),
                ("kept_at", models.DateTimeField()),
                (
                    "build",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="parts",
                        to="audit.exportbuild",
                    ),
                ),
            ],
            options={
                "ordering": ["number"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("build", "number"), name="audit_exportpart_once"
                    )
                ],
            },
        ),
    ]
