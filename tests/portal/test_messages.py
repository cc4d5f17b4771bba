"""The portal is complete in Simplified Chinese and English (P3)."""

from __future__ import annotations

import re

import polib
import pytest
from django.conf import settings

from portal import messages
from portal.management.commands.extract_messages import APPS

CATALOG = settings.LOCALE_PATHS[0] / "zh_Hans" / "LC_MESSAGES" / "django.po"
_PLACE = re.compile(r"%\([a-z_0-9]+\)[sd]|%%|\{[a-z_0-9]*\}")


@pytest.fixture(scope="module")
def catalog():
    return polib.pofile(str(CATALOG))


def test_every_string_has_a_chinese_translation(catalog):
    wanted = messages.messages_of(settings.BASE_DIR, APPS)
    assert len(wanted) > 100
    assert messages.untranslated(catalog, wanted) == []


def test_translations_keep_their_placeholders(catalog):
    for entry in catalog:
        for text in entry.msgstr_plural.values() or [entry.msgstr]:
            source = entry.msgid_plural or entry.msgid
            assert set(_PLACE.findall(text)) == set(_PLACE.findall(source)), entry.msgid


def test_strings_are_found_in_python_and_templates(tmp_path):
    app = tmp_path / "app"
    app.mkdir()
    (app / "code.py").write_text("x = _('One'); y = ngettext('a %(n)d', 'b %(n)d', 2)\n_('')\n")
    (app / "page.html").write_text(
        "{% translate 'Two' %}"
        "{% blocktranslate trimmed with a=b %}Three\n {{ a }}{% endblocktranslate %}"
    )
    found = messages.messages_of(tmp_path, ["app"])
    assert set(found) == {
        messages.Message("One"),
        messages.Message("a %(n)d", plural="b %(n)d"),
        messages.Message("Two"),
        messages.Message("Three %(a)s"),
    }


def test_a_missing_or_fuzzy_translation_is_reported():
    catalog = polib.POFile()
    catalog.append(polib.POEntry(msgid="One", msgstr="一"))
    catalog.append(polib.POEntry(msgid="Two", msgstr="二", flags=["fuzzy"]))
    wanted = {messages.Message(text): ["f"] for text in ("One", "Two", "Three")}
    assert [gap.text for gap in messages.untranslated(catalog, wanted)] == ["Two", "Three"]
    messages.update(catalog, {messages.Message("Three"): ["f"]})
    assert [entry.msgid for entry in catalog] == ["Three"]


def test_a_function_under_another_name_is_read(tmp_path):
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "rules.py").write_text(
        "from django.utils.translation import gettext as _text\n_text('late')\n", encoding="utf-8"
    )
    (tmp_path / "shop" / "other.py").write_text("_text('no message')\n", encoding="utf-8")
    assert list(messages.messages_of(tmp_path, ["shop"])) == [messages.Message("late")]
