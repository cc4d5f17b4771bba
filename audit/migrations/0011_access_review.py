"""Access reviews, and what protects them."""

import django.db.models.deletion
from django.db import migrations, models

import core.clock
from core.embedded import APP_ROLE

HEAD = "LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$"

# The snapshot never changes, an item is decided once and by somebody else than its person, and a
# review is signed when all is decided, by one who decided none of it.
PROTECT = f"""
CREATE FUNCTION audit_accessreview_guard() RETURNS trigger {HEAD}
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'access reviews stay' USING ERRCODE = 'insufficient_privilege';
    ELSIF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'open' THEN
            RAISE EXCEPTION 'a review starts open' USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF OLD.state <> 'open' OR NEW.state <> 'signed'
       OR (NEW.id, NEW.period_from, NEW.period_to, NEW.made_at, NEW.made_by, NEW.snapshot,
           NEW.snapshot_hash)
       IS DISTINCT FROM (OLD.id, OLD.period_from, OLD.period_to, OLD.made_at, OLD.made_by,
           OLD.snapshot, OLD.snapshot_hash) THEN
        RAISE EXCEPTION 'a review is frozen; it can be signed once'
            USING ERRCODE = 'check_violation';
    END IF;
    IF EXISTS (SELECT FROM audit_reviewitem i WHERE i.review_id = NEW.id
               AND (i.decision = '' OR i.decided_by = NEW.signed_by)) THEN
        RAISE EXCEPTION 'all is decided first, and who decided does not sign'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER audit_accessreview_guard BEFORE INSERT OR UPDATE OR DELETE ON audit_accessreview
    FOR EACH ROW EXECUTE FUNCTION audit_accessreview_guard();
ALTER TABLE audit_accessreview ENABLE ALWAYS TRIGGER audit_accessreview_guard;

CREATE FUNCTION audit_reviewitem_guard() RETURNS trigger {HEAD}
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'findings stay' USING ERRCODE = 'insufficient_privilege';
    END IF;
    PERFORM FROM audit_accessreview WHERE id = NEW.review_id AND state = 'open' FOR SHARE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'this review is signed off' USING ERRCODE = 'check_violation';
    END IF;
    IF TG_OP = 'INSERT' THEN
        IF NEW.decision <> '' THEN
            RAISE EXCEPTION 'a finding starts undecided' USING ERRCODE = 'check_violation';
        END IF;
    ELSIF (NEW.id, NEW.review_id, NEW.person, NEW.finding, NEW.detail)
          IS DISTINCT FROM (OLD.id, OLD.review_id, OLD.person, OLD.finding, OLD.detail) THEN
        RAISE EXCEPTION 'a finding stays as it was found' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER audit_reviewitem_guard BEFORE INSERT OR UPDATE OR DELETE ON audit_reviewitem
    FOR EACH ROW EXECUTE FUNCTION audit_reviewitem_guard();
ALTER TABLE audit_reviewitem ENABLE ALWAYS TRIGGER audit_reviewitem_guard;
REVOKE DELETE, TRUNCATE ON audit_accessreview, audit_reviewitem FROM {APP_ROLE};
"""

UNPROTECT = """
DROP TRIGGER audit_accessreview_guard ON audit_accessreview;
DROP TRIGGER audit_reviewitem_guard ON audit_reviewitem;
DROP FUNCTION audit_accessreview_guard(), audit_reviewitem_guard();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0010_wrapping"),
    ]

    operations = [
        migrations.CreateModel(
            name="AccessReview",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=core.clock.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "Open"), ("signed", "Signed off")],
                        default="open",
                        max_length=6,
                        verbose_name="state",
                    ),
                ),
                ("period_from", models.DateTimeField(verbose_name="from")),
                ("period_to", models.DateTimeField(verbose_name="to")),
                ("made_at", models.DateTimeField(verbose_name="made at")),
                ("made_by", models.UUIDField(null=True)),
                ("snapshot", models.TextField()),
                ("snapshot_hash", models.CharField(max_length=64)),
                ("signed_by", models.UUIDField(null=True)),
                ("signed_at", models.DateTimeField(null=True)),
                ("statement", models.TextField(blank=True, default="", verbose_name="statement")),
            ],
            options={
                "verbose_name": "access review",
                "verbose_name_plural": "access reviews",
                "ordering": ["-id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("signed_by", None), ("state", "open")),
                            models.Q(
                                ("signed_at__isnull", False),
                                ("signed_by__isnull", False),
                                ("state", "signed"),
                            ),
                            _connector="OR",
                        ),
                        name="audit_accessreview_signed_by_someone",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("period_to__gt", models.F("period_from"))),
                        name="audit_accessreview_period",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "open")),
                        fields=("state",),
                        name="audit_accessreview_one_open",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ReviewItem",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("person", models.UUIDField()),
                ("finding", models.CharField(max_length=20)),
                ("detail", models.JSONField(default=dict)),
                (
                    "decision",
                    models.CharField(blank=True, default="", max_length=8, verbose_name="decision"),
                ),
                ("reason", models.TextField(blank=True, default="", verbose_name="reason")),
                ("decided_by", models.UUIDField(null=True)),
                ("decided_at", models.DateTimeField(null=True)),
                (
                    "review",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="items",
                        to="audit.accessreview",
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("decided_by", None), ("decision", "")),
                            models.Q(
                                ("decided_by__isnull", False),
                                ("decision__in", ["keep", "remove", "explain"]),
                                models.Q(("decided_by", models.F("person")), _negated=True),
                                models.Q(
                                    ("decision", "keep"),
                                    models.Q(("reason", ""), _negated=True),
                                    _connector="OR",
                                ),
                            ),
                            _connector="OR",
                        ),
                        name="audit_reviewitem_not_oneself",
                    )
                ],
            },
        ),
        migrations.RunSQL(PROTECT, UNPROTECT),
    ]
