"""Data keys name the KEK they are wrapped under, in two bytes before them; nothing may be wrapped
under a retired one."""

from django.db import migrations, models

from core.embedded import APP_ROLE

NUMBER = """
UPDATE audit_subjectkey SET wrapped = '\\x0001'::bytea || wrapped
    WHERE wrapped IS NOT NULL AND octet_length(wrapped) = 60
"""
UNNUMBER = """
UPDATE audit_subjectkey SET wrapped = substr(wrapped, 3)
    WHERE wrapped IS NOT NULL AND octet_length(wrapped) = 62 AND substr(wrapped, 1, 2) = '\\x0001'
"""

PROTECT = f"""
ALTER TABLE audit_subjectkey ADD CONSTRAINT audit_subjectkey_numbered
    CHECK (wrapped IS NULL OR octet_length(wrapped) = 62);
CREATE FUNCTION audit_subjectkey_kek() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE retired integer;
BEGIN
    SELECT r.number INTO retired FROM audit_retiredkek r WHERE EXISTS (
        SELECT FROM written w WHERE w.wrapped IS NOT NULL
            AND get_byte(w.wrapped, 0) * 256 + get_byte(w.wrapped, 1) = r.number) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'the key-encryption key % is retired: nothing is wrapped under it', retired
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER audit_subjectkey_kek_insert AFTER INSERT ON audit_subjectkey
    REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION audit_subjectkey_kek();
CREATE TRIGGER audit_subjectkey_kek_update AFTER UPDATE ON audit_subjectkey
    REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION audit_subjectkey_kek();
ALTER TABLE audit_subjectkey ENABLE ALWAYS TRIGGER audit_subjectkey_kek_insert;
ALTER TABLE audit_subjectkey ENABLE ALWAYS TRIGGER audit_subjectkey_kek_update;
CREATE TRIGGER audit_retiredkek_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_retiredkek
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
ALTER TABLE audit_retiredkek ENABLE ALWAYS TRIGGER audit_retiredkek_append_only;
REVOKE ALL ON audit_retiredkek FROM {APP_ROLE};
GRANT SELECT, INSERT ON audit_retiredkek TO {APP_ROLE};
"""
UNPROTECT = f"""
DROP TRIGGER audit_retiredkek_append_only ON audit_retiredkek;
GRANT SELECT, INSERT, UPDATE, DELETE ON audit_retiredkek TO {APP_ROLE};
DROP TRIGGER audit_subjectkey_kek_insert ON audit_subjectkey;
DROP TRIGGER audit_subjectkey_kek_update ON audit_subjectkey;
DROP FUNCTION audit_subjectkey_kek();
ALTER TABLE audit_subjectkey DROP CONSTRAINT audit_subjectkey_numbered;
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0009_key_rotation")]

    operations = [
        migrations.CreateModel(
            name="RetiredKek",
            fields=[
                ("number", models.PositiveIntegerField(primary_key=True, serialize=False)),
                ("retired_at", models.DateTimeField()),
            ],
            options={
                "verbose_name": "retired key-encryption key",
                "verbose_name_plural": "retired key-encryption keys",
                "ordering": ["number"],
            },
        ),
        migrations.RunSQL(NUMBER, UNNUMBER),
        migrations.RunSQL("SET CONSTRAINTS ALL IMMEDIATE", "SET CONSTRAINTS ALL IMMEDIATE"),
        migrations.RunSQL(PROTECT, UNPROTECT),
    ]
