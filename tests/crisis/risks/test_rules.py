"""Rules of risks by example and by property."""

from __future__ import annotations

import copy
import datetime as dt
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Conflict, IllegalTransition, InvalidInput
from crisis.risks import heatmap, rules
from crisis.risks.controls.rules import Effect, Evidence, Standing, left_over, together
from crisis.risks.links.rules import End, in_order
from crisis.risks.matrix.rules import (
    ORDER,
    SHIPPED,
    STEPS,
    Matrix,
    clean,
    content_of,
    matrix_of,
)
from crisis.risks.rounds.rules import check_attendance, clean_day, clean_departments, is_overdue

PERCENT = st.integers(0, 100)
POINT = st.tuples(PERCENT, PERCENT)


@st.composite
def matrices(draw: st.DrawFn) -> Matrix:
    """Any matrix that the rules let through."""
    axes = {}
    for axis in ("likelihood", "impact"):
        cuts = sorted(draw(st.sets(st.integers(1, 99), min_size=4, max_size=4)))
        ends = [0, *cuts, 100]
        axes[axis] = [
            {"low": low, "high": high, "zh": "一", "en": "a"}
            for low, high in itertools.pairwise(ends)
        ]
    levels = list(ORDER)
    ranks = [[0] * STEPS for _row in range(STEPS)]
    for row in range(STEPS):
        for column in range(STEPS):
            least = max(
                ranks[row - 1][column] if row else 0, ranks[row][column - 1] if column else 0
            )
            ranks[row][column] = draw(st.integers(least, 3))
    cells = [[levels[rank] for rank in row] for row in ranks]
    high_from = next(
        at for at, step in enumerate(axes["likelihood"]) if step["low"] <= 90 < step["high"]
    )
    for row in range(high_from, STEPS):
        cells[row][STEPS - 1] = "high"
    return clean(**axes, cells=cells)


def test_ninety_by_hundred_is_high() -> None:
    assert SHIPPED.level_of(90, 100) == "high"
    assert clean(**content_of(SHIPPED)) == SHIPPED


@given(matrices(), POINT)
def test_every_point_is_in_exactly_one_cell(matrix: Matrix, point: tuple[int, int]) -> None:
    for steps, value in zip((matrix.likelihood, matrix.impact), point, strict=True):
        holding = [s for s in steps if s.low <= value < s.high or value == 100 == s.high]
        assert len(holding) == 1
    assert matrix.level_of(*point) in ORDER


@given(matrices(), POINT, POINT)
def test_a_larger_point_never_has_a_smaller_level(matrix, one, other) -> None:
    low = (min(one[0], other[0]), min(one[1], other[1]))
    high = (max(one[0], other[0]), max(one[1], other[1]))
    assert ORDER[matrix.level_of(*low)] <= ORDER[matrix.level_of(*high)]


@given(matrices())
def test_a_matrix_survives_its_storage(matrix: Matrix) -> None:
    assert matrix_of(content_of(matrix)) == matrix
    assert clean(**content_of(matrix)) == matrix


def broken(path: list, value: object) -> dict:
    content = copy.deepcopy(content_of(SHIPPED))
    target = content
    for key in path[:-1]:
        target = target[key]
    target[path[-1]] = value
    return content


@pytest.mark.parametrize(
    ("path", "value", "field", "code"),
    [
        (["likelihood", 1, "low"], 12, "likelihood.2.low", "gap"),
        (["likelihood", 1, "low"], 8, "likelihood.2.low", "overlap"),
        (["impact", 0, "low"], 1, "impact.1.low", "gap"),
        (["impact", 4, "high"], 99, "impact.5.high", "gap"),
        (["impact", 4, "high"], 85, "impact.5.high", "empty_band"),
        (["impact", 4, "high"], 101, "impact.5.high", "invalid_input"),
        (["impact", 2, "zh"], " ", "impact.3.zh", "invalid_input"),
        (["cells", 4, 4], "low", "cells.5.5", "falling"),
        (["cells", 2, 2], "huge", "cells.3.3", "invalid_input"),
        (["cells"], [["low"] * 5] * 5, "cells.5.5", "not_high"),
        (["impact"], [], "impact", "invalid_input"),
    ],
)
def test_a_matrix_with_a_flaw_names_its_place(path, value, field, code) -> None:
    with pytest.raises(InvalidInput) as refused:
        clean(**broken(path, value))
    assert (refused.value.field, refused.value.code) == (field, code)


# --- controls -------------------------------------------------------------------------------

KINDS = st.sampled_from(["preventive", "detective", "corrective"])
EFFECTS = st.lists(
    st.builds(Effect, KINDS, st.integers(1, 90), st.sampled_from(list(Standing))), max_size=6
)


def test_what_controls_leave() -> None:
    working = Effect("preventive", 50, Standing.WORKS)
    assert left_over((80, 60), [working]) == (40, 60)
    assert left_over((80, 60), [Effect("corrective", 50, Standing.STALE)]) == (80, 45)
    assert left_over((80, 60), [Effect("preventive", 90, Standing.FAILS)]) == (80, 60)
    assert left_over((80, 60), [working, working, working, working]) == (8, 60)
    assert left_over((5, 5), [Effect("detective", 90, Standing.WORKS)]) == (5, 1)


@given(POINT, EFFECTS)
def test_controls_never_make_a_risk_larger_nor_take_it_away(inherent, effects) -> None:
    left = left_over(inherent, effects)
    assert all(0 <= after <= before for after, before in zip(left, inherent, strict=True))
    assert all(after * 10 >= before for after, before in zip(left, inherent, strict=True))


@given(POINT, EFFECTS, st.randoms())
def test_the_order_of_controls_does_not_matter(inherent, effects, random) -> None:
    shuffled = list(effects)
    random.shuffle(shuffled)
    assert left_over(inherent, shuffled) == left_over(inherent, effects)


@given(POINT, EFFECTS, st.integers(0, 5))
def test_better_evidence_never_leaves_more(inherent, effects, at) -> None:
    if not effects:
        return
    at %= len(effects)
    better = list(effects)
    better[at] = Effect(effects[at].kind, effects[at].strength, Standing.WORKS)
    pairs = zip(left_over(inherent, better), left_over(inherent, effects), strict=True)
    assert all(new <= old for new, old in pairs)


def test_what_the_product_sees_wins_over_a_note() -> None:
    seen, noted = Evidence(Standing.FAILS, "seen"), Evidence(Standing.WORKS, "noted")
    unproven = Evidence(Standing.UNPROVEN, "never")
    assert together(seen, noted) is seen
    assert together(unproven, noted) is noted
    assert together(None, None).standing == Standing.UNPROVEN


# --- risks ----------------------------------------------------------------------------------


@given(st.sampled_from(list(rules.State)), st.sampled_from(list(rules.State)))
def test_only_the_moves_of_the_table(old, new) -> None:
    legal = {
        ("draft", "open"), ("draft", "closed"), ("open", "accepted"), ("accepted", "open"),
        ("open", "closed"), ("closed", "open"),
    }  # fmt: skip
    if (old, new) in legal:
        rules.MACHINE.check(old=old, new=new, reason="r")
    else:
        with pytest.raises(IllegalTransition):
            rules.MACHINE.check(old=old, new=new, reason="r")


def test_no_stage_is_larger_than_without_controls() -> None:
    assessed = {"inherent": (50, 50), "current": (40, 40)}
    rules.check_order(assessed, "residual", (50, 50))
    with pytest.raises(InvalidInput) as refused:
        rules.check_order(assessed, "residual", (50, 51))
    assert refused.value.field == "impact"
    with pytest.raises(InvalidInput) as refused:
        rules.check_order(assessed, "inherent", (39, 90))
    assert refused.value.field == "likelihood"


@pytest.mark.parametrize("raw", [-1, 101, "x", None, 1.5])
def test_a_percentage_is_whole_and_within_bounds(raw) -> None:
    with pytest.raises(InvalidInput):
        rules.clean_percent(raw, field="impact")


def test_an_acceptance_lasts_at_most_a_year() -> None:
    today = dt.date(2026, 11, 22)
    assert rules.clean_expiry(dt.date(2027, 11, 22), today=today)
    for day in (today, today - dt.timedelta(days=1), today + dt.timedelta(days=367)):
        with pytest.raises(InvalidInput):
            rules.clean_expiry(day, today=today)
    assert not rules.has_expired(today, today=today)
    assert rules.has_expired(today, today=today + dt.timedelta(days=1))


@given(st.dates(dt.date(2000, 1, 1), dt.date(2200, 1, 1)))
def test_each_day_is_in_its_quarter_alone(day: dt.date) -> None:
    first, after = rules.quarter_bounds(rules.quarter_of(day))
    assert first <= day < after
    assert rules.quarter_of(first) == rules.quarter_of(after - dt.timedelta(days=1))
    assert rules.quarter_of(after) != rules.quarter_of(first)


@pytest.mark.parametrize("text", ["2026Q5", "2026", "26Q1", "2026Q", "x", "1899Q1", "２０２６Q1"])
def test_a_quarter_is_written_one_way(text: str) -> None:
    with pytest.raises(InvalidInput):
        rules.quarter_bounds(text)


def test_quarters_back() -> None:
    assert rules.quarters_back(dt.date(2026, 2, 3), 3) == ["2026Q1", "2025Q4", "2025Q3"]


# --- rounds ---------------------------------------------------------------------------------


def test_a_round_is_of_two_departments_and_in_its_quarter() -> None:
    assert clean_departments([" Legal ", "Technology", "Legal", ""]) == ["Legal", "Technology"]
    with pytest.raises(InvalidInput):
        clean_departments(["Legal", "Legal"])
    with pytest.raises(InvalidInput):
        clean_day(dt.date(2026, 12, 31), "2027Q1")


def test_a_round_closes_when_everybody_is_accounted_for() -> None:
    invited = ["Legal", "Technology"]
    check_attendance(invited, [("Legal", "present"), ("Technology", "present")])
    with pytest.raises(Conflict, match="Technology"):
        check_attendance(invited, [("Legal", "present"), ("Sales", "present")])
    with pytest.raises(Conflict, match="two departments"):
        check_attendance(invited, [("Legal", "present"), ("Technology", "excused")])


def test_a_planned_round_is_overdue_the_day_after() -> None:
    day = dt.date(2026, 11, 22)
    assert not is_overdue("planned", day, today=day)
    assert is_overdue("planned", day, today=day + dt.timedelta(days=1))
    assert not is_overdue("closed", day, today=day + dt.timedelta(days=1))


# --- links ----------------------------------------------------------------------------------

ENDS = st.builds(End, st.sampled_from(["risk", "incident", "notice", "alert"]), st.uuids())


@given(ENDS, ENDS)
def test_a_pair_is_one_whichever_way_it_is_named(one: End, other: End) -> None:
    if one == other or one.kind == other.kind == "alert":
        with pytest.raises(InvalidInput):
            in_order(one, other)
    else:
        assert in_order(one, other) == in_order(other, one)


# --- the map --------------------------------------------------------------------------------


@given(matrices(), st.lists(st.tuples(POINT, st.none() | POINT), max_size=40))
def test_marks_lie_in_their_cells_and_do_not_touch(matrix, points) -> None:
    placed = [
        heatmap.Placed(f"R-2026-{at:03d}", *now, then) for at, (now, then) in enumerate(points)
    ]
    drawn = heatmap.drawn(matrix, placed)
    assert sum(cell["count"] for cell in drawn.cells) == len(points)
    boxes = set()
    for mark in drawn.marks:
        inside = [
            cell for cell in drawn.cells
            if cell["x"] <= mark["x"] and mark["x"] + mark["width"] <= cell["x"] + cell["width"]
            and cell["y"] <= mark["y"] and mark["y"] + mark["height"] <= cell["y"] + cell["height"]
        ]  # fmt: skip
        assert len(inside) == 1
        boxes.add((mark["x"], mark["y"]))
    assert len(boxes) == len(drawn.marks)
    for arrow in drawn.arrows:
        assert heatmap.LEFT <= arrow["x1"] <= drawn.width
        assert heatmap.TOP <= arrow["y1"] <= drawn.height


def test_an_arrow_is_drawn_when_a_risk_left_its_cell() -> None:
    stays = heatmap.Placed("R-2026-001", 90, 100, (95, 90))
    moves = heatmap.Placed("R-2026-002", 5, 5, (95, 90))
    drawn = heatmap.drawn(SHIPPED, [stays, moves])
    assert len(drawn.arrows) == 1
    assert [mark["text"] for mark in drawn.marks] == ["26-002", "26-001"]


@pytest.mark.parametrize(
    ("then", "now", "said"),
    [
        (None, (5, 5), "new"),
        ((5, 5), (5, 5), "same"),
        ((5, 5), (90, 100), "up"),
        ((90, 100), (5, 5), "down"),
        ((85, 95), (90, 100), "up"),
        ((90, 90), (90, 86), "down"),
    ],
)
def test_directions(then, now, said) -> None:
    assert heatmap.direction(SHIPPED, then, now) == said
