"""What investors use and hold, so that an incident finds those whom it hits; forgotten with the
rest when somebody is erased."""

from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models

NAMES = {
    "systems": "systems",
    "branches": "branches",
    "products": "products",
    "access_channels": "trading channels",
}


def touched(name):
    words = ArrayField(models.CharField(max_length=100))
    return ArrayField(
        models.CharField(max_length=100),
        verbose_name=name,
        default=list,
        db_default=models.Value([], output_field=words),
        blank=True,
    )


FORGET = """
CREATE FUNCTION investors_forget_touched() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE investors_investor
        SET systems = '{}', branches = '{}', products = '{}', access_channels = '{}'
        WHERE id = NEW.subject;
    RETURN NULL;
END $$;
CREATE TRIGGER investors_forget_touched AFTER UPDATE OF wrapped ON audit_subjectkey FOR EACH ROW
    WHEN (OLD.wrapped IS NOT NULL AND NEW.wrapped IS NULL)
    EXECUTE FUNCTION investors_forget_touched();
ALTER TABLE audit_subjectkey ENABLE ALWAYS TRIGGER investors_forget_touched;
"""
REMEMBER = """
DROP TRIGGER investors_forget_touched ON audit_subjectkey;
DROP FUNCTION investors_forget_touched();
"""


class Migration(migrations.Migration):
    dependencies = [("investors", "0007_consent_texts"), ("audit", "0010_wrapping")]

    operations = [
        *(
            migrations.AddField(model_name="investor", name=name, field=touched(label))
            for name, label in NAMES.items()
        ),
        migrations.RunSQL(FORGET, REMEMBER),
    ]
