"""Consent texts below Python, and the versions of the texts that were published before them.

A published text becomes the version of the same id: the newest of its purpose and language is in
force, earlier ones are superseded. From here on nothing is published but what was approved.
"""

from django.db import migrations

from core.embedded import APP_ROLE
from core.history import sql as history
from core.reviewed import sql
from core.reviewed.rules import content_hash
from core.shipping import settle
from investors.rules.consent_texts import canonical_consent_text

TABLE = "investors_consenttextversion"


def take_in(apps, schema_editor):
    """Give each published text its version."""
    texts = apps.get_model("investors", "ConsentText")
    versions = apps.get_model("investors", "ConsentTextVersion")
    notices = apps.get_model("investors", "ConsentNotice").objects.using(
        schema_editor.connection.alias
    )
    newest = None
    for notice in notices.order_by("purpose", "language", "-version"):
        words = {"purpose": notice.purpose, "language": notice.language}
        parent, made = texts.objects.using(schema_editor.connection.alias).get_or_create(
            **words, defaults={"created_at": notice.created_at}
        )
        newest = notice if made else newest
        versions.objects.using(schema_editor.connection.alias).create(
            id=notice.pk,
            consent_text=parent,
            number=notice.version,
            state="approved" if notice.pk == newest.pk else "superseded",
            text=notice.text,
            content_hash=content_hash(canonical_consent_text(**words, text=notice.text)),
            edited_at=notice.created_at,
        )
    settle(schema_editor)


def leave_out(apps, schema_editor):
    apps.get_model("investors", "ConsentTextVersion").objects.using(
        schema_editor.connection.alias
    ).all().delete()
    apps.get_model("investors", "ConsentText").objects.using(
        schema_editor.connection.alias
    ).all().delete()
    settle(schema_editor)


PUBLISHED = """
CREATE FUNCTION investors_consentnotice_reviewed() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM public.investors_consenttextversion v
        JOIN public.investors_consenttext t ON t.id = v.consent_text_id
        WHERE v.id = NEW.id AND v.state = 'approved' AND v.number = NEW.version
          AND v.text = NEW.text AND t.purpose = NEW.purpose AND t.language = NEW.language
          AND NEW.sha256 = encode(sha256(convert_to(NEW.text, 'UTF8')), 'hex')
    ) THEN
        RAISE EXCEPTION 'a consent text is published only as it was approved'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER investors_consentnotice_reviewed BEFORE INSERT ON investors_consentnotice
    FOR EACH ROW EXECUTE FUNCTION investors_consentnotice_reviewed();
ALTER TABLE investors_consentnotice ENABLE ALWAYS TRIGGER investors_consentnotice_reviewed;
"""
UNPUBLISHED = """
DROP TRIGGER investors_consentnotice_reviewed ON investors_consentnotice;
DROP FUNCTION investors_consentnotice_reviewed();
"""
# A row can be locked by whoever may change one of its columns; what it is about never changes.
FIXED = f"""
REVOKE UPDATE, DELETE, TRUNCATE ON investors_consenttext FROM {APP_ROLE};
GRANT UPDATE (created_at) ON investors_consenttext TO {APP_ROLE};
"""
UNFIXED = f"""
REVOKE UPDATE (created_at) ON investors_consenttext FROM {APP_ROLE};
GRANT UPDATE, DELETE ON investors_consenttext TO {APP_ROLE};
"""


class Migration(migrations.Migration):
    dependencies = [("investors", "0009_reviewed_consent_texts")]

    operations = [
        migrations.RunPython(take_in, leave_out),
        migrations.RunSQL(
            sql.guard(table=TABLE, parent="consent_text_id", content=("text",)),
            sql.unguard(table=TABLE),
        ),
        migrations.RunSQL(PUBLISHED, UNPUBLISHED),
        migrations.RunSQL(FIXED, UNFIXED),
        *history.track("investors_consenttext", "investors_historicalconsenttext"),
        *history.track(TABLE, "investors_historicalconsenttextversion"),
    ]
