"""What a person writes about a contact lies sealed, and goes with the data key."""

from django.db import migrations, models

FORGET = """
CREATE OR REPLACE FUNCTION investors_forget() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE investors_investor SET
        ref_hash = sha256('vouchsafe erased'::bytea || ref_hash), profile = '', fingerprint = '',
        language = 'zh-hans', time_zone = 'Asia/Shanghai', risk_level = '', cadence = 'at_once',
        preferred_channels = '{}', quiet_from = NULL, quiet_to = NULL, account_flags = '{}',
        opened_on = NULL, reach = 0, status = 'closed', updated_at = now()
        WHERE id = NEW.subject;
    UPDATE investors_contactpoint SET
        value_sealed = '', state = 'suppressed', suppressed_reason = '', %(more)sverified_at = NULL,
        value_hash = uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())
        WHERE investor_id = NEW.subject;
    UPDATE investors_consentstate SET granted = false WHERE investor_id = NEW.subject;
    RETURN NULL;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("investors", "0005_erasure")]

    operations = [
        migrations.AddField(
            model_name="contactpoint",
            name="reason_sealed",
            field=models.BinaryField(null=True),
        ),
        migrations.RunSQL(
            FORGET.replace("%(more)s", "reason_sealed = NULL, "), FORGET.replace("%(more)s", "")
        ),
    ]
