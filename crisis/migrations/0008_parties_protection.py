"""Third parties below Python: history tied to the ledger; nothing is deleted."""

from django.db import migrations

from core import appendonly
from core.history import sql

KEPT = ("crisis_party", "crisis_partycontact", "crisis_proof")


class Migration(migrations.Migration):
    dependencies = [("crisis", "0007_parties")]

    operations = [
        *(
            migrations.RunSQL(
                appendonly.refuse(table, "DELETE", "TRUNCATE"),
                appendonly.allow(table, "DELETE", "TRUNCATE"),
            )
            for table in KEPT
        ),
        *sql.track("crisis_party", "crisis_historicalparty"),
    ]
