"""Changes of the log's key: append-only like the checkpoints that they explain."""

from django.db import migrations, models

from core.embedded import APP_ROLE

TABLE = "audit_keyrotation"
PROTECT = f"""
CREATE TRIGGER {TABLE}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {TABLE}
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
ALTER TABLE {TABLE} ENABLE ALWAYS TRIGGER {TABLE}_append_only;
REVOKE ALL ON {TABLE} FROM {APP_ROLE};
GRANT SELECT, INSERT ON {TABLE} TO {APP_ROLE};
"""
UNPROTECT = f"""
DROP TRIGGER {TABLE}_append_only ON {TABLE};
GRANT SELECT, INSERT, UPDATE, DELETE ON {TABLE} TO {APP_ROLE};
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0008_browsing")]

    operations = [
        migrations.CreateModel(
            name="KeyRotation",
            fields=[
                ("size", models.BigIntegerField(primary_key=True, serialize=False)),
                ("rotated_at", models.DateTimeField()),
                ("old", models.CharField(max_length=400)),
                ("new", models.CharField(max_length=400)),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("scheduled", "Scheduled"),
                            ("people", "Somebody with access left"),
                            ("compromised", "The key may be known to others"),
                        ],
                        max_length=20,
                    ),
                ),
                ("note", models.TextField()),
            ],
            options={"ordering": ["-size"]},
        ),
        migrations.RunSQL(PROTECT, UNPROTECT),
    ]
