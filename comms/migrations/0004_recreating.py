"""The styles that messages went out in; append-only like what they prove."""

from django.db import migrations, models

from core.embedded import APP_ROLE

PROTECT = f"""
CREATE TRIGGER comms_sendingstyle_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON comms_sendingstyle
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
ALTER TABLE comms_sendingstyle ENABLE ALWAYS TRIGGER comms_sendingstyle_append_only;
REVOKE ALL ON comms_sendingstyle FROM {APP_ROLE};
GRANT SELECT, INSERT ON comms_sendingstyle TO {APP_ROLE};
"""
UNPROTECT = "DROP TRIGGER comms_sendingstyle_append_only ON comms_sendingstyle"


class Migration(migrations.Migration):
    dependencies = [("comms", "0003_history"), ("audit", "0002_protection")]

    operations = [
        migrations.CreateModel(
            name="SendingStyle",
            fields=[
                ("id", models.CharField(max_length=16, primary_key=True, serialize=False)),
                ("content", models.JSONField()),
                ("created_at", models.DateTimeField()),
            ],
        ),
        migrations.RunSQL(PROTECT, UNPROTECT),
    ]
