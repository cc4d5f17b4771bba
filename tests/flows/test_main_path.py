"""From the CRM's extract to a proof in a stranger's hands."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from comms import signing, tasks
from comms.models import Delivery, Notice
from comms.rules import Evidence
from core import clock
from core.roles import Role
from investors import tasks as importing
from investors.models import ImportBatch, Investor
from templates_mgmt.models import TemplateVersion
from templates_mgmt.reviewing import services as reviewing
from tests.builders import WORDS, make_line
from tests.completeness.scenes.reviewing import STAGES
from tests.flows.people import at_desk, exported, page, post, prepared, release, verified
from tests.investors.builders import HEADER, row
from tests.portal import peers as local
from tests.templates_mgmt.builders import reviewer as reviewing_person

pytestmark = pytest.mark.django_db(transaction=True)
PHONE = "13812345678"


@pytest.fixture
def peers(tmp_path, settings) -> Iterator[local.Peers]:
    settings.IMPORT_DIR = tmp_path / "imports"
    with local.running(tmp_path, settings) as both:
        yield both


def test_from_the_extract_to_the_proof(peers, tmp_path) -> None:
    preparer, releaser = at_desk(Role.DISPATCHER), at_desk(Role.RELEASER)
    imported(preparer)
    notice = prepared(preparer, approved_by_two(), "sms", "inbox")
    release(preparer, notice, status=403)
    assert not Delivery.objects.exists()
    release(releaser, notice)
    tasks.send()
    assert states() == {"inbox": "delivered", "sms": "accepted"}
    receipt(peers)
    assert states() == {"inbox": "delivered", "sms": "delivered"}
    acknowledged(peers)
    tasks.sweep()
    assert Notice.objects.get().state == "done"

    auditor, officer = at_desk(Role.AUDITOR), at_desk(Role.PRIVACY_OFFICER)
    post(preparer, "export-new", status=403)
    bag = exported(auditor, officer, tmp_path, notice)
    said = verified(bag)
    assert (said.returncode, said.stderr) == (0, ""), said.stdout
    some = max(bag.joinpath("data").rglob("*.jsonl"), key=lambda path: path.stat().st_size)
    data = bytearray(some.read_bytes())
    data[len(data) // 2] ^= 1
    some.write_bytes(data)
    said = verified(bag)
    assert said.returncode != 0
    assert some.name in said.stdout + said.stderr


def imported(client: Client) -> None:
    """One good row and one that is refused."""
    out = io.StringIO()
    rows = row(phone=PHONE, quiet=""), row(ref="2", phone="12")
    csv.writer(out).writerows([HEADER, *rows])
    file = SimpleUploadedFile("extract.csv", out.getvalue().encode("gb18030"))
    post(client, "import-new", file=file, line=str(make_line().pk))
    batch = ImportBatch.objects.get()
    columns = {f"column_{name}": header for name, header in batch.mapping["columns"].items()}
    post(client, "import-check", batch.pk, **columns)
    importing.run_import.apply(args=[str(batch.pk)])
    assert "too few digits (2)" in page(client, "import-detail", batch.pk)
    assert not Investor.objects.exists()
    post(client, "import-run", batch.pk)
    importing.run_import.apply(args=[str(batch.pk)])
    assert Investor.objects.count() == 1


def approved_by_two() -> TemplateVersion:
    """A wording drafted by one person and approved by two more, as the plan in force asks."""
    two_must_approve()
    author, first, second = at_desk(Role.AUTHOR), at_desk(Role.REVIEWER), at_desk(Role.REVIEWER)
    names = {"code": "halt", "name": "Halt", "topic_code": "trading_system", "category": "risk"}
    made = author.post(
        reverse("api-templates"), {**names, "business_line": str(make_line().pk)},
        content_type="application/json",
    )  # fmt: skip
    assert made.status_code == 201, made.content
    version = TemplateVersion.objects.get(template__code="halt")
    saved = author.put(
        reverse("api-template-version", args=[version.pk]),
        {"revision": version.revision, **WORDS}, content_type="application/json",
    )  # fmt: skip
    assert saved.status_code == 200, saved.content
    post(author, "version-submit", version.pk)
    version.refresh_from_db()
    words = {"verb": "approve", "shown_hash": version.content_hash, "reason": ""}
    post(author, "version-decide", version.pk, status=403, **words)
    for reviewer, state in ((first, "in_review"), (first, "in_review"), (second, "approved")):
        reviewer.post(reverse("version-decide", args=[version.pk]), words)
        version.refresh_from_db()
        assert version.state == state
    return version


def two_must_approve() -> None:
    """Put a review plan in force that asks for two."""
    one, other, now = reviewing_person(), reviewing_person(), clock.now()
    plan = reviewing.new_plan(category="risk", actor=one, now=now)
    reviewing.save_plan(version_id=plan.pk, stages=STAGES, actor=one, now=now)
    plan = reviewing.submit_plan(version_id=plan.pk, actor=one, now=now)
    words = {"version_id": plan.pk, "shown_hash": plan.content_hash}
    reviewing.approve_plan(actor=other, now=now, **words)


def states() -> dict[str, str]:
    return dict(Delivery.objects.values_list("channel", "state"))


def receipt(peers: local.Peers) -> None:
    """The gateway reports over HTTP; a forged report beforehand changes nothing."""
    (entry,) = peers.sms.accepted()
    event = {"id": "e1", "reference": entry["reference"], "kind": "delivered"}
    body = json.dumps({"events": [{**event, "at": clock.now().isoformat()}]}).encode()
    for secret, status in (("forged", 401), ("s", 200)):
        headers = signing.headers(secret, "msg_1", int(clock.now().timestamp()), body)
        answer = Client().post(
            reverse("webhook", args=["gateway"]), body, content_type="application/json",
            headers=headers,
        )  # fmt: skip
        assert answer.status_code == status, answer.content
        tasks.apply_receipts()
        expected = "delivered" if status == 200 else "accepted"
        assert states()["sms"] == expected


def acknowledged(peers: local.Peers) -> None:
    """The investor signs in with the code that was sent, reads and confirms; with a wrong code
    nobody comes in."""
    delivery, browser = Delivery.objects.get(channel="inbox"), Client()
    local.ask_for_code(browser, PHONE)
    code = peers.last_code()
    wrong = f"{(int(code) + 1) % 10**6:06d}"
    assert browser.post(reverse("me-code"), {"code": wrong}).status_code == 422
    assert browser.get(reverse("me-message", args=[delivery.pk])).status_code == 302
    post(browser, "me-code", code=code)
    assert "09:30" in page(browser, "me-message", delivery.pk)
    post(browser, "me-acknowledge", delivery.pk)
    delivery.refresh_from_db()
    assert delivery.evidence == Evidence.ACKNOWLEDGED
