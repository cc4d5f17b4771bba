#!/usr/bin/env python3
"""Checks a regulator export made by Vouchsafe. Nothing but Python 3.9 or newer is needed: no
installation, no network.

    python3 verify.py BAG [--key KEY]

BAG is the folder of the export (the one that holds `bagit.txt`). KEY is the log's verifier key,
or a file that holds it, that you got by another way than this export: from the firm's web site,
a printed report, a colleague. Without --key this program shows the key it found; compare it.

This file lies in the bag as `data/verify.py`. Whoever alters an export could alter this file
too: use a copy that you trust. It reads the same whichever export it came from.

What is checked, in this order:
  1. every file of the bag is listed with its SHA-256, none is missing, none was added (BagIt);
  2. the log's key has the form and the identity that it claims, and is the one given by --key;
  3. the checkpoint (size and root of the log) is signed by that key (Ed25519, RFC 8032);
  4. every record is in the log at its place, under that root (Merkle proof, RFC 6962), and
     lies within the scope that the export states;
  5. records.csv is exactly records.jsonl in another form;
  6. the counts stated agree with what is there.

Exit code 0: all of it holds. 1: something does not; the file is named. 2: wrong usage.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import csv
import hashlib
import io
import json
import os
import re
import sys
from pathlib import Path
from typing import Any

BAGIT = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
TAG_FILES = ["bag-info.txt", "bagit.txt", "manifest-sha256.txt"]
PAYLOAD = [
    "data/README.txt",
    "data/checkpoint",
    "data/key",
    "data/proofs/inclusion.jsonl",
    "data/records.csv",
    "data/records.jsonl",
    "data/report.pdf",
    "data/statement.json",
    "data/verify.py",
]
SUBJECTS = [
    "notice",
    "delivery",
    "investor",
    "template",
    "version",
    "incident",
    "staff",
    "object",
]
COLUMNS = [
    "index",
    "id",
    "occurred_at",
    "recorded_at",
    "action",
    "actor",
    *SUBJECTS,
    "payload",
    "sealed",
]


class Wrong(Exception):
    """Something in the bag is wrong; `file` says where."""

    def __init__(self, file: str, why: str) -> None:
        super().__init__(f"{file}: {why}")
        self.file = file


# --- 1. files -------------------------------------------------------------------------------


def files_below(bag: Path) -> list[str]:
    """The paths of all files below `bag`, in byte order; a link or device is refused."""
    found = []
    for folder, folders, names in os.walk(bag):
        for name in folders + names:
            path = Path(folder) / name
            relative = path.relative_to(bag).as_posix()
            if path.is_symlink() or not (path.is_file() or path.is_dir()):
                raise Wrong(relative, "is a link or a device, not a file")
        if not folders and not names:
            raise Wrong(Path(folder).relative_to(bag).as_posix(), "is an empty folder")
        found += [(Path(folder) / name).relative_to(bag).as_posix() for name in names]
    return sorted(found, key=str.encode)


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, read piece by piece."""
    digest = hashlib.sha256()
    with path.open("rb") as handle:
        for block in iter(lambda: handle.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


def read_manifest(bag: Path, name: str) -> dict[str, str]:
    """The SHA-256 of each path in a manifest; refuses any spelling but the one we write."""
    try:
        text = (bag / name).read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Wrong(name, f"cannot be read: {error}") from None
    listed = {}
    for number, line in enumerate(text.split("\n")[:-1], 1):
        match = re.fullmatch(r"([0-9a-f]{64})  (\S[^\r]*)", line)
        if match is None or match.group(2) in listed:
            raise Wrong(name, f"line {number} is not a manifest line")
        listed[match.group(2)] = match.group(1)
    if not text.endswith("\n") or list(listed) != sorted(listed, key=str.encode):
        raise Wrong(name, "is cut off or out of order")
    return listed


def check_files(bag: Path) -> list[str]:
    """What is wrong with the files of the bag: one line for each."""
    wrong = []
    present = files_below(bag)
    tag_manifest = read_manifest(bag, "tagmanifest-sha256.txt")
    listed = dict(tag_manifest)
    if sorted(tag_manifest) != TAG_FILES:
        wrong.append("tagmanifest-sha256.txt: does not list " + ", ".join(TAG_FILES))
    manifest = read_manifest(bag, "manifest-sha256.txt")
    if sorted(manifest) != PAYLOAD:
        wrong.append("manifest-sha256.txt: does not list the files of an export")
    listed.update(manifest)
    for path in sorted(set(listed) - set(present)):
        wrong.append(f"{path}: is missing")
    for path in sorted(set(present) - set(listed) - {"tagmanifest-sha256.txt"}):
        wrong.append(f"{path}: does not belong to the bag")
    for path in sorted(set(listed) & set(present)):
        if sha256_of(bag / path) != listed[path]:
            by = "tagmanifest" if path in tag_manifest else "manifest"
            wrong.append(f"{path}: does not have the SHA-256 that {by}-sha256.txt gives")
    if not wrong and (bag / "bagit.txt").read_bytes() != BAGIT:
        wrong.append("bagit.txt: is not that of BagIt 1.0")
    return wrong


# --- 2. the key, 3. the checkpoint ----------------------------------------------------------


def decode(text: str, file: str) -> bytes:
    """Base64 in its one canonical spelling."""
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        raise Wrong(file, "holds something that is not base64") from None
    if base64.b64encode(data).decode() != text:
        raise Wrong(file, "holds base64 in an odd spelling")
    return data


def read_key(text: str, file: str) -> tuple[str, bytes, bytes]:
    """Name, key ID and public key of a verifier key `name+id+base64` (C2SP signed-note)."""
    parts = text.strip().split("+", 2)
    if len(parts) != 3:
        raise Wrong(file, "is not a verifier key of the form name+id+base64")
    name, key_id, material = parts[0], parts[1], decode(parts[2], file)
    if len(material) != 33 or material[0] != 1:
        raise Wrong(file, "is not an Ed25519 key of a log")
    if hashlib.sha256(name.encode() + b"\n" + material).hexdigest()[:8] != key_id:
        raise Wrong(file, "has a key ID that does not belong to the key")
    return name, bytes.fromhex(key_id), material[1:]


def read_checkpoint(data: bytes, key: tuple[str, bytes, bytes]) -> tuple[int, bytes]:
    """Size and root of the log from its signed checkpoint (C2SP tlog-checkpoint)."""
    file = "data/checkpoint"
    name, key_id, public_key = key
    try:
        text, blank, lines = data.decode("utf-8").rpartition("\n\n")
    except UnicodeDecodeError:
        raise Wrong(file, "is not UTF-8") from None
    body = text + "\n"
    rows = text.split("\n")
    if not blank or len(rows) != 3 or not re.fullmatch(r"0|[1-9][0-9]{0,18}", rows[1]):
        raise Wrong(file, "is not a checkpoint: origin, size, root, empty line, signatures")
    if rows[0] != name:
        raise Wrong(file, f"is of the log {rows[0]}, the key of {name}")
    signed = False
    for line in lines.splitlines():
        dash, signer, blob = [*line.split(" "), "", ""][:3]
        material = decode(blob, file)
        if dash != "—":
            raise Wrong(file, "has a line that is not a signature")
        if (signer, material[:4]) == (name, key_id):
            if not ed25519_verify(public_key, body.encode(), material[4:]):
                raise Wrong(file, "the log's signature is not genuine")
            signed = True
    if not signed:
        raise Wrong(file, f"is not signed by {name}")
    root = decode(rows[2], file)
    if len(root) != 32:
        raise Wrong(file, "has a root that is not 32 bytes long")
    return int(rows[1]), root


# Ed25519 (RFC 8032, section 5.1): points are (X, Y, Z, T) with x = X/Z, y = Y/Z, x*y = T/Z.

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
I = pow(2, (P - 1) // 4, P)  # noqa: E741
Point = tuple[int, int, int, int]


def point_add(a: Point, b: Point) -> Point:
    """The sum of two points of the curve."""
    m = (a[1] - a[0]) * (b[1] - b[0]) % P
    n = (a[1] + a[0]) * (b[1] + b[0]) % P
    t = 2 * a[3] * b[3] * D % P
    z = 2 * a[2] * b[2] % P
    e, f, g, h = n - m, z - t, z + t, n + m
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def point_times(scalar: int, point: Point) -> Point:
    """`scalar` times a point."""
    result: Point = (0, 1, 1, 0)
    while scalar > 0:
        if scalar & 1:
            result = point_add(result, point)
        point = point_add(point, point)
        scalar >>= 1
    return result


def point_decode(data: bytes) -> Point | None:
    """The point that 32 bytes stand for; None if there is none."""
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    if y >= P:
        return None
    x2 = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(x2, (P + 3) // 8, P)
    if (x * x - x2) % P != 0:
        x = x * I % P
    if (x * x - x2) % P != 0 or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return (x, y, 1, x * y % P)


def ed25519_verify(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether `signature` on `message` is genuine for the public key."""
    if len(public_key) != 32 or len(signature) != 64:
        return False
    a, r = point_decode(public_key), point_decode(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= L:
        return False
    digest = hashlib.sha512(signature[:32] + public_key + message).digest()
    k = int.from_bytes(digest, "little") % L
    base_y = 4 * pow(5, P - 2, P) % P
    base = point_decode(base_y.to_bytes(32, "little"))
    assert base is not None
    left, right = point_times(s, base), point_add(r, point_times(k, a))
    same_x = (left[0] * right[2] - right[0] * left[2]) % P == 0
    return same_x and (left[1] * right[2] - right[1] * left[2]) % P == 0


# --- 4. records -----------------------------------------------------------------------------


def included(leaf: bytes, index: int, size: int, path: list[bytes], root: bytes) -> bool:
    """Whether the leaf hash is at `index` in the log of `size` leaves (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size or any(len(node) != 32 for node in path):
        return False
    sha256 = hashlib.sha256
    node, last, result = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            return False
        if node & 1 or node == last:
            result = sha256(b"\x01" + sibling + result).digest()
            while node and not node & 1:
                node, last = node >> 1, last >> 1
        else:
            result = sha256(b"\x01" + result + sibling).digest()
        node, last = node >> 1, last >> 1
    return last == 0 and result == root


def in_scope(record: dict[str, Any], scope: dict[str, Any]) -> bool:
    """Whether a record belongs to what the export says that it holds."""
    subjects = record["subjects"]
    if "notice" in scope:
        if subjects.get("notice") == scope["notice"]:
            return True
        return "notice" not in subjects and subjects.get("version") in scope["versions"]
    return bool(scope["from"] <= record["recorded_at"] < scope["to"])


def check_records(bag: Path, size: int, root: bytes, statement: dict[str, Any]) -> int:
    """Check each record, its proof and its line of the CSV; returns how many there are."""
    count, before = 0, -1
    with (
        (bag / "data/records.jsonl").open("rb") as records,
        (bag / "data/proofs/inclusion.jsonl").open("rb") as proofs,
        (bag / "data/records.csv").open("rb") as table,
    ):
        if table.read(len(csv_head())) != csv_head():
            raise Wrong("data/records.csv", "has another heading")
        for line in records:
            count += 1
            data = line.rstrip(b"\n")
            try:
                record = json.loads(data)
                proof = json.loads(proofs.readline() or b"{}")
                index = proof["index"]
                path = [binascii.a2b_base64(node) for node in proof["proof"]]
            except (ValueError, KeyError, TypeError):
                raise Wrong("data/proofs/inclusion.jsonl", f"line {count} is no proof") from None
            if index <= before or proof["record"] != record["id"]:
                raise Wrong("data/proofs/inclusion.jsonl", f"line {count} is out of place")
            before = index
            leaf = hashlib.sha256(b"\x00" + data).digest()
            if not included(leaf, index, size, path, root):
                why = f"record {count} and its proof in data/proofs/inclusion.jsonl disagree:"
                raise Wrong("data/records.jsonl", f"{why} it is not in the log at {index}")
            if not in_scope(record, statement["scope"]):
                raise Wrong("data/records.jsonl", f"record {count} is outside the stated scope")
            row = csv_row(index, record)
            if table.read(len(row)) != row:
                raise Wrong("data/records.csv", f"differs from records.jsonl at record {count}")
        if proofs.readline():
            raise Wrong("data/proofs/inclusion.jsonl", "has more proofs than there are records")
        if table.read(1):
            raise Wrong("data/records.csv", "has more rows than there are records")
    return count


# --- 5. the table ---------------------------------------------------------------------------

RISKY = frozenset("=+-@\t\r\n\0＝＋－＠")
as_written = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode


def cell(value: object) -> str:
    """A cell that a spreadsheet shows and does not compute: a risky beginning gets a quote."""
    text = "" if value is None else str(value)
    return "'" + text if text[:1] in RISKY else text


def csv_line(cells: list[Any]) -> bytes:
    """One line of the table, as RFC 4180 writes it."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerow(cells)
    return out.getvalue().encode("utf-8")


def csv_head() -> bytes:
    """The beginning of the table: the mark by which spreadsheets know UTF-8, and the heading."""
    return b"\xef\xbb\xbf" + csv_line(COLUMNS)


def csv_row(index: int, record: dict[str, Any]) -> bytes:
    """The line of one record. The payload is its canonical text."""
    subjects = record["subjects"]
    cells = [
        index,
        record["id"],
        record["occurred_at"],
        record["recorded_at"],
        record["action"],
        record["actor"],
        *(subjects.get(name) for name in SUBJECTS),
        as_written(record["payload"]),
        record.get("sealed"),
    ]
    return csv_line([cell(value) if value else value for value in cells])


# --- all of it ------------------------------------------------------------------------------


def check(bag: Path, given_key: str | None) -> list[str]:
    """Check everything; returns the report, line by line. Raises Wrong at the first fault
    after the files themselves."""
    wrong = check_files(bag)
    if wrong:
        raise Wrong(wrong[0].partition(": ")[0], "\n".join(wrong).partition(": ")[2])
    report = [f"Files: {len(PAYLOAD) + len(TAG_FILES) + 1}, each with its SHA-256, none missing,"]
    report[0] += " none added."
    key_text = (bag / "data/key").read_text(encoding="utf-8").strip()
    key = read_key(key_text, "data/key")
    if given_key is not None and read_key(given_key, "--key") != key:
        raise Wrong("data/key", "is not the key that you gave")
    size, root = read_checkpoint((bag / "data/checkpoint").read_bytes(), key)
    report.append(f"Log: {key[0]}, {size:,} records, root {base64.b64encode(root).decode()},")
    report[-1] += " signed by the log's key."
    statement = json.loads((bag / "data/statement.json").read_bytes())
    count = check_records(bag, size, root, statement)
    if (statement["records"], statement["checkpoint"]["size"]) != (count, size):
        raise Wrong("data/statement.json", "states other counts than the bag holds")
    report.append(f"Records: {count:,}, each one proved to be in that log and within the scope.")
    report.append("records.csv holds exactly the records of records.jsonl.")
    missing = statement["records_not_yet_in_the_log"]
    report.append(f"Records in scope that were not yet in the log: {missing:,}.")
    if given_key is None:
        report.append("Compare this key with one that you got another way:")
    else:
        report.append("The key is the one that you gave:")
    report.append(f"  {key_text}")
    return report


def refuse(why: str) -> int:
    """Say what is wrong; returns the exit code."""
    sys.stderr.write(f"{why}\nThe export does NOT hold.\n")
    return 1


def main() -> int:
    """Check the bag named on the command line."""
    parser = argparse.ArgumentParser(
        description="Check a regulator export. Exit code 0: it holds; 1: it does not; 2: usage."
    )
    parser.add_argument("bag", type=Path, help="the folder that holds bagit.txt")
    parser.add_argument("--key", help="the log's verifier key, or a file with it")
    options = parser.parse_args()
    if not (options.bag / "bagit.txt").is_file():
        if not options.bag.is_dir():
            parser.error(f"{options.bag} is not a folder")
        return refuse("bagit.txt: is missing")
    key = options.key
    if key is not None and Path(key).is_file():
        key = Path(key).read_text(encoding="utf-8")
    try:
        report = check(options.bag, key)
    except Wrong as error:
        return refuse(str(error))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        return refuse(f"data: cannot be read as an export: {error!r}")
    text = "\n".join([*report, "The export holds.", ""])
    sys.stdout.buffer.write(text.encode(sys.stdout.encoding or "utf-8", "replace"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
