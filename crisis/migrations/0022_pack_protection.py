"""Packs are made and kept; nobody changes or deletes one."""

from django.db import migrations

from core import appendonly


class Migration(migrations.Migration):
    dependencies = [("crisis", "0021_pack")]

    operations = [
        migrations.RunSQL(appendonly.refuse("crisis_pack"), appendonly.allow("crisis_pack"))
    ]
