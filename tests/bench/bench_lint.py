"""How long lint takes: `python -m tests.bench.bench_lint [variants] [terms]`.

Lints variants (the texts and facts of the library's examples with a number in each, so that none
is served from a cache of the one before) against word lists of so many invented terms, and prints
processor seconds. Building the lists' matcher is measured apart: it is done once for each change
of a list.
"""

from __future__ import annotations

import os
import random
import sys
import time
from dataclasses import replace

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

TARGET_SECONDS = 2.0


def main() -> int:
    """Print the figures; the exit code says whether the target is met."""
    django.setup()
    from templates_mgmt import lint
    from templates_mgmt.lexicon.rules import Lexicon, Words
    from templates_mgmt.library import read_example, slugs

    variants = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000
    terms = int(sys.argv[2]) if len(sys.argv) > 2 else 10_000
    chance = random.Random(7)  # the same terms each time
    common = [chr(code) for code in range(0x4E00, 0x4E00 + 3_000)]
    words = tuple(
        "".join(chance.choices(common, k=chance.randint(3, 6))) for _number in range(terms)
    )
    base = Words(code="bench", severity="error", terms=words, why={}, fix={})
    begun = time.process_time()
    lexicon = Lexicon((base,))
    lexicon.find("x")
    print(f"matcher of {terms} terms: {time.process_time() - begun:.2f} s")
    contents = []
    while sum(len(content.variants) for content in contents) < variants:
        for slug in slugs():
            whole = read_example(slug).content
            changed = tuple(
                replace(text, body=f"{text.body} ({len(contents)})") for text in whole.variants
            )
            facts = {
                language: {**block, "risk": f"{block['risk']} ({len(contents)})"}
                for language, block in whole.facts.items()
            }
            contents.append(replace(whole, facts=facts, variants=changed))
    linted = sum(len(content.variants) for content in contents)
    begun = time.process_time()
    found = sum(len(lint.lint(content, lexicon, frozenset())) for content in contents)
    seconds = (time.process_time() - begun) * variants / linted
    print(f"{variants} variants: {seconds:.2f} s of processor ({linted} linted, {found} findings)")
    return 0 if seconds < TARGET_SECONDS else 1


if __name__ == "__main__":
    sys.exit(main())
