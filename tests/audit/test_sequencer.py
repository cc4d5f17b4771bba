"""The log stays one tree whatever happens between any two steps (L3, quality.md L)."""

from __future__ import annotations

import threading

import pytest
from django.db import connection, connections, transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from audit import keys, merkle, sequencer, store
from audit.leaf import Entry, Subjects, leaf_data, leaf_of_row
from audit.merkle import Tile
from audit.models import Checkpoint, Leaf, Pending, Record, SequencerState
from audit.models import Tile as StoredTile
from core.errors import Conflict
from tests.audit.builders import NOW, Crash, as_superuser, dying, grow, remembered, write

pytestmark = pytest.mark.django_db(transaction=True)

STEPS = [
    "_place_leaves", "_store_tiles", "_store_state", "_prove_extends", "_sign", "_remember",
    "_store_checkpoint",
]  # fmt: skip


def derived_hashes() -> list[bytes]:
    """Leaf hashes from the rows alone, in log order."""
    rows = {row.pk: row for row in Record.objects.all()}
    return [merkle.leaf_hash(leaf_data(entry_of(rows[leaf.record]))) for leaf in Leaf.objects.all()]


def entry_of(row: Record) -> Entry:
    subjects = Subjects(*(getattr(row, name) for name in Subjects._fields))
    sealed = None if row.sealed is None else bytes(row.sealed)
    return Entry(
        row.id,
        row.occurred_at,
        row.recorded_at,
        row.action,
        row.actor,
        subjects,
        row.payload,
        sealed,
    )


def assert_one_tree() -> None:
    """Indices contiguous, hashes derived, every checkpoint a prefix of today's leaves."""
    hashes = derived_hashes()
    assert [leaf.index for leaf in Leaf.objects.all()] == list(range(len(hashes)))
    assert [bytes(leaf.hash) for leaf in Leaf.objects.all()] == hashes
    assert SequencerState.objects.get().size == len(hashes)
    for row in Checkpoint.objects.all():
        opened = keys.keyring().open(row.note.encode()).checkpoint
        assert (opened.size, opened.root) == (row.size, bytes(row.root))
        assert opened.root == merkle.root_from_hashes(hashes[: row.size])
        assert merkle.tree_root(row.size, store.read_tiles) == opened.root
    if remembered().exists():
        newest = Checkpoint.objects.first()
        assert newest is not None
        assert remembered().read_text() == newest.note


def test_records_get_contiguous_places_and_a_signed_checkpoint():
    write(5)
    assert sequencer.sequence_once(now=NOW, limit=3) == 3
    assert sequencer.sequence_once(now=NOW, limit=3) == 2
    assert sequencer.sequence_once(now=NOW, limit=3) == 0
    assert list(Checkpoint.objects.values_list("size", flat=True)) == [5, 3]
    assert Pending.objects.count() == 0
    assert_one_tree()


def test_an_empty_log_signs_nothing():
    assert sequencer.sequence_once(now=NOW) == 0
    assert sequencer.publish(now=NOW) is None
    assert not remembered().exists()


def test_bulk_leaf_bytes_are_those_of_the_record_written_alone():
    write(7)
    with store.binary() as cursor:
        query = f"SELECT {store.ROW} FROM audit_record r ORDER BY r.id"
        rows = cursor.execute(query, binary=True).fetchall()
    singly = [leaf_data(entry_of(row)) for row in Record.objects.order_by("id")]
    assert [leaf_of_row(*row) for row in rows] == singly


def test_queued_ids_without_a_record_stop_the_log_by_name(admin_conninfo):
    as_superuser(admin_conninfo, "INSERT INTO audit_pending VALUES (gen_random_uuid())")
    with pytest.raises(Conflict, match="are gone"):
        sequencer.sequence_once(now=NOW)
    assert Pending.objects.count() == 1


def test_a_record_that_commits_between_two_looks_at_the_queue_is_no_alarm(monkeypatch):
    real = store.place_queued

    def late(first: int, limit: int) -> list[bytes]:
        found = real(first, limit)
        writer = threading.Thread(target=lambda: (write(1), connections.close_all()))
        writer.start()
        writer.join()
        return found

    monkeypatch.setattr(store, "place_queued", late)
    assert sequencer.place(limit=10) == 0
    monkeypatch.undo()
    assert sequencer.place(limit=10) == 1


def test_every_published_size_keeps_its_partial_tiles():
    grow(3, 300, 1)
    kept = {Tile(t.level, t.index, t.width) for t in StoredTile.objects.all()}
    for size in (3, 303, 304):
        assert set(merkle.partial_tiles(size)) <= kept
    assert Tile(0, 0) in kept


def test_a_writer_that_has_not_committed_is_left_for_later():
    """Ids commit out of order: the older record comes later, and nobody waits for it."""
    started, release = threading.Event(), threading.Event()

    def slow_writer() -> None:
        with transaction.atomic():
            write(1, action="test.slow")
            started.set()
            release.wait(10)
        connections.close_all()

    thread = threading.Thread(target=slow_writer)
    thread.start()
    started.wait(10)
    write(2)
    assert sequencer.sequence_once(now=NOW) == 2
    release.set()
    thread.join()
    assert sequencer.sequence_once(now=NOW) == 1
    assert_one_tree()


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
@pytest.mark.parametrize("step", STEPS)
def test_a_crash_at_any_step_is_mended_by_the_next_run(step, before, monkeypatch):
    grow(4)
    write(300)
    with monkeypatch.context() as patch:
        patch.setattr(sequencer, step, dying(getattr(sequencer, step), before=before))
        with pytest.raises(Crash):
            sequencer.publish(now=NOW)
            sequencer.place(limit=1000)
            sequencer.publish(now=NOW)
    assert sequencer.catch_up(now=NOW) == 0
    assert Leaf.objects.count() == 304
    assert_one_tree()


@settings(max_examples=12, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 200), st.sampled_from(STEPS), st.booleans()),
        min_size=1,
        max_size=5,
    )
)
def test_any_run_of_crashes_leaves_one_tree(plan):
    for count, step, before in plan:
        write(count)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sequencer, step, dying(getattr(sequencer, step), before=before))
            try:
                sequencer.sequence_once(now=NOW, limit=150)
            except Crash:
                connection.close()
    assert sequencer.catch_up(now=NOW) == 0
    assert_one_tree()


def test_two_sequencers_make_one_log():
    write(400)
    errors: list[BaseException] = []

    def work() -> None:
        try:
            for _ in range(40):
                sequencer.sequence_once(now=NOW, limit=25)
        except BaseException as error:
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert sequencer.catch_up(now=NOW) == 0
    assert Leaf.objects.count() == 400
    assert_one_tree()


def test_while_another_holds_the_lock_nothing_happens(admin_conninfo):
    import psycopg

    write(3)
    with psycopg.connect(admin_conninfo) as other:
        other.execute("SELECT * FROM audit_sequencerstate FOR UPDATE")
        assert sequencer.sequence_once(now=NOW) == 0
        assert sequencer.catch_up(now=NOW, patience=0.1) == 3
        other.rollback()
    assert sequencer.sequence_once(now=NOW) == 3


# --- refusing to fork -----------------------------------------------------------------------

CUT = [
    "DELETE FROM audit_leaf WHERE index >= 5",
    "DELETE FROM audit_tile WHERE width > 5",
    "DELETE FROM audit_checkpoint WHERE size > 5",
]


def restore_backup(conninfo: str, size: int = 5) -> None:
    """Put the database back to `size` leaves, as an old backup would, the queue included."""
    state = merkle.frontier_at(size, store.read_tiles).to_bytes().hex()
    as_superuser(
        conninfo,
        f"DELETE FROM audit_record USING audit_leaf l WHERE id = l.record AND l.index >= {size}",
        *CUT,
        f"UPDATE audit_sequencerstate SET size = {size}, frontier = '\\x{state}'",
    )


def test_a_restored_backup_signs_nothing(admin_conninfo):
    grow(5, 4)
    published = remembered().read_bytes()
    restore_backup(admin_conninfo)
    write(2)
    with pytest.raises(sequencer.LedgerForked, match="older backup") as caught:
        sequencer.sequence_once(now=NOW)
    assert caught.value.details == {"signed_size": 9, "size": 5}
    assert Leaf.objects.count() == 5
    assert remembered().read_bytes() == published


def test_a_backup_that_grew_past_the_signed_size_signs_nothing(admin_conninfo):
    grow(5, 4)
    restore_backup(admin_conninfo)
    write(20)
    assert sequencer.place(limit=100) == 20  # as a sequencer without its memory would
    with pytest.raises(sequencer.LedgerForked, match="contradicts"):
        sequencer.publish(now=NOW)
    assert list(Checkpoint.objects.values_list("size", flat=True)) == [5]


def test_a_lost_memory_is_not_replaced_by_trust():
    grow(5)
    remembered().unlink()
    write(1)
    with pytest.raises(sequencer.LedgerForked, match="is missing"):
        sequencer.sequence_once(now=NOW)


def test_a_damaged_memory_is_refused():
    grow(5)
    remembered().write_bytes(remembered().read_bytes().replace(b"\n5\n", b"\n6\n"))
    with pytest.raises(sequencer.LedgerForked, match="not genuine"):
        sequencer.sequence_once(now=NOW)


def test_edited_tiles_stop_the_signing(admin_conninfo):
    grow(300)
    as_superuser(
        admin_conninfo,
        "UPDATE audit_tile SET hashes = sha256('x') || substr(hashes, 33) WHERE level = 0",
    )
    write(1)
    with pytest.raises(sequencer.LedgerForked, match="contradicts"):
        sequencer.sequence_once(now=NOW)


def test_a_refusal_is_recorded_once():
    error = sequencer.LedgerForked("refused", details={"signed_size": 9, "size": 5})
    assert sequencer.report_refusal(error, now=NOW)
    assert not sequencer.report_refusal(error, now=NOW)
    assert Record.objects.filter(action="audit.signing_refused").count() == 1


def test_sequencing_inside_a_transaction_is_refused():
    with transaction.atomic(), pytest.raises(RuntimeError, match="durable"):
        sequencer.place(limit=1)
