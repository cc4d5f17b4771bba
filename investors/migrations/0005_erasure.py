"""Requests for erasure, two people for each; and what a destroyed data key takes along."""

import django.db.models.deletion
from django.db import migrations, models

import core.clock
from core.embedded import APP_ROLE
from investors.erasure.rules import ERASURES

REQUESTS = f"""
CREATE FUNCTION investors_erasurerequest_guard() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'requested' THEN
            RAISE EXCEPTION 'an erasure starts as a request' USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF OLD.state <> 'requested' OR NOT {ERASURES.sql_condition()} THEN
        RAISE EXCEPTION 'an erasure cannot go from % to %', OLD.state, NEW.state
            USING ERRCODE = 'check_violation';
    END IF;
    IF (NEW.id, NEW.investor_id, NEW.ground, NEW.requested_by, NEW.requested_at, NEW.answer_due)
       IS DISTINCT FROM
       (OLD.id, OLD.investor_id, OLD.ground, OLD.requested_by, OLD.requested_at, OLD.answer_due)
    THEN
        RAISE EXCEPTION 'a request for erasure stays as it was made'
            USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.state = 'erased' AND EXISTS (SELECT FROM audit_subjectkey
        WHERE subject = NEW.investor_id AND wrapped IS NOT NULL) THEN
        RAISE EXCEPTION 'nobody is erased whose key is there' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER investors_erasurerequest_guard BEFORE INSERT OR UPDATE ON investors_erasurerequest
    FOR EACH ROW EXECUTE FUNCTION investors_erasurerequest_guard();
CREATE TRIGGER investors_erasurerequest_stays BEFORE DELETE OR TRUNCATE ON investors_erasurerequest
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
ALTER TABLE investors_erasurerequest ENABLE ALWAYS TRIGGER investors_erasurerequest_guard;
ALTER TABLE investors_erasurerequest ENABLE ALWAYS TRIGGER investors_erasurerequest_stays;
REVOKE ALL ON investors_erasurerequest FROM {APP_ROLE};
GRANT SELECT, INSERT, UPDATE ON investors_erasurerequest TO {APP_ROLE};
"""
UNREQUESTS = f"""
DROP TRIGGER investors_erasurerequest_guard ON investors_erasurerequest;
DROP TRIGGER investors_erasurerequest_stays ON investors_erasurerequest;
DROP FUNCTION investors_erasurerequest_guard();
GRANT SELECT, INSERT, UPDATE, DELETE ON investors_erasurerequest TO {APP_ROLE};
"""

# Whoever destroys a data key (an erasure, the retention schedule, raw SQL), the rest follows.
# The hash of the customer number is hashed once more: nothing finds it but the importer, which
# must not bring the person back. Hashes of contacts become random.
FORGET = """
CREATE FUNCTION investors_forget() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE investors_investor SET
        ref_hash = sha256('vouchsafe erased'::bytea || ref_hash), profile = '', fingerprint = '',
        language = 'zh-hans', time_zone = 'Asia/Shanghai', risk_level = '', cadence = 'at_once',
        preferred_channels = '{}', quiet_from = NULL, quiet_to = NULL, account_flags = '{}',
        opened_on = NULL, reach = 0, status = 'closed', updated_at = now()
        WHERE id = NEW.subject;
    UPDATE investors_contactpoint SET
        value_sealed = '', state = 'suppressed', suppressed_reason = '', verified_at = NULL,
        value_hash = uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())
        WHERE investor_id = NEW.subject;
    UPDATE investors_consentstate SET granted = false WHERE investor_id = NEW.subject;
    RETURN NULL;
END $$;
CREATE TRIGGER investors_forget AFTER UPDATE OF wrapped ON audit_subjectkey FOR EACH ROW
    WHEN (OLD.wrapped IS NOT NULL AND NEW.wrapped IS NULL) EXECUTE FUNCTION investors_forget();
ALTER TABLE audit_subjectkey ENABLE ALWAYS TRIGGER investors_forget;
"""
REMEMBER = "DROP TRIGGER investors_forget ON audit_subjectkey; DROP FUNCTION investors_forget();"


class Migration(migrations.Migration):
    dependencies = [("investors", "0004_history"), ("audit", "0010_wrapping")]

    operations = [
        migrations.CreateModel(
            name="ErasureRequest",
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
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("requested", "Waiting for a decision"),
                            ("erased", "Erased"),
                            ("refused", "Refused"),
                            ("withdrawn", "Withdrawn"),
                        ],
                        default="requested",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                (
                    "ground",
                    models.CharField(
                        choices=[
                            ("purpose", "No longer needed for its purpose"),
                            ("consent", "Consent withdrawn"),
                            ("objection", "The person objects"),
                            ("unlawful", "Processed against the law"),
                            ("order", "Ordered by an authority or a court"),
                        ],
                        max_length=10,
                        verbose_name="ground",
                    ),
                ),
                ("reason_sealed", models.BinaryField(null=True)),
                ("answer_sealed", models.BinaryField(null=True)),
                ("kept_because", models.JSONField(default=list)),
                ("requested_by", models.UUIDField()),
                ("requested_at", models.DateTimeField(verbose_name="requested at")),
                ("answer_due", models.DateTimeField(verbose_name="answer due")),
                ("decided_by", models.UUIDField(null=True)),
                ("decided_at", models.DateTimeField(null=True, verbose_name="decided at")),
                (
                    "investor",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="erasures",
                        to="investors.investor",
                    ),
                ),
            ],
            options={
                "verbose_name": "erasure request",
                "verbose_name_plural": "erasure requests",
                "ordering": ["-id"],
                "indexes": [models.Index(fields=["investor", "-id"], name="investors_erasure_of")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "requested")),
                        fields=("investor",),
                        name="investors_erasure_one_open",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state__in", ["erased", "refused"]), _negated=True),
                            models.Q(
                                ("decided_by__isnull", False),
                                models.Q(("decided_by", models.F("requested_by")), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="investors_erasure_second_person",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("decided_at", None), ("decided_by", None), ("state", "requested")
                            ),
                            models.Q(
                                models.Q(("state", "requested"), _negated=True),
                                ("decided_at__isnull", False),
                                ("decided_by__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="investors_erasure_decided",
                    ),
                ],
            },
        ),
        migrations.RunSQL("SET CONSTRAINTS ALL IMMEDIATE", "SET CONSTRAINTS ALL IMMEDIATE"),
        migrations.RunSQL(REQUESTS, UNREQUESTS),
        migrations.RunSQL(FORGET, REMEMBER),
    ]
