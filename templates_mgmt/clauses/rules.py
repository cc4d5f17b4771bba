"""Clauses as the rules see them. Pure.

A text includes the clause `standard_risk` as `{{ clause_standard_risk }}`. The wording in force is
pinned into the version's facts whenever a draft is saved or submitted, so that an approval is
about the very words, and a later change of the clause touches nothing that was approved.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from core.errors import InvalidInput
from templates_mgmt.rendering import CLAUSE_PREFIX, placeholder_names
from templates_mgmt.rules import Language, VariantText, clean_text

_CODE = re.compile(r"[a-z][a-z0-9_]{1,30}")


@dataclass(frozen=True, slots=True)
class Wording:
    """A clause in force: the version's number and its texts by language."""

    code: str
    number: int
    texts: Mapping[str, str]


def clean_code(code: str) -> str:
    """A name that can stand in a placeholder; raises InvalidInput."""
    code = code.strip()
    if not _CODE.fullmatch(code):
        raise InvalidInput(
            _("“%(code)s” must be 2 to 31 of a–z, 0–9 and _, a letter first.") % {"code": code},
            code="bad_name",
            field="code",
        )
    return code


def clean_texts(raw: Mapping[str, str]) -> dict[str, str]:
    """Texts by language without placeholders; at least one is needed."""
    texts = {}
    for language in Language:
        field = f"texts.{language}"
        text = clean_text(raw.get(language.value), field=field, limit=5000)
        if "{{" in text or "}}" in text:
            raise InvalidInput(
                _("A clause is fixed wording: it holds no placeholder."),
                code="placeholder_in_clause",
                field=field,
            )
        if text:
            texts[language.value] = text
    if not texts:
        raise InvalidInput(_("Write the clause in at least one language."), field="texts.zh-hans")
    return texts


def canonical(*, code: str, source: str, texts: Mapping[str, str]) -> dict[str, Any]:
    """The content as the ledger and the hash see it."""
    return {"v": 1, "code": code, "source": source, "texts": dict(texts)}


def used_codes(variants: Iterable[VariantText]) -> dict[str, list[str]]:
    """The codes of the clauses that the texts of each language include, sorted."""
    used: dict[str, set[str]] = {}
    for variant in variants:
        for text in (variant.subject, variant.body, variant.body_html):
            for name in placeholder_names(text):
                if name.startswith(CLAUSE_PREFIX):
                    codes = used.setdefault(variant.language, set())
                    codes.add(name.removeprefix(CLAUSE_PREFIX))
    return {language: sorted(codes) for language, codes in used.items()}


def pin(
    facts: Mapping[str, Mapping[str, Any]],
    variants: Iterable[VariantText],
    wordings: Mapping[str, Wording],
) -> dict[str, dict[str, Any]]:
    """The facts with the wording of every clause that is included and in force. A clause that
    is not, or not in that language, is left out: lint then names the place."""
    used = used_codes(variants)
    pinned = {}
    for language, facts_of in facts.items():
        block = {name: value for name, value in facts_of.items() if name != "clauses"}
        clauses = {
            code: {"version": wording.number, "text": wording.texts[language]}
            for code in used.get(language, [])
            if (wording := wordings.get(code)) and language in wording.texts
        }
        pinned[language] = {**block, "clauses": clauses} if clauses else block
    return pinned


def pinned_numbers(facts: Mapping[str, Mapping[str, Any]]) -> dict[str, int]:
    """The clauses that a version has pinned, with the lowest number of any language."""
    numbers: dict[str, int] = {}
    for block in facts.values():
        for code, clause in (block.get("clauses") or {}).items():
            number = int(clause["version"])
            numbers[code] = min(number, numbers.get(code, number))
    return numbers
