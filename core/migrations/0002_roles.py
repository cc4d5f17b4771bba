"""One group for each role, so that giving a role never has to make one."""

from django.db import migrations

from core.roles import Role


def make_groups(apps, schema_editor):
    groups = apps.get_model("auth", "Group").objects.using(schema_editor.connection.alias)
    for role in Role:
        groups.get_or_create(name=role.value)


def remove_groups(apps, schema_editor):
    groups = apps.get_model("auth", "Group").objects.using(schema_editor.connection.alias)
    groups.filter(name__in=[role.value for role in Role]).delete()


class Migration(migrations.Migration):
    dependencies = [("core", "0001_initial")]

    operations = [migrations.RunPython(make_groups, remove_groups)]
