"""The real extract of ../shared/data: why each row went where."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pytest

from investors.models import ConsentEntry, ContactPoint, ImportBatch, ImportRejection, Investor
from tests.investors import builders

pytestmark = pytest.mark.django_db

# First problem of each rejected row. The file has 3,075 rows.
REASONS = {
    "broken_bytes": 3,
    "date_impossible": 356,
    "email_header_injection": 54,
    "email_two_ats": 111,
    "formula": 27,
    "language_unknown": 44,
    "phone_scientific": 69,
    "phone_too_short": 97,
    "phone_unknown": 19,
    "ref_missing": 15,
    "repeated_differently": 41,
    "time_zone_ambiguous": 67,
    "time_zone_unknown": 60,
}


@pytest.fixture
def extract(shared: Path) -> Path:
    return shared / "data" / "investors_crm_gb18030.csv"


def test_every_row_is_accounted_for_and_every_rejection_is_named(
    extract: Path, tmp_path: Path
) -> None:
    errors = tmp_path / "errors.csv"
    result = builders.run(extract, errors_path=errors)

    assert result.encoding == "gb18030"
    assert result.read == 3075
    assert result.read == result.created + result.merged + result.rejected
    assert result.by_reason == {code: count for code, count in REASONS.items() if count}
    assert Investor.objects.count() == result.created

    rejections = list(ImportRejection.objects.all())
    assert Counter(rejection.code for rejection in rejections) == result.by_reason
    assert all(rejection.line > 1 for rejection in rejections)
    assert all(rejection.column for rejection in rejections)
    with errors.open(encoding="utf-8-sig", newline="") as handle:
        rows = list(csv.DictReader(handle))
    assert len(rows) == result.rejected
    assert all(row["_line"] and row["_column"] and row["_reason"] for row in rows)


def test_the_broken_bytes_are_found_where_they_are(extract: Path) -> None:
    builders.run(extract)
    broken = ImportRejection.objects.filter(code="broken_bytes").order_by("line")
    raw = extract.read_bytes()
    assert [(item.line, item.column) for item in broken] == [
        (848, "手机"),
        (1513, "手机"),
        (1543, "姓名"),
    ]
    for item in broken:
        offset = item.problems[0]["args"]["offset"]
        assert raw[offset] >= 0x80
        assert raw[:offset].count(b"\n") + 1 == item.line


def test_lines_are_those_of_the_file_though_cells_hold_line_breaks(extract: Path) -> None:
    builders.run(extract)
    physical = extract.read_bytes().split(b"\n")
    for rejection in ImportRejection.objects.filter(code="email_header_injection"):
        assert physical[rejection.line].startswith(b"Bcc:")


def test_importing_again_writes_nothing_but_the_batch(extract: Path) -> None:
    first = builders.run(extract)
    counts = (Investor, ContactPoint, ConsentEntry)
    before = [model.objects.count() for model in counts]
    second = builders.run(extract)
    assert (second.created, second.updated) == (0, 0)
    assert second.unchanged == first.created
    assert second.by_reason == first.by_reason
    assert [model.objects.count() for model in counts] == before
    assert ImportBatch.objects.count() == 2


def test_a_dry_run_says_the_same_and_writes_no_investor(extract: Path) -> None:
    dry = builders.run(extract, dry_run=True)
    assert Investor.objects.count() == 0
    real = builders.run(extract)
    assert dry.by_reason == real.by_reason
    assert (dry.created, dry.merged, dry.rejected) == (real.created, real.merged, real.rejected)


def test_a_mapping_mends_a_vocabulary_for_the_whole_file(extract: Path) -> None:
    mapping = {
        "columns": {"opened_on": None},
        "values": {"time_zone": {"EST": "America/New_York"}, "language": {"fr": "en"}},
    }
    result = builders.run(extract, mapping=mapping)
    left = set(result.by_reason)
    assert not left & {"date_impossible", "time_zone_ambiguous", "language_unknown"}
    assert "time_zone_unknown" in left
