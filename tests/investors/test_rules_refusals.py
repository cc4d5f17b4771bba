"""The words of refusals."""

from __future__ import annotations

import pytest
from django.utils import translation

from investors.rules import REASONS, general_reason


@pytest.mark.parametrize("code", sorted(REASONS))
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_a_reason_for_many_rows_has_no_holes(code: str, language: str) -> None:
    with translation.override(language):
        words = general_reason(code)
    assert len(words) > 5
    assert not any(mark in words for mark in ("%", "…", "‹", "{"))
