"""Who takes part in the journeys, and the notice that they work on."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

from django.test import Client
from django.urls import reverse

from audit import sequencer
from audit import tasks as ledger
from audit.models import Export
from comms import tasks
from comms.models import Notice
from core import clock
from core.roles import Role
from templates_mgmt.models import TemplateVersion
from tests.builders import make_line
from tests.core.builders import make_user, sign_in

FORM = {
    "title": "Outage on Monday",
    "criticality": "important",
    "everyone": "on",
    "value_since": "09:30",
    "reason": "the trading system was down",
}


def at_desk(*roles: Role) -> Client:
    """The browser of a new member of staff with these roles, second factor confirmed just now."""
    return sign_in(Client(), make_user(*roles, lines=[make_line()]), stepped_up=True)


def post(client: Client, name: str, *args: object, status: int = 302, **body: Any) -> Any:
    """Send a form to the route and see it answered with `status`."""
    answer = client.post(reverse(name, args=args), body)
    assert answer.status_code == status, answer.content.decode()[:3000]
    return answer


def page(client: Client, name: str, *args: object, **query: str) -> str:
    """The text of a page."""
    answer = client.get(reverse(name, args=args), query)
    assert answer.status_code == 200, answer.content.decode()[:3000]
    return answer.content.decode()


def prepared(preparer: Client, version: TemplateVersion, *channels: str) -> Notice:
    """A notice to everyone over `channels`, drafted and submitted by the preparer."""
    address = f"{reverse('notice-new')}?version={version.pk}"
    answer = preparer.post(address, {**FORM, "parallel": list(channels)})
    assert answer.status_code == 302, answer.content.decode()[:3000]
    notice = Notice.objects.latest("id")
    post(preparer, "notice-submit", notice.pk)
    notice.refresh_from_db()
    assert notice.state == "ready"
    return notice


def release(client: Client, notice: Notice, *, status: int = 302) -> None:
    """Let the notice out as it was shown, and let workers plan it."""
    shown = notice.submitted_at.isoformat()
    post(client, "notice-release", notice.pk, status=status, shown=shown)
    notice.refresh_from_db()
    if status == 302:
        tasks.plan(str(notice.pk))


def exported(auditor: Client, officer: Client, directory: Path, notice: Notice) -> Path:
    """An export of the notice: asked for, approved by another person, made, downloaded and
    unpacked; returns the bag."""
    sequencer.catch_up(now=clock.now())
    letter = {"notice": str(notice.pk), "reason": "Letter 12", "recipient": "监管局"}
    post(auditor, "export-new", **letter)
    export = Export.objects.latest("id")
    post(auditor, "export-approve", export.pk, status=403)
    post(officer, "export-approve", export.pk)
    ledger.build_export(str(export.pk))
    answer = post(auditor, "export-download", export.pk, status=200)
    data = b"".join(answer.streaming_content)
    zipfile.ZipFile(io.BytesIO(data)).extractall(directory)
    return directory / f"vouchsafe-export-{export.pk}"


def verified(bag: Path) -> subprocess.CompletedProcess[str]:
    """What the bag's own verifier says, in a process that has nothing but Python."""
    return subprocess.run(
        [sys.executable, "-I", "-S", str(bag / "data" / "verify.py"), str(bag)],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONIOENCODING": "utf-8"},
    )
