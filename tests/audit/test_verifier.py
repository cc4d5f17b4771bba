"""The stand-alone verifier of an export: it runs anywhere, and finds any change (L8)."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import bagit
import pytest

from audit import keys
from audit.export import verifier
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


def test_any_flipped_bit_is_found_and_its_file_named(bag):
    for path in [each for each in bag.rglob("*") if each.is_file()]:
        name = path.relative_to(bag).as_posix()
        whole = path.read_bytes()
        places = range(len(whole)) if name == "data/checkpoint" else (0, 7, len(whole) // 2, -1)
        for at in places:
            flip(path, at, bit=at % 8)
            with pytest.raises((verifier.Wrong, SystemExit)) as caught:
                verifier.check(bag, None)
            assert name in str(caught.value), (name, at, str(caught.value))
            path.write_bytes(whole)
    assert verifier.check(bag, None)


@pytest.mark.parametrize("name", [*verifier.PAYLOAD, *verifier.TAG_FILES, "tagmanifest-sha256.txt"])
def test_a_flip_makes_the_program_fail(name, bag):
    flip(bag / name, 20, bit=5)
    done = run_verifier(bag)
    assert done.returncode == 1
    assert name in done.stderr


def test_missing_extra_and_linked_files_are_named(bag):
    (bag / "data/report.pdf").rename(bag / "data/report2.pdf")
    done = run_verifier(bag)
    assert "data/report.pdf: is missing" in done.stderr
    assert "data/report2.pdf: does not belong to the bag" in done.stderr
    (bag / "data/report2.pdf").rename(bag / "data/report.pdf")
    (bag / "link").symlink_to("/etc/passwd")
    assert "link: is a link" in run_verifier(bag).stderr
    (bag / "link").unlink()
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
    "edit a proof": ("data/proofs/inclusion.jsonl", b'"index":3', b'"index":4'),
    "edit the checkpoint": ("data/checkpoint", b"\n4", b"\n5"),
    "another count": ("data/statement.json", b'"records": 106', b'"records": 104'),
    "another scope": ("data/statement.json", b'"notice": "', b'"notice": "0'),
}


@pytest.mark.parametrize("deed", FORGERIES)
def test_a_forger_who_mends_the_manifests_is_found(deed, bag):
    name, old, new = FORGERIES[deed]
    data = (bag / name).read_bytes()
    assert old in data
    (bag / name).write_bytes(data.replace(old, new, 1))
    reseal(bag)
    done = run_verifier(bag)
    assert done.returncode == 1
    expected = "data/records.jsonl" if deed == "another scope" else name
    assert expected in done.stderr


def test_a_dropped_record_is_found(bag):
    for name in ("data/records.jsonl", "data/proofs/inclusion.jsonl"):
        kept = (bag / name).read_bytes().splitlines(keepends=True)
        (bag / name).write_bytes(b"".join(kept[:5] + kept[6:]))
    reseal(bag)
    assert "data/records.csv: differs" in run_verifier(bag).stderr


def test_a_bag_of_another_key_does_not_pass_for_ours(notice, settings, tmp_path):
    bag, ours = built(notice), str(keys.verifier_key())
    settings.KEY_DIR = tmp_path / "other-keys"
    theirs = str(keys.verifier_key())
    assert run_verifier(bag, "--key", ours).returncode == 0
    done = run_verifier(bag, "--key", theirs)
    assert (done.returncode, "data/key: is not the key that you gave" in done.stderr) == (1, True)
