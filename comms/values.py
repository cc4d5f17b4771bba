"""The values that a notice gives to its wording's placeholders. Pure.

A value that holds words (type "text") is given in every language of the notice, as a mapping from
language to text: a Chinese sentence has no place in the English message. A date, a time, a number
or an amount is one text for all.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from core.errors import InvalidInput
from templates_mgmt.rules import LANGUAGE_LABELS, Language, Placeholder, PlaceholderType, Source

MAX_VALUE = 2000  # characters of one value

Value = str | dict[str, str]


def entered(placeholders: Iterable[Placeholder]) -> list[Placeholder]:
    """The placeholders whose value is entered for each notice."""
    return [item for item in placeholders if item.source == Source.NOTICE]


def holds_words(placeholder: Placeholder) -> bool:
    """Whether its value differs from language to language."""
    return placeholder.type == PlaceholderType.TEXT


def languages_of(written: Iterable[tuple[str, str]], channels: Collection[str]) -> tuple[str, ...]:
    """The languages in which a notice goes out on `channels`, in the house's order; `written`
    are the (channel, language) pairs of the wording's variants."""
    used = {language for channel, language in written if channel in channels}
    return tuple(language.value for language in Language if language.value in used)


def in_language(values: Mapping[str, Any], language: str) -> dict[str, str]:
    """The values that a message in `language` shows; one that is missing there stays absent."""
    shown = {}
    for name, value in values.items():
        text = value.get(language) if isinstance(value, Mapping) else value
        if text is not None:
            shown[name] = str(text)
    return shown


def clean(
    placeholders: Iterable[Placeholder], languages: Collection[str], raw: Mapping[str, Any]
) -> dict[str, Value]:
    """Exactly the values that the notice must give, in every language that needs them.

    Raises InvalidInput naming `values.<placeholder>` or `values.<placeholder>.<language>` for
    one that is unknown, missing or too long. A plain text for a value that holds words is
    accepted where there is one language only.
    """
    wanted = {item.name: item for item in entered(placeholders)}
    for name in raw:
        if name not in wanted:
            raise InvalidInput(
                _("The wording has no value “%(name)s” to fill in.") % {"name": name},
                code="unknown_value",
                field=f"values.{name}",
            )
    return {
        name: _words(name, raw.get(name), languages)
        if holds_words(item)
        else _text(name, raw.get(name))
        for name, item in sorted(wanted.items())
    }


def missing(
    placeholders: Iterable[Placeholder], languages: Collection[str], values: Mapping[str, Any]
) -> list[tuple[str, str]]:
    """What a release would still lack: (placeholder, language), the language empty for values
    that are the same in all."""
    found = []
    for item in entered(placeholders):
        value = values.get(item.name)
        if not holds_words(item):
            found += [] if isinstance(value, str) and value.strip() else [(item.name, "")]
        elif not isinstance(value, Mapping):
            found += [(item.name, language) for language in languages]
        else:
            found += [(item.name, at) for at in languages if not str(value.get(at, "")).strip()]
    return found


def _words(name: str, value: Any, languages: Collection[str]) -> dict[str, str]:
    if not isinstance(value, Mapping):
        if len(languages) > 1 and str(value or "").strip():
            raise InvalidInput(
                _("“%(name)s” holds words: give it in each language (%(languages)s).")
                % {"name": name, "languages": ", ".join(languages)},
                code="value_per_language",
                field=f"values.{name}",
                details={"languages": list(languages)},
            )
        value = dict.fromkeys(languages, value)
    for language in value:
        if language not in set(Language):
            raise InvalidInput(
                _("No such language: “%(language)s”.") % {"language": language},
                code="unknown_language",
                field=f"values.{name}",
            )
    texts = {at: _text(name, value.get(at), at) for at in languages}
    kept = {at: str(text).strip()[:MAX_VALUE] for at, text in value.items() if at not in texts}
    return texts | {at: text for at, text in kept.items() if text}


def _text(name: str, value: Any, language: str = "") -> str:
    if isinstance(value, Mapping):
        raise InvalidInput(
            _("“%(name)s” is the same in every language: give one value.") % {"name": name},
            code="one_value",
            field=f"values.{name}",
        )
    text = "" if value is None else str(value).strip()
    if text and len(text) <= MAX_VALUE:
        return text
    words = {"name": name, "limit": MAX_VALUE}
    message = _("Give a value for “%(name)s”, of at most %(limit)s characters.") % words
    if language:
        words["language"] = str(LANGUAGE_LABELS[Language(language)])
        message = (
            _("Give a value for “%(name)s” in %(language)s, of at most %(limit)s characters.")
            % words
        )
    raise InvalidInput(
        message,
        code="too_long" if text else "missing_value",
        field=f"values.{name}.{language}" if language else f"values.{name}",
    )
