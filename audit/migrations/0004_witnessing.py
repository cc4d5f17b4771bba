"""Cosignatures and time-stamps of checkpoints (append-only like the checkpoints themselves), and
how asking for them went."""

from django.db import migrations, models

import core.clock
from core.embedded import APP_ROLE

APPEND_ONLY = ("audit_cosignature", "audit_timestamp")


def protect(table: str) -> str:
    return f"""
CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_append_only;
REVOKE ALL ON {table} FROM {APP_ROLE};
GRANT SELECT, INSERT ON {table} TO {APP_ROLE};
"""


def unprotect(table: str) -> str:
    return f"""
DROP TRIGGER {table}_append_only ON {table};
GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {APP_ROLE};
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0003_partitions")]

    operations = [
        migrations.CreateModel(
            name="Cosignature",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("size", models.BigIntegerField()),
                ("key", models.CharField(max_length=300)),
                ("line", models.TextField()),
                ("cosigned_at", models.DateTimeField()),
                ("received_at", models.DateTimeField()),
            ],
            options={
                "ordering": ["-size", "key"],
                "constraints": [
                    models.UniqueConstraint(fields=("size", "key"), name="audit_cosignature_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Attestor",
            fields=[
                ("name", models.CharField(max_length=400, primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("witness", "Witness"),
                            ("authority", "Time-stamping authority"),
                        ],
                        max_length=12,
                    ),
                ),
                ("size", models.BigIntegerField(default=0)),
                ("held_at", models.DateTimeField(null=True)),
                ("tried_at", models.DateTimeField(null=True)),
                ("next_at", models.DateTimeField(null=True)),
                ("failures", models.PositiveIntegerField(default=0)),
                ("error", models.TextField(blank=True)),
            ],
        ),
        migrations.CreateModel(
            name="Timestamp",
            fields=[
                (
                    "id",
                    models.UUIDField(default=core.clock.uuid7, primary_key=True, serialize=False),
                ),
                ("size", models.BigIntegerField()),
                ("authority", models.CharField(max_length=400)),
                ("serial", models.CharField(max_length=80)),
                ("attested_at", models.DateTimeField()),
                ("received_at", models.DateTimeField()),
                ("response", models.BinaryField()),
            ],
            options={
                "ordering": ["-size", "authority"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("size", "authority"), name="audit_timestamp_once"
                    )
                ],
            },
        ),
        *[migrations.RunSQL(protect(table), unprotect(table)) for table in APPEND_ONLY],
    ]
