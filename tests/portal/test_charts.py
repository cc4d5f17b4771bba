"""Charts: a value that is not there is not drawn as zero."""

from __future__ import annotations

from portal import charts


def test_a_line_is_interrupted_where_nothing_is_known() -> None:
    chart = charts.lines("L", "Month", list("abcde"), {"x": [None, 2.0, 4.0, None, 1.0]})

    [line] = chart.series
    assert [dot["title"] for dot in line["dots"]] == ["b · x: 2", "c · x: 4", "e · x: 1"]
    assert (line["path"].count("M"), line["path"].count("L")) == (2, 1)
    assert [row["values"] for row in chart.rows] == [[None], [2.0], [4.0], [None], [1.0]]


def test_a_line_without_any_value_is_empty() -> None:
    chart = charts.lines("L", "Month", ["a", "b"], {"x": [None, None]})

    assert (chart.series[0]["path"], chart.series[0]["dots"]) == ("", [])


def test_a_whole_line_is_one_stroke() -> None:
    chart = charts.lines("L", "Month", list("abc"), {"x": [0, 1, 2]})

    path = chart.series[0]["path"]
    assert (path[0], path.count("M"), path.count("L")) == ("M", 1, 2)
