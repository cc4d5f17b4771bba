"""Fixtures of the ledger's tests."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils import translation

from audit import sequencer
from tests.audit.builders import NOW, write
from tests.audit.exports import built


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """Messages in the language that the tests quote."""
    with translation.override("en"):
        yield


@pytest.fixture
def notice() -> uuid.UUID:
    """A notice with its trail: drafting and approval, deliveries, and foreign records around."""
    notice, version, template = uuid.uuid4(), uuid.uuid4(), uuid.uuid4()
    write(4, action="template.drafted", version=version, template=template)
    write(300)
    write(1, action="notice.created", notice=notice, version=version)
    for channel in range(5):
        write(20, action="delivery.accepted", notice=notice, delivery=uuid.uuid4())
        write(3, action="delivery.accepted", notice=uuid.uuid4(), version=version)
        assert channel >= 0
    sequencer.catch_up(now=NOW)
    return notice


@pytest.fixture
def bag(request, tmp_path, tmp_path_factory) -> Path:
    """A copy of one bag, built once for all tests that only read or damage it."""
    if not SAVED:
        made = built(request.getfixturevalue("notice"))
        SAVED.append(shutil.copytree(made, tmp_path_factory.mktemp("saved") / "bag"))
    return Path(shutil.copytree(SAVED[0], tmp_path / "copy"))


SAVED: list[Path] = []
