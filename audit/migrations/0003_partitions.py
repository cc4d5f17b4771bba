"""`audit_record` in monthly partitions, by range of its time-ordered id (UUIDv7).

The application role reads and writes the parent only; partitions give it no right at all, and
each carries the triggers that refuse change and fill the queue, for whoever names it directly.

There is no default partition, so that PostgreSQL can walk the months in order and stop when a
page is full. `audit_record_before` and `audit_record_after` hold what lies outside the months.
`audit_make_partitions()` makes months ahead (docs/adr/0005-partitions.md).

Going back copies the rows into one table again.
"""

from django.db import migrations

from core.embedded import APP_ROLE

FIRST_ID = """
CREATE FUNCTION audit_first_id(instant timestamptz) RETURNS uuid
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT (lpad(to_hex((date_part('epoch', instant - timestamptz '1970-01-01 00:00:00+00')
                         * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid
$$;
COMMENT ON FUNCTION audit_first_id IS 'the smallest UUIDv7 of an instant (to the millisecond)';
"""

GUARD = f"""
CREATE FUNCTION audit_guard_partition(partition text) RETURNS void LANGUAGE plpgsql AS $f$
BEGIN
    EXECUTE format('CREATE TRIGGER audit_record_append_only BEFORE UPDATE OR DELETE OR TRUNCATE '
        'ON public.%I FOR EACH STATEMENT EXECUTE FUNCTION public.audit_refuse()', partition);
    EXECUTE format('CREATE TRIGGER audit_record_queue AFTER INSERT ON public.%I REFERENCING NEW '
        'TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION public.audit_queue()', partition);
    EXECUTE format('ALTER TABLE public.%I ENABLE ALWAYS TRIGGER audit_record_append_only, '
        'ENABLE ALWAYS TRIGGER audit_record_queue', partition);
    EXECUTE format('REVOKE ALL ON public.%I FROM PUBLIC, {APP_ROLE}', partition);
END $f$;
REVOKE ALL ON FUNCTION audit_guard_partition FROM PUBLIC;
"""

ADD_MONTH = """
CREATE FUNCTION audit_add_month(month timestamptz) RETURNS void LANGUAGE plpgsql
SET search_path = pg_catalog, public SET timezone = 'UTC' AS $f$
DECLARE
    name text := to_char(month, '"audit_record_"YYYY_MM');
BEGIN
    EXECUTE format('CREATE TABLE public.%I (LIKE public.audit_record INCLUDING DEFAULTS '
        'INCLUDING CONSTRAINTS)', name);
    PERFORM public.audit_guard_partition(name);
    EXECUTE format('ALTER TABLE public.audit_record ATTACH PARTITION public.%I '
        'FOR VALUES FROM (%L) TO (%L)', name,
        public.audit_first_id(date_trunc('month', month)),
        public.audit_first_id(date_trunc('month', month) + interval '1 month'));
END $f$;
REVOKE ALL ON FUNCTION audit_add_month FROM PUBLIC;
"""

# The lock on the parent is short, but waiting for it behind a long read would stop all writers:
# after two seconds it gives up, and the next night tries again.
MAKE = f"""
CREATE FUNCTION audit_make_partitions() RETURNS integer LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public SET timezone = 'UTC' SET lock_timeout = '2s' AS $f$
DECLARE
    made integer := 0;
    month timestamptz;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('audit_make_partitions'));
    SELECT to_timestamp(max(c.relname), '"audit_record_"YYYY_MM') + interval '1 month' INTO month
    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'public.audit_record'::regclass
        AND c.relname ~ '^audit_record_[0-9]{{4}}_[0-9]{{2}}$';
    IF month >= now() + interval '3 months' THEN
        RETURN 0;
    END IF;
    ALTER TABLE public.audit_record DETACH PARTITION public.audit_record_after;
    WHILE month < now() + interval '15 months' LOOP
        PERFORM public.audit_add_month(month);
        month := month + interval '1 month';
        made := made + 1;
    END LOOP;
    EXECUTE format('ALTER TABLE public.audit_record ATTACH PARTITION public.audit_record_after '
        'FOR VALUES FROM (%L) TO (MAXVALUE)', public.audit_first_id(month));
    RETURN made;
END $f$;
REVOKE ALL ON FUNCTION audit_make_partitions FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit_make_partitions TO {APP_ROLE};
COMMENT ON FUNCTION audit_make_partitions IS
    'makes the months of audit_record up to 15 ahead once fewer than 3 are left; how many';
"""

# The table as it is becomes the partition of everything before the first month: nothing is
# copied, no trigger is switched off. With rows in it, that month is the next one.
CONVERT = f"""
DO $f$
DECLARE
    definitions text[] := '{{}}';
    definition text;
    one record;
    month timestamptz := date_trunc('month', now(), 'UTC');
BEGIN
    LOCK TABLE audit_record IN ACCESS EXCLUSIVE MODE;
    IF EXISTS (SELECT FROM audit_record) THEN
        month := (month AT TIME ZONE 'UTC' + interval '1 month') AT TIME ZONE 'UTC';
    END IF;
    FOR one IN SELECT c.relname AS name, i.indisprimary AS key, pg_get_indexdef(c.oid) AS text
               FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
               WHERE i.indrelid = 'audit_record'::regclass LOOP
        IF NOT one.key THEN
            definitions := definitions || one.text;
        END IF;
        EXECUTE format('ALTER INDEX %I RENAME TO %I', one.name,
            replace(one.name, 'audit_record', 'audit_record_before'));
    END LOOP;
    ALTER TABLE audit_record RENAME TO audit_record_before;
    CREATE TABLE audit_record (LIKE audit_record_before INCLUDING DEFAULTS INCLUDING CONSTRAINTS)
        PARTITION BY RANGE (id);
    ALTER TABLE audit_record ADD CONSTRAINT audit_record_pkey PRIMARY KEY (id);
    FOREACH definition IN ARRAY definitions LOOP
        EXECUTE definition;
    END LOOP;
    DROP TRIGGER audit_record_append_only ON audit_record_before;
    DROP TRIGGER audit_record_queue ON audit_record_before;
    CREATE TABLE audit_record_after (LIKE audit_record INCLUDING DEFAULTS INCLUDING CONSTRAINTS);
    PERFORM audit_guard_partition('audit_record_before'),
            audit_guard_partition('audit_record_after'),
            audit_guard_partition('audit_record');
    EXECUTE format('ALTER TABLE audit_record ATTACH PARTITION audit_record_before '
        'FOR VALUES FROM (MINVALUE) TO (%L)', audit_first_id(month));
    EXECUTE format('ALTER TABLE audit_record ATTACH PARTITION audit_record_after '
        'FOR VALUES FROM (%L) TO (MAXVALUE)',
        audit_first_id((month AT TIME ZONE 'UTC' + interval '1 month') AT TIME ZONE 'UTC'));
    PERFORM audit_add_month(month), audit_make_partitions();
    GRANT SELECT, INSERT ON audit_record TO {APP_ROLE};
END $f$;
"""

BACK = f"""
DO $f$
DECLARE
    definitions text[] := '{{}}';
    definition text;
    one record;
BEGIN
    LOCK TABLE audit_record IN ACCESS EXCLUSIVE MODE;
    FOR one IN SELECT c.relname AS name, i.indisprimary AS key, pg_get_indexdef(c.oid) AS text
               FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
               WHERE i.indrelid = 'audit_record'::regclass LOOP
        IF NOT one.key THEN
            definitions := definitions || replace(one.text, ' ON ONLY ', ' ON ');
        END IF;
        EXECUTE format('ALTER INDEX %I RENAME TO %I', one.name, one.name || '_parts');
    END LOOP;
    ALTER TABLE audit_record RENAME TO audit_record_parts;
    CREATE TABLE audit_record (LIKE audit_record_parts INCLUDING DEFAULTS INCLUDING CONSTRAINTS);
    INSERT INTO audit_record SELECT * FROM audit_record_parts;
    ALTER TABLE audit_record ADD CONSTRAINT audit_record_pkey PRIMARY KEY (id);
    FOREACH definition IN ARRAY definitions LOOP
        EXECUTE definition;
    END LOOP;
    DROP TABLE audit_record_parts;
    PERFORM audit_guard_partition('audit_record');
    GRANT SELECT, INSERT ON audit_record TO {APP_ROLE};
END $f$;
"""

FUNCTIONS = (
    (FIRST_ID, "DROP FUNCTION audit_first_id"),
    (GUARD, "DROP FUNCTION audit_guard_partition"),
    (ADD_MONTH, "DROP FUNCTION audit_add_month"),
    (MAKE, "DROP FUNCTION audit_make_partitions"),
)


class Migration(migrations.Migration):
    dependencies = [("audit", "0002_protection")]

    operations = [
        *[migrations.RunSQL(create, drop) for create, drop in FUNCTIONS],
        migrations.RunSQL(CONVERT, BACK),
    ]
