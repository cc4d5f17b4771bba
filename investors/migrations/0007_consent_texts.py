"""The consent texts every installation starts with. A purpose that has a text keeps its own."""

import hashlib

from django.db import migrations
from django.utils import timezone

from investors.rules.consent_texts import SHIPPED


def add(apps, schema_editor):
    notices = apps.get_model("investors", "ConsentNotice").objects.using(
        schema_editor.connection.alias
    )
    for purpose, language, text in SHIPPED:
        if notices.filter(purpose=purpose, language=language).exists():
            continue
        notices.create(
            purpose=purpose,
            version=1,
            language=language,
            text=text,
            sha256=hashlib.sha256(text.encode()).hexdigest(),
            created_at=timezone.now(),
        )


class Migration(migrations.Migration):
    dependencies = [("investors", "0006_sealed_reasons")]

    # Backwards nothing is removed: texts are append-only, and entries may be pinned to them.
    operations = [migrations.RunPython(add, migrations.RunPython.noop)]
