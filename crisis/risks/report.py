"""The register for the board: a PDF in Chinese and English with its heat maps, made by Typst."""

from __future__ import annotations

import datetime as dt
import json
from importlib import resources
from pathlib import Path
from typing import Any

import typst
from django.utils import translation

from core.actor import Actor
from core.clock import isoformat
from crisis.risks import heat, rules, selectors
from crisis.risks.matrix import rules as matrix_rules
from crisis.risks.matrix.models import RiskMatrixVersion
from crisis.risks.rules import Stage

_TEMPLATE = Path(__file__).with_name("report.typ")


def render(
    actor: Actor, rows: list[selectors.Row], version: RiskMatrixVersion, now: dt.datetime
) -> bytes:
    """The PDF: a map for each stage, and the risks with their figures."""
    fonts = Path(str(resources.files("noto_cjk_sans_otc")))
    return bytes(
        typst.compile(
            str(_TEMPLATE),
            font_paths=[str(fonts)],
            sys_inputs={"data": json.dumps(_data(actor, rows, version, now), ensure_ascii=False)},
            ignore_system_fonts=True,
        )
    )


def _data(
    actor: Actor, rows: list[selectors.Row], version: RiskMatrixVersion, now: dt.datetime
) -> dict[str, Any]:
    matrix = version.content
    return {
        "made_at": isoformat(now),
        "made_by": actor.label,
        "matrix": {"number": version.number, "sha256": version.content_hash},
        "levels": {
            level.value: both(matrix_rules.LEVEL_LABELS, level) for level in matrix_rules.Level
        },
        "likelihood": [_step(step) for step in reversed(matrix.likelihood)],
        "impact": [_step(step) for step in matrix.impact],
        "maps": [
            {
                "name": both(rules.STAGE_LABELS, stage),
                "cells": heat.in_cells(matrix, heat.heat_of(actor, stage, matrix=matrix).rows),
            }
            for stage in Stage
        ],
        "risks": [_risk(row) for row in rows],
    }


def _step(step: matrix_rules.Step) -> dict[str, str]:
    return {"zh": step.zh, "en": step.en, "range": f"{step.low}–{step.high} %"}


def _risk(row: selectors.Row) -> dict[str, Any]:
    risk = row.risk
    return {
        "code": risk.code,
        "title": risk.title,
        "kind": both(rules.KIND_LABELS, risk.kind),
        "department": risk.department,
        "owner": str(risk.owner),
        "state": both(rules.STATE_LABELS, risk.state),
        "points": [
            {"text": f"{point.likelihood} % × {point.impact} %", "level": point.level}
            if point
            else None
            for point in row.stages
        ],
    }


def both(words: Any, code: str) -> list[str]:
    """A word in Chinese and in English."""
    answers = []
    for language in ("zh-hans", "en"):
        with translation.override(language):
            answers.append(str(words.get(code, code)))
    return answers
