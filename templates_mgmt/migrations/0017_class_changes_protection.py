"""A change of class is kept as it was found."""

from django.db import migrations

from core.appendonly import allow, refuse

_TABLE = "templates_mgmt_classchange"


class Migration(migrations.Migration):
    dependencies = [("templates_mgmt", "0016_class_changes")]

    operations = [migrations.RunSQL(refuse(_TABLE), allow(_TABLE))]
