"""The command line: what it prints and how it exits."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from investors.models import Investor
from tests.investors import builders
from tests.investors.builders import row, write_csv

pytestmark = pytest.mark.django_db


def command(*args: object) -> tuple[int, str]:
    out = StringIO()
    try:
        call_command("import_investors", *map(str, args), stdout=out, stderr=out)
    except SystemExit as end:
        return int(end.code or 0), out.getvalue()
    return 0, out.getvalue()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    builders.line()
    return write_csv(tmp_path / "in.csv", [row(), row(ref="2", phone="12")])


def test_rejected_rows_are_told_and_do_not_fail_the_command(path: Path, tmp_path: Path) -> None:
    errors = tmp_path / "errors.csv"
    code, said = command(path, "--errors", errors)
    assert code == 0
    assert "1 created" in said
    assert "phone_too_short" in said
    assert errors.exists()
    assert Investor.objects.count() == 1


def test_strict_fails_on_rejected_rows(path: Path) -> None:
    assert command(path, "--strict")[0] == 3


def test_a_script_gets_json(path: Path) -> None:
    code, said = command(path, "--json", "--dry-run")
    result = json.loads(said)
    assert (code, result["created"], result["by_reason"]) == (0, 1, {"phone_too_short": 1})
    assert result["dry_run"] is True
    assert Investor.objects.count() == 0


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["nowhere.csv"], "nowhere.csv"),
        (["{path}", "--line", "x"], "there are: retail"),
        (["{path}", "--user", "nobody"], "nobody"),
        (["{path}", "--map", "{map}"], "columns.colour"),
    ],
)
def test_what_cannot_be_used_exits_2_and_says_what(
    path: Path, tmp_path: Path, args: list[str], said: str
) -> None:
    mapping = tmp_path / "map.json"
    mapping.write_text('{"columns": {"colour": "A"}}')
    code, output = command(*(arg.format(path=path, map=mapping) for arg in args))
    assert code == 2
    assert said in output
