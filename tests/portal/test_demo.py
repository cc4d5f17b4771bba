"""The demo: the whole main path on the running product, with real processes and peers."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys

import pytest

from tests.conftest import ROOT


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.mark.thorough
def test_every_step_of_the_demo_holds(tmp_path):
    environment = {
        **os.environ,
        "VOUCHSAFE_VAR": str(tmp_path),
        "SMTP_URL": f"smtp://127.0.0.1:{free_port()}",
        "SMS_URL": f"http://127.0.0.1:{free_port()}/v1/messages",
        "VOUCHSAFE_LOCAL_WITNESS_URL": f"http://127.0.0.1:{free_port()}",
        "VOUCHSAFE_LOCAL_AUTHORITY_URL": f"http://127.0.0.1:{free_port()}",
    }
    done = subprocess.run(
        [sys.executable, "manage.py", "demo", "--no-serve", "--rows", "250",
         "--port", str(free_port())],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=400,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads((tmp_path / "demo" / "report.json").read_text())
    assert report["held"] is True
    assert report["imported"] + report["rejected"] <= report["read"]
    assert sum(report["rejected_by_reason"].values()) == report["rejected"] > 0
    settled = report["delivered"] + report["accepted"] + report["failed"]
    assert settled + report["fallback_not_needed"] <= report["planned"]
    assert report["fallback_used"] > 0
    assert report["acknowledged"] == 100
    assert report["verification"] == "ok"
    assert report["time_stamped"] > 0
    assert report["drill_points"] == 100
    assert not (tmp_path / "postgres" / "data" / "postmaster.pid").exists()
    key = subprocess.run(
        [sys.executable, "manage.py", "ledger_key"], cwd=ROOT, env=environment,
        capture_output=True, text=True, check=True, timeout=100,
    )  # fmt: skip
    assert key.stdout.startswith(report["checkpoint"][0] + "+")


def test_the_demo_is_refused_in_production(tmp_path):
    done = subprocess.run(
        [sys.executable, "manage.py", "demo", "--no-serve"],
        cwd=ROOT,
        env={
            **os.environ,
            "VOUCHSAFE_VAR": str(tmp_path),
            "VOUCHSAFE_PRODUCTION": "1",
            "SECRET_KEY": "x" * 60,
            "DATABASE_URL": "postgresql://vouchsafe_app@db.invalid/vouchsafe",
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert done.returncode == 1
    assert "embedded profile" in done.stderr
