"""Dry runs as they were shown, append-only; tallies that are rolled up."""

import django.db.models.deletion
from django.db import migrations, models

import core.clock
from core.embedded import APP_ROLE

PROTECT = f"""
CREATE TRIGGER comms_dryrun_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON comms_dryrun
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
ALTER TABLE comms_dryrun ENABLE ALWAYS TRIGGER comms_dryrun_append_only;
REVOKE ALL ON comms_dryrun FROM {APP_ROLE};
GRANT SELECT, INSERT ON comms_dryrun TO {APP_ROLE};
"""
UNPROTECT = "DROP TRIGGER comms_dryrun_append_only ON comms_dryrun"

# One statement: whoever reads sees all the old rows or all the new ones. Rows that a transaction
# still open adds are not seen, so they stay; two that roll up at once wait for each other's rows,
# and the second finds them gone.
COMPACT = f"""
CREATE FUNCTION comms_compact_tally(which uuid, before timestamptz) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH gone AS (
        DELETE FROM public.comms_tally WHERE notice = which AND at < before
        RETURNING channel, state, evidence, delta, at
    ), kept AS (
        INSERT INTO public.comms_tally (notice, channel, state, evidence, delta, at)
        SELECT which, channel, state, evidence, sum(delta), min(at) FROM gone
        GROUP BY channel, state, evidence HAVING sum(delta) <> 0
        RETURNING 1
    )
    SELECT (SELECT count(*) FROM gone) - (SELECT count(*) FROM kept)
$$;
REVOKE ALL ON FUNCTION comms_compact_tally(uuid, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION comms_compact_tally(uuid, timestamptz) TO {APP_ROLE};
"""


class Migration(migrations.Migration):
    dependencies = [("comms", "0004_recreating"), ("audit", "0002_protection")]

    operations = [
        migrations.CreateModel(
            name="DryRun",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=core.clock.uuid7,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("fingerprint", models.CharField(max_length=64)),
                ("summary", models.JSONField()),
                ("made_by", models.CharField(max_length=200)),
                ("made_at", models.DateTimeField()),
                (
                    "notice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="dry_runs",
                        to="comms.notice",
                    ),
                ),
            ],
            options={"ordering": ["-id"]},
        ),
        migrations.RunSQL(PROTECT, UNPROTECT),
        migrations.RunSQL(COMPACT, "DROP FUNCTION comms_compact_tally(uuid, timestamptz)"),
    ]
