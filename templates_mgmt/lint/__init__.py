"""What is wrong with a version's words, where, why, and how to mend it (T7). Pure.

An error stops submission; a warning is shown to author and reviewer. Findings whose code is in
OVERRIDABLE are matters of judgement: with a written reason that reviewers see, they may stand.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection

from templates_mgmt import rendering
from templates_mgmt.lexicon.rules import Lexicon
from templates_mgmt.lexicon.shipped import SHIPPED
from templates_mgmt.lint import channels, checks, kept, links, style
from templates_mgmt.lint.base import Finding as Finding
from templates_mgmt.lint.base import Place as Place
from templates_mgmt.lint.base import Severity as Severity
from templates_mgmt.lint.base import as_dict as as_dict
from templates_mgmt.lint.checks import sample_text as sample_text
from templates_mgmt.lint.checks import sample_values as sample_values
from templates_mgmt.rules import Content

OVERRIDABLE = frozenset(
    {"forbidden_word", "sms_length", "not_in_facts", "hard_to_read", "long_sentences"}
    | {"rare_characters", "wall_of_text", "long_subject", "long_text", "personal_subject"}
    | {"push_length", "personal_push", "script_length"}
)


def lint(
    content: Content, lexicon: Lexicon = SHIPPED, hosts: Collection[str] | None = None
) -> list[Finding]:
    """All findings, errors first. `lexicon` are the word lists in force, `hosts` those that texts
    may link to (None: any)."""
    found = [
        *checks.findings(content, lexicon),
        *channels.findings(content),
        *kept.findings(content),
        *links.findings(content, hosts),
        *style.findings(content),
    ]
    return sorted(found, key=lambda finding: finding.severity != Severity.ERROR)


def errors(findings: list[Finding]) -> list[Finding]:
    """The findings that stop submission."""
    return [finding for finding in findings if finding.severity == Severity.ERROR]


def fingerprint(finding: Finding, content: Content) -> str:
    """Hex SHA-256 of a finding's code, place and excerpt and of the text it is in: another text
    is another finding, so that a reason never covers words it was not written for."""
    place = finding.place
    if place.channel:
        text = next(
            (
                getattr(variant, place.field or "body", "")
                for variant in content.variants
                if (variant.channel, variant.language) == (place.channel, place.language)
            ),
            "",
        )
    else:
        text = rendering.fact_text(content.facts.get(place.language, {}), place.field)
    whole = "\x1f".join((finding.code, place.ref, finding.excerpt, text))
    return hashlib.sha256(whole.encode()).hexdigest()
