"""Files of every make: encoding, separator, line numbers, damage."""

from __future__ import annotations

import datetime as dt
import zipfile
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidInput
from investors.importing import columns, reading

HEADER = "客户号,姓名,手机\r\n"


def file(tmp_path: Path, content: bytes, name: str = "in.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        ((HEADER + "1,王小明,138\r\n").encode(), "utf-8"),
        ((HEADER + "1,王小明,138\r\n").encode("utf-8-sig"), "utf-8"),
        ((HEADER + "1,王小明,138\r\n").encode("gb18030"), "gb18030"),
        ((HEADER + "1,王小明,138\r\n").encode("utf-16"), "utf-16-le"),
        (b"ref,name\r\n1,Wang\r\n", "utf-8"),
    ],
)
def test_the_encoding_is_found_and_the_mark_is_no_part_of_the_header(
    tmp_path: Path, content: bytes, encoding: str
) -> None:
    facts = reading.sniff(file(tmp_path, content))
    assert facts.encoding == encoding
    assert columns.guess(facts.headers)["ref"] == facts.headers[0]
    assert [row.cells[0] for row in reading.read_rows(facts)] == ["1"]


def test_bytes_without_a_mark_are_not_taken_for_utf_16(tmp_path: Path) -> None:
    facts = reading.sniff(file(tmp_path, b"\xd2\xf3\xa4\xb1\xb0~\xa4k\xd8\xd9\xda\xdb\xff"))
    assert not facts.encoding.startswith("utf-16")
    facts = reading.sniff(file(tmp_path, b"ref,name\n1,x\n"), encoding="utf-16")
    assert "ref" not in facts.headers


@pytest.mark.parametrize("name", ["nonsense", "undefined", "utf-8\x00", "hex"])
def test_an_encoding_that_is_none_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        reading.sniff(file(tmp_path, b"ref,name\n1,\xe7\x8e\x8b\n"), encoding=name)
    assert caught.value.field == "encoding"


def test_big5_is_not_taken_for_gb18030(tmp_path: Path) -> None:
    lines = ["客戶號,姓名\r\n"]
    lines += [f"{n},陳國強與張麗華於臺灣證券公司開立帳戶\r\n" for n in range(50)]
    facts = reading.sniff(file(tmp_path, "".join(lines).encode("big5")))
    assert facts.headers == ["客戶號", "姓名"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_separator_is_found(tmp_path: Path, delimiter: str) -> None:
    content = HEADER.replace(",", delimiter) + delimiter.join(("1", "a,b;c", "138")) + "\r\n"
    if delimiter in ",;":
        content = content.replace("a,b;c", '"a,b;c"')
    facts = reading.sniff(file(tmp_path, content.encode()))
    assert facts.delimiter == delimiter
    assert next(iter(reading.read_rows(facts))).cells == ["1", "a,b;c", "138"]


def test_line_numbers_count_the_files_lines_not_the_rows(tmp_path: Path) -> None:
    content = HEADER + '1,"a\nb\nc",138\r\n\r\n2,x,139\r\n,,\r\n3,y,137\r\n'
    rows = list(reading.read_rows(reading.sniff(file(tmp_path, content.encode()))))
    assert [(row.line, row.cells[0]) for row in rows] == [(2, "1"), (6, "2"), (8, "3")]


def test_old_mac_line_ends_are_read(tmp_path: Path) -> None:
    facts = reading.sniff(file(tmp_path, HEADER.replace("\r\n", "\r").encode() + b"1,a,2\r3,b,4"))
    rows = list(reading.read_rows(facts))
    assert [(row.line, row.cells) for row in rows] == [(2, ["1", "a", "2"]), (3, ["3", "b", "4"])]


@given(at=st.integers(0, 5), bad=st.sampled_from([b"\xff", b"\xff\xff", b"\x80"]))
def test_broken_bytes_cost_their_row_only(
    tmp_path_factory: pytest.TempPathFactory, at: int, bad: bytes
) -> None:
    lines = [HEADER.encode("gb18030")]
    for number in range(20):
        name = "王小明".encode("gb18030")
        if number == 7:
            name = name[:at] + bad + name[at:]
        lines.append(b"%d,%s,138\r\n" % (number, name))
    content = b"".join(lines)
    path = file(tmp_path_factory.mktemp("broken"), content)
    rows = list(reading.read_rows(reading.sniff(path, encoding="gb18030")))
    assert len(rows) == 20
    good = [row for row in rows if row.problem is None]
    assert len(good) >= 19
    for row in rows:
        if row.problem is not None:
            assert (row.line, row.problem.code, row.problem.column) == (9, "broken_bytes", "姓名")
            offset = int(row.problem.args["offset"])
            start = len(b"".join(lines[:8]))
            assert start <= offset < start + len(lines[8])


def test_quotation_marks_that_do_not_match_cost_one_line(tmp_path: Path) -> None:
    content = HEADER + '1,"never closed,138\r\n2,b,139\r\n3,c,137\r\n'
    rows = list(reading.read_rows(reading.sniff(file(tmp_path, content.encode()))))
    assert [(row.line, row.problem.code if row.problem else "") for row in rows] == [
        (2, "bad_quoting"),
        (3, ""),
        (4, ""),
    ]


def test_rows_of_another_width_are_named(tmp_path: Path) -> None:
    content = HEADER + "1,a,138,extra\r\n2,b\r\n3,c,137,\r\n"
    rows = list(reading.read_rows(reading.sniff(file(tmp_path, content.encode()))))
    assert [row.problem.code if row.problem else "" for row in rows] == [
        "column_count",
        "column_count",
        "",
    ]


def test_a_workbook_is_read_as_people_see_it(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["客户号", "姓名", "手机", "开户日期", "短信同意"])
    sheet.append([101842, "王小明", 13812345678, dt.date(2019, 3, 1), True])
    sheet.append([])
    sheet.append(["101843", "=SUM(A1:A9)", 1.38e10, None, None])
    path = tmp_path / "in.xlsx"
    book.save(path)
    facts = reading.sniff(path)
    assert (facts.encoding, facts.rows) == ("xlsx", 3)
    rows = list(reading.read_rows(facts))
    assert rows[0] == reading.RawRow(2, ["101842", "王小明", "13812345678", "2019-03-01", "TRUE"])
    assert rows[1].line == 4
    assert rows[1].cells[1] == "=SUM(A1:A9)"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file_empty"),
        (b" \r\n", "file_empty"),
        (b"\x89PNG\r\n\x1a\n\0\0", "file_kind"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest", "file_kind"),
        (b"PK\x03\x04not a workbook", "file_kind"),
        ("客户号,手机,手机\r\n1,2,3\r\n".encode(), "header"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(tmp_path: Path, content: bytes, code: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        reading.sniff(file(tmp_path, content))
    assert refused.value.code == code


def test_an_archive_that_is_no_workbook_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "in.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("hello.txt", "hello")
    with pytest.raises(InvalidInput, match="not an Excel workbook"):
        reading.sniff(path)


def test_the_header_is_guessed_in_chinese_and_english() -> None:
    assert columns.guess(["客户编号", "手机号码", "E-Mail Address", "_line"]) == {
        "ref": "客户编号",
        "phone": "手机号码",
        "email": "E-Mail Address",
    }
    assert columns.guess(["Customer No.", "Mobile Phone"]) == {
        "ref": "Customer No.",
        "phone": "Mobile Phone",
    }


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"columns": {"ref": "nowhere"}}, "columns.ref"),
        ({"columns": {"colour": "A"}}, "columns.colour"),
        ({"columns": {"ref": None}}, "columns.ref"),
        ({"columns": []}, "columns"),
        ({"values": {"language": "fr"}}, "values.language"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_a_mapping_that_cannot_be_meant_names_its_part(data: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        columns.resolve(["客户号", "A"], data)
    assert refused.value.field == field


def test_a_mapping_overrules_the_guess() -> None:
    found = columns.resolve(["客户号", "手机", "备用"], {"columns": {"phone": "备用"}})
    assert found.columns == {"ref": "客户号", "phone": "备用"}
