"""Whatever a superuser changes, verification finds it and names the place (L9)."""

from __future__ import annotations

import io
import json

import pytest
from django.core.management import CommandError, call_command

from audit import keys, merkle, sequencer
from audit.models import Checkpoint, Leaf, Record, Verification
from audit.note import Checkpoint as Head
from audit.note import Signer, sign_checkpoint
from audit.verify import check_log, verify_log
from core.errors import Forbidden
from core.roles import Role
from tests.audit.builders import NOW, as_superuser, grow, remembered, staff, write

pytestmark = pytest.mark.django_db(transaction=True)

AT = "(SELECT record FROM audit_leaf WHERE index = {})"


def codes(**options: object) -> dict[str, int]:
    return check_log(**options).counts


def places(code: str) -> list[dict[str, object]]:
    return [finding.place for finding in check_log().findings if finding.code == code]


def test_a_sound_log_holds():
    grow(3, 300, 5)
    write(2)
    result = check_log(against=remembered().read_text())
    assert (result.ok, result.findings, result.counts) == (True, (), {})
    assert (result.size, result.pending, result.checkpoints, result.against) == (308, 2, 3, 308)
    assert result.root == bytes(Checkpoint.objects.get(size=308).root)


def test_an_empty_log_holds():
    assert check_log().ok


def test_a_log_of_several_tile_levels_holds():
    grow(65_500, 300, 256)
    assert check_log().counts == {}


def test_checkpoints_on_and_around_the_edges_of_tiles_hold():
    grow(255, 1, 256, 511, 1, 1)
    assert check_log().counts == {}
    assert check_log().checkpoints == 6


def test_placed_but_unsigned_leaves_are_no_fault():
    grow(4)
    write(3)
    sequencer.place(limit=10)
    assert check_log().ok


# --- the list of tampering ------------------------------------------------------------------

EDITED = {"leaf_hash": 1, "checkpoint_root": 3, "tile_wrong": 2, "state_frontier": 1}
TAMPER = {
    "edit an action": (
        f"UPDATE audit_record SET action = 'test.edited' WHERE id = {AT.format(2)}",
        EDITED,
    ),
    "edit a payload": (
        f"UPDATE audit_record SET payload = '{{}}' WHERE id = {AT.format(2)}",
        EDITED,
    ),
    "edit a time": (
        "UPDATE audit_record SET occurred_at = occurred_at - interval '1 microsecond' "
        f"WHERE id = {AT.format(2)}",
        EDITED,
    ),
    "edit what was sealed": (
        f"UPDATE audit_record SET sealed = 'other' WHERE id = {AT.format(3)}",
        EDITED,
    ),
    "move a record to another investor": (
        f"UPDATE audit_record SET investor = gen_random_uuid() WHERE id = {AT.format(2)}",
        EDITED,
    ),
    "delete a record": (
        f"DELETE FROM audit_record WHERE id = {AT.format(2)}",
        {"leaf_without_record": 1},
    ),
    "delete a leaf": (
        "DELETE FROM audit_leaf WHERE index = 2",
        {
            "leaf_gap": 1, "record_unplaced": 1, "state_size": 1, "checkpoint_root": 1,
            "checkpoint_beyond": 2, "tile_wrong": 1, "tile_missing": 1, "tile_stray": 1,
        },
    ),
    "insert a record unseen": (
        "ALTER TABLE audit_record DISABLE TRIGGER audit_record_queue;"
        "INSERT INTO audit_record SELECT gen_random_uuid(), occurred_at, recorded_at, action, "
        "actor, notice, delivery, investor, template, version, incident, staff, object, payload, "
        "sealed "
        "FROM audit_record LIMIT 1;"
        "ALTER TABLE audit_record ENABLE ALWAYS TRIGGER audit_record_queue",
        {"record_unplaced": 1},
    ),
    "swap two leaves": (
        "UPDATE audit_leaf SET index = -1 WHERE index = 2; UPDATE audit_leaf SET index = 2 WHERE "
        "index = 3; UPDATE audit_leaf SET index = 3 WHERE index = -1",
        {"tile_wrong": 2, "checkpoint_root": 3, "state_frontier": 1},
    ),
    "cut the tail": (
        "DELETE FROM audit_record WHERE id IN (SELECT record FROM audit_leaf WHERE index >= 6);"
        "DELETE FROM audit_leaf WHERE index >= 6",
        {"checkpoint_beyond": 2, "state_size": 1, "tile_stray": 1, "tile_missing": 1},
    ),
    "edit a tile": (
        "UPDATE audit_tile SET hashes = sha256('x') || substr(hashes, 33) WHERE width = 4",
        {"tile_wrong": 1},
    ),
    "delete a published partial tile": (
        "DELETE FROM audit_tile WHERE width = 4",
        {"tile_missing": 1},
    ),
    "edit a checkpoint": (
        "UPDATE audit_checkpoint SET note = replace(note, E'\\n4\\n', E'\\n5\\n') WHERE size = 4",
        {"checkpoint_signature": 1},
    ),
    "edit a checkpoint's columns": (
        "UPDATE audit_checkpoint SET root = sha256('x') WHERE size = 4",
        {"checkpoint_row": 1},
    ),
    "empty the queue of a record": ("DELETE FROM audit_pending", {"record_unplaced": 1}),
    "queue a record that is placed": (
        "INSERT INTO audit_pending SELECT record FROM audit_leaf WHERE index = 1",
        {"queue_already_placed": 1},
    ),
    "queue a record that is not there": (
        "INSERT INTO audit_pending VALUES (gen_random_uuid())",
        {"queue_without_record": 1},
    ),
    "two leaves for one record": (
        "ALTER TABLE audit_leaf DROP CONSTRAINT audit_leaf_record_key;"
        f"UPDATE audit_leaf SET record = {AT.format(3)} WHERE index = 2",
        {"record_twice": 1, "record_unplaced": 1, **EDITED},
    ),
}  # fmt: skip


@pytest.mark.parametrize("deed", TAMPER)
def test_tampering_is_found(deed, admin_conninfo):
    statements, expected = TAMPER[deed]
    grow(4, 4)
    write(1)
    assert check_log().ok
    try:
        as_superuser(admin_conninfo, statements)
        found = codes()
    finally:
        if "DROP CONSTRAINT" in statements:
            as_superuser(
                admin_conninfo,
                "TRUNCATE audit_leaf",
                "ALTER TABLE audit_leaf ADD CONSTRAINT audit_leaf_record_key UNIQUE (record)",
            )
    assert found == expected


OTHER = {
    "id": "gen_random_uuid()", "occurred_at": "occurred_at + interval '1 microsecond'",
    "recorded_at": "recorded_at - interval '1 microsecond'", "action": "'test.edited'",
    "actor": "'system:edited'", "object": "'thing:x'", "payload": "payload::jsonb::text::json",
    "sealed": "'other'",
    **dict.fromkeys(
        ("notice", "delivery", "investor", "template", "version", "incident", "staff"),
        "gen_random_uuid()",
    ),
}  # fmt: skip


@pytest.mark.parametrize("column", OTHER)
def test_an_edit_of_any_column_of_a_record_is_found_at_its_leaf(column, admin_conninfo):
    """Even of the white space of its payload, or its id."""
    grow(4, 4)
    victim = Leaf.objects.get(index=5).record
    edit = f"UPDATE audit_record SET {column} = {OTHER[column]} WHERE id = '{victim}'"
    as_superuser(admin_conninfo, edit)
    found = {(each.code, each.place.get("index")) for each in check_log().findings}
    assert (("leaf_without_record" if column == "id" else "leaf_hash"), 5) in found


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        ("UPDATE audit_leaf SET hash = sha256('x') WHERE index = 5", {"leaf_hash"}),
        ("UPDATE audit_leaf SET record = gen_random_uuid() WHERE index = 5",
         {"leaf_without_record", "record_unplaced"}),
        ("UPDATE audit_leaf SET index = 99 WHERE index = 5", {"leaf_gap", "checkpoint_root"}),
        ("UPDATE audit_tile SET level = 3 WHERE width = 4", {"tile_missing", "tile_stray"}),
        ("UPDATE audit_tile SET index = 3 WHERE width = 4", {"tile_missing", "tile_stray"}),
        ("UPDATE audit_tile SET width = 5 WHERE width = 4", {"tile_missing"}),
        ("UPDATE audit_tile SET hashes = hashes || sha256('x') WHERE width = 4", {"tile_wrong"}),
        ("UPDATE audit_checkpoint SET size = 5 WHERE size = 4", {"checkpoint_row"}),
        ("UPDATE audit_checkpoint SET root = sha256('x') WHERE size = 4", {"checkpoint_row"}),
        ("UPDATE audit_checkpoint SET note = replace(note, 'A', 'B') WHERE size = 4",
         {"checkpoint_signature"}),
        ("UPDATE audit_sequencerstate SET size = 7", {"state_size"}),
        ("UPDATE audit_sequencerstate SET frontier = frontier || '\\x00'", {"state_frontier"}),
    ],
)  # fmt: skip
def test_an_edit_of_what_is_stored_about_the_tree_is_found(edit, expected, admin_conninfo):
    grow(4, 4)
    as_superuser(admin_conninfo, edit)
    assert expected <= check_log().counts.keys()


def test_an_old_backup_is_found_by_what_it_lacks(admin_conninfo):
    from tests.audit.test_sequencer import restore_backup

    grow(5, 4)
    restore_backup(admin_conninfo)
    assert places("checkpoint_beyond") == [{"size": 9, "leaves": 5, "lost": 4}]
    write(20)
    sequencer.place(limit=100)  # and when it has grown past the signed size
    assert places("checkpoint_root") == [{"size": 9, "first": 5, "last": 8}]


def test_a_record_put_in_between_is_found_where_it_stands(admin_conninfo):
    """Leaves moved up by one, the new one in its place, tiles and state made to fit."""
    grow(4, 4)
    write(1)
    as_superuser(
        admin_conninfo,
        "UPDATE audit_leaf SET index = -index WHERE index >= 2",
        "UPDATE audit_leaf SET index = 1 - index WHERE index < 0",
        "INSERT INTO audit_leaf SELECT 2, record, sha256('x') FROM audit_pending",
        "DELETE FROM audit_pending",
        "UPDATE audit_sequencerstate SET size = 9",
    )
    assert places("checkpoint_root")[0] == {"size": 4, "first": 0, "last": 3}
    assert places("tile_wrong")[0] == {"tile": "tile/0/000.p/4", "index": 2}


def test_findings_name_the_leaf_and_the_record(admin_conninfo):
    grow(4, 4)
    victim = Leaf.objects.get(index=5).record
    edit = f"UPDATE audit_record SET actor = 'system:x' WHERE id = '{victim}'"
    as_superuser(admin_conninfo, edit)
    assert places("leaf_hash") == [{"index": 5, "record": str(victim)}]
    assert places("checkpoint_root")[0] == {"size": 8, "first": 4, "last": 7}
    assert "Leaf 5" in str(check_log().findings[0])


def test_a_swap_is_placed_at_its_first_leaf(admin_conninfo):
    grow(4, 4)
    as_superuser(admin_conninfo, TAMPER["swap two leaves"][0])
    assert places("tile_wrong") == [
        {"tile": "tile/0/000.p/4", "index": 2}, {"tile": "tile/0/000.p/8", "index": 2},
    ]  # fmt: skip


def rewrite_consistently(conninfo: str) -> None:
    """Edit record 2, then make leaves, tiles and frontier fit it: all that a superuser can do."""
    victim = Leaf.objects.get(index=2).record
    as_superuser(conninfo, f"UPDATE audit_record SET action = 'test.edited' WHERE id = '{victim}'")
    from tests.audit.test_sequencer import derived_hashes

    hashes = derived_hashes()
    statements = [f"UPDATE audit_leaf SET hash = '\\x{hashes[2].hex()}' WHERE index = 2"]
    for width in (4, 8):
        data = b"".join(hashes[:width]).hex()
        statements.append(f"UPDATE audit_tile SET hashes = '\\x{data}' WHERE width = {width}")
    frontier = merkle.Frontier()
    frontier.extend(hashes)
    state = frontier.to_bytes().hex()
    statements.append(f"UPDATE audit_sequencerstate SET frontier = '\\x{state}'")
    as_superuser(conninfo, *statements)


def test_a_consistent_rewrite_contradicts_the_stored_checkpoints(admin_conninfo):
    grow(4, 4)
    rewrite_consistently(admin_conninfo)
    assert codes() == {"checkpoint_root": 3}  # two stored, one remembered


def test_a_rewrite_without_checkpoints_contradicts_the_memory(admin_conninfo):
    grow(4, 4)
    rewrite_consistently(admin_conninfo)
    as_superuser(admin_conninfo, "DELETE FROM audit_checkpoint")
    assert codes() == {"checkpoint_root": 1}


def test_a_rewrite_of_everything_contradicts_an_outside_checkpoint(admin_conninfo):
    grow(4, 4)
    kept = remembered().read_text()
    rewrite_consistently(admin_conninfo)
    as_superuser(admin_conninfo, "DELETE FROM audit_checkpoint")
    remembered().unlink()
    assert check_log().ok  # nothing on this machine can tell any more
    assert codes(against=kept) == {"checkpoint_root": 1}


def test_a_missing_memory_is_a_finding():
    grow(4)
    remembered().unlink()
    assert codes() == {"remembered_missing": 1}


def test_a_checkpoint_of_another_log_is_not_believed():
    grow(4)
    other = Signer("other.example/log", keys.signer().private_key)
    text = bytes(sign_checkpoint(Head("other.example/log", 4, b"x" * 32), other)).decode()
    assert codes(against=text) == {"against_signature": 1}
    assert codes(against="nonsense") == {"against_signature": 1}


def test_many_findings_are_counted_and_some_shown(admin_conninfo):
    grow(100)
    as_superuser(admin_conninfo, "UPDATE audit_record SET action = 'test.edited'")
    result = check_log()
    assert result.counts["leaf_hash"] == 100
    assert len([each for each in result.findings if each.code == "leaf_hash"]) == 25


# --- storing, command -----------------------------------------------------------------------


def test_the_result_is_stored_and_recorded():
    grow(4)
    seen: list[tuple[int, int]] = []
    result = verify_log(now=NOW, progress=lambda done, total: seen.append((done, total)))
    assert result.ok
    assert seen[-1] == (4, 4)
    row = Verification.objects.get()
    assert (row.ok, row.size, row.started_at, row.findings) == (True, 4, NOW, [])
    assert row.finished_at is not None
    entry = Record.objects.get(action="audit.verified")
    assert entry.content == {
        "ok": True, "size": 4, "checkpoints": 1, "against": None, "findings": {},
    }  # fmt: skip


def test_only_those_who_may_verify_do():
    grow(4)
    assert verify_log(now=NOW, actor=staff(Role.AUDITOR)).ok
    with pytest.raises(Forbidden):
        verify_log(now=NOW, actor=staff(Role.AUTHOR))


def run_command(*arguments: str) -> tuple[int, str]:
    out = io.StringIO()
    try:
        call_command("verify_ledger", *arguments, stdout=out)
    except SystemExit as stop:
        return int(stop.code or 0), out.getvalue()
    return 0, out.getvalue()


def test_the_command_says_so_and_exits_0(tmp_path):
    grow(4)
    kept = tmp_path / "kept"
    kept.write_bytes(remembered().read_bytes())
    grow(3)
    code, text = run_command("--against", str(kept))
    assert code == 0
    assert "The log holds." in text
    assert "outside checkpoint of 4 leaves" in text


def test_the_command_exits_1_with_the_finding(admin_conninfo):
    grow(4)
    as_superuser(admin_conninfo, "UPDATE audit_record SET action = 'test.edited'")
    code, text = run_command("--json")
    found = json.loads(text)
    assert (code, found["ok"], found["counts"]["leaf_hash"]) == (1, False, 4)


def test_the_command_refuses_a_missing_file(tmp_path):
    with pytest.raises(CommandError) as caught:
        call_command("verify_ledger", "--against", str(tmp_path / "none"))
    assert caught.value.returncode == 2
