"""Which strings of this code base want a translation. Needs no GNU gettext."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polib
from django.utils.translation.template import templatize

_FUNCTIONS = {
    "_": 1, "gettext": 1, "gettext_lazy": 1, "gettext_noop": 1, "ngettext": 2,
    "ngettext_lazy": 2, "pgettext": -1, "pgettext_lazy": -1,
}  # fmt: skip
_STRING = r"""u?(?:'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*")"""
_CALL = re.compile(rf"\b(_|n?gettext|pgettext)\(\s*({_STRING})(?:\s*,\s*({_STRING}))?")


@dataclass(frozen=True, slots=True)
class Message:
    """One translatable string: `context` and `plural` are None where there is none."""

    text: str
    plural: str | None = None
    context: str | None = None


def messages_of(root: Path, apps: list[str]) -> dict[Message, list[str]]:
    """Every message in the Python files and templates of `apps`, with the files it is in."""
    found: dict[Message, list[str]] = {}
    for app in apps:
        for path in sorted((root / app).rglob("*")):
            if "migrations" in path.parts or path.suffix not in {".py", ".html", ".txt"}:
                continue
            reader = _in_python if path.suffix == ".py" else _in_template
            name = str(path.relative_to(root))
            for message in reader(path.read_text(encoding="utf-8")):
                files = found.setdefault(message, [])
                if name not in files:
                    files.append(name)
    return found


def _in_python(source: str) -> Iterator[Message]:
    tree = ast.parse(source)
    functions = _FUNCTIONS | _renamed(tree)
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "id", None) or getattr(node.func, "attr", None)
        kind = functions.get(name or "")
        texts = [
            argument.value
            for argument in node.args
            if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
        ]
        if kind == 1 and texts and texts[0]:
            yield Message(texts[0])
        elif kind == 2 and len(texts) >= 2:
            yield Message(texts[0], plural=texts[1])
        elif kind == -1 and len(texts) >= 2:
            yield Message(texts[1], context=texts[0])


def _renamed(tree: ast.Module) -> dict[str, int]:
    """The names that a module gives to Django's functions: `from … import gettext as _text`."""
    return {
        each.asname: _FUNCTIONS[each.name]
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation"
        for each in node.names
        if each.asname and each.name in _FUNCTIONS
    }


def _in_template(source: str) -> Iterator[Message]:
    for match in _CALL.finditer(templatize(source)):
        name, first, second = match.groups()
        texts = [ast.literal_eval(text) for text in (first, second) if text]
        if name == "ngettext" and len(texts) == 2:
            yield Message(texts[0], plural=texts[1])
        elif name == "pgettext" and len(texts) == 2:
            yield Message(texts[1], context=texts[0])
        elif texts[0]:
            yield Message(texts[0])


def untranslated(catalog: polib.POFile, wanted: dict[Message, list[str]]) -> list[Message]:
    """The wanted messages that `catalog` lacks, has empty, or has marked fuzzy."""
    have = {
        Message(entry.msgid, entry.msgid_plural or None, entry.msgctxt)
        for entry in catalog
        if not entry.obsolete and not entry.fuzzy and entry.translated()
    }
    return [message for message in wanted if message not in have]


def update(catalog: polib.POFile, wanted: dict[Message, list[str]]) -> None:
    """Add what is new, drop what is no longer used, refresh where each string occurs."""
    known = {
        Message(entry.msgid, entry.msgid_plural or None, entry.msgctxt): entry for entry in catalog
    }
    for message, entry in known.items():
        if message not in wanted:
            catalog.remove(entry)
    for message, files in wanted.items():
        entry = known.get(message)
        if entry is None:
            entry = polib.POEntry(
                msgid=message.text, msgid_plural=message.plural or "", msgctxt=message.context
            )
            if message.plural:
                entry.msgstr_plural = {0: ""}
            catalog.append(entry)
        entry.occurrences = [(name, "") for name in files]
    catalog.sort(key=lambda entry: (entry.occurrences or [("", "")])[0])
