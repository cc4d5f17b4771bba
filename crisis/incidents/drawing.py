"""The course of an incident as geometry: pure functions from instants to an SVG's coordinates."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

WIDTH = 960
LEFT = 210  # where the time axis begins; labels stand before it
TOP = 24
LANE = 26  # from one lane to the next
BAR = 14
_MARKS = (60, 300, 900, 1800, 3600, 7200, 14400, 28800, 86400, 172800, 604800, 2592000)


@dataclass(frozen=True, slots=True)
class Turn:
    """The incident came into `state` at an instant."""

    at: dt.datetime
    state: str
    label: str


@dataclass(frozen=True, slots=True)
class Bar:
    """A clock: from its start to its due instant, and when it ended, if it did."""

    label: str
    start: dt.datetime
    due: dt.datetime
    ended: dt.datetime | None
    urgency: str


@dataclass(frozen=True, slots=True)
class Course:
    """All that happened between `start` and `end`."""

    start: dt.datetime
    end: dt.datetime
    turns: tuple[Turn, ...]
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Drawing:
    """What `parts/course.html` draws, in SVG user units."""

    width: int
    height: int
    left: int
    bottom: int
    spans: list[dict[str, Any]]
    lanes: list[dict[str, Any]]
    marks: list[dict[str, Any]]
    rows: list[dict[str, Any]]


def course(given: Course) -> Drawing:
    """The drawing: one lane of states, one lane per clock, marks of time below. The axis ends
    where the incident does; a clock that is due later runs to the edge."""
    end = max(given.end, given.start + dt.timedelta(minutes=1))
    scale = _Scale(given.start, end)
    lanes = [_lane(scale, number, bar, end) for number, bar in enumerate(given.bars, 1)]
    bottom = TOP + LANE * (len(lanes) + 1)
    spans = _spans(scale, given.turns, end)
    return Drawing(
        width=WIDTH,
        height=bottom + 24,
        left=LEFT,
        bottom=bottom,
        spans=spans,
        lanes=lanes,
        marks=_marks(scale, given.start, end),
        rows=[
            {"label": turn.label, "start": turn.at, "end": until}
            for turn, until in zip(
                given.turns, [*(turn.at for turn in given.turns[1:]), given.end], strict=True
            )
        ]
        if given.turns
        else [],
    )


@dataclass(frozen=True, slots=True)
class _Scale:
    start: dt.datetime
    end: dt.datetime

    def x(self, at: dt.datetime) -> float:
        """The place of an instant, within the axis."""
        whole = (self.end - self.start).total_seconds()
        share = (at - self.start).total_seconds() / whole
        return LEFT + (WIDTH - LEFT) * min(max(share, 0.0), 1.0)


def _spans(scale: _Scale, turns: tuple[Turn, ...], end: dt.datetime) -> list[dict[str, Any]]:
    """The stretches between one state and the next; the last one lasts to the end."""
    ends = [*(turn.at for turn in turns[1:]), end]
    return [
        {
            "state": turn.state,
            "label": turn.label,
            "x": _text(scale.x(turn.at)),
            "y": TOP,
            "width": _text(max(scale.x(max(until, turn.at)) - scale.x(turn.at), 2)),
            "height": BAR,
        }
        for turn, until in zip(turns, ends, strict=True)
    ]


def _lane(scale: _Scale, number: int, bar: Bar, end: dt.datetime) -> dict[str, Any]:
    y = TOP + LANE * number
    stop = bar.ended or end
    return {
        "label": bar.label if len(bar.label) <= 30 else f"{bar.label[:29]}…",
        "title": bar.label,
        "urgency": bar.urgency,
        "y": y,
        "text_y": y + BAR - 3,
        "x": _text(scale.x(bar.start)),
        "width": _text(max(scale.x(stop) - scale.x(bar.start), 2)),
        "height": BAR,
        "due_x": _text(scale.x(bar.due)) if bar.due <= end else "",
        "due_top": y - 3,
        "due_bottom": y + BAR + 3,
    }


def _marks(scale: _Scale, start: dt.datetime, end: dt.datetime) -> list[dict[str, Any]]:
    """At most 8 marks, a round stretch apart, counted from the start."""
    whole = (end - start).total_seconds()
    step = next((step for step in _MARKS if whole / step <= 8), whole / 8)
    marks = []
    at = 0.0
    while at <= whole:
        instant = start + dt.timedelta(seconds=at)
        marks.append({"x": _text(scale.x(instant)), "at": instant})
        at += step
    return marks


def _text(number: float) -> str:
    return f"{number:.1f}"
