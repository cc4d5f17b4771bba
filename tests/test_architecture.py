"""The house holds: imports point one way, rules are pure, services are keyword-only."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
APPS = ["core", "audit", "investors", "templates_mgmt", "comms", "crisis", "supervision", "portal"]

PURE = [
    "core/transitions.py", "core/roles.py", "core/access.py", "core/actor.py",
    "audit/canonical.py", "audit/leaf.py", "audit/merkle.py", "audit/note.py",
    "audit/log/drawing.py", "audit/log/proof.py", "audit/timestamping/der.py",
    "audit/witness/core.py", "audit/witness/protocol.py",
    "templates_mgmt/rendering.py", "templates_mgmt/lint/__init__.py",
    "templates_mgmt/lint/base.py", "templates_mgmt/lint/checks.py", "templates_mgmt/lint/kept.py",
    "templates_mgmt/lint/links.py", "templates_mgmt/lint/style.py",
    "templates_mgmt/writing/derive.py", "templates_mgmt/writing/facts.py",
    "templates_mgmt/writing/negations.py", "templates_mgmt/writing/samples.py",
    "templates_mgmt/writing/values.py",
    "core/diff.py", "core/texts.py", "templates_mgmt/sms.py",
    "comms/dsn.py",
    "crisis/risks/heatmap.py", "crisis/risks/rules.py", "crisis/risks/matrix/rules.py",
    "crisis/risks/controls/rules.py", "crisis/risks/rounds/rules.py",
    "crisis/risks/links/rules.py",
]  # fmt: skip
IMPURE = ("django.db", "django.conf", "django.core.cache", "celery", "psycopg", "httpx", "socket")
HELPERS = {"checks", "common", "shared"}  # what the services of an app share
WALL_CLOCK = {"now", "utcnow", "today"}


def sources(*patterns: str) -> list[Path]:
    return sorted(
        path
        for app in APPS
        for pattern in patterns
        for path in (ROOT / app).glob(pattern)
        if "migrations" not in path.parts
    )


def imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def pure_modules() -> list[Path]:
    return [ROOT / name for name in PURE] + sources(
        "rules.py", "rules/*.py", "planning.py", "planning/*.py"
    )


@pytest.mark.parametrize("path", pure_modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_rules_do_no_io_and_read_no_clock(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    touched = {name for name in imported(tree) if name.startswith(IMPURE)}
    assert not touched
    clocks = [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in WALL_CLOCK
    ]
    assert not clocks, f"reads the wall clock at lines {clocks}: `now` is a parameter"


def public_functions(path: Path) -> Iterator[ast.FunctionDef]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            yield node


def test_services_that_take_an_actor_take_everything_by_keyword():
    paths = [path for path in sources("services.py", "services/*.py") if path.stem not in HELPERS]
    assert len(paths) > 5
    loose = [
        f"{path.relative_to(ROOT)}:{function.lineno} {function.name}"
        for path in paths
        for function in public_functions(path)
        if "actor" in {argument.arg for argument in function.args.args}
    ]
    assert loose == []


def test_no_function_outgrows_its_screen():
    long = []
    for path in sources("**/*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > 80:
                    long.append(f"{path.relative_to(ROOT)}:{node.lineno} {node.name} {lines}")
    assert long == []


def test_imports_point_one_way():
    done = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports"))],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_migrations_match_the_models():
    done = subprocess.run(
        [sys.executable, "manage.py", "makemigrations", "--check", "--dry-run"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
