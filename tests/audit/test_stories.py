"""Whatever happens to the sequencer, in whatever order, the log stays one tree (L3, L9).

A story is a run of events: records are written, the sequencer works or dies between two steps
(before the step lasts, or after), two work at once, the key is changed, old backups are restored.
Everything ever published is kept aside, as an outsider would, and held against the log at the end.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

import psycopg
import pytest
from django.db import connection, connections
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit import keys, merkle, sequencer, store
from audit.keyring import services
from audit.keyring.models import Reason
from audit.models import Checkpoint, Leaf, Pending, Record
from audit.note import Checkpoint as Head
from audit.note import parse_note
from audit.verify import check_log
from core import crypto
from core.actor import system
from tests.audit.builders import NOW, Crash, as_superuser, dying, remembered, write
from tests.audit.test_sequencer import STEPS, assert_one_tree, derived_hashes

pytestmark = pytest.mark.django_db(transaction=True)

TABLES = (
    "audit_record", "audit_leaf", "audit_tile", "audit_checkpoint", "audit_keyrotation",
    "audit_pending", "audit_sequencerstate",
)  # fmt: skip
CHANGE_STEPS = [
    (keys, "next_signer"), (services, "sign_statement"), (services, "record"), (keys, "_promote"),
    (sequencer, "catch_up"),
]  # fmt: skip


class World:
    """The log, what outsiders have seen of it, and the backups that somebody made."""

    def __init__(self, conninfo: str) -> None:
        self.conninfo = conninfo
        self.seen: dict[int, tuple[bytes, bytes]] = {}  # root and note, by size
        self.backups = 0
        with psycopg.connect(conninfo) as admin:
            admin.execute("DROP SCHEMA IF EXISTS backups CASCADE; CREATE SCHEMA backups")

    def look(self) -> None:
        """See what is published: never two roots for one size."""
        notes = [note.encode() for note in Checkpoint.objects.values_list("note", flat=True)]
        if remembered().exists():
            notes.append(remembered().read_bytes())
        for data in notes:
            head = keys.keyring().open(data).checkpoint
            assert self.seen.setdefault(head.size, (head.root, data)) == (head.root, data)

    # --- events -----------------------------------------------------------------------------

    def write(self, count: int) -> None:
        write(count)

    def work(self, limit: int) -> None:
        sequencer.sequence_once(now=NOW, limit=limit)

    def die(self, step: str, before: bool) -> None:
        self._dying(sequencer, step, before, lambda: self.work(150))

    def change_key(self) -> None:
        if Checkpoint.objects.exists():
            self._change()

    def die_changing_key(self, step: int, before: bool) -> None:
        self._dying(*CHANGE_STEPS[step], before, self.change_key)

    def compete(self) -> None:
        """Two more sequencers at once."""
        errors: list[BaseException] = []

        def work() -> None:
            try:
                for _ in range(3):
                    self.work(40)
            except BaseException as error:
                errors.append(error)
            finally:
                connections.close_all()

        threads = [threading.Thread(target=work) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert errors == []

    def back_up(self) -> None:
        self._copy(f"backup_{self.backups}")
        self.backups += 1

    def restore(self, number: int) -> None:
        """An old backup takes the log's place: nothing is signed that was signed otherwise.

        When signing stops, the newest state is brought back, as it would be from the WAL.
        """
        if not self.backups:
            return
        number %= self.backups
        self._copy("present")
        self._put_back(f"backup_{number}")
        kept = dict(self.seen)
        write(3)
        try:
            self.work(100)
        except sequencer.LedgerForked:
            assert self._published() <= kept.keys()  # refused, and nothing new was signed
            self._put_back("present")
        else:  # nothing was signed since the backup, so it may go on
            self.look()

    def play(self, event: tuple[object, ...]) -> None:
        name, *values = event
        getattr(self, str(name))(*values)
        self.look()

    # --- the end ----------------------------------------------------------------------------

    def hold_together(self) -> None:
        """One tree, verified, of which everything ever seen is a prefix, proofs included."""
        assert sequencer.catch_up(now=NOW) == 0
        self.look()
        assert_one_tree()
        assert Leaf.objects.count() == Record.objects.count()
        assert Pending.objects.count() == 0
        hashes = derived_hashes()
        newest = max(self.seen, default=0)
        assert newest == len(hashes)
        oldest = self.seen[min(self.seen)][1].decode()
        assert check_log(against=oldest).counts == {}
        for size, (root, _note) in self.seen.items():
            assert root == merkle.root_from_hashes(hashes[:size])
            proof = merkle.consistency_proof(size, newest, store.read_tiles)
            merkle.verify_consistency(size, newest, root, self.seen[newest][0], proof)

    # --- helpers ----------------------------------------------------------------------------

    def _change(self) -> None:
        services.rotate(actor=system("operator"), now=NOW, reason=Reason.SCHEDULED)

    def _dying(self, module: object, step: str, before: bool, act: Callable[[], None]) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(module, step, dying(getattr(module, step), before=before))
            try:
                act()
            except Crash:
                connection.close()

    def _published(self) -> set[int]:
        sizes = set(Checkpoint.objects.values_list("size", flat=True))
        return sizes | {Head.parse(parse_note(remembered().read_bytes()).text).size}

    def _copy(self, name: str) -> None:
        with psycopg.connect(self.conninfo) as admin:
            for table in TABLES:
                admin.execute(f"DROP TABLE IF EXISTS backups.{name}_{table}")
                admin.execute(f"CREATE TABLE backups.{name}_{table} AS TABLE {table}")

    def _put_back(self, name: str) -> None:
        connection.close()
        as_superuser(
            self.conninfo,
            "ALTER TABLE audit_record DISABLE TRIGGER audit_record_queue",
            "ALTER TABLE audit_keyrotation DISABLE TRIGGER audit_keyrotation_append_only",
            *(f"DELETE FROM {table}" for table in TABLES),
            *(f"INSERT INTO {table} SELECT * FROM backups.{name}_{table}" for table in TABLES),
            "ALTER TABLE audit_keyrotation ENABLE ALWAYS TRIGGER audit_keyrotation_append_only",
            "ALTER TABLE audit_record ENABLE ALWAYS TRIGGER audit_record_queue",
        )


EVENTS = st.one_of(
    st.tuples(st.just("write"), st.integers(1, 270)),
    st.tuples(st.just("work"), st.integers(1, 270)),
    st.tuples(st.just("die"), st.sampled_from(STEPS), st.booleans()),
    st.tuples(st.just("change_key")),
    st.tuples(st.just("die_changing_key"), st.integers(0, len(CHANGE_STEPS) - 1), st.booleans()),
    st.tuples(st.just("compete")),
    st.tuples(st.just("back_up")),
    st.tuples(st.just("restore"), st.integers(0, 9)),
)


@pytest.fixture
def world(admin_conninfo, settings, tmp_path):
    def make() -> World:
        number = len(list(tmp_path.iterdir()))
        settings.KEY_DIR = tmp_path / f"keys-{number}"
        settings.LEDGER_DIR = tmp_path / f"ledger-{number}"
        for name in ("kek", "index-key"):
            crypto.create_key_file(name)
        return World(admin_conninfo)

    yield make
    with psycopg.connect(admin_conninfo) as admin:
        admin.execute("DROP SCHEMA IF EXISTS backups CASCADE")


@pytest.mark.thorough
@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(events=st.lists(EVENTS, min_size=2, max_size=9))
def test_whatever_happens_the_log_stays_one_tree(world, admin_conninfo, events):
    from tests.conftest import empty_database

    empty_database(admin_conninfo)
    told = world()
    told.play(("write", 5))
    told.play(("work", 5))
    for event in events:
        told.play(event)
    told.hold_together()


@pytest.mark.thorough
@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
@pytest.mark.parametrize("step", STEPS)
def test_a_backup_restored_after_a_crash_at_each_step(world, step, before):
    """The worst that sunlight's tests have: it died, and came back older than it was."""
    told = world()
    for event in (
        ("write", 260), ("work", 260), ("back_up",), ("write", 30), ("die", step, before),
        ("restore", 0), ("write", 2), ("work", 100),
    ):  # fmt: skip
        told.play(event)
    told.hold_together()


def test_a_backup_from_before_a_change_of_keys_signs_nothing(world):
    told = world()
    for event in (("write", 4), ("work", 9), ("back_up",), ("change_key",)):
        told.play(event)
    told._copy("present")
    told._put_back("backup_0")
    write(20)
    with pytest.raises(sequencer.LedgerForked):
        told.work(100)
    told._put_back("present")
    told.hold_together()


# --- tiles ----------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 70_000), st.integers(1, 70_000))
def test_growth_writes_what_changed_and_reads_the_edge_of_that(old, more):
    """At most one partial tile is read for each level, and each new hash is written once."""
    new = old + more
    hashes = [b"%032d" % n for n in range(new)]
    before = dict(merkle.grow_tiles(0, hashes[:old], dict)) if old else {}
    asked: list[merkle.Tile] = []

    def read(tiles):
        asked.extend(tiles)
        return {tile: before[tile] for tile in tiles}

    written = merkle.grow_tiles(old, hashes[old:], read)
    levels = range(max(1, -(-new.bit_length() // merkle.TILE_HEIGHT)))
    counts = [(old >> 8 * level, new >> 8 * level) for level in levels]
    expected = {
        merkle.tile_at(level, number, new)
        for level, (a, b) in enumerate(counts)
        for number in range(a // 256, -(-b // 256))
        if b > a
    }
    assert set(written) == expected
    assert not set(written) & set(before)
    assert len(asked) == len(set(asked))
    assert set(asked) <= set(merkle.partial_tiles(old))
    assert {(each.level, each.number) for each in asked} <= {
        (each.level, each.number) for each in written
    }


@pytest.mark.parametrize("append", [1, 2, 5, 250, 251, 252, 255, 256, 257, 511, 512, 1000])
def test_an_append_touches_no_more_in_the_database(append, monkeypatch):
    """Placing reads at most the edge of each level, and publishing a path's worth."""
    grown = 5 + 256 * 3
    write(grown)
    sequencer.sequence_once(now=NOW, limit=grown)
    read: list[list[merkle.Tile]] = []
    wrote: list[int] = []
    real_read, real_write = store.read_tiles, store.write_tiles

    def reading(tiles, driver=None):
        read.append(list(tiles))
        return real_read(tiles, driver)

    def writing(tiles):
        wrote.append(len(tiles))
        real_write(tiles)

    monkeypatch.setattr(store, "read_tiles", reading)
    monkeypatch.setattr(store, "write_tiles", writing)
    write(append)
    sequencer.place(limit=append)
    levels = 2
    assert len(read) == 1  # one question
    assert len(read[0]) <= levels
    assert wrote == [len(merkle.tiles_for_growth(grown, grown + append))]
    read.clear()
    sequencer.publish(now=NOW)
    path = 2 * (grown + append).bit_length()
    assert sum(len(tiles) for tiles in read) <= 2 * path
    assert wrote[1:] == []
