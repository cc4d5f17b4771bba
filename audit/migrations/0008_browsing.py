"""Indexes for the questions that the audit pages ask, and saved queries.

- Words: Latin words, and pairs of neighbouring signs for Han, of the payloads' values (never of
  what is sealed), for the records that say something in words.
  The function costs as much as planning can be told, so that only the index ever answers.
- Channel and kind of object: facets that are not columns.
- Drifted records: those whose id and `recorded_at` lie more than an hour apart. A period then is
  a range of ids plus the few drifted ones, so that it stays exact whatever clocks did.

The pattern of scripts and the areas without words are those of `audit.browsing.rules`.
"""

import django.db.models.deletion
from django.db import migrations, models

import core.clock
from core.embedded import APP_ROLE

WORDS = r"""
CREATE FUNCTION audit_words(payload json) RETURNS tsvector
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE STRICT COST 1000000
SET search_path = pg_catalog AS $f$
DECLARE
    plain text := lower(regexp_replace(payload::text, '"(\\.|[^"\\])*":', ' ', 'g'));
BEGIN
    RETURN (
        SELECT coalesce(array_to_tsvector(array_agg(DISTINCT token)), '')
        FROM (
            SELECT left(word[1], 40) FROM regexp_matches(plain, '[a-z0-9à-ɏ]+', 'g') word
            UNION ALL
            SELECT substr(run[1], place, 2)
            FROM regexp_matches(plain, '[㐀-䶿一-鿿豈-﫿]+', 'g') run,
                generate_series(1, length(run[1])) place
        ) found(token)
    );
END $f$;
CREATE FUNCTION audit_wordy(action text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $f$
    SELECT split_part(action, '.', 1) <> ALL (ARRAY['delivery', 'receipt', 'inbox', 'investor',
            'contact', 'consent', 'preference', 'selfservice', 'session'])
        AND action <> 'notice.excluded'
$f$;
CREATE INDEX audit_record_words ON audit_record USING gin (audit_words(payload))
    WITH (fastupdate = off) WHERE audit_wordy(action);
"""

DRIFTED = """
CREATE FUNCTION audit_drifted(id uuid, recorded_at timestamptz) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $f$
    SELECT abs(('x0000' || left(replace(id::text, '-', ''), 12))::bit(64)::bigint
        - (date_part('epoch', recorded_at - timestamptz '1970-01-01 00:00:00+00')
           * 1000)::bigint) > 3600000
$f$;
CREATE INDEX audit_record_drifted ON audit_record (id DESC) WHERE audit_drifted(id, recorded_at);
"""

FACETS = """
CREATE INDEX audit_record_channel ON audit_record ((payload ->> 'channel'), id DESC);
CREATE INDEX audit_record_kind ON audit_record (split_part(object, ':', 1), id DESC)
    WHERE object IS NOT NULL;
"""

# Saved queries are kept as they were saved; they can only be retired. Answers never change.
RIGHTS = f"""
REVOKE ALL ON audit_savedquery, audit_queryanswer FROM {APP_ROLE};
GRANT SELECT, INSERT ON audit_savedquery, audit_queryanswer TO {APP_ROLE};
GRANT UPDATE (retired_at) ON audit_savedquery TO {APP_ROLE};
CREATE TRIGGER audit_queryanswer_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
    ON audit_queryanswer FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
ALTER TABLE audit_queryanswer ENABLE ALWAYS TRIGGER audit_queryanswer_append_only;
"""
RIGHTS_BACK = f"""
DROP TRIGGER audit_queryanswer_append_only ON audit_queryanswer;
GRANT SELECT, INSERT, UPDATE, DELETE ON audit_savedquery, audit_queryanswer TO {APP_ROLE};
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0007_retention_protection")]

    operations = [
        migrations.RunSQL(
            WORDS,
            "DROP INDEX audit_record_words; DROP FUNCTION audit_wordy; DROP FUNCTION audit_words",
        ),
        migrations.RunSQL(DRIFTED, "DROP INDEX audit_record_drifted; DROP FUNCTION audit_drifted"),
        migrations.RunSQL(FACETS, "DROP INDEX audit_record_channel; DROP INDEX audit_record_kind"),
        migrations.CreateModel(
            name="SavedQuery",
            fields=[
                (
                    "id",
                    models.UUIDField(default=core.clock.uuid7, primary_key=True, serialize=False),
                ),
                ("name", models.CharField(max_length=120, verbose_name="name")),
                ("owner", models.UUIDField()),
                ("filters", models.JSONField(default=dict)),
                ("typed", models.BinaryField(null=True)),
                ("size", models.BigIntegerField()),
                ("found", models.BigIntegerField()),
                ("digest", models.BinaryField()),
                ("saved_at", models.DateTimeField()),
                ("retired_at", models.DateTimeField(null=True)),
            ],
            options={
                "verbose_name": "saved query",
                "verbose_name_plural": "saved queries",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="QueryAnswer",
            fields=[
                (
                    "id",
                    models.UUIDField(default=core.clock.uuid7, primary_key=True, serialize=False),
                ),
                ("asked_at", models.DateTimeField()),
                ("asked_by", models.UUIDField(null=True)),
                ("found", models.BigIntegerField()),
                ("digest", models.BinaryField()),
                ("same", models.BooleanField()),
                ("size_now", models.BigIntegerField()),
                ("found_now", models.BigIntegerField()),
                (
                    "query",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="answers",
                        to="audit.savedquery",
                    ),
                ),
            ],
            options={"ordering": ["-id"]},
        ),
        migrations.RunSQL(RIGHTS, RIGHTS_BACK),
    ]
