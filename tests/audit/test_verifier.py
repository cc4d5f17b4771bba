"""The stand-alone verifier of an export: it runs anywhere, and finds any change (L8)."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import subprocess
import sys
import uuid
from collections.abc import Callable
from pathlib import Path

import bagit
import pytest
from hypothesis import given
from hypothesis import settings as settings_of
from hypothesis import strategies as st

from audit import keys, merkle, note
from audit.export import gaps, verifier
from audit.keyring import services as rotation
from audit.models import Checkpoint
from core.actor import system
from tests.audit.builders import NOW, grow, write
from tests.audit.exports import built, run_verifier

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_bag_is_a_bag_to_the_library_of_congress(bag):
    bagit.Bag(str(bag)).validate()


def test_the_bags_own_copy_of_the_verifier_works_too(bag):
    done = subprocess.run(
        [sys.executable, "-I", "-S", "data/verify.py", "."],
        cwd=bag,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def interpreter(version: str) -> str:
    """A Python of that version on this machine, or skip."""
    homes = Path.home().glob(f".pyenv/versions/{version}.*/bin/python")
    for python in (shutil.which(f"python{version}"), *map(str, homes)):
        if (
            python
            and not subprocess.run([python, "-V"], check=False, capture_output=True).returncode
        ):
            return python
    pytest.skip(f"no python{version} here")


@pytest.mark.parametrize("version", ["3.9", "3.10", "3.13"])
def test_the_verifier_runs_on_old_and_new_pythons(version, bag):
    done = run_verifier(bag, python=interpreter(version))
    assert done.returncode == 0, done.stderr


def flip(path: Path, at: int, bit: int = 0) -> None:
    data = bytearray(path.read_bytes())
    data[at % len(data)] ^= 1 << bit
    path.write_bytes(bytes(data))


def fault(bag: Path, *arguments: object) -> str:
    """What the verifier, run in this process, finds wrong."""
    with pytest.raises(verifier.Wrong) as caught:
        verifier.check(bag, *(arguments or (None,)))
    return str(caught.value)


def test_any_flipped_bit_is_found_and_its_file_named(bag):
    """Every byte of the small files, and 100 places of each large one."""
    for path in [each for each in bag.rglob("*") if each.is_file()]:
        name = path.relative_to(bag).as_posix()
        whole = path.read_bytes()
        step = 1 if len(whole) < 300 else max(1, len(whole) // 100)
        for at in [*range(0, len(whole), step), len(whole) - 1] if whole else []:
            flip(path, at, bit=at % 8)
            assert name in fault(bag), (name, at)
            path.write_bytes(whole)
    assert verifier.check(bag, None)


@pytest.mark.thorough
def test_every_single_byte_of_a_smallest_bag():
    """Exhaustive: one record, every byte of every file but the report's and the program's, which
    only their hashes protect (sampled above)."""
    write(1, action="test.one", notice=(one := uuid.uuid4()))
    bag = built(one)
    for path in [each for each in bag.rglob("*") if each.is_file()]:
        name = path.relative_to(bag).as_posix()
        if name in {"data/report.pdf", "data/verify.py"}:
            continue
        whole = path.read_bytes()
        for at in range(len(whole)):
            flip(path, at, bit=(at * 5) % 8)
            said = fault(bag)
            assert name in said, (name, at, said)
            path.write_bytes(whole)


DAMAGES = {
    "truncated": lambda data: data[:-1],
    "emptied": lambda data: b"",
    "extended": lambda data: data + b"\n",
    "CRLF": lambda data: data.replace(b"\n", b"\r\n").replace(b"\r\r\n", b"\n"),
    "doubled": lambda data: data + data,
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_named(damage, bag):
    for path in [each for each in bag.rglob("*") if each.is_file()]:
        whole, name = path.read_bytes(), path.relative_to(bag).as_posix()
        damaged = DAMAGES[damage](whole)
        if damaged == whole:
            continue
        path.write_bytes(damaged)
        assert name in fault(bag), name
        path.write_bytes(whole)


def test_a_removed_renamed_or_added_file_is_named(bag):
    for path in [each for each in bag.rglob("*") if each.is_file()]:
        name = path.relative_to(bag).as_posix()
        moved = path.with_name(path.name + ".old")
        path.rename(moved)
        done = run_verifier(bag)
        assert (done.returncode, name in done.stderr) == (1, True), (name, done.stderr)
        moved.rename(path)
    for added in ("more", "data/more", "data/proofs/more", "data/timestamps/x.tsr", "data/\udcff"):
        (bag / added).parent.mkdir(exist_ok=True)
        (bag / added).write_text("x")
        assert fault(bag).startswith(added)
        (bag / added).unlink()
        if "timestamps" in added:
            (bag / added).parent.rmdir()
    assert verifier.check(bag, None)


@pytest.mark.parametrize("name", [*verifier.PAYLOAD, *verifier.TAG_FILES, "tagmanifest-sha256.txt"])
def test_a_flip_makes_the_program_fail(name, bag):
    if not (bag / name).stat().st_size:
        (bag / name).write_bytes(b"x")
    else:
        flip(bag / name, 20, bit=5)
    done = run_verifier(bag)
    assert done.returncode == 1
    assert name in done.stderr


def test_links_and_empty_folders_are_named(bag):
    (bag / "link").symlink_to("/etc/passwd")
    assert "link: is a link" in run_verifier(bag).stderr
    (bag / "link").unlink()
    target = bag / "data/report.pdf"
    target.rename(bag.parent / "report.pdf")
    target.symlink_to(bag.parent / "report.pdf")
    assert "data/report.pdf: is a link" in run_verifier(bag).stderr
    target.unlink()
    (bag.parent / "report.pdf").rename(target)
    (bag / "empty").mkdir()
    assert "empty: is an empty folder" in run_verifier(bag).stderr


def reseal(bag: Path) -> None:
    """Make the manifests fit whatever was changed, as a clever forger would."""
    for manifest, paths in (
        ("manifest-sha256.txt", verifier.PAYLOAD),
        ("tagmanifest-sha256.txt", verifier.TAG_FILES),
    ):
        text = "".join(f"{verifier.sha256_of(bag / path)}  {path}\n" for path in sorted(paths))
        (bag / manifest).write_text(text)


FORGERIES = {
    "edit a record": ("data/records.jsonl", b"notice.created", b"notice.crested"),
    "edit the table": ("data/records.csv", b"notice.created", b"notice.crested"),
    "edit a place": ("data/proofs/inclusion.jsonl", b'"index":3', b'"index":4'),
    "edit a hash": ("data/proofs/inclusion.jsonl", b'"before":["2:', b'"before":["3:'),
    "edit the end": ("data/proofs/inclusion.jsonl", b'"size":', b'"size":1'),
    "edit the checkpoint": ("data/checkpoint", b"\n4", b"\n5"),
    "another count": ("data/statement.json", b'"records": 108', b'"records": 104'),
    "another scope": ("data/statement.json", b'"notice": "', b'"notice": "0'),
    "another form": ("data/statement.json", b"export-2", b"export-9"),
}


@pytest.mark.parametrize("deed", FORGERIES)
def test_a_forger_who_mends_the_manifests_is_found(deed, bag):
    name, old, new = FORGERIES[deed]
    data = (bag / name).read_bytes()
    if deed == "edit the end":  # in the last line only, where it says nothing about a record
        (bag / name).write_bytes(data.replace(b'{"after":[', b'{"after":["0:%s",' % HASH, 1))
    else:
        assert old in data
        (bag / name).write_bytes(data.replace(old, new, 1))
    reseal(bag)
    done = run_verifier(bag)
    assert done.returncode == 1
    expected = "data/records.jsonl" if deed == "another scope" else name
    assert expected in done.stderr


HASH = b"A" * 43 + b"="


def rewrite(bag: Path, change: Callable[[list[bytes], list[bytes]], None]) -> str:
    """Let a forger change lines of records and proofs, mend all hashes, and be judged."""
    names = ("data/records.jsonl", "data/proofs/inclusion.jsonl")
    records, proofs = ((bag / name).read_bytes().splitlines(keepends=True) for name in names)
    change(records, proofs)
    for name, changed in zip(names, (records, proofs), strict=True):
        (bag / name).write_bytes(b"".join(changed))
    statement = bag / "data/statement.json"
    said = statement.read_text().replace('"records": 108', f'"records": {len(records)}')
    statement.write_text(said)
    table = verifier.csv_head()
    for line, proof in zip(records, proofs, strict=False):
        table += verifier.csv_row(json.loads(proof)["index"], json.loads(line))
    (bag / "data/records.csv").write_bytes(table)
    reseal(bag)
    return fault(bag)


def drop(records: list[bytes], proofs: list[bytes]) -> None:
    del records[5], proofs[5]


def swap(records: list[bytes], proofs: list[bytes]) -> None:
    records[5], records[6] = records[6], records[5]


def alter(records: list[bytes], proofs: list[bytes]) -> None:
    """With the leaf's hash mended as well: then only the root tells."""
    records[5] = records[5].replace(b'"n":', b'"n":1')
    proof = json.loads(proofs[5])
    leaf = hashlib.sha256(b"\x00" + records[5][:-1]).digest()
    proof["leaf"] = base64.b64encode(leaf).decode()
    proofs[5] = json.dumps(proof, separators=(",", ":")).encode() + b"\n"


def repeat(records: list[bytes], proofs: list[bytes]) -> None:
    records.insert(5, records[5])
    proofs.insert(5, proofs[5])


def add(records: list[bytes], proofs: list[bytes]) -> None:
    records.append(records[-1])


@pytest.mark.parametrize("change", [drop, swap, alter, repeat])
def test_a_forger_of_everything_but_the_signature_is_found(change, bag):
    assert "data/" in rewrite(bag, change).partition(":")[0]


def hide(records: list[bytes], proofs: list[bytes]) -> None:
    """Give the leaf's hash instead of the record: the root still fits, as a bag need not hold
    every record of the log. Only the firm's signature on the manifest tells."""
    gone, after = json.loads(proofs[5]), json.loads(proofs[6])
    after["before"] = [*gone["before"], f"0:{gone['leaf']}", *after["before"]]
    proofs[6] = json.dumps(after, separators=(",", ":")).encode() + b"\n"
    del records[5], proofs[5]


def test_a_record_hidden_behind_its_hash_breaks_the_firms_signature(bag):
    assert rewrite(bag, hide).startswith("signature.txt: is for another manifest")


@pytest.mark.parametrize("name", ["data/report.pdf", "data/README.txt", "data/verify.py"])
def test_a_forged_text_breaks_the_firms_signature(name, bag):
    (bag / name).write_bytes((bag / name).read_bytes() + b"\n")
    reseal(bag)
    assert fault(bag).startswith("signature.txt: is for another manifest")


def test_a_bag_of_another_key_does_not_pass_for_ours(notice, settings, tmp_path):
    bag, ours = built(notice), str(keys.verifier_key())
    settings.KEY_DIR = tmp_path / "other-keys"
    theirs = str(keys.verifier_key())
    assert run_verifier(bag, "--key", ours).returncode == 0
    (tmp_path / "key").write_text(ours + "\n")
    assert run_verifier(bag, "--key", str(tmp_path / "key")).returncode == 0
    done = run_verifier(bag, "--key", theirs)
    assert (done.returncode, "data/key: is not the key that you gave" in done.stderr) == (1, True)


def test_a_key_from_before_a_change_still_serves(notice):
    older, first = built(notice), str(keys.verifier_key())
    rotation.rotate(actor=system("operator"), now=NOW, reason=rotation.Reason.SCHEDULED)
    newer, second = built(notice), str(keys.verifier_key())
    against = ("--against", str(older / "data/checkpoint"))
    done = run_verifier(newer, "--key", second, *against)
    assert (done.returncode, done.stderr) == (0, "")
    done = run_verifier(newer, "--key", first, *against)
    assert (done.returncode, "and named after it" in done.stdout) == (0, True)
    changed = newer / "data/rotations.jsonl"
    changed.write_text(changed.read_text().replace("scheduled", "scheduler"))
    reseal(newer)
    assert fault(newer).startswith("data/rotations.jsonl")


# --- an older checkpoint --------------------------------------------------------------------


def test_an_older_export_is_held_against_a_newer_one(notice, tmp_path):
    older = built(notice)
    grow(5, 300)
    newer = built(notice)
    against = str(older / "data/checkpoint")
    done = run_verifier(newer, "--against", against)
    assert (done.returncode, done.stderr) == (0, "")
    assert "of the older checkpoint, unchanged" in done.stdout
    back = run_verifier(older, "--against", str(newer / "data/checkpoint"))
    assert (back.returncode, "take the newer bag" in back.stderr) == (1, True)


def test_a_size_without_proof_is_said_to_be_so(notice):
    grow(1)
    unproved = Checkpoint.objects.order_by("-size").first()
    grow(9)
    bag = built(notice)
    file = bag.parent / "unproved"
    file.write_text(unproved.note)
    done = run_verifier(bag, "--against", str(file))
    assert (done.returncode, "holds no proof for that size" in done.stderr) == (1, True)


def test_a_rewritten_log_is_found_out(notice):
    """The log's own key signs another history of the same size: a fork."""
    older, signer = built(notice), keys.signer()
    checkpoint = verifier.Checkpoint((older / "data/checkpoint").read_bytes(), "x")
    forged = note.Checkpoint(signer.verifier.name, checkpoint.size, b"f" * 32)
    file = older.parent / "forged"
    file.write_bytes(bytes(note.sign_checkpoint(forged, signer)))
    bag = built(notice)
    done = run_verifier(bag, "--against", str(file))
    assert (done.returncode, "THE LOG WAS REWRITTEN" in done.stderr) == (1, True)
    flipped = file.read_bytes().replace(b"\n\n", b"\n\n", 1)
    file.write_bytes(flipped[:-6] + b"AAAA=\n")
    assert run_verifier(bag, "--against", str(file)).returncode == 1


@given(st.integers(1, 300), st.integers(0, 300))
@settings_of(max_examples=80, deadline=None)
def test_its_consistency_check_agrees_with_ours(old, more):
    leaves = [hashlib.sha256(b"%d" % n).digest() for n in range(old + more)]
    tiles = merkle.grow_tiles(0, leaves, lambda _wanted: {})

    def read(wanted):
        return {
            tile: tiles[merkle.Tile(tile.level, tile.number, 256)][: tile.width * 32]
            if merkle.Tile(tile.level, tile.number, 256) in tiles
            else tiles[merkle.tile_at(tile.level, tile.number, old + more)][: tile.width * 32]
            for tile in wanted
        }

    path = merkle.consistency_proof(old, old + more, read)
    roots = [merkle.root_from_hashes(leaves[:size]) for size in (old, old + more)]
    assert verifier.consistent(old, roots[0], old + more, roots[1], path)
    assert not verifier.consistent(old, b"x" * 32, old + more, roots[1], path)
    if path:
        wrong = [bytes(32), *path[1:]]
        assert not verifier.consistent(old, roots[0], old + more, roots[1], wrong)


@given(st.sets(st.integers(0, 699), max_size=60), st.integers(1, 700))
@settings_of(max_examples=80, deadline=None)
def test_the_fold_gives_the_root_and_each_inclusion_proof(chosen, size):
    leaves = [hashlib.sha256(b"%d" % n).digest() for n in range(size)]
    chosen = sorted(index for index in chosen if index < size)
    tree = verifier.Tree(watch=chosen[len(chosen) // 2] if chosen else None)
    at = 0
    for index in [*chosen, size]:
        for level, number in gaps.subtrees(at, index):
            tree.add(level, merkle.root_from_hashes(leaves[number << level : number + 1 << level]))
        if index < size:
            tree.add(0, leaves[index])
        at = index + 1
    root = merkle.root_from_hashes(leaves)
    assert (tree.size, tree.root()) == (size, root)
    if chosen:
        merkle.verify_inclusion(leaves[tree.watch], tree.watch, size, tree.path, root)
