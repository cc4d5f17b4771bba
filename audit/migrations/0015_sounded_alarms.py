"""Where the records of alarms are, so that no page walks the months of the ledger for them."""

from django.db import migrations, models

from core.appendonly import allow, refuse

TAKE_IN = """
INSERT INTO audit_soundedalarm (record, action, at, witness)
SELECT id, action, recorded_at, COALESCE(payload ->> 'witness', '') FROM audit_record
WHERE action IN ('audit.verification_failed', 'audit.signing_refused', 'audit.witness_refused');
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0014_building_in_parts")]

    operations = [
        migrations.CreateModel(
            name="SoundedAlarm",
            fields=[
                ("record", models.UUIDField(primary_key=True, serialize=False)),
                ("action", models.CharField(max_length=80)),
                ("at", models.DateTimeField()),
                ("witness", models.TextField(blank=True, default="")),
            ],
            options={
                "indexes": [
                    models.Index(fields=["action", "-at"], name="audit_soundedalarm_newest")
                ],
            },
        ),
        migrations.RunSQL(TAKE_IN, migrations.RunSQL.noop),
        migrations.RunSQL(refuse("audit_soundedalarm"), allow("audit_soundedalarm")),
    ]
