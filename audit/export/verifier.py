#!/usr/bin/env python3
"""Checks a regulator export made by Vouchsafe. Nothing but Python 3.9 or newer is needed: no
installation, no network.

    python3 verify.py BAG [--key KEY] [--against CHECKPOINT] [--proof INDEX] [--witness KEY]
    python3 verify.py --check-proof FILE --entry FILE --key KEY [--witness KEY]

BAG is the folder of the export (the one that holds `bagit.txt`). KEY is the log's verifier key,
or a file that holds it, that you got by another way than this export: from the firm's web site,
a printed report, a colleague. Without --key this program shows the key it found; compare it.
CHECKPOINT is an older checkpoint of the same log (a file, as in an earlier export or from the
log's web address): the log must still hold everything that it held then. INDEX is a record's
place in the log (first column of records.csv): its own inclusion proof is written to the
standard output (C2SP tlog-proof), for any other program that checks such proofs.

--witness (repeatable) is a witness's verifier key, or a file that holds it, that you got by
another way: the checkpoint must then bear a genuine cosignature of that witness.

--check-proof checks one record alone, without a bag: FILE is its .tlog-proof, --entry the record
as logged (its line in records.jsonl without the line's end, or the file that the record's page
gives), --key the log's key that signed, got by another way.

This file lies in the bag as `data/verify.py`. Whoever alters an export could alter this file
too: use a copy that you trust. It reads the same whichever export it came from.

What is checked, in this order:
  1. every file of the bag is listed with its SHA-256, none is missing, none was added (BagIt,
     RFC 8493);
  2. the log's key has the form and the identity that it claims, and is the one given by --key,
     or its successor by a statement that both keys signed;
  3. the checkpoint (size and root of the log) is signed by that key (Ed25519, RFC 8032), and
     by the witnesses whose keys are in the bag, where they did;
  4. every record is in the log at its place: hashed and folded with the hashes given beside
     them, the records make the root that the log signed (Merkle tree, RFC 6962); and each lies
     within the scope that the export states;
  5. records.csv is exactly records.jsonl in another form;
  6. the counts stated agree with what is there;
  7. the log held the older checkpoints that the bag names, unchanged (RFC 9162, 2.1.4.2);
  8. the log's key has signed the manifest: what the firm says in the report and the statement,
     and which records it put into the bag, is as it left the firm.

Exit code 0: all of it holds. 1: something does not; the file is named. 2: wrong usage.
"""

from __future__ import annotations

import argparse
import base64
import datetime
import hashlib
import json
import os
import re
import sys
from pathlib import Path
from typing import Any

FORMAT = "vouchsafe-export-2"
BAGIT = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
TAG_FILES = ["bag-info.txt", "bagit.txt", "manifest-sha256.txt", "signature.txt"]
PAYLOAD = [
    "data/README.txt",
    "data/checkpoint",
    "data/key",
    "data/proofs/consistency.jsonl",
    "data/proofs/inclusion.jsonl",
    "data/records.csv",
    "data/records.jsonl",
    "data/report.pdf",
    "data/rotations.jsonl",
    "data/statement.json",
    "data/verify.py",
    "data/witnesses",
]
OPTIONAL = re.compile(r"data/timestamps/[0-9]{1,19}\.(tsr|checkpoint)")
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
    return sorted(found, key=os.fsencode)


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
    if sorted(tag_manifest) != TAG_FILES:
        wrong.append("tagmanifest-sha256.txt: does not list " + ", ".join(TAG_FILES))
    wrong += compare(bag, present, tag_manifest, "tagmanifest-sha256.txt")
    if "manifest-sha256.txt" not in present:
        return wrong
    manifest = read_manifest(bag, "manifest-sha256.txt")
    if sorted(path for path in manifest if not OPTIONAL.fullmatch(path)) != PAYLOAD:
        wrong.append("manifest-sha256.txt: does not list the files of an export")
    wrong += compare(bag, present, manifest, "manifest-sha256.txt")
    known = {*tag_manifest, *manifest, "tagmanifest-sha256.txt"}
    wrong += [f"{path}: does not belong to the bag" for path in present if path not in known]
    if not wrong and (bag / "bagit.txt").read_bytes() != BAGIT:
        wrong.append("bagit.txt: is not that of BagIt 1.0")
    return wrong


def compare(bag: Path, present: list[str], listed: dict[str, str], by: str) -> list[str]:
    """The listed files that are missing, or that do not have the SHA-256 given."""
    wrong = []
    for path, expected in listed.items():
        if path not in present:
            wrong.append(f"{path}: is missing; {by} lists it")
        elif sha256_of(bag / path) != expected:
            wrong.append(f"{path}: does not have the SHA-256 that {by} gives: one was altered")
    return wrong


# --- 2. the key, 3. the checkpoint ----------------------------------------------------------

ROTATION = "vouchsafe/key-rotation/v1"
ED25519, COSIGNATURE = 1, 4  # kinds of keys of C2SP signed-note: of a log, of a witness


def decode(text: str, file: str) -> bytes:
    """Base64 in its one canonical spelling."""
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        raise Wrong(file, "holds something that is not base64") from None
    if base64.b64encode(data).decode() != text:
        raise Wrong(file, "holds base64 in an odd spelling")
    return data


class Key:
    """A verifier key `name+id+base64` (C2SP signed-note)."""

    def __init__(self, text: str, file: str, kind: int) -> None:
        parts = text.strip().split("+", 2)
        if len(parts) != 3:
            raise Wrong(file, "is not a verifier key of the form name+id+base64")
        self.text, self.name, material = text.strip(), parts[0], decode(parts[2], file)
        if len(material) != 33 or material[0] != kind:
            raise Wrong(file, "is not an Ed25519 key of the right kind")
        digest = hashlib.sha256(self.name.encode() + b"\n" + material).digest()
        if digest[:4].hex() != parts[1]:
            raise Wrong(file, "has a key ID that does not belong to the key")
        self.id, self.public = digest[:4], material[1:]


def read_keys(data: bytes, file: str, kind: int) -> list[Key]:
    """The verifier keys of a file, one a line."""
    try:
        lines = data.decode("utf-8").splitlines()
    except UnicodeDecodeError:
        raise Wrong(file, "is not UTF-8") from None
    return [Key(line, file, kind) for line in lines]


class Keys:
    """The log's keys: the one that signs now, and those before it, each with the size of the
    log at which it handed over by a statement that it and its successor signed."""

    def __init__(self, bag: Path) -> None:
        found = read_keys((bag / "data/key").read_bytes(), "data/key", ED25519)
        if not found:
            raise Wrong("data/key", "holds no key")
        self.now = found[0]
        self.before: list[tuple[int, Key]] = []
        file = "data/rotations.jsonl"
        for line in (bag / file).read_bytes().splitlines():
            self.follow(Note(json.loads(line)["note"].encode(), file))
        if [key.text for key in found[1:]] != [key.text for _until, key in self.before]:
            raise Wrong("data/key", f"holds older keys that {file} does not lead to")

    def follow(self, note: Note) -> None:
        """Believe one statement, the newest first."""
        rows = note.text.split("\n")
        successor = self.before[-1][1] if self.before else self.now
        if len(rows) != 7 or rows[0] != ROTATION or rows[2] != successor.text:
            raise Wrong(note.file, "is not a chain of changes that leads to the log's key")
        old = Key(rows[1], note.file, ED25519)
        if old.name != successor.name or not (note.signed([old]) and note.signed([successor])):
            raise Wrong(note.file, "a change of keys is not signed by both keys")
        self.before.append((int(rows[3]), old))

    def at(self, size: int) -> Key:
        """The key that signed checkpoints of that size."""
        found = self.now
        for until, key in self.before:
            if size <= until:
                found = key
        return found

    def describe(self, given: str | None) -> list[str]:
        """What to say about the key given (or several, one a line); raises Wrong if it is none
        of the log's."""
        if given is None:
            return ["The key to compare with one that you got another way:", f"  {self.now.text}"]
        wanted = {key.text for key in read_keys(given.encode(), "--key", ED25519)}
        if self.now.text in wanted:
            return ["The key is the one that you gave:", f"  {self.now.text}"]
        for until, key in self.before:
            if key.text in wanted:
                words = f"The key that you gave signed up to {until:,} records, and named after it:"
                return [words, f"  {self.now.text}"]
        raise Wrong("data/key", "is not the key that you gave")


class Note:
    """A signed note (C2SP signed-note): a text, an empty line, lines of signatures."""

    def __init__(self, data: bytes, file: str) -> None:
        self.file = file
        try:
            self.text, blank, lines = data.decode("utf-8").rpartition("\n\n")
        except UnicodeDecodeError:
            raise Wrong(file, "is not UTF-8") from None
        if not blank or not lines.endswith("\n"):
            raise Wrong(file, "is not a signed note: text, empty line, signatures")
        self.body = (self.text + "\n").encode()
        self.signatures = []
        for line in lines[:-1].split("\n"):
            dash, signer, blob = [*line.split(" "), "", ""][:3]
            if dash != "—":
                raise Wrong(file, "has a line that is not a signature")
            material = decode(blob, file)
            self.signatures.append((signer, material[:4], material[4:]))

    def signed(self, keys: list[Key]) -> bool:
        """Whether one of these keys signed it; raises Wrong if a signature in the name of one of
        them is not genuine."""
        found = False
        for key in keys:
            for signer, key_id, signature in self.signatures:
                if (signer, key_id) == (key.name, key.id):
                    if not ed25519_verify(key.public, self.body, signature):
                        raise Wrong(self.file, "the log's signature is not genuine")
                    found = True
        return found


class Checkpoint(Note):
    """A signed tree head (C2SP tlog-checkpoint): origin, size, root, signatures."""

    def __init__(self, data: bytes, file: str) -> None:
        super().__init__(data, file)
        rows = self.text.split("\n")
        if len(rows) != 3 or not re.fullmatch(r"0|[1-9][0-9]{0,18}", rows[1]):
            raise Wrong(file, "is not a checkpoint: origin, size, root, empty line, signatures")
        self.origin, self.size, self.root = rows[0], int(rows[1]), decode(rows[2], file)
        if len(self.root) != 32:
            raise Wrong(file, "has a root that is not 32 bytes long")

    def check(self, keys: list[Key]) -> None:
        """Raise Wrong unless it is a checkpoint of the log with these keys, signed by one."""
        if any(key.name != self.origin for key in keys) or not self.signed(keys):
            names = ", ".join(sorted({key.name for key in keys}))
            raise Wrong(self.file, f"is of the log {self.origin}, and not signed by {names}")

    def cosigned(self, keys: list[Key]) -> list[str]:
        """Which of these witnesses cosigned it, and when (C2SP tlog-cosignature)."""
        found = []
        for key in keys:
            for signer, key_id, blob in self.signatures:
                if (signer, key_id) != (key.name, key.id):
                    continue
                seconds = int.from_bytes(blob[:8], "big")
                message = b"cosignature/v1\ntime %d\n" % seconds + self.body
                if not ed25519_verify(key.public, message, blob[8:]):
                    raise Wrong(self.file, f"the cosignature of {signer} is not genuine")
                at = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
                found.append(f"{signer} at {at:%Y-%m-%d %H:%M:%S} UTC")
        return found


def signed_text(manifest: str) -> str:
    """What the log's key signs of a bag: the SHA-256 of its payload manifest, in hexadecimal.
    No checkpoint reads like this, so that neither can stand for the other."""
    return f"Vouchsafe regulator export\nmanifest-sha256.txt\nsha256:{manifest}\n"


def check_signature(bag: Path, keys: list[Key]) -> None:
    """Raise Wrong unless one of these keys signed this bag's manifest."""
    file = "signature.txt"
    note = Note((bag / file).read_bytes(), file)
    if note.body.decode() != signed_text(sha256_of(bag / "manifest-sha256.txt")):
        raise Wrong(file, "is for another manifest: the bag was changed after it was signed")
    if not note.signed(keys):
        raise Wrong(file, "is not signed by the log's key")


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


def require_cosigned(checkpoint: Checkpoint, given: list[str]) -> list[str]:
    """What to report of the witnesses whose keys were given; raises Wrong unless each of them
    cosigned the checkpoint."""
    report = []
    for text in given:
        for key in read_keys(text.encode(), "--witness", COSIGNATURE):
            found = checkpoint.cosigned([key])
            if not found:
                raise Wrong(checkpoint.file, f"is not cosigned by the witness {key.text}")
            report.append(f"Cosigned by {found[0]}: the witness whose key you gave.")
    return report


# --- 4. records -----------------------------------------------------------------------------


class Tree:
    """Folds leaves and perfect subtrees, from left to right, to the root (RFC 6962, 2.1).

    The siblings of the leaf at `watch` on the way up are kept: they are its inclusion proof.
    """

    def __init__(self, watch: int | None = None) -> None:
        self.size, self.watch = 0, watch
        self.path: list[bytes] = []
        self.stack: list[tuple[int, bytes]] = []  # perfect subtrees: level, hash

    def add(self, level: int, digest: bytes) -> None:
        """Put a subtree of 2**level leaves to the right of all others."""
        self.size += 1 << level
        while self.stack and self.stack[-1][0] == level:
            left = self.stack.pop()[1]
            self.note(self.size - (2 << level), self.size - (1 << level), left, digest)
            digest = hashlib.sha256(b"\x01" + left + digest).digest()
            level += 1
        self.stack.append((level, digest))

    def root(self) -> bytes:
        """The root over everything so far."""
        if not self.stack:
            return hashlib.sha256(b"").digest()
        level, digest = self.stack[-1]
        start = self.size - (1 << level)
        for level, left in reversed(self.stack[:-1]):
            self.note(start - (1 << level), start, left, digest)
            digest = hashlib.sha256(b"\x01" + left + digest).digest()
            start -= 1 << level
        return digest

    def note(self, start: int, middle: int, left: bytes, right: bytes) -> None:
        """Keep the sibling of the half in which the watched leaf lies."""
        if self.watch is not None and start <= self.watch < self.size:
            self.path.append(right if self.watch < middle else left)


def add_subtrees(tree: Tree, given: list[str], where: str) -> None:
    """Put the subtrees `level:hash` that the export gives in place of other records."""
    file = "data/proofs/inclusion.jsonl"
    for text in given:
        level, _colon, digest = text.partition(":")
        if not re.fullmatch(r"[0-9]|[1-5][0-9]|6[0-2]", level) or tree.size % (1 << int(level)):
            raise Wrong(file, f"{where}: a subtree that cannot stand there")
        data = decode(digest, file)
        if len(data) != 32:
            raise Wrong(file, f"{where}: a hash that is not 32 bytes long")
        tree.add(int(level), data)


def in_scope(record: dict[str, Any], scope: dict[str, Any]) -> bool:
    """Whether a record belongs to what the export says that it holds."""
    subjects = record["subjects"]
    if "from" in scope and not scope["from"] <= record["recorded_at"] < scope["to"]:
        return False
    if "notice" in scope:
        if subjects.get("notice") == scope["notice"]:
            return True
        return "notice" not in subjects and subjects.get("version") in scope["versions"]
    if "template" in scope and subjects.get("template") != scope["template"]:
        return subjects.get("version") in scope["versions"]
    named = [name for name in ("investor", "incident") if name in scope]
    return all(subjects.get(name) == scope[name] for name in named)


class Records:
    """The records of a bag, checked one after the other against their proofs and the table."""

    def __init__(self, bag: Path, scope: dict[str, Any], tree: Tree) -> None:
        self.bag, self.scope, self.tree = bag, scope, tree
        self.count = 0
        self.roots: dict[int, bytes] = {}  # roots of older sizes, where asked for and passed
        self.wanted: set[int] = set()
        self.seen = False  # the record whose own proof is asked for

    def check(self, checkpoint: Checkpoint) -> None:
        """Check all; raises Wrong naming the file and the record."""
        with (
            (self.bag / "data/records.jsonl").open("rb") as records,
            (self.bag / "data/proofs/inclusion.jsonl").open("rb") as proofs,
            (self.bag / "data/records.csv").open("rb") as table,
        ):
            if table.read(len(csv_head())) != csv_head():
                raise Wrong("data/records.csv", "has another heading")
            for line in records:
                self.count += 1
                self.one(line, proofs.readline(), table)
            self.end(proofs.readline(), checkpoint)
            if proofs.readline():
                raise Wrong("data/proofs/inclusion.jsonl", "goes on after its end")
            if table.read(1):
                raise Wrong("data/records.csv", "has more rows than there are records")

    def one(self, line: bytes, proof_line: bytes, table: Any) -> None:
        """One record: its bytes, its place, its scope, its row."""
        number, file = self.count, "data/proofs/inclusion.jsonl"
        data = line[:-1]
        try:
            record, proof = json.loads(data.decode()), json.loads(proof_line.decode() or "{}")
            index, before = proof["index"], proof["before"]
            given, name = proof["leaf"], proof["record"]
        except (ValueError, KeyError, TypeError):
            raise Wrong(file, f"line {number} is no proof of record {number}") from None
        if before:
            add_subtrees(self.tree, before, f"line {number}")
        if self.tree.size != index or name != record["id"]:
            raise Wrong(file, f"line {number} is out of place")
        leaf = hashlib.sha256(b"\x00" + data).digest()
        if base64.b64encode(leaf).decode() != given:
            why = f"record {number} is not the one that {file} proves to be at {index} in the log"
            raise Wrong("data/records.jsonl", why)
        self.look(index)
        self.seen = self.seen or index == self.tree.watch
        self.tree.add(0, leaf)
        if not in_scope(record, self.scope):
            raise Wrong("data/records.jsonl", f"record {number} is outside the stated scope")
        row = csv_row(index, record)
        if table.read(len(row)) != row:
            raise Wrong("data/records.csv", f"differs from records.jsonl at record {number}")

    def look(self, index: int) -> None:
        """Keep the root of an older size that was asked for, when the fold stands there."""
        if index in self.wanted:
            self.roots[index] = self.tree.root()

    def end(self, line: bytes, checkpoint: Checkpoint) -> None:
        """What lies behind the last record, and the root over everything."""
        file = "data/proofs/inclusion.jsonl"
        try:
            after = json.loads(line)["after"]
        except (ValueError, KeyError, TypeError):
            raise Wrong(file, f"has no end after record {self.count}, or too many proofs") from None
        self.look(self.tree.size)
        add_subtrees(self.tree, after, "its end")
        if self.tree.size != checkpoint.size or self.tree.root() != checkpoint.root:
            why = "its hashes and the records of data/records.jsonl do not make the root that"
            raise Wrong(file, f"{why} the log signed: records or hashes are not those of the log")


# --- 7. older checkpoints -------------------------------------------------------------------


def consistent(old: int, old_root: bytes, new: int, root: bytes, path: list[bytes]) -> bool:
    """Whether the log of `new` leaves begins with the one of `old` leaves (RFC 9162, 2.1.4.2)."""
    if old == new:
        return not path and old_root == root
    if not 0 < old < new or any(len(node) != 32 for node in path):
        return False
    path = path if old & (old - 1) else [old_root, *path]
    if not path:
        return False
    node, last = old - 1, new - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    first = second = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            first = hashlib.sha256(b"\x01" + sibling + first).digest()
            second = hashlib.sha256(b"\x01" + sibling + second).digest()
            while node and not node & 1:
                node, last = node >> 1, last >> 1
        else:
            second = hashlib.sha256(b"\x01" + second + sibling).digest()
        node, last = node >> 1, last >> 1
    return last == 0 and first == old_root and second == root


def check_consistency(bag: Path, checkpoint: Checkpoint) -> dict[int, bytes]:
    """The roots of the older sizes that the bag proves to be beginnings of the log."""
    file, roots = "data/proofs/consistency.jsonl", {}
    for number, line in enumerate((bag / file).read_bytes().splitlines(), 1):
        try:
            given = json.loads(line)
            size, root = given["size"], decode(given["root"], file)
            path = [decode(node, file) for node in given["proof"]]
        except (ValueError, KeyError, TypeError):
            raise Wrong(file, f"line {number} is no proof") from None
        if not consistent(size, root, checkpoint.size, checkpoint.root, path):
            raise Wrong(file, f"line {number}: the log does not begin with the one of {size}")
        roots[size] = root
    return roots


def included(leaf: bytes, index: int, size: int, root: bytes, path: list[bytes]) -> bool:
    """Whether the leaf is at `index` of the log of `size` with this root (RFC 9162, 2.1.3.2)."""
    if index >= size:
        return False
    place, last, digest = index, size - 1, leaf
    for node in path:
        if last == 0:
            return False
        if place & 1 or place == last:
            digest = hashlib.sha256(b"\x01" + node + digest).digest()
            while place and not place & 1:
                place, last = place >> 1, last >> 1
        else:
            digest = hashlib.sha256(b"\x01" + digest + node).digest()
        place, last = place >> 1, last >> 1
    return last == 0 and digest == root


PROOF = re.compile(
    r"c2sp\.org/tlog-proof@v1\n(?:extra [^\n]*\n)?index (0|[1-9][0-9]{0,18})\n"
    r"((?:[A-Za-z0-9+/]{43}=\n)*)\n(.+)",
    re.DOTALL,
)


def check_proof(proof: Path, entry: Path, given_key: str, witnesses: list[str]) -> list[str]:
    """Check the proof of one record (C2SP tlog-proof); returns the report. Raises Wrong."""
    file = str(proof)
    try:
        match = PROOF.fullmatch(proof.read_bytes().decode("utf-8"))
    except UnicodeDecodeError:
        raise Wrong(file, "is not UTF-8") from None
    if match is None:
        raise Wrong(file, "is not a proof: heading, index, hashes, empty line, checkpoint")
    checkpoint = Checkpoint(match.group(3).encode(), file)
    keys = read_keys(given_key.encode(), "--key", ED25519)
    if not keys:
        raise Wrong("--key", "holds no key")
    checkpoint.check(keys)
    index, path = int(match.group(1)), [decode(row, file) for row in match.group(2).split()]
    leaf = hashlib.sha256(b"\x00" + entry.read_bytes()).digest()
    if not included(leaf, index, checkpoint.size, checkpoint.root, path):
        raise Wrong(str(entry), f"is not the record that {file} proves to be at {index}")
    root = base64.b64encode(checkpoint.root).decode()
    return [
        f"Log: {checkpoint.origin}, {checkpoint.size:,} records, root {root}, signed by the key.",
        f"The record is in that log, at place {index:,}.",
        *require_cosigned(checkpoint, witnesses),
    ]


def compare_older(older: Checkpoint, newer: Checkpoint, roots: dict[int, bytes]) -> str:
    """Compare an older checkpoint with the log of this bag; returns what to report."""
    if older.size > newer.size:
        why = f"is of {older.size:,} records, this bag of {newer.size:,}: take the newer bag"
        raise Wrong(older.file, why)
    known = {**roots, newer.size: newer.root, 0: Tree().root()}
    if older.size not in known:
        why = f"is of {older.size:,} records; the bag holds no proof for that size, only for"
        sizes = ", ".join(f"{size:,}" for size in sorted(known))
        raise Wrong(older.file, f"{why} {sizes}. Ask the firm for a consistency proof")
    if known[older.size] != older.root:
        raise Wrong(older.file, "THE LOG WAS REWRITTEN: it does not hold what it held then")
    return f"The log still holds the {older.size:,} records of the older checkpoint, unchanged."


# --- 5. the table ---------------------------------------------------------------------------

RISKY = frozenset("=+-@\t\r\n\0＝＋－＠")
QUOTED = re.compile('[",\r\n]')
as_written = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode


def cell(text: str) -> str:
    """A cell that a spreadsheet shows and does not compute: a risky beginning gets a quote."""
    return "'" + text if text[:1] in RISKY else text


def csv_line(cells: list[str]) -> bytes:
    """One line of the table, as RFC 4180 writes it."""
    written = [
        '"' + text.replace('"', '""') + '"' if QUOTED.search(text) else text for text in cells
    ]
    return (",".join(written) + "\r\n").encode("utf-8")


def csv_head() -> bytes:
    """The beginning of the table: the mark by which spreadsheets know UTF-8, and the heading."""
    return b"\xef\xbb\xbf" + csv_line(COLUMNS)


def csv_row(index: int, record: dict[str, Any]) -> bytes:
    """The line of one record. The payload is its canonical text."""
    subjects = record["subjects"]
    cells = [
        str(index),
        record["id"],
        record["occurred_at"],
        record["recorded_at"],
        record["action"],
        record["actor"],
        *[subjects.get(name, "") for name in SUBJECTS],
        as_written(record["payload"]),
        record.get("sealed", ""),
    ]
    return csv_line([cell(text) for text in cells])


# --- all of it ------------------------------------------------------------------------------

CANNOT_KNOW = """
What this program cannot know:
  - whether the key is the firm's: compare it with one that you got another way (--key);
  - whether the firm put everything that happened into its log, and every record in scope into
    this bag: places that the bag leaves out are counted, not shown;
  - whether what the records say is true; what is sealed is shown as its SHA-256 only;
  - whether bag-info.txt is as the firm wrote it: only its SHA-256 stands for it;
  - whether a time-stamp (data/timestamps, RFC 3161) is genuine: ask openssl, see docs.
"""


def check(
    bag: Path,
    given_key: str | None,
    against: Path | None = None,
    named: list[str] | None = None,
) -> list[str]:
    """Check everything; returns the report, line by line. Raises Wrong at the first fault
    after the files themselves."""
    wrong = check_files(bag)
    if wrong:
        raise Wrong(wrong[0].partition(": ")[0], "\n".join(wrong).partition(": ")[2])
    keys = Keys(bag)
    about_key = keys.describe(given_key)
    checkpoint = Checkpoint((bag / "data/checkpoint").read_bytes(), "data/checkpoint")
    checkpoint.check([keys.at(checkpoint.size)])
    required = require_cosigned(checkpoint, named or [])
    witnesses = read_keys((bag / "data/witnesses").read_bytes(), "data/witnesses", COSIGNATURE)
    older = None
    if against is not None:
        older = Checkpoint(against.read_bytes(), str(against))
        older.check([keys.at(older.size)])
    statement = json.loads((bag / "data/statement.json").read_bytes())
    records = Records(bag, statement["scope"], Tree())
    records.wanted = {older.size} if older else set()
    records.check(checkpoint)
    said = (statement["format"], statement["records"], statement["checkpoint"]["size"])
    if said != (FORMAT, records.count, checkpoint.size):
        raise Wrong("data/statement.json", "states other counts or another form than the bag's")
    roots = {**check_consistency(bag, checkpoint), **records.roots}
    check_signature(bag, [keys.now])
    report = describe(bag, checkpoint, statement, records.count)
    report += [f"Cosigned by {witness}." for witness in checkpoint.cosigned(witnesses)]
    report += required
    if older:
        report.append(compare_older(older, checkpoint, roots))
    return report + about_key


def describe(bag: Path, checkpoint: Checkpoint, statement: Any, count: int) -> list[str]:
    """What was found to hold, in words."""
    files = len(files_below(bag))
    root = base64.b64encode(checkpoint.root).decode()
    missing = statement["records_not_yet_in_the_log"]
    return [
        f"Files: {files}, each with its SHA-256, none missing, none added.",
        f"Fingerprint of the bag (SHA-256 of manifest-sha256.txt), signed by the log's key and "
        f"logged as export.built: {sha256_of(bag / 'manifest-sha256.txt')}",
        f"Log: {checkpoint.origin}, {checkpoint.size:,} records, root {root}, signed by its key.",
        f"Records: {count:,}, each one proved to be in that log and within the stated scope.",
        f"Records of the log that are not in this bag: {checkpoint.size - count:,}.",
        "records.csv holds exactly the records of records.jsonl.",
        f"Records in scope that were not yet in the log: {missing:,}.",
        f"Watermark: {statement['watermark']}, for {statement['recipient']}.",
    ]


def proof_of(bag: Path, index: int) -> str:
    """The inclusion proof of the record at `index` as one file (C2SP tlog-proof)."""
    note = (bag / "data/checkpoint").read_bytes()
    statement = json.loads((bag / "data/statement.json").read_bytes())
    tree = Tree(watch=index)
    records = Records(bag, statement["scope"], tree)
    records.check(Checkpoint(note, "data/checkpoint"))
    if not records.seen:
        raise Wrong("--proof", f"no record of this bag is at {index} in the log")
    hashes = "".join(f"{base64.b64encode(node).decode()}\n" for node in tree.path)
    return f"c2sp.org/tlog-proof@v1\nindex {index}\n{hashes}\n{note.decode()}"


def refuse(why: str, what: str = "The export") -> int:
    """Say what is wrong; returns the exit code."""
    sys.stderr.write(f"{why}\n{what} does NOT hold.\n")
    return 1


def say(text: str) -> None:
    """Write to the standard output, whatever its encoding."""
    sys.stdout.buffer.write(text.encode(sys.stdout.encoding or "utf-8", "replace"))


def arguments() -> argparse.Namespace:
    """The command line; exits with code 2 when it is wrong."""
    parser = argparse.ArgumentParser(
        description="Check a regulator export. Exit code 0: it holds; 1: it does not; 2: usage."
    )
    parser.add_argument("bag", type=Path, nargs="?", help="the folder that holds bagit.txt")
    parser.add_argument("--key", help="the log's verifier key, or a file with it")
    parser.add_argument("--against", type=Path, help="a file with an older checkpoint")
    parser.add_argument("--proof", type=int, help="write the proof of the record at this place")
    parser.add_argument(
        "--witness", action="append", default=[], help="a witness's key, or a file; repeatable"
    )
    parser.add_argument("--check-proof", type=Path, metavar="FILE", help="check this proof alone")
    parser.add_argument("--entry", type=Path, metavar="FILE", help="the record of --check-proof")
    options = parser.parse_args()
    if options.check_proof is None:
        if options.bag is None or not options.bag.is_dir():
            parser.error(f"{options.bag} is not a folder")
        if options.entry is not None:
            parser.error("--entry goes with --check-proof")
    elif options.bag or options.against or options.proof is not None:
        parser.error("--check-proof goes with --entry, --key and --witness only")
    elif options.entry is None or options.key is None:
        parser.error("--check-proof needs --entry and --key")
    for path in (options.against, options.check_proof, options.entry):
        if path is not None and not path.is_file():
            parser.error(f"{path} is not a file")
    options.key = key_or_file(options.key) if options.key is not None else None
    options.witness = [key_or_file(text) for text in options.witness]
    return options


def key_or_file(text: str) -> str:
    """The keys that are meant: the text itself, or what the file of that name holds."""
    if os.path.isfile(text):  # noqa: PTH113
        return Path(text).read_text(encoding="utf-8").strip()
    return text


def main_proof(options: argparse.Namespace) -> int:
    """Check the one proof named on the command line."""
    try:
        report = check_proof(options.check_proof, options.entry, options.key, options.witness)
    except Wrong as error:
        return refuse(str(error), "The proof")
    except (OSError, ValueError) as error:
        return refuse(f"{options.check_proof}: cannot be read as a proof: {error!r}", "The proof")
    say("\n".join([*report, "The proof holds.", ""]))
    return 0


def main() -> int:
    """Check the bag named on the command line."""
    options = arguments()
    if options.check_proof is not None:
        return main_proof(options)
    if not (options.bag / "bagit.txt").is_file():
        return refuse("bagit.txt: is missing")
    try:
        report = check(options.bag, options.key, options.against, options.witness)
        if options.proof is not None:
            say(proof_of(options.bag, options.proof))
            return 0
    except Wrong as error:
        return refuse(str(error))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        return refuse(f"data: cannot be read as an export: {error!r}")
    say("\n".join([*report, CANNOT_KNOW, "The export holds.", ""]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
