"""Dry runs of large audiences, made by workers."""

import django.db.models.deletion
from django.db import migrations, models

import core.clock
from core.embedded import APP_ROLE

GUARD = f"""
CREATE FUNCTION comms_dryrunjob_guard() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF OLD.state NOT IN ('requested', 'running') THEN
        RAISE EXCEPTION 'a dry run that ended stays as it is' USING ERRCODE = 'check_violation';
    END IF;
    IF (NEW.id, NEW.notice_id, NEW.fingerprint, NEW.asked_by, NEW.requested_at)
        IS DISTINCT FROM
        (OLD.id, OLD.notice_id, OLD.fingerprint, OLD.asked_by, OLD.requested_at)
        OR (OLD.state = 'running' AND NEW.state = 'requested') THEN
        RAISE EXCEPTION 'what was asked for stays as it was' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER comms_dryrunjob_guard BEFORE UPDATE ON comms_dryrunjob
    FOR EACH ROW EXECUTE FUNCTION comms_dryrunjob_guard();
ALTER TABLE comms_dryrunjob ENABLE ALWAYS TRIGGER comms_dryrunjob_guard;
REVOKE ALL ON comms_dryrunjob FROM {APP_ROLE};
GRANT SELECT, INSERT, UPDATE ON comms_dryrunjob TO {APP_ROLE};
"""
UNGUARD = """
DROP TRIGGER comms_dryrunjob_guard ON comms_dryrunjob;
DROP FUNCTION comms_dryrunjob_guard();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("comms", "0005_dry_runs_tally"),
    ]

    operations = [
        migrations.CreateModel(
            name="DryRunJob",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=core.clock.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("fingerprint", models.CharField(max_length=64)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("requested", "Requested"),
                            ("running", "Running"),
                            ("done", "Done"),
                            ("failed", "Failed"),
                            ("cancelled", "Cancelled"),
                            ("superseded", "Superseded"),
                        ],
                        default="requested",
                        max_length=12,
                        verbose_name="state",
                    ),
                ),
                ("asked_by", models.CharField(max_length=200)),
                ("requested_at", models.DateTimeField()),
                ("started_at", models.DateTimeField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
                ("expected", models.BigIntegerField(default=0)),
                ("done", models.BigIntegerField(default=0)),
                ("partial", models.JSONField(default=dict)),
                ("after", models.UUIDField(null=True)),
                ("holder", models.UUIDField(null=True)),
                ("lease_until", models.DateTimeField(null=True)),
                ("lost", models.PositiveSmallIntegerField(default=0)),
                ("error_code", models.CharField(blank=True, default="", max_length=60)),
                ("error", models.TextField(blank=True, default="")),
                (
                    "dry_run",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="job",
                        to="comms.dryrun",
                    ),
                ),
                (
                    "notice",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="dry_run_jobs",
                        to="comms.notice",
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "indexes": [models.Index(fields=["notice", "-id"], name="comms_dryrunjob_notice")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["requested", "running"])),
                        fields=("notice",),
                        name="comms_dryrunjob_one_open",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("dry_run__isnull", False), ("state", "done")),
                            models.Q(
                                models.Q(("state", "done"), _negated=True),
                                ("dry_run__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="comms_dryrunjob_done_has_result",
                    ),
                ],
            },
        ),
        migrations.RunSQL(GUARD, UNGUARD),
    ]
