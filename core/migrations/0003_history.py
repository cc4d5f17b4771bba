"""The history of people, roles, business lines and keys is written by the database (docs/adr/0004-history.md).

Names and addresses of people leave it: they belong where they can be erased.
"""

import uuid

import django.db.models.deletion
import simple_history.models
from django.conf import settings
from django.db import migrations, models

import core.clock
from core.history import sql

# A role is a row of core_user_groups, a business line one of guardian's permissions.
GRANTS = """
CREATE FUNCTION core_history_grant() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    content jsonb := to_jsonb(CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END);
    given text;
BEGIN
    IF TG_ARGV[0] = 'role' THEN
        SELECT g.name INTO given FROM public.auth_group g
        WHERE g.id = (content ->> 'group_id')::integer;
    ELSE
        SELECT content ->> 'object_pk' INTO given FROM public.auth_permission p
        WHERE p.id = (content ->> 'permission_id')::integer AND p.codename = 'work_in_line';
    END IF;
    IF given IS NOT NULL THEN
        PERFORM public.core_history_write(
            'core_historicalgrant', CASE TG_OP WHEN 'DELETE' THEN '-' ELSE '+' END,
            content ->> 'user_id', jsonb_build_object(
                'user_id', content ->> 'user_id', 'kind', TG_ARGV[0], 'name', given));
    END IF;
    RETURN NULL;
END $$;
"""
GRANTS_BASELINE = """
INSERT INTO core_historicalgrant (history_id, history_date, history_type, history_change_reason,
                                  user_id, kind, name)
SELECT core_history_id(), now(), '+', 'migration', m.user_id, 'role', g.name
FROM core_user_groups m JOIN auth_group g ON g.id = m.group_id
UNION ALL
SELECT core_history_id(), now(), '+', 'migration', o.user_id, 'line', o.object_pk
FROM guardian_userobjectpermission o JOIN auth_permission p ON p.id = o.permission_id
WHERE p.codename = 'work_in_line'
"""


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0003_partitions"),  # which makes the table of records anew
        ("guardian", "0003_remove_groupobjectpermission_guardian_gr_content_ae6aec_idx_and_more"),
        ("core", "0002_roles"),
    ]

    operations = [
        migrations.RemoveField(
            model_name="historicaluser",
            name="email",
        ),
        migrations.RemoveField(
            model_name="historicaluser",
            name="first_name",
        ),
        migrations.RemoveField(
            model_name="historicaluser",
            name="last_name",
        ),
        migrations.AddField(
            model_name="historicaluser",
            name="ledger_record",
            field=models.UUIDField(editable=False, null=True),
        ),
        migrations.CreateModel(
            name="GrantHistory",
            fields=[
                ("ledger_record", models.UUIDField(editable=False, null=True)),
                ("history_id", models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField()),
                ("history_type", models.CharField(max_length=1)),
                ("history_change_reason", models.CharField(max_length=100, null=True)),
                ("history_user_id", models.UUIDField(null=True)),
                ("user_id", models.UUIDField()),
                (
                    "kind",
                    models.CharField(choices=[("role", "Role"), ("line", "Line")], max_length=4),
                ),
                ("name", models.CharField(max_length=150)),
            ],
            options={
                "db_table": "core_historicalgrant",
                "ordering": ["-history_date", "-history_id"],
                "indexes": [
                    models.Index(
                        fields=["user_id", "history_date"], name="core_historicalgrant_user"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="HistoricalApiKey",
            fields=[
                ("ledger_record", models.UUIDField(editable=False, null=True)),
                ("id", models.UUIDField(db_index=True, default=core.clock.uuid7, editable=False)),
                ("name", models.CharField(max_length=120, verbose_name="name")),
                ("prefix", models.CharField(db_index=True, editable=False, max_length=12)),
                ("scopes", models.JSONField(default=list, verbose_name="scopes")),
                ("created_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField(blank=True, null=True)),
                ("revoked_at", models.DateTimeField(blank=True, null=True)),
                (
                    "history_id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("history_date", models.DateTimeField(db_index=True)),
                ("history_change_reason", models.CharField(max_length=100, null=True)),
                (
                    "history_type",
                    models.CharField(
                        choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1
                    ),
                ),
                (
                    "history_user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "historical API key",
                "verbose_name_plural": "historical API keys",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalBusinessLine",
            fields=[
                ("ledger_record", models.UUIDField(editable=False, null=True)),
                ("id", models.UUIDField(db_index=True, default=core.clock.uuid7, editable=False)),
                ("code", models.SlugField(verbose_name="code")),
                ("name", models.CharField(max_length=120, verbose_name="name")),
                (
                    "history_id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("history_date", models.DateTimeField(db_index=True)),
                ("history_change_reason", models.CharField(max_length=100, null=True)),
                (
                    "history_type",
                    models.CharField(
                        choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1
                    ),
                ),
                (
                    "history_user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "historical business line",
                "verbose_name_plural": "historical business lines",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.RunSQL(sql.FUNCTIONS, sql.DROP_FUNCTIONS),
        migrations.RunSQL(sql.NOTE, sql.FORGET),
        migrations.RunSQL(GRANTS, "DROP FUNCTION core_history_grant()"),
        migrations.RunSQL(GRANTS_BASELINE, migrations.RunSQL.noop),
        sql.seal("core_historicalgrant"),
        sql.watch("core_user_groups", "core_history_grant", "role"),
        sql.watch("guardian_userobjectpermission", "core_history_grant", "line"),
        *sql.track("core_businessline", "core_historicalbusinessline"),
        *sql.track("core_user", "core_historicaluser"),
        *sql.track("core_apikey", "core_historicalapikey"),
    ]
