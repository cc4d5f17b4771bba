"""Regulator exports by two people: scope by investor, template and incident; approval or refusal;
watermark, expiry; and the same rules below Python.

Exports made before had one person behind them: they are withdrawn, their files stay where they
were until somebody clears them away. Undoing this loses approvals, and every export that has no
notice and no period.
"""

from django.db import migrations, models

import audit.export.rules
from audit.export.rules import EXPORTS
from core.embedded import APP_ROLE

APPROVED = ["approved", "building", "expired", "failed", "ready"]

MARK_OLD = r"""
UPDATE audit_export SET watermark = regexp_replace(
    upper(substr(replace(gen_random_uuid()::text, '-', ''), 1, 16)),
    '(....)(....)(....)(....)', '\1-\2-\3-\4');
UPDATE audit_export SET state = 'withdrawn', ended_at = now(),
    ended_reason = 'made before a second person had to approve'
WHERE state IN ('requested', 'building', 'ready', 'failed');
"""

UNMARK = """
DELETE FROM audit_export WHERE notice IS NULL AND period_from IS NULL;
UPDATE audit_export SET period_from = NULL, period_to = NULL WHERE notice IS NOT NULL;
UPDATE audit_export SET state = 'failed' WHERE state NOT IN ('building', 'ready', 'failed');
"""

# Names are written in full and the search path is fixed, so that a temporary table or function
# cannot stand in for the real one.
GUARD = f"""
CREATE FUNCTION audit_export_guard() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'requested' OR NEW.requested_by IS NULL OR NEW.decided_by IS NOT NULL THEN
            RAISE EXCEPTION 'an export starts as a request of one person, undecided'
                USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF NOT {EXPORTS.sql_condition()} THEN
        RAISE EXCEPTION 'an export cannot go from % to %', OLD.state, NEW.state
            USING ERRCODE = 'check_violation';
    END IF;
    IF (NEW.id, NEW.notice, NEW.investor, NEW.template, NEW.incident, NEW.period_from,
        NEW.period_to, NEW.reason, NEW.recipient, NEW.recipient_user, NEW.watermark,
        NEW.requested_by, NEW.requested_at) IS DISTINCT FROM
       (OLD.id, OLD.notice, OLD.investor, OLD.template, OLD.incident, OLD.period_from,
        OLD.period_to, OLD.reason, OLD.recipient, OLD.recipient_user, OLD.watermark,
        OLD.requested_by, OLD.requested_at) THEN
        RAISE EXCEPTION 'what was asked for cannot change; ask for another export'
            USING ERRCODE = 'check_violation';
    END IF;
    IF OLD.decided_by IS NOT NULL AND
       (NEW.decided_by, NEW.decided_at, NEW.decision_reason) IS DISTINCT FROM
       (OLD.decided_by, OLD.decided_at, OLD.decision_reason) THEN
        RAISE EXCEPTION 'a decision cannot change' USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.state = OLD.state AND NEW.decided_by IS DISTINCT FROM OLD.decided_by THEN
        RAISE EXCEPTION 'a decision moves the export' USING ERRCODE = 'check_violation';
    END IF;
    IF OLD.finished_at IS NOT NULL AND
       (NEW.records, NEW.missing, NEW.checkpoint, NEW.manifest, NEW.finished_at) IS DISTINCT FROM
       (OLD.records, OLD.missing, OLD.checkpoint, OLD.manifest, OLD.finished_at) THEN
        RAISE EXCEPTION 'what was made cannot change' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER audit_export_guard BEFORE INSERT OR UPDATE ON audit_export
    FOR EACH ROW EXECUTE FUNCTION audit_export_guard();
ALTER TABLE audit_export ENABLE ALWAYS TRIGGER audit_export_guard;
CREATE TRIGGER audit_export_kept BEFORE DELETE OR TRUNCATE ON audit_export
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
ALTER TABLE audit_export ENABLE ALWAYS TRIGGER audit_export_kept;
REVOKE DELETE, TRUNCATE ON audit_export FROM {APP_ROLE};
"""

UNGUARD = f"""
DROP TRIGGER audit_export_kept ON audit_export;
DROP TRIGGER audit_export_guard ON audit_export;
DROP FUNCTION audit_export_guard();
GRANT DELETE ON audit_export TO {APP_ROLE};
"""


SUBJECTS = ("notice", "investor", "template", "incident")


def unset(*names: str) -> models.Q:
    return models.Q(**{f"{name}__isnull": True for name in names})


def only(name: str) -> models.Q:
    """Exactly this subject."""
    others = [other for other in SUBJECTS if other != name]
    return unset(*others) & models.Q(**{f"{name}__isnull": False})


PERIOD = models.Q(period_from__isnull=False, period_to__gt=models.F("period_from"))
NO_PERIOD = unset("period_from", "period_to")


def add(name: str, field: models.Field) -> migrations.AddField:
    return migrations.AddField("export", name, field)


class Migration(migrations.Migration):
    dependencies = [("audit", "0004_witnessing")]

    operations = [
        migrations.RemoveConstraint("export", "audit_export_one_scope"),
        add("investor", models.UUIDField(null=True, verbose_name="investor")),
        add("template", models.UUIDField(null=True, verbose_name="template")),
        add("incident", models.UUIDField(null=True, verbose_name="incident")),
        add("recipient_user", models.UUIDField(null=True)),
        add("watermark", models.CharField(max_length=40, default="")),
        add("decided_by", models.UUIDField(null=True)),
        add("decided_at", models.DateTimeField(null=True)),
        add("decision_reason", models.TextField(blank=True, default="")),
        add("started_at", models.DateTimeField(null=True)),
        add("expires_at", models.DateTimeField(null=True)),
        add("ended_at", models.DateTimeField(null=True)),
        add("ended_reason", models.TextField(blank=True, default="")),
        add("manifest", models.CharField(blank=True, max_length=64, default="")),
        add("archive", models.CharField(blank=True, max_length=64, default="")),
        migrations.RunSQL(MARK_OLD, UNMARK),
        *[
            migrations.AlterField("export", name, field)
            for name, field in {
                "recipient": models.CharField(max_length=200, verbose_name="recipient"),
                "watermark": models.CharField(
                    max_length=40, unique=True, default=audit.export.rules.new_watermark
                ),
                "decision_reason": models.TextField(blank=True),
                "ended_reason": models.TextField(blank=True),
                "manifest": models.CharField(blank=True, max_length=64),
                "archive": models.CharField(blank=True, max_length=64),
                "state": models.CharField(
                    choices=audit.export.rules.state_choices, default="requested", max_length=20
                ),
            }.items()
        ],
        migrations.AddConstraint(
            "export",
            models.CheckConstraint(
                name="audit_export_one_scope",
                condition=(unset(*SUBJECTS) & PERIOD)
                | models.Q(*[only(name) for name in SUBJECTS], _connector=models.Q.OR)
                & (PERIOD | NO_PERIOD),
            ),
        ),
        migrations.AddConstraint(
            "export",
            models.CheckConstraint(
                name="audit_export_two_people",
                condition=~models.Q(state__in=APPROVED)
                | models.Q(
                    requested_by__isnull=False, decided_by__isnull=False, decided_at__isnull=False
                ),
            ),
        ),
        migrations.AddConstraint(
            "export",
            models.CheckConstraint(
                name="audit_export_decided_by_another",
                condition=models.Q(decided_by__isnull=True)
                | ~models.Q(state__in=[*APPROVED, "refused"])
                | (
                    ~models.Q(decided_by=models.F("requested_by"))
                    & (
                        models.Q(recipient_user__isnull=True)
                        | ~models.Q(decided_by=models.F("recipient_user"))
                    )
                ),
            ),
        ),
        migrations.RunSQL(GUARD, UNGUARD),
    ]
