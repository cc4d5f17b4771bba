"""Rotation of the key-encryption key: bounded batches, nothing lost, and no way back."""

from __future__ import annotations

import io
import json
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.core.management import call_command
from django.db import DatabaseError, transaction

from audit import sealing
from audit.models import Record, RetiredKek, SubjectKey
from audit.wrapping import services
from core import crypto, keyring
from core.actor import system
from core.errors import Conflict, Misconfigured
from tests.audit.builders import NOW

pytestmark = pytest.mark.django_db
ACTOR = system("test")


@pytest.fixture(autouse=True)
def directory(settings, tmp_path: Path) -> Iterator[Path]:
    settings.KEY_DIR = tmp_path
    for name in ("kek", "index-key"):
        crypto.create_key_file(name)
    crypto.forget_cached_keys()
    yield tmp_path
    crypto.forget_cached_keys()


def subjects(count: int) -> dict[uuid.UUID, bytes]:
    return sealing.create_keys([uuid.uuid4() for _ in range(count)], now=NOW)


def test_every_data_key_is_wrapped_again_in_batches_and_opens_as_before() -> None:
    keys = subjects(7)
    gone = next(iter(keys))
    sealing.destroy_key(gone, now=NOW)
    assert services.begin_rotation(actor=ACTOR, now=NOW) == 2
    assert services.rewrap(actor=ACTOR, now=NOW, batch=2) == 6
    assert services.under() == {2: 6}
    assert sealing.keys_of(keys) == {who: key for who, key in keys.items() if who != gone}
    told = [record.content["keys"] for record in Record.objects.filter(action="kek.rewrapped")]
    assert sorted(told) == [2, 2, 2]
    assert services.rewrap(actor=ACTOR, now=NOW) == 0


def test_a_run_that_was_killed_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = subjects(6)
    services.begin_rotation(actor=ACTOR, now=NOW)

    def killed(done: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        services.rewrap(actor=ACTOR, now=NOW, batch=2, progress=killed)
    assert services.under() == {1: 4, 2: 2}
    assert sealing.keys_of(keys) == keys
    assert services.rewrap(actor=ACTOR, now=NOW, batch=2) == 4


def test_an_old_kek_is_retired_only_when_nothing_needs_it(directory: Path) -> None:
    keys = subjects(2)
    services.begin_rotation(actor=ACTOR, now=NOW)
    with pytest.raises(Conflict) as needed:
        services.retire(number=1, actor=ACTOR, now=NOW)
    assert (needed.value.code, needed.value.details) == ("kek_needed", {"keys": 2})
    with pytest.raises(Conflict) as in_use:
        services.retire(number=2, actor=ACTOR, now=NOW)
    assert in_use.value.code == "kek_in_use"
    services.rewrap(actor=ACTOR, now=NOW)
    assert services.retire(number=1, actor=ACTOR, now=NOW)
    assert not (directory / "kek.key").exists()
    assert sealing.keys_of(keys) == keys
    assert Record.objects.filter(action="kek.retired", object="kek:1").count() == 1


def test_a_process_that_missed_the_rotation_cannot_wrap_under_a_retired_kek() -> None:
    stale = keyring.Keyring({1: crypto.keyring().key(1)})
    services.begin_rotation(actor=ACTOR, now=NOW)
    services.retire(number=1, actor=ACTOR, now=NOW)
    crypto.install_keys(keks={1: stale.key(1)}, index_key=bytes(32))
    with pytest.raises(psycopg.Error, match="retired"), transaction.atomic():
        subjects(3)
    crypto.forget_cached_keys()
    assert len(subjects(3)) == 3


def test_a_retired_kek_stays_retired() -> None:
    services.begin_rotation(actor=ACTOR, now=NOW)
    services.retire(number=1, actor=ACTOR, now=NOW)
    for act in (RetiredKek.objects.all().delete, lambda: RetiredKek.objects.update(number=9)):
        with pytest.raises(DatabaseError), transaction.atomic():
            act()


def test_a_backup_from_before_opens_only_with_the_old_kek(directory: Path) -> None:
    (who,) = keys = subjects(1)
    backup = bytes(SubjectKey.objects.get(subject=who).wrapped)
    services.begin_rotation(actor=ACTOR, now=NOW)
    services.rewrap(actor=ACTOR, now=NOW)
    assert crypto.unwrap(backup, context=who.bytes) == keys[who]
    services.retire(number=1, actor=ACTOR, now=NOW)
    with pytest.raises(Misconfigured):
        crypto.unwrap(backup, context=who.bytes)


def run(*arguments: str) -> dict[str, object]:
    out = io.StringIO()
    call_command("rotate_kek", "--json", *arguments, stdout=out)
    return json.loads(out.getvalue())


def test_the_command_rotates_and_says_what_is_where() -> None:
    subjects(3)
    assert run("--status")["data_keys"] == {"1": 3}
    told = run("--new")
    assert (told["created"], told["rewrapped"], told["data_keys"]) == (2, 3, {"2": 3})
    assert run("--retire", "1")["file_removed"] is True
    with pytest.raises(SystemExit) as refused:
        run("--retire", "2")
    assert refused.value.code == 2
