"""What is in force, and what a change would mean."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from core.access import require
from core.actor import Actor
from core.errors import NotFound
from core.reviewed.rules import State
from core.roles import Capability
from templates_mgmt.lexicon.models import WordList, WordListVersion
from templates_mgmt.lexicon.rules import Lexicon, Words
from templates_mgmt.models import TemplateVersion
from templates_mgmt.rendering import fact_texts


def in_force() -> Lexicon:
    """The lists in force. One small query; a set of lists is built once per process."""
    keys = tuple(
        WordListVersion.objects.filter(state=State.APPROVED)
        .order_by("word_list__code")
        .values_list("pk", "content_hash")
    )
    return _built(keys)


@lru_cache(maxsize=8)
def _built(keys: tuple[tuple[UUID, str], ...]) -> Lexicon:
    versions = WordListVersion.objects.select_related("word_list").in_bulk(
        [pk for pk, _content_hash in keys]
    )
    return Lexicon(tuple(versions[pk].words for pk, _content_hash in keys))


def word_lists(actor: Actor) -> list[WordList]:
    """All lists with their versions, newest first; two queries."""
    require(actor, Capability.TEMPLATES_VIEW)
    return list(WordList.objects.prefetch_related("versions__edited_by", "versions__decided_by"))


def version_for(actor: Actor, version_id: UUID) -> WordListVersion:
    """One version; raises NotFound."""
    require(actor, Capability.TEMPLATES_VIEW)
    found = (
        WordListVersion.objects.select_related("word_list", "edited_by", "decided_by")
        .filter(pk=version_id)
        .first()
    )
    if found is None:
        raise NotFound(_("There is no such word list."))
    return found


def words_in_force(word_list_id: UUID) -> Words | None:
    """The content of the list's version in force, if any."""
    version = (
        WordListVersion.objects.select_related("word_list")
        .filter(word_list=word_list_id, state=State.APPROVED)
        .first()
    )
    return version.words if version else None


@dataclass(frozen=True, slots=True)
class Impact:
    """An approved template that a change would flag anew, or clear. `terms` say by what."""

    version: TemplateVersion
    flagged: tuple[str, ...]
    cleared: tuple[str, ...]


def impact_of(version: WordListVersion) -> list[Impact]:
    """The approved templates whose findings would change if `version` came into force."""
    new, old = version.words, words_in_force(version.word_list_id)
    if old == new:
        return []
    approved = (
        TemplateVersion.objects.filter(state="approved")
        .select_related("template")
        .prefetch_related("variants")
        .order_by("template__code", "-number")
    )
    changed = []
    for each in approved.iterator(chunk_size=200):
        text = _text_of(each)
        after = {hit.term.text for hit in new.matcher.find(text)}
        before = {hit.term.text for hit in old.matcher.find(text)} if old else set()
        if after != before:
            changed.append(
                Impact(each, tuple(sorted(after - before)), tuple(sorted(before - after)))
            )
    return changed


def _text_of(version: TemplateVersion) -> str:
    """All words of a version, a full stop between two texts."""
    texts = [
        text
        for variant in version.variants.all()
        for text in (variant.subject, variant.body, variant.body_html)
    ]
    for block in version.facts.values():
        texts.extend(fact_texts(block).values())
    return "。\n".join(text for text in texts if text)
