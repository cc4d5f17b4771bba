import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import core.clock
import core.reviewed.models
import core.reviewed.rules
import crisis.clocks.models


class Migration(migrations.Migration):
    dependencies = [
        ("crisis", "0010_risks_protection"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ClockTable",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=core.clock.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("code", models.SlugField(max_length=20, unique=True, verbose_name="code")),
                ("created_at", models.DateTimeField(verbose_name="created at")),
            ],
            options={
                "verbose_name": "clock table",
                "verbose_name_plural": "clock tables",
            },
        ),
        migrations.CreateModel(
            name="ClockTableVersion",
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
                ("rows", models.JSONField(default=list, verbose_name="rows")),
                (
                    "operator",
                    models.BooleanField(
                        default=False, verbose_name="operates critical infrastructure"
                    ),
                ),
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
                (
                    "table",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="versions",
                        to="crisis.clocktable",
                    ),
                ),
            ],
            options={
                "verbose_name": "clock table version",
                "verbose_name_plural": "clock table versions",
                "ordering": ["-number"],
            },
        ),
        migrations.CreateModel(
            name="Clock",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=core.clock.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("code", models.CharField(max_length=40, verbose_name="code")),
                ("jurisdiction", models.CharField(max_length=10, verbose_name="jurisdiction")),
                ("row", models.JSONField()),
                ("round", models.PositiveIntegerField(default=1, verbose_name="round")),
                (
                    "state",
                    models.CharField(
                        choices=crisis.clocks.models.clock_state_choices,
                        default="running",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("started_at", models.DateTimeField(verbose_name="started at")),
                ("first_due_at", models.DateTimeField()),
                ("due_at", models.DateTimeField(verbose_name="due at")),
                ("recorded_at", models.DateTimeField(verbose_name="recorded at")),
                ("met_at", models.DateTimeField(blank=True, null=True, verbose_name="met at")),
                ("ended_at", models.DateTimeField(blank=True, null=True, verbose_name="ended at")),
                (
                    "breached_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="breached at"),
                ),
                ("reason", models.TextField(blank=True, verbose_name="reason")),
                (
                    "incident",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="clocks",
                        to="crisis.incident",
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="crisis.clocktableversion",
                    ),
                ),
            ],
            options={
                "verbose_name": "clock",
                "verbose_name_plural": "clocks",
                "ordering": ["due_at", "id"],
            },
        ),
        migrations.CreateModel(
            name="ClockPause",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=core.clock.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("reason", models.TextField(verbose_name="reason")),
                ("paused_at", models.DateTimeField(verbose_name="paused at")),
                (
                    "resumed_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="resumed at"),
                ),
                (
                    "clock",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="pauses",
                        to="crisis.clock",
                    ),
                ),
                (
                    "paused_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "resumed_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "pause of a clock",
                "verbose_name_plural": "pauses of clocks",
                "ordering": ["paused_at"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("resumed_at", None)),
                        fields=("clock",),
                        name="crisis_clockpause_one_open",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True),
                        name="crisis_clockpause_has_reason",
                    ),
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="clocktableversion",
            constraint=models.UniqueConstraint(
                fields=("table", "number"), name="crisis_clocktable_number_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="clocktableversion",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "approved")),
                fields=("table",),
                name="crisis_clocktable_one_in_force",
            ),
        ),
        migrations.AddConstraint(
            model_name="clocktableversion",
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
                fields=("table",),
                name="crisis_clocktable_one_in_work",
            ),
        ),
        migrations.AddIndex(
            model_name="clock",
            index=models.Index(
                condition=models.Q(("state__in", ["running", "paused"])),
                fields=["due_at", "id"],
                name="crisis_clock_live",
            ),
        ),
        migrations.AddIndex(
            model_name="clock",
            index=models.Index(
                condition=models.Q(("breached_at", None), ("state", "running")),
                fields=["due_at"],
                name="crisis_clock_to_watch",
            ),
        ),
        migrations.AddConstraint(
            model_name="clock",
            constraint=models.UniqueConstraint(
                fields=("incident", "code", "round"), name="crisis_clock_round_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="clock",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "paused"), _negated=True),
                    ("jurisdiction", "house"),
                    _connector="OR",
                ),
                name="crisis_clock_law_never_pauses",
            ),
        ),
        migrations.AddConstraint(
            model_name="clock",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("ended_at", None), ("met_at", None), ("state__in", ["running", "paused"])
                    ),
                    models.Q(
                        ("ended_at__isnull", False), ("met_at__isnull", False), ("state", "met")
                    ),
                    models.Q(
                        ("ended_at__isnull", False),
                        ("met_at", None),
                        ("state", "cancelled"),
                        models.Q(("reason", ""), _negated=True),
                    ),
                    models.Q(("ended_at__isnull", False), ("met_at", None), ("state", "lapsed")),
                    _connector="OR",
                ),
                name="crisis_clock_ended",
            ),
        ),
        migrations.AddConstraint(
            model_name="clock",
            constraint=models.CheckConstraint(
                condition=models.Q(("due_at__gte", models.F("started_at"))),
                name="crisis_clock_due_after_start",
            ),
        ),
        migrations.AddConstraint(
            model_name="clock",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("breached_at", None), ("breached_at", models.F("due_at")), _connector="OR"
                ),
                name="crisis_clock_breached_when_due",
            ),
        ),
    ]
