"""Every service that changes or reveals anything writes its record in the same transaction (L1).

`tests/completeness/scenes` has a scene for each service: it is called on a real, committing
database, which itself tells what each transaction changed. A new service without a scene fails
here by name. Routes follow in the same way.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from core import crypto
from tests.completeness import scenes
from tests.completeness.catalogue import SCENES, services
from tests.completeness.exceptions import NO_RECORD, PARTS
from tests.completeness.watching import Watch, watching

pytestmark = pytest.mark.django_db(transaction=True)
assert scenes


@pytest.fixture(scope="module")
def all_tables(admin_conninfo: str) -> Iterator[Watch]:
    with watching(admin_conninfo) as watch:
        yield watch


@pytest.fixture(autouse=True)
def own_keys() -> Iterator[None]:
    """Scenes that rotate the key-encryption key do so in a directory of their own."""
    yield
    crypto.forget_cached_keys()


def test_every_service_has_a_scene_or_a_reason() -> None:
    known = SCENES.keys() | PARTS.keys()
    assert sorted(services().keys() - known) == [], "services that nobody watches"


def test_every_scene_and_every_reason_is_of_a_service() -> None:
    assert sorted((SCENES.keys() | PARTS.keys()) - services().keys()) == []
    assert sorted(SCENES.keys() & PARTS.keys()) == []
    assert NO_RECORD.keys() <= SCENES.keys()


@pytest.mark.thorough
@pytest.mark.parametrize("name", sorted(SCENES))
def test_a_service_leaves_its_record(name: str, all_tables: Watch, tmp_path, settings) -> None:
    settings.IMPORT_DIR = tmp_path / "imports"
    act = SCENES[name]()
    all_tables.clear()
    act()
    assert all_tables.unrecorded() == [], "changed without a record in the transaction"
    if name not in NO_RECORD:
        assert all_tables.records() > 0, "nothing was recorded"


def test_the_watch_sees_a_change_without_its_record(all_tables: Watch) -> None:
    """The test of the test: a table that nothing else guards."""
    from comms.recreating.models import SendingStyle
    from core import clock

    all_tables.clear()
    SendingStyle.objects.create(id="x", content={}, created_at=clock.now())
    assert all_tables.unrecorded() == [["comms_sendingstyle"]]
    assert all_tables.records() == 0
