"""Published RFC 6962 proof vectors: every one must come out as it says."""

import json
from base64 import b64decode
from pathlib import Path

import pytest

from audit.merkle import ProofError, verify_consistency, verify_inclusion

VECTORS = Path(__file__).resolve().parents[3] / "shared" / "vectors" / "merkle_proofs.json"
CASES = json.loads(VECTORS.read_text()) if VECTORS.is_file() else {}


def cases(kind):
    """One parameter per vector; a single skipped one when the file is not on this machine."""
    if not CASES:
        return [pytest.param(None, marks=pytest.mark.skip("shared/vectors is not beside the repo"))]
    return [pytest.param(case, id=case["name"]) for case in CASES[kind]]


def verdict(check, *arguments):
    try:
        check(*arguments)
    except ProofError:
        return "refused"
    return "accepted"


@pytest.mark.parametrize("case", cases("inclusion"))
def test_inclusion(case):
    found = verdict(
        verify_inclusion,
        b64decode(case["leafHash"]),
        case["leafIdx"],
        case["treeSize"],
        [b64decode(item) for item in case["proof"] or ()],
        b64decode(case["root"]),
    )
    assert found == ("refused" if case["wantErr"] else "accepted"), case["desc"]


@pytest.mark.parametrize("case", cases("consistency"))
def test_consistency(case):
    found = verdict(
        verify_consistency,
        case["size1"],
        case["size2"],
        b64decode(case["root1"]),
        b64decode(case["root2"]),
        [b64decode(item) for item in case["proof"] or ()],
    )
    assert found == ("refused" if case["wantErr"] else "accepted"), case["desc"]


def test_the_file_holds_both_verdicts_of_both_kinds():
    if not CASES:
        pytest.skip("shared/vectors is not beside the repo")
    seen = {
        (kind, case["wantErr"]) for kind in ("inclusion", "consistency") for case in CASES[kind]
    }
    assert len(seen) == 4
