"""The handbook below Python: published by somebody who did not write it; confirmations stay."""

from django.db import migrations

from core import appendonly
from core.reviewed.sql import guard, unguard

VERSION = "crisis_handbookversion"
CONTENT = ("words", "changes")


class Migration(migrations.Migration):
    dependencies = [("crisis", "0025_handbook")]

    operations = [
        migrations.RunSQL(
            guard(table=VERSION, parent="handbook_id", content=CONTENT), unguard(table=VERSION)
        ),
        migrations.RunSQL(
            appendonly.refuse("crisis_attestation"), appendonly.allow("crisis_attestation")
        ),
        migrations.RunSQL(
            appendonly.refuse("crisis_handbook", "DELETE", "TRUNCATE"),
            appendonly.allow("crisis_handbook", "DELETE", "TRUNCATE"),
        ),
    ]
