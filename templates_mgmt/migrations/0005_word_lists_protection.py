"""Word lists below Python, and the lists that every installation starts with."""

from django.db import migrations
from django.utils import timezone

from core.embedded import APP_ROLE
from core.reviewed import sql
from core.reviewed.rules import content_hash
from core.shipping import settle
from templates_mgmt.lexicon.rules import canonical
from templates_mgmt.lexicon.shipped import NAMES, SHIPPED

TABLE = "templates_mgmt_wordlistversion"
CONTENT = ("severity", "why", "fix", "terms", "exceptions", "examples")


def ship(apps, schema_editor):
    """Put the shipped lists in force."""
    lists = apps.get_model("templates_mgmt", "WordList")
    versions = apps.get_model("templates_mgmt", "WordListVersion")
    now = timezone.now()
    for words in SHIPPED.lists:
        versions.objects.using(schema_editor.connection.alias).create(
            word_list=lists.objects.using(schema_editor.connection.alias).create(
                code=words.code, name=NAMES[words.code], created_at=now
            ),
            number=1,
            state="approved",
            severity=words.severity,
            why=words.why,
            fix=words.fix,
            terms=list(words.terms),
            exceptions=list(words.exceptions),
            examples=[{"text": item.text, "hit": item.hit} for item in words.examples],
            content_hash=content_hash(canonical(words)),
            edited_at=now,
        )
    settle(schema_editor)


def take_back(apps, schema_editor):
    apps.get_model("templates_mgmt", "WordListVersion").objects.using(
        schema_editor.connection.alias
    ).all().delete()
    apps.get_model("templates_mgmt", "WordList").objects.using(
        schema_editor.connection.alias
    ).all().delete()
    settle(schema_editor)


class Migration(migrations.Migration):
    dependencies = [("templates_mgmt", "0004_word_lists")]

    operations = [
        migrations.RunPython(ship, take_back),
        migrations.RunSQL(
            sql.guard(table=TABLE, parent="word_list_id", content=CONTENT),
            sql.unguard(table=TABLE),
        ),
        migrations.RunSQL(
            f"REVOKE DELETE ON templates_mgmt_wordlist FROM {APP_ROLE}",
            f"GRANT DELETE ON templates_mgmt_wordlist TO {APP_ROLE}",
        ),
    ]
