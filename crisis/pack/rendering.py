"""The pack as a page and as a PDF. Both stand alone: no address is fetched, nothing runs."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path
from typing import Any

import typst
from django.template.loader import render_to_string

_TEMPLATE = Path(__file__).with_name("pack.typ")


def page(content: dict[str, Any]) -> bytes:
    """One HTML file that opens from a disk."""
    return render_to_string("crisis/pack/pack.html", {"pack": content}).encode()


def pdf(content: dict[str, Any]) -> bytes:
    """The same for paper, A4."""
    fonts = Path(str(resources.files("noto_cjk_sans_otc")))
    return bytes(
        typst.compile(
            str(_TEMPLATE),
            font_paths=[str(fonts)],
            sys_inputs={"data": json.dumps(content, ensure_ascii=False)},
            ignore_system_fonts=True,
        )
    )
